"""Sandbox shops for tests, opened the way the command line opens them, and the people who come to them."""

import dataclasses
import secrets
from uuid import UUID

import httpx

from ids import encode_id
from models.database import pool
from models.shop import Shop
from models.staff import Role, Staff
from models.wechat_app import WechatApp
from resolvers.caller import ActorKind, Caller, system_caller
from resolvers.demo import DEMO_HANDLE, open_demo
from resolvers.sandbox_shop import OWNER_NAME, open_sandbox
from resolvers.staff import staff_named
from resolvers.tokens import STAFF_AUDIENCE, Bearer, Tokens
from resolvers.visitor_key import DEMO_KEY
from settings import Settings
from tests.harness.asking import Asker, credentials
from tests.harness.secrecy import SECRECY


@dataclasses.dataclass(frozen=True, slots=True)
class OpenedShop:
    """A shop with one app, one visitor key and its owner; whoever asks resolvers directly needs no more."""

    shop: Shop
    app: WechatApp
    key: str
    owner: Staff

    @property
    def id(self) -> UUID:
        """The shop's id inside."""
        return self.shop.id

    @property
    def global_id(self) -> str:
        """The shop's id as clients see it."""
        return encode_id("shp", self.shop.id)

    @property
    def caller(self) -> Caller:
        """Its owner, asking now."""
        return system_caller(self.shop)._replace(actor=ActorKind.STAFF, subject_id=self.owner.id, app_id=self.app.id)


@dataclasses.dataclass(frozen=True, slots=True)
class SandboxShop(OpenedShop):
    """The same shop over HTTP: `await shop.visitor(document)`, `await shop.staff(mutation, {"input": ...})`."""

    http: httpx.AsyncClient
    tokens: Tokens

    @property
    def visitor(self) -> Asker:
        """Somebody who looks in with the shop's public key."""
        return Asker(self.http, credentials(key=self.key))

    @property
    def staff(self) -> Asker:
        """The owner, who may do everything; sends the token only."""
        return Asker(self.http, credentials(token=self.token_of(self.owner)))

    async def staff_with(self, *roles: Role) -> Asker:
        """Take on somebody with exactly these roles."""
        name = " ".join(sorted(roles))
        return Asker(self.http, credentials(token=self.token_of(await staff_named(self.id, name, roles))))

    def token_of(self, staff: Staff) -> str:
        """Return a token of a member of staff, good for an hour."""
        bearer = Bearer(ActorKind.STAFF, self.id, STAFF_AUDIENCE, staff.id, staff.token_version)
        return self.tokens.issue(bearer, minutes=60)


_KEYS = """
select 'apiV3Key' as kind, api_v3_key as secret from wechat_sandbox.pay_merchant where shop_id = $1
union all
select 'privateKey', private_key_pem from wechat_sandbox.pay_key
"""


async def open_shop(settings: Settings, name: str = "小铺") -> OpenedShop:
    """Open an empty sandbox shop under a handle, and by its seed an appid, of its own."""
    opened = await open_sandbox(
        handle=f"t-{secrets.token_hex(6)}",
        name=name,
        # Shops of one seed share an appid, and so whatever a test sets up for it at WeChat.
        seed=secrets.randbelow(2**53),
        sealing_key=settings.derive("sealing"),
    )
    # No word about them passes a door when a shop is opened, and nobody may hear of them ever after.
    for row in await pool().fetch(_KEYS, opened.shop.id):
        SECRECY.learn(row["kind"], row["secret"])
    return OpenedShop(opened.shop, opened.app, opened.key, opened.owner)


async def the_demo(settings: Settings) -> OpenedShop:
    """Open the demo shop, or find it open."""
    await open_demo(settings.derive("sealing"))
    shop = await Shop.get(handle=DEMO_HANDLE)
    app = await WechatApp.get(shop_id=shop.id)
    return OpenedShop(shop, app, DEMO_KEY, await staff_named(shop.id, OWNER_NAME, [Role.OWNER]))


def over_http(opened: OpenedShop, http: httpx.AsyncClient, settings: Settings) -> SandboxShop:
    """Let people come to an opened shop."""
    given = {field.name: getattr(opened, field.name) for field in dataclasses.fields(opened)}
    return SandboxShop(**given, http=http, tokens=Tokens(settings.derive("token")))
