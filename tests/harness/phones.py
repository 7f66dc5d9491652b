"""Somebody with a phone: a made-up person of the sandbox's WeChat, in the mini-program of a shop."""

import dataclasses
from typing import Any
from uuid import UUID, uuid4

from models.wechat_app import WechatApp
from resolvers.visitor_key import create_key
from resolvers.wechat_app import add_app
from settings import Settings
from tests.harness.asking import Answer, Asker, credentials
from tests.harness.shops import SandboxShop
from wechat.sandbox.app import PATH
from wechat.sandbox.apps import USUAL_SECRET

ERRORS = "userErrors { code field message ... on RetryUserError { retryAfterMs } }"
CUSTOMER = "customer { id nickname avatarUrl phone createdAt consents { kind policyVersion givenAt withdrawnAt } }"
SESSION = "session { accessToken accessTokenExpiresAt refreshToken refreshTokenExpiresAt }"

LOGIN = f"""mutation ($code: String!, $share: String) {{
  loginWithWechat(input: {{code: $code, shareToken: $share}}) {{ {SESSION} {CUSTOMER} {ERRORS} }}
}}"""
REFRESH = f"mutation ($token: String!) {{ sessionRefresh(refreshToken: $token) {{ {SESSION} {CUSTOMER} {ERRORS} }} }}"
REVOKE = f"mutation ($token: String!) {{ sessionRevoke(refreshToken: $token) {{ revoked {ERRORS} }} }}"
PHONE = f"mutation ($code: String!) {{ phoneBind(code: $code) {{ {CUSTOMER} {ERRORS} }} }}"
PROFILE = f"mutation ($input: ProfileUpdateInput!) {{ profileUpdate(input: $input) {{ {CUSTOMER} {ERRORS} }} }}"
CONSENT = f"mutation ($input: ConsentSetInput!) {{ consentSet(input: $input) {{ {CUSTOMER} {ERRORS} }} }}"
VIEWER = "{ viewer { id nickname phone } }"


@dataclasses.dataclass(frozen=True, slots=True)
class Phone:
    """`user` is who holds it, by the name the sandbox makes people up from."""

    shop: SandboxShop
    user: str
    key: str
    appid: str
    visitor_id: UUID = dataclasses.field(default_factory=uuid4)

    @property
    def visitor(self) -> Asker:
        """The mini-program before anybody has logged in."""
        return Asker(self.shop.http, credentials(key=self.key)).also(x_visitor_id=str(self.visitor_id))

    def customer(self, token: str) -> Asker:
        """The mini-program with an access token."""
        return Asker(self.shop.http, credentials(key=self.key, token=token)).also(x_visitor_id=str(self.visitor_id))

    async def door(self, path: str, **asked: Any) -> Any:
        """Say something to the sandbox's WeChat about the app."""
        answer = await self.shop.http.post(f"{PATH}{path}", json={"appid": self.appid} | asked)
        assert answer.status_code in {200, 204}, answer.text
        return answer.json() if answer.content else None

    async def code(self, **more: Any) -> str:
        """Call `wx.login`."""
        return str((await self.door("/codes", user=self.user, **more))["code"])

    async def phone_code(self, **more: Any) -> str:
        """Tap the phone button."""
        return str((await self.door("/phone-codes", user=self.user, **more))["code"])

    async def switch(self, kind: str, call: str, **more: Any) -> None:
        """Make the next call of this person fail."""
        await self.door("/switches", kind=kind, call=call, user=self.user, **more)

    async def try_login(self, code: str | None = None, share: str | None = None) -> Answer:
        """Log in with a code, or a new one."""
        return await self.visitor(LOGIN, {"code": code or await self.code(), "share": share})

    async def login(self, code: str | None = None, share: str | None = None) -> dict[str, Any]:
        """Log in, which must succeed; `{"session", "customer"}`."""
        answer = await self.try_login(code, share)
        assert answer.refusals == []
        payload: dict[str, Any] = answer["loginWithWechat"]
        return payload

    async def logged_in(self) -> Asker:
        """Log in and ask as the customer from now on."""
        return self.customer((await self.login())["session"]["accessToken"])


def phone_of(shop: SandboxShop, user: str) -> Phone:
    """Give somebody a phone in the shop's mini-program."""
    return Phone(shop, user, shop.key, shop.app.appid)


async def phone_in_another_app(phone: Phone, settings: Settings, appid: str) -> Phone:
    """Give the same person a phone in a second mini-program of the shop, of the same Open Platform account."""
    app: WechatApp = await add_app(
        phone.shop.shop,
        appid=appid,
        secret=USUAL_SECRET,
        sealing_key=settings.derive("sealing"),
    )
    return Phone(phone.shop, phone.user, (await create_key(app)).key, appid)
