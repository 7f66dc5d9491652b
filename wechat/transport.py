"""Questions to one WeChat over HTTP, and its answers as values or typed errors.

All that leaves for WeChat goes through the connections of `open_http`, also what asks for payments.

Secrets, codes and people travel in queries, so nothing here logs a URL, and errors drop what httpx would quote.
"""

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from time import perf_counter
from typing import Any, Final

import httpx
import orjson

from logs import log
from models.database import in_transaction_now
from wechat.answers import Answer
from wechat.errors import BadAnswer, LostAnswer, Unreachable, WechatError, error_of
from wechat.way import Way

CONNECT_SECONDS: Final = 3.0
READ_SECONDS: Final = 5.0
_CONNECTIONS_MAX: Final = 200
_SHARED_WORDS: Final = "/message/wxopen/"
_NOTHING_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


class CallInTransactionError(RuntimeError):
    """A fault of ours: rows would stay locked until somebody else's server answers, and a rollback takes nothing back.

    Commit first what is wanted, ask after.
    """

    def __init__(self) -> None:
        super().__init__("WeChat is asked inside a database transaction")


async def _refuse_in_transaction(_request: httpx.Request) -> None:
    if in_transaction_now():
        raise CallInTransactionError


@asynccontextmanager
async def open_http(read_seconds: float = READ_SECONDS) -> AsyncIterator[httpx.AsyncClient]:
    """Open the connections to WeChat for a process; a WeChat that is silent for `read_seconds` counts as lost."""
    # It writes every URL, at level info.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    async with httpx.AsyncClient(
        timeout=httpx.Timeout(read_seconds, connect=CONNECT_SECONDS, pool=CONNECT_SECONDS),
        transport=Way(_CONNECTIONS_MAX),
        # Settings alone read the environment; a proxy in the way would see secrets.
        trust_env=False,
        follow_redirects=False,
        event_hooks={"request": [_refuse_in_transaction]},
    ) as http:
        yield http


@dataclass(frozen=True, slots=True)
class Transport:
    """The way to the WeChat at `base_url`: the real one or a sandbox, which nothing else tells apart."""

    http: httpx.AsyncClient = field(repr=False)
    base_url: str

    async def get(self, path: str, params: Mapping[str, str]) -> Answer:
        """Ask with everything in the query. Raises WechatError."""
        return _answer(path, (await self._send("GET", path, params, None)).content)

    async def post(self, path: str, params: Mapping[str, str], body: Mapping[str, Any]) -> Answer:
        """Ask with a JSON body. Raises WechatError."""
        return _answer(path, (await self._send("POST", path, params, body)).content)

    async def post_for_image(self, path: str, params: Mapping[str, str], body: Mapping[str, Any]) -> bytes:
        """Ask for a picture, which comes as itself; only errors come as JSON. Raises WechatError."""
        response = await self._send("POST", path, params, body)
        if response.headers.get("content-type", "").startswith("image/"):
            return response.content
        _answer(path, response.content)
        raise BadAnswer(call_of(path))

    async def _send(
        self, method: str, path: str, params: Mapping[str, str], body: Mapping[str, Any] | None
    ) -> httpx.Response:
        call, began = call_of(path), perf_counter()
        content = None if body is None else orjson.dumps(body)
        headers = None if body is None else {"Content-Type": "application/json"}
        try:
            response = await self.http.request(
                method, f"{self.base_url}{path}", params=dict(params), content=content, headers=headers
            )
        except _NOTHING_SENT:
            raise _logged(Unreachable(call), began) from None
        except httpx.DecodingError:
            raise _logged(BadAnswer(call), began) from None
        except httpx.RequestError:
            raise _logged(LostAnswer(call), began) from None
        if response.status_code != HTTPStatus.OK:
            # WeChat says its errors with 200; this is a gateway, behind which the work may have been done.
            raise _logged(BadAnswer(call), began)
        log("wechat_answered", level="debug", call=call, took_ms=_since(began))
        return response


def call_of(path: str) -> str:
    """Return the name of a call, the last word of its path: `jscode2session`.

    In the room of dynamic messages, whose last words others have too, it is both: `updatablemsg/send`.
    """
    _, _, in_room = path.partition(_SHARED_WORDS)
    return in_room or path.rpartition("/")[2]


def _answer(path: str, content: bytes) -> Answer:
    """Read an answer as JSON, whatever content type it claims. Raises the error that it states."""
    call = call_of(path)
    try:
        answer = orjson.loads(content)
    except orjson.JSONDecodeError:
        raise BadAnswer(call) from None
    if not isinstance(answer, dict):
        raise BadAnswer(call)
    errcode = answer.get("errcode", 0)
    if errcode == 0:
        return answer
    if not isinstance(errcode, int):
        raise BadAnswer(call)
    raise _logged(error_of(call, errcode, str(answer.get("errmsg", ""))), None)


def _logged(error: WechatError, began: float | None) -> WechatError:
    took_ms = None if began is None else _since(began)
    kind = type(error).__name__
    log(
        "wechat_refused",
        level="warning",
        call=error.call,
        errcode=error.errcode,
        kind=kind,
        rid=error.rid,
        took_ms=took_ms,
    )
    return error


def _since(began: float) -> int:
    return round((perf_counter() - began) * 1000)
