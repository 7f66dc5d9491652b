"""Entering merchant accounts."""

from typing import Annotated

import strawberry

import models.merchant_account as stored
from models.staff import Role
from resolvers import merchant_account as resolver
from resolvers.keep import KEEP, Keep
from schema.attempt import Info, attempt, referred, staff_mutation
from schema.given import as_stored, given, optional, plain
from schema.merchant_account import MerchantAccount, MerchantMode
from schema.payload import Payload, outcome


@strawberry.input(description="A key by which WeChat Pay signs.")
class PlatformKeyInput:
    """Public things."""

    id: str = strawberry.field(description="`PUB_KEY_ID_...` of a public key, or the serial number of a certificate.")
    pem: str = strawberry.field(description="The public key or certificate, as the file says it.")


@strawberry.input(
    description="An account at WeChat Pay, known by `mchid` and `subMchid`. What is left out stays as it is; a new one"
    " needs serial number, key and private key."
)
class MerchantAccountInput:
    """Secrets only come in."""

    mode: MerchantMode = strawberry.field(description="Whose number it is.")
    mchid: str = strawberry.field(description="The merchant number; the service provider's in mode PARTNER.")
    sub_mchid: str | None = optional("The shop's own number; wanted in mode PARTNER, and there alone.")
    provider_appid: str | None = optional(
        "The service provider's own app, `wx...`; wanted in mode PARTNER, and there alone."
    )
    name: str | None = optional("What the shop calls it; the merchant number when left out.")
    serial_no: str | None = optional("The serial number of the merchant's certificate.")
    api_v3_key: str | None = optional("The APIv3 key, 32 characters. Kept sealed and never shown.")
    private_key_pem: str | None = optional("The merchant's private key, `apiclient_key.pem`. Kept sealed, never shown.")
    platform_keys: list[PlatformKeyInput] | None = optional(
        "By what WeChat Pay signs; all of them. WeChat is asked for its certificates when a new account has none."
    )
    appids: list[str] | None = optional("The apps that pay through it, all of them; others leave it.")
    version: int | None = optional("The version you have read; refused with CONFLICT when it no longer stands.")

    def draft(self) -> resolver.MerchantDraft:
        """Return it as the command takes it."""
        return resolver.MerchantDraft(
            mode=as_stored(stored.MerchantMode, self.mode),
            mchid=self.mchid,
            sub_mchid=plain(self.sub_mchid),
            provider_appid=given(self.provider_appid),
            name=given(self.name),
            serial_no=given(self.serial_no),
            api_v3_key=given(self.api_v3_key),
            private_key_pem=given(self.private_key_pem),
            platform_keys=self._keys(),
            appids=given(self.appids),
            version=plain(self.version),
        )

    def _keys(self) -> dict[str, str] | Keep:
        if self.platform_keys is strawberry.UNSET or self.platform_keys is None:
            return KEEP
        return {key.id: key.pem for key in self.platform_keys}


@strawberry.type(description="What became of merchantAccountUpsert.")
class MerchantAccountUpsertPayload(Payload):
    """The account, without its secrets."""

    merchant_account: MerchantAccount | None = outcome("The account as it is now.")


@strawberry.type
class MerchantAccountMutation:
    """Part of Mutation."""

    @staff_mutation(
        "Enter an account at WeChat Pay, or change it, and say which apps pay through it. Refused with INVALID when"
        " keys could not work together, NOT_FOUND for an app.",
        Role.OWNER,
    )
    async def merchant_account_upsert(
        self,
        info: Info,
        input: Annotated[MerchantAccountInput, strawberry.argument(description="The account.")],
    ) -> MerchantAccountUpsertPayload:
        """Keyed by its number."""
        caller = info.context.caller
        id_, errors = await attempt(caller, resolver.merchant_account_upsert(caller, input.draft()))
        return MerchantAccountUpsertPayload(merchant_account=referred(MerchantAccount, id_), user_errors=errors)
