"""What can be done with merchant accounts: enter one, its secrets sealed, and say which apps pay through it."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as replaced
from typing import Final, NoReturn
from uuid import UUID

import orjson
from asyncpg import Record

from clock import wall_now
from ids import new_id
from models.database import Connection, pool, transaction
from models.merchant_account import MerchantMode
from models.refusal import ConflictRefusal, Refusal, Refusals, UserErrorCode
from models.shop import ShopMode
from models.wechat_app import SANDBOX_URL
from resolvers.caller import Caller
from resolvers.checks import Checks, require_version
from resolvers.keep import KEEP, Keep
from resolvers.keys import keys
from resolvers.merchant_pay import platform_keys_of
from resolvers.outbox import emit
from sealing import seal, unseal
from wechat.connection import wechat
from wechat.pay_errors import PayError
from wechat.pay_merchant import PAY_URL, Part, PayMerchant, PayMerchantError, PayMode, check_merchant
from wechat.sandbox.pay_merchants import SandboxMerchant

NAME_CHARS_MAX: Final = 120
PEM_CHARS_MAX: Final = 20_000
KEYS_MAX: Final = 20
APPS_MAX: Final = 50
CHANNEL_BYTES: Final = 16
_VERSION: Final = ("input", "version")

_LOCK: Final = "select pg_advisory_xact_lock(hashtextextended('merchant accounts ' || $1, 0))"
# A handful for each shop.
_FIND: Final = """
select id, name, serial_no, api_v3_key_sealed, private_key_sealed, platform_keys, provider_appid, version
from merchant_account
where shop_id = $1 and mchid = $2 and sub_mchid is not distinct from $3
"""
_SAVE: Final = """
insert into merchant_account (id, shop_id, name, mode, mchid, sub_mchid, provider_appid, serial_no,
                              api_v3_key_sealed, private_key_sealed, platform_keys, channel, base_url, version,
                              created_at, updated_at)
values ($2, $1, $3, $4, $5, $6, $7, $8, $9, $10, $11::jsonb, $12, $13, 1, $14, $14)
on conflict (id) do update set
    name = excluded.name, provider_appid = excluded.provider_appid, serial_no = excluded.serial_no,
    api_v3_key_sealed = excluded.api_v3_key_sealed,
    private_key_sealed = excluded.private_key_sealed, platform_keys = excluded.platform_keys,
    version = merchant_account.version + 1, updated_at = excluded.updated_at
"""
# Unique (shop_id, appid).
_APPS: Final = "select id, appid from wechat_app where shop_id = $1 and appid = any($2::text[])"
_UNBIND: Final = """
delete from merchant_account_app
where shop_id = $1 and (merchant_account_id = $2 or app_id = any($3::uuid[]))
"""
_BIND: Final = """
insert into merchant_account_app (id, shop_id, merchant_account_id, app_id)
select bound.id, $1, $2, bound.app_id from unnest($3::uuid[], $4::uuid[]) as bound(id, app_id)
"""

# Where the client finds what a merchant's client calls by its own names.
_FIELD: Final[Mapping[Part, str]] = {
    Part.MCHID: "mchid",
    Part.SUB_MCHID: "subMchid",
    Part.PROVIDER_APPID: "providerAppid",
    Part.API_V3_KEY: "apiV3Key",
    Part.PRIVATE_KEY_PEM: "privateKeyPem",
    Part.SERIAL_NO: "serialNo",
    Part.PLATFORM_KEYS: "platformKeys",
    Part.BASE_URL: "mchid",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantDraft:
    """One merchant number, known by `mchid` and `sub_mchid`. KEEP leaves what is stored; a new one needs everything.

    Without platform keys WeChat is asked for its certificates.
    """

    mode: MerchantMode
    mchid: str
    sub_mchid: str | None = None
    provider_appid: str | Keep = KEEP
    name: str | Keep = KEEP
    serial_no: str | Keep = KEEP
    api_v3_key: str | Keep = field(default=KEEP, repr=False)
    private_key_pem: str | Keep = field(default=KEEP, repr=False)
    platform_keys: Mapping[str, str] | Keep = KEEP
    appids: Sequence[str] | Keep = KEEP
    version: int | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an account is written, under which name, and the key that seals its secrets."""

    id: UUID
    name: str
    sealing_key: bytes = field(repr=False)


