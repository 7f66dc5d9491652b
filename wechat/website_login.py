"""Logging in on a website by WeChat's QR code, through Authlib: OAuth 2 but for some habits of WeChat's own.

It says `appid` for `client_id`, hands out tokens by GET with the secret in the query, tells no token type, and says its
errors with status 200 in a body of type text/plain. Each has its hook here. Authlib's protocol client is used without
its HTTP classes: questions go the way of all others to WeChat, through connections that are open.
"""

from dataclasses import dataclass, field
from typing import Any, Final, NoReturn
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import orjson
from authlib.oauth2.client import OAuth2Client  # type: ignore[import-untyped]  # Authlib has no types

from wechat.answers import text_in
from wechat.errors import BadAnswer, LostAnswer, Unreachable, WechatError, error_of
from wechat.transport import call_of
from wechat.website import ACCESS_TOKEN, QR_CONNECT

SCOPE: Final = "snsapi_login"
CALL: Final = call_of(ACCESS_TOKEN)
_AUTH_METHOD: Final = "wechat"
_OURS_ALONE: Final = frozenset({"client_id", "client_secret", "redirect_uri"})
_NOTHING_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class _Refused(Exception):  # noqa: N818 - what Authlib raises for an answer with `error`
    """An error in OAuth's words."""

    def __init__(self, error: str, description: str | None = None) -> None:
        super().__init__(error)
        self.error = error
        self.description = description or ""


class _Client(OAuth2Client):  # type: ignore[misc]  # see above
    """Authlib's client of the protocol, asking without blocking."""

    oauth_error_class = _Refused

    async def _fetch_token(self, url: str, *, body: str, headers: Any, auth: Any, method: str) -> Any:  # noqa: ANN401
        """Send the request that Authlib has prepared, and give its answer to the hooks."""
        url, headers, _ = auth.prepare(method, f"{url}?{body}", headers, "")
        answer = await self.session.request(method, url, headers=headers)
        for hook in self.compliance_hook["access_token_response"]:
            answer = hook(answer)
        return self.parse_response_token(answer)


@dataclass(frozen=True, slots=True)
class WebsiteLogin:
    """A website app: the page with the QR code is at `page_url`, everything else at `api_url`."""

    appid: str
    secret: str = field(repr=False)
    page_url: str
    api_url: str

    def begin(self, redirect_uri: str) -> tuple[str, str]:
        """Return the page to send a browser to, and the state that has to come back with it."""
        client = self._client(None, redirect_uri)
        url, state = client.create_authorization_url(f"{self.page_url}{QR_CONNECT}", appid=self.appid)
        parts = urlsplit(url)
        query = [(name, text) for name, text in parse_qsl(parts.query) if name != "client_id"]
        return parts._replace(query=urlencode(query), fragment="wechat_redirect").geturl(), state

    async def finish(self, http: httpx.AsyncClient, code: str, redirect_uri: str) -> str:
        """Exchange the code that came back, once, for the openid of who scanned. Raises WechatError."""
        client = self._client(http, redirect_uri)
        try:
            token = await client.fetch_token(
                f"{self.api_url}{ACCESS_TOKEN}", method="GET", grant_type="authorization_code", code=code
            )
        except _Refused as refused:
            _raise(refused)
        except _NOTHING_SENT:
            raise Unreachable(CALL) from None
        except httpx.RequestError:
            raise LostAnswer(CALL) from None
        return text_in(token, "openid", CALL)

    def _client(self, http: httpx.AsyncClient | None, redirect_uri: str) -> Any:  # noqa: ANN401 - Authlib has no types
        client = _Client(
            http, self.appid, self.secret, token_endpoint_auth_method=_AUTH_METHOD, scope=SCOPE,
            redirect_uri=redirect_uri,
        )  # fmt: skip
        client.register_client_auth_method((_AUTH_METHOD, _sign))
        client.register_compliance_hook("access_token_response", _as_oauth)
        return client


def _sign(client: Any, _method: str, uri: str, headers: Any, body: Any) -> tuple[str, Any, Any]:  # noqa: ANN401
    """Say who asks in WeChat's words: in the query, and nothing else of OAuth's."""
    parts = urlsplit(uri)
    query = [(name, text) for name, text in parse_qsl(parts.query) if name not in _OURS_ALONE]
    query += [("appid", client.client_id), ("secret", client.client_secret)]
    return parts._replace(query=urlencode(query)).geturl(), headers, body


def _as_oauth(answer: httpx.Response) -> httpx.Response:
    """Turn WeChat's answer into what OAuth knows: an error by that name, or a token with its type."""
    try:
        said = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        raise BadAnswer(CALL) from None
    if not isinstance(said, dict) or not answer.is_success:
        raise BadAnswer(CALL)
    if said.get("errcode", 0):
        said = {"error": str(said["errcode"]), "error_description": str(said.get("errmsg", ""))}
    return httpx.Response(answer.status_code, json={"token_type": "bearer", **said}, request=answer.request)


def _raise(refused: _Refused) -> NoReturn:
    try:
        error: WechatError = error_of(CALL, int(refused.error), refused.description)
    except ValueError:
        error = BadAnswer(CALL)
    raise error from None
