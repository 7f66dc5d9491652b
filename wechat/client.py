"""A mini-program's server side: each call to WeChat that we make, as a function with values in and out.

Production and sandbox differ by the app's base URL and nothing else. Never call inside a database transaction.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any, Final, TypeVar

from wechat.access_token import AccessTokens
from wechat.answers import Answer, Phone, Session, Verdict, phone_in, session_in, text_in, verdict_in
from wechat.crypto import session_signature
from wechat.errors import AccessTokenInvalid, SessionOver
from wechat.transport import Transport, call_of

T = TypeVar("T")
Ask = Callable[[Mapping[str, str]], Awaitable[T]]

CODE_2_SESSION: Final = "/sns/jscode2session"
CHECK_SESSION: Final = "/wxa/checksession"
RESET_SESSION: Final = "/wxa/resetusersessionkey"
PHONE_NUMBER: Final = "/wxa/business/getuserphonenumber"
CODE_IMAGE: Final = "/wxa/getwxacodeunlimit"
URL_LINK: Final = "/wxa/generate_urllink"
CHECK_TEXT: Final = "/wxa/msg_sec_check"
SUBSCRIBE_SEND: Final = "/cgi-bin/message/subscribe/send"

CODE_WIDTH_PX: Final = 430
_CHECK_VERSION: Final = 2
_EXPIRES_AFTER_DAYS: Final = 1


class AppVersion(StrEnum):
    """Which build of the mini-program a code or link opens."""

    RELEASE = "release"
    TRIAL = "trial"
    DEVELOP = "develop"


class TextPlace(IntEnum):
    """Where a checked text will stand."""

    PROFILE = 1
    COMMENT = 2
    FORUM = 3
    SOCIAL = 4


# The same builds have other names where messages are sent.
_MESSAGE_STATE: Final = {AppVersion.RELEASE: "formal", AppVersion.TRIAL: "trial", AppVersion.DEVELOP: "developer"}


@dataclass(frozen=True, slots=True)
class MiniProgram:
    """One mini-program's way to WeChat. Every call raises WechatError in one of its kinds."""

    appid: str
    secret: str = field(repr=False)
    transport: Transport
    tokens: AccessTokens = field(repr=False)

    async def code2session(self, code: str) -> Session:
        """Exchange the code of `wx.login`, once: after LostAnswer it is burnt and the page asks for another.

        Raises LoginCodeExpired, RiskBlocked, RateLimited, SystemBusy.
        """
        params = {"appid": self.appid, "secret": self.secret, "js_code": code, "grant_type": "authorization_code"}
        return session_in(await self.transport.get(CODE_2_SESSION, params), call_of(CODE_2_SESSION))

    async def is_session_valid(self, openid: str, session_key: str) -> bool:
        """Whether a session key is still the newest of its user."""
        try:
            await self.get(CHECK_SESSION, _proof(openid, session_key))
        except SessionOver:
            return False
        return True

    async def reset_session(self, openid: str, session_key: str) -> Session:
        """Replace a session key that may have leaked. Raises SessionOver."""
        answer = await self.get(RESET_SESSION, _proof(openid, session_key))
        return session_in(answer, call_of(RESET_SESSION))

    async def phone_number(self, code: str, openid: str | None = None) -> Phone:
        """Exchange the code of the phone button, once; with `openid` only when it is that user's.

        Raises PhoneCodeExpired, RateLimited, SystemBusy. Each success costs the merchant money.
        """
        body = {"code": code} | ({"openid": openid} if openid else {})
        return phone_in(await self.post(PHONE_NUMBER, body), self.appid, call_of(PHONE_NUMBER))

    async def code_image(
        self,
        scene: str,
        page: str | None = None,
        *,
        width_px: int = CODE_WIDTH_PX,
        version: AppVersion = AppVersion.RELEASE,
    ) -> bytes:
        """Draw a mini-program code, good for ever; `scene` is 1 to 32 characters.

        Raises InvalidScene, PageNotPublished, RateLimited.
        """
        body: dict[str, Any] = {"scene": scene, "width": width_px, "env_version": version}
        # Only a released mini-program has pages that WeChat could look up.
        body |= {"page": page, "check_path": version is AppVersion.RELEASE} if page else {}
        return await self._with_token(lambda token: self.transport.post_for_image(CODE_IMAGE, token, body))

    async def url_link(self, path: str, query: str, *, days: int = 30, version: AppVersion = AppVersion.RELEASE) -> str:
        """Make a link that opens a page from anywhere, for 1 to 30 days. Raises InvalidLink."""
        expiry = {"expire_type": _EXPIRES_AFTER_DAYS, "expire_interval": days}
        answer = await self.post(URL_LINK, {"path": path, "query": query, "env_version": version} | expiry)
        return text_in(answer, "url_link", call_of(URL_LINK))

    async def check_text(self, openid: str, content: str, place: TextPlace) -> Verdict:
        """Have a user's text looked at, at most 2500 characters. Raises NotSeenLately: then a person has to look."""
        body = {"version": _CHECK_VERSION, "openid": openid, "scene": place, "content": content}
        return verdict_in(await self.post(CHECK_TEXT, body), call_of(CHECK_TEXT))

    async def send_message(
        self,
        openid: str,
        template_id: str,
        values: Mapping[str, str],
        *,
        page: str = "",
        version: AppVersion = AppVersion.RELEASE,
    ) -> None:
        """Send a message that the customer agreed to. Raises MessageNotWanted, MessageInvalid, MessageCollision."""
        body: dict[str, Any] = {"touser": openid, "template_id": template_id, "lang": "zh_CN"}
        body |= {"data": {name: {"value": value} for name, value in values.items()}}
        body |= {"miniprogram_state": _MESSAGE_STATE[version]} | ({"page": page} if page else {})
        await self.post(SUBSCRIBE_SEND, body)

    async def get(self, path: str, params: Mapping[str, str]) -> Answer:
        """Ask with the app's token and the rest in the query."""
        return await self._with_token(lambda token: self.transport.get(path, {**token, **params}))

    async def post(self, path: str, body: Mapping[str, Any]) -> Answer:
        """Ask with the app's token and a JSON body: the way of every call here, and of those in rooms of their own."""
        return await self._with_token(lambda token: self.transport.post(path, token, body))

    async def _with_token(self, ask: Ask[T]) -> T:
        """Ask with the app's token; one that ended early is replaced, and the question asked once more."""
        token = await self.tokens.token(self.transport, self.appid, self.secret)
        try:
            return await ask({"access_token": token})
        except AccessTokenInvalid:
            await self.tokens.forget(self.transport, self.appid, self.secret, token)
        token = await self.tokens.token(self.transport, self.appid, self.secret)
        return await ask({"access_token": token})


def _proof(openid: str, session_key: str) -> dict[str, str]:
    return {"openid": openid, "signature": session_signature(session_key), "sig_method": "hmac_sha256"}