async def merchant_account_upsert(caller: Caller, draft: MerchantDraft) -> UUID:
    """Enter a merchant account or change it; secrets are only ever written. Returns its id.

    Raises Refusals with paths under `input`: BLANK for what a new account lacks, INVALID for keys that could not work
    or when WeChat gives no certificates, NOT_FOUND for an app, ConflictRefusal.
    """
    _check(draft)
    standing = await pool().fetchrow(_FIND, caller.shop_id, draft.mchid, draft.sub_mchid)
    merchant = await _merchant(caller, draft, standing)
    async with transaction() as sql:
        await sql.execute(_LOCK, str(caller.shop_id))
        # Between the look above and the lock somebody may have entered the same one.
        now_standing = await sql.fetchrow(_FIND, caller.shop_id, draft.mchid, draft.sub_mchid)
        if now_standing is not None:
            stands = now_standing["version"]
            require_version(draft.version, stands, "input", "version")
            if standing is None or standing["version"] != stands:
                raise ConflictRefusal(*_VERSION, version=stands)
        place = _Place(now_standing["id"] if now_standing else new_id(), _name(draft, now_standing), keys().sealing)
        await _save(sql, caller, merchant, place)
        if not isinstance(draft.appids, Keep):
            await _bind(sql, caller, place.id, draft.appids)
        return place.id


async def add_sandbox_account(caller: Caller, made: SandboxMerchant, appids: Sequence[str], sealing_key: bytes) -> UUID:
    """Enter what the sandbox's WeChat Pay opened for a sandbox shop, and let these apps pay through it."""
    merchant = PayMerchant(
        mode=PayMode.PARTNER if made.sub_mchid else PayMode.DIRECT,
        mchid=made.mchid,
        sub_mchid=made.sub_mchid,
        provider_appid=made.provider_appid,
        api_v3_key=made.api_v3_key,
        private_key_pem=made.private_key_pem.encode(),
        serial_no=made.serial_no,
        platform_keys={made.public_key_id: made.public_key_pem.encode()},
        base_url=SANDBOX_URL,
    )
    place = _Place(new_id(), made.mchid, sealing_key)
    async with transaction() as sql:
        await _save(sql, caller, merchant, place)
        await _bind(sql, caller, place.id, appids)
    return place.id


async def _save(sql: Connection, caller: Caller, merchant: PayMerchant, place: _Place) -> None:
    await sql.execute(
        _SAVE,
        caller.shop_id,
        place.id,
        place.name,
        merchant.mode,
        merchant.mchid,
        merchant.sub_mchid,
        merchant.provider_appid,
        merchant.serial_no,
        seal(merchant.api_v3_key.decode(), place.sealing_key),
        seal(merchant.private_key_pem.decode(), place.sealing_key),
        orjson.dumps({serial: pem.decode() for serial, pem in merchant.platform_keys.items()}).decode(),
        secrets.token_hex(CHANNEL_BYTES),
        merchant.base_url,
        wall_now(),
    )
    await emit(sql, caller, "merchantAccount.saved", place.id, {})


def _name(draft: MerchantDraft, standing: Record | None) -> str:
    if not isinstance(draft.name, Keep):
        return draft.name.strip()
    return str(standing["name"]) if standing else draft.mchid


async def _bind(sql: Connection, caller: Caller, account_id: UUID, appids: Sequence[str]) -> None:
    found = {row["appid"]: row["id"] for row in await sql.fetch(_APPS, caller.shop_id, list(appids))}
    checks = Checks("input", "appids")
    for index, appid in enumerate(appids):
        if appid not in found:
            checks.refuse(UserErrorCode.NOT_FOUND, "没有这个应用", "The shop has no such app", index)
    checks.end()
    app_ids = list(found.values())
    await sql.execute(_UNBIND, caller.shop_id, account_id, app_ids)
    await sql.execute(_BIND, caller.shop_id, account_id, [new_id() for _ in app_ids], app_ids)


