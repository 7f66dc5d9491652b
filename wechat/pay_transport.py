"""Questions to WeChat Pay over HTTP: signed as they leave, and no answer is believed before its signature is.

Nothing here logs a URL or a body, and errors drop what httpx would quote.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from time import perf_counter
from typing import Any, Final

import httpx
import orjson

from clock import wall_now
from logs import log
from wechat.pay_answers import PayAnswer
from wechat.pay_errors import (
    BAD_ANSWER,
    BAD_SIGNATURE,
    NO_ANSWER,
    NO_CONNECTION,
    UNKNOWN_SERIAL,
    PayError,
    PayUnknown,
    UnknownSerial,
    Untrusted,
    pay_error_of,
)
from wechat.pay_merchant import PayMerchant
from wechat.pay_signature import Question, authorization, check_signature

USER_AGENT: Final = "Xiaopu"
_NONCE_BYTES: Final = 16
_NOTHING_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
_SUCCESS: Final = {HTTPStatus.OK, HTTPStatus.NO_CONTENT}
# Said before WeChat knows who asks, or by what stands in front of it, and harmless to believe: nothing was done.
_BELIEVED_UNSIGNED: Final = {HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS}


@dataclass(frozen=True, slots=True)
class PayTransport:
    """The way of one merchant to WeChat Pay."""

    http: httpx.AsyncClient = field(repr=False)
    merchant: PayMerchant

    async def get(self, call: str, path: str, params: Mapping[str, str]) -> PayAnswer:
        """Ask with everything in path and query; `path` is encoded already. Raises PayError."""
        response = await self.send(call, "GET", path, params)
        return self.believed(call, response)

    async def post(self, call: str, path: str, body: Mapping[str, Any], sealed_by: str | None = None) -> PayAnswer:
        """Ask with a JSON body; the answer to some questions is empty. Raises PayError.

        `sealed_by` names WeChat's key that parts of the body are sealed under.
        """
        response = await self.send(call, "POST", path, {}, orjson.dumps(body), sealed_by)
        return self.believed(call, response)

    async def send(  # noqa: PLR0913, PLR0917 - a question is these parts
        self,
        call: str,
        method: str,
        path: str,
        params: Mapping[str, str],
        body: bytes = b"",
        sealed_by: str | None = None,
    ) -> httpx.Response:
        """Send a question signed; raises PayError for every answer but success, which is not verified yet.

        `path` may also be a whole address that WeChat told.
        """
        url = path if path.startswith(("http://", "https://")) else f"{self.merchant.base_url}{path}"
        request = self.http.build_request(method, url, params=dict(params) or None, content=body or None)
        request.headers.update(self._headers(request, body, sealed_by))
        began = perf_counter()
        try:
            response = await self.http.send(request)
        except _NOTHING_SENT:
            raise _logged(PayUnknown(call, NO_CONNECTION), began) from None
        except httpx.RequestError:
            raise _logged(PayUnknown(call, NO_ANSWER), began) from None
        if response.status_code not in _SUCCESS:
            raise _logged(self._refusal(call, response), began)
        log("wechat_pay_answered", level="debug", call=call, took_ms=_since(began))
        return response

    def believed(self, call: str, response: httpx.Response) -> PayAnswer:
        """Read an answer that WeChat signed. Raises PayUnknown."""
        self._verify(call, response)
        return json_in(call, response)

    def _headers(self, request: httpx.Request, body: bytes, sealed_by: str | None) -> dict[str, str]:
        prefix = httpx.URL(self.merchant.base_url).raw_path.decode().rstrip("/")
        # As it stands on the wire, without what is only the way to this WeChat.
        path = request.url.raw_path.decode().removeprefix(prefix)
        timestamp, nonce = str(int(wall_now().timestamp())), secrets.token_hex(_NONCE_BYTES).upper()
        headers = {
            "Authorization": authorization(self.merchant, Question(request.method, path, body), timestamp, nonce),
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": USER_AGENT,
        }
        key_id = sealed_by or self.merchant.public_key_id
        return headers | ({"Wechatpay-Serial": key_id} if key_id else {})

    def _refusal(self, call: str, response: httpx.Response) -> PayError:
        request_id, status = response.headers.get("request-id", ""), response.status_code
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or not response.is_client_error:
            return PayUnknown(call, _code(response) or BAD_ANSWER, status, request_id)
        if status not in _BELIEVED_UNSIGNED or "wechatpay-signature" in response.headers:
            try:
                self._verify(call, response)
            except PayUnknown as unknown:
                return unknown
        return pay_error_of(call, _code(response) or BAD_ANSWER, status, request_id)

    def _verify(self, call: str, response: httpx.Response) -> None:
        try:
            check_signature(response.headers, response.content, self.merchant, wall_now())
        except Untrusted as fault:
            code = UNKNOWN_SERIAL if isinstance(fault, UnknownSerial) else BAD_SIGNATURE
            raise PayUnknown(call, code, response.status_code, response.headers.get("request-id", "")) from None


def json_in(call: str, response: httpx.Response) -> PayAnswer:
    """Read an answer's object; an empty one has no content. Raises PayUnknown."""
    if not response.content:
        return {}
    try:
        answer = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        raise PayUnknown(call, BAD_ANSWER, response.status_code) from None
    if not isinstance(answer, dict):
        raise PayUnknown(call, BAD_ANSWER, response.status_code)
    return answer


def _code(response: httpx.Response) -> str:
    try:
        said = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return ""
    code = said.get("code") if isinstance(said, dict) else None
    return code if isinstance(code, str) else ""


def _logged(error: PayError, began: float) -> PayError:
    log(
        "wechat_pay_refused",
        level="warning",
        call=error.call,
        code=error.code,
        status=error.status,
        kind=type(error).__name__,
        request_id=error.request_id,
        took_ms=_since(began),
    )
    return error


def _since(began: float) -> int:
    return round((perf_counter() - began) * 1000)
