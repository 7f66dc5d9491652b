"""A website's login by WeChat: the page with the QR code, and what its code is exchanged for."""

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode

from models.wechat_app import WECHAT_URL
from wechat.answers import WebToken, WebUser, web_token_in, web_user_in
from wechat.transport import Transport, call_of

QR_CONNECT: Final = "/connect/qrconnect"
ACCESS_TOKEN: Final = "/sns/oauth2/access_token"  # noqa: S105 - a path
REFRESH_TOKEN: Final = "/sns/oauth2/refresh_token"  # noqa: S105 - a path
USER: Final = "/sns/userinfo"
# The real WeChat shows its page on a host of its own.
OPEN_URL: Final = "https://open.weixin.qq.com"


@dataclass(frozen=True, slots=True)
class Website:
    """One website app's way to WeChat. Every call raises WechatError in one of its kinds."""

    appid: str
    secret: str = field(repr=False)
    transport: Transport

    def login_url(self, redirect_uri: str, state: str) -> str:
        """Return the page that shows the QR code; it comes back to `redirect_uri` with `code` and `state`.

        A person who refuses never comes back at all.
        """
        host = OPEN_URL if self.transport.base_url == WECHAT_URL else self.transport.base_url
        asked = {"appid": self.appid, "redirect_uri": redirect_uri, "response_type": "code", "scope": "snsapi_login"}
        return f"{host}{QR_CONNECT}?{urlencode(asked | {'state': state})}#wechat_redirect"

    async def exchange(self, code: str) -> WebToken:
        """Exchange the code of a login, once. Raises LoginCodeExpired."""
        params = {"appid": self.appid, "secret": self.secret, "code": code, "grant_type": "authorization_code"}
        return web_token_in(await self.transport.get(ACCESS_TOKEN, params), call_of(ACCESS_TOKEN))

    async def refresh(self, refresh_token: str) -> WebToken:
        """Make a login last another two hours. Raises RefreshTokenExpired."""
        params = {"appid": self.appid, "grant_type": "refresh_token", "refresh_token": refresh_token}
        return web_token_in(await self.transport.get(REFRESH_TOKEN, params), call_of(REFRESH_TOKEN))

    async def user(self, token: WebToken) -> WebUser:
        """Read the profile of who logged in. Raises AccessTokenInvalid."""
        params = {"access_token": token.access_token, "openid": token.openid, "lang": "zh_CN"}
        return web_user_in(await self.transport.get(USER, params), call_of(USER))