def _check(draft: MerchantDraft) -> None:
    checks = Checks("input")
    checks.text(draft.name, "name", chars=NAME_CHARS_MAX, blank=False)
    checks.text(draft.private_key_pem, "privateKeyPem", chars=PEM_CHARS_MAX, blank=False)
    if not isinstance(draft.platform_keys, Keep):
        checks.at_most(list(draft.platform_keys), KEYS_MAX, "platformKeys")
        for index, pem in enumerate(draft.platform_keys.values()):
            checks.text(pem, "platformKeys", index, "pem", chars=PEM_CHARS_MAX, blank=False)
    if not isinstance(draft.appids, Keep):
        checks.at_most(draft.appids, APPS_MAX, "appids")
        checks.distinct(draft.appids, "", "appids")
    checks.end()


async def _merchant(caller: Caller, draft: MerchantDraft, standing: Record | None) -> PayMerchant:
    """Put together what was sent and what stands; WeChat is asked for its certificates where nobody gave a key."""
    checks = Checks("input")
    if standing is None:
        checks.required(draft.serial_no, "serialNo")
        checks.required(draft.api_v3_key, "apiV3Key")
        checks.required(draft.private_key_pem, "privateKeyPem")
    checks.end()
    merchant = PayMerchant(
        mode=PayMode(draft.mode),
        mchid=draft.mchid,
        sub_mchid=draft.sub_mchid,
        provider_appid=_provider_appid(draft, standing),
        api_v3_key=_secret(draft.api_v3_key, standing, "api_v3_key_sealed"),
        private_key_pem=_secret(draft.private_key_pem, standing, "private_key_sealed"),
        serial_no=standing["serial_no"] if standing and isinstance(draft.serial_no, Keep) else str(draft.serial_no),
        platform_keys=_platform_keys(draft, standing),
        base_url=PAY_URL,
    )
    _check_merchant(merchant, lacks_keys=not merchant.platform_keys)
    merchant = replaced(merchant, base_url=PAY_URL if caller.mode is ShopMode.LIVE else SANDBOX_URL)
    if merchant.platform_keys:
        return merchant
    return replaced(merchant, platform_keys=await _certificates(merchant))


def _provider_appid(draft: MerchantDraft, standing: Record | None) -> str | None:
    if not isinstance(draft.provider_appid, Keep):
        return draft.provider_appid
    found: str | None = standing["provider_appid"] if standing else None
    return found


def _secret(given: str | Keep, standing: Record | None, column: str) -> bytes:
    if not isinstance(given, Keep):
        return given.encode(errors="replace")
    return unseal(standing[column], keys().sealing).encode() if standing else b""


def _platform_keys(draft: MerchantDraft, standing: Record | None) -> dict[str, bytes]:
    if not isinstance(draft.platform_keys, Keep):
        return platform_keys_of(draft.platform_keys)
    return platform_keys_of(standing["platform_keys"]) if standing else {}


def _check_merchant(merchant: PayMerchant, *, lacks_keys: bool) -> None:
    try:
        check_merchant(merchant)
    except PayMerchantError as fault:
        # Looked at last: the rest is good, and WeChat can be asked for them.
        if not (fault.which is Part.PLATFORM_KEYS and lacks_keys):
            _invalid(_FIELD[fault.which], fault.why)


async def _certificates(merchant: PayMerchant) -> dict[str, bytes]:
    try:
        return await wechat().pay(merchant).certificates()
    except PayError as error:
        _invalid("platformKeys", f"WeChat gave no certificates ({error.code}): enter its public key")


def _invalid(name: str, why: str) -> NoReturn:
    raise Refusals([Refusal(UserErrorCode.INVALID, "商户号配置不正确", f"Cannot work: {why}", "input", name)])
