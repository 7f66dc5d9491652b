"""Staff log in here by WeChat's QR code: a browser is sent to WeChat and comes back with a code and its own state.

What has to come back is in a signed cookie of ten minutes, so that nobody can be logged in by a link of another's.
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from clock import wall_now
from ids import encode_id
from models.refusal import Refusal, UserErrorCode
from models.wechat_app import WECHAT_URL
from resolvers.staff_login import LOGIN_PATH, Place, StaffLogin, staff_log_in
from resolvers.wechat_refusal import refusal_of
from settings import Settings
from wechat.connection import wechat
from wechat.errors import WechatError
from wechat.website import OPEN_URL
from wechat.website_login import WebsiteLogin

CALLBACK_PATH: Final = "/auth/wechat/callback"
COOKIE: Final = "xiaopu_wechat_login"
COOKIE_SECONDS: Final = 600
_PATH: Final = "/auth/wechat"
_TEXT_CHARS_MAX: Final = 200

_STATUS: Final = {
    UserErrorCode.NOT_ALLOWED: HTTPStatus.FORBIDDEN,
    UserErrorCode.NOT_FOUND: HTTPStatus.NOT_FOUND,
    UserErrorCode.TAKEN: HTTPStatus.CONFLICT,
    UserErrorCode.BUSY: HTTPStatus.SERVICE_UNAVAILABLE,
    UserErrorCode.WECHAT_RATE_LIMITED: HTTPStatus.TOO_MANY_REQUESTS,
}


def website_of(settings: Settings) -> WebsiteLogin | None:
    """Return the platform's website app: the real one that settings name, else the sandbox's outside production."""
    if settings.wechat_website_appid:
        return WebsiteLogin(settings.wechat_website_appid, settings.wechat_website_secret, OPEN_URL, WECHAT_URL)
    sandbox = settings.sandbox_wechat
    if settings.is_production or sandbox is None:
        return None
    return WebsiteLogin("wx5555555555555555", "sandbox", sandbox, sandbox)


class WechatLogin:
    """The two addresses of a login."""

    def __init__(self, website: WebsiteLogin, key: bytes, public_url: str | None) -> None:
        self._website = website
        self._key = key
        self._public_url = public_url

    async def begin(self, request: Request) -> Response:
        """Send the browser to the page with the QR code; `?invitation=` is kept for when it comes back."""
        url, state = self._website.begin(self._back(request))
        kept = {
            "state": state,
            "invitation": request.query_params.get("invitation", "")[:_TEXT_CHARS_MAX],
            "until": int((wall_now() + timedelta(seconds=COOKIE_SECONDS)).timestamp()),
            "salt": secrets.token_hex(8),
        }
        answer = RedirectResponse(url, HTTPStatus.FOUND, headers={"Cache-Control": "no-store"})
        answer.set_cookie(
            COOKIE, self._signed(kept), COOKIE_SECONDS, path=_PATH, httponly=True, samesite="lax",
            secure=self._back(request).startswith("https:"),
        )  # fmt: skip
        return answer

    async def finish(self, request: Request) -> Response:
        """Answer who came back with tokens and all their shops; whatever happens, the cookie has had its day."""
        try:
            answer = _json(_said(await self._logged_in(request)))
        except Refusal as refused:
            said = {"code": refused.code, "message": refused.zh, "messageEn": refused.en}
            answer = _json(said, _STATUS.get(refused.code, HTTPStatus.BAD_REQUEST))
        answer.delete_cookie(COOKIE, path=_PATH)
        return answer

    async def _logged_in(self, request: Request) -> StaffLogin:
        kept = self._kept(request.cookies.get(COOKIE, ""))
        state, code = request.query_params.get("state", ""), request.query_params.get("code", "")
        if kept is None or not hmac.compare_digest(str(kept["state"]).encode(), state.encode()):
            raise Refusal(
                UserErrorCode.INVALID,
                "登录已超时，请重新扫码",
                "This login was not begun in this browser, or too long ago; begin anew",
            )
        if not 0 < len(code) <= _TEXT_CHARS_MAX:
            raise Refusal(UserErrorCode.BLANK, "登录未完成", "No code came back: the login was refused")
        try:
            openid = await self._website.finish(wechat().http, code, self._back(request))
        except WechatError as error:
            raise refusal_of(error, "code") from None
        return await staff_log_in(self._website.appid, openid, str(kept["invitation"]) or None)

    def _back(self, request: Request) -> str:
        return (self._public_url or str(request.base_url)).rstrip("/") + CALLBACK_PATH

    def _signed(self, kept: Mapping[str, Any]) -> str:
        body = urlsafe_b64encode(orjson.dumps(kept)).decode()
        return f"{body}.{self._mac(body)}"

    def _kept(self, cookie: str) -> dict[str, Any] | None:
        """Return what we had put into a cookie; None when it is not ours, or too old."""
        body, _, mac = cookie.partition(".")
        if not hmac.compare_digest(self._mac(body).encode(), mac.encode()):
            return None
        try:
            kept: dict[str, Any] = orjson.loads(urlsafe_b64decode(body))
        except (NotBase64, ValueError):
            return None
        return kept if kept["until"] > wall_now().timestamp() else None

    def _mac(self, body: str) -> str:
        return hmac.new(self._key, body.encode(errors="replace"), hashlib.sha256).hexdigest()


def wechat_login_routes(settings: Settings) -> list[Route]:
    """Return the routes of the login; none when no website app is there to log in with."""
    website = website_of(settings)
    if website is None:
        return []
    login = WechatLogin(website, settings.derive("wechat login"), settings.public_url)
    return [Route(LOGIN_PATH, login.begin), Route(CALLBACK_PATH, login.finish)]


def _said(login: StaffLogin) -> dict[str, Any]:
    return {
        "session": {
            "accessToken": login.pair.access_token,
            "accessTokenExpiresAt": login.pair.access_expires_at,
            "refreshToken": login.pair.refresh_token,
            "refreshTokenExpiresAt": login.pair.refresh_expires_at,
        },
        "shop": _place(login.chosen),
        "shops": [_place(place) for place in login.places],
    }


def _place(place: Place) -> dict[str, Any]:
    return {"id": encode_id("shp", place.shop_id), "handle": place.handle, "name": place.name, "roles": place.roles}


def _json(body: Mapping[str, Any], status: int = HTTPStatus.OK) -> Response:
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return Response(orjson.dumps(body, option=orjson.OPT_UTC_Z), status, headers, media_type="application/json")
