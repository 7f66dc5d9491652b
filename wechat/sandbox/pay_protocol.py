"""How every call of WeChat Pay is met: its signature, its record, what a tester put in its way, a signed answer."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from time import perf_counter
from typing import Any, Final

import orjson
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from clock import wall_now
from models.database import pool
from wechat.sandbox.calls import begin_call, end_call
from wechat.sandbox.pay_about import About, about
from wechat.sandbox.pay_faults import PayCode, PayFault
from wechat.sandbox.pay_keys import Key
from wechat.sandbox.pay_merchants import Merchant, find_merchant
from wechat.sandbox.pay_ring import Ring, ring_of
from wechat.sandbox.pay_signing import (
    Authorization,
    is_signed,
    is_timely,
    read_authorization,
    request_message,
    signed_headers,
)
from wechat.sandbox.protocol import BODY_BYTES_MAX, LostAnswer
from wechat.sandbox.switches import Switch, SwitchKind, take_for_pay

# Of two that come with one nonce, one is first. Primary key.
_USE_NONCE = """
insert into wechat_sandbox.pay_nonce (mchid, nonce, at) values ($1, $2, $3) on conflict do nothing returning 1
"""
_JSON: Final = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class PayCall:
    """A call whose signature is right, on its way to the work."""

    merchant: Merchant
    body: Mapping[str, Any]
    path: Mapping[str, str]
    query: Mapping[str, str]
    route: str
    """The path of the route, which tells direct from partner mode."""
    home: str
    """Where this sandbox is reached, for the addresses of bills."""
    sealing_key: Key | None = None
    """WeChat Pay's key that the question says its secret parts are sealed under."""


@dataclass(frozen=True, slots=True)
class PayAnswer:
    """What the work says: JSON, a file, or nothing (204); `after` runs when the answer is on its way."""

    content: Mapping[str, Any] | bytes | None
    after: Callable[[], Awaitable[object]] | None = None


PayWork = Callable[[PayCall], Awaitable[PayAnswer]]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A call as it came in, believed of nobody yet."""

    request: Request
    raw: bytes
    said: Authorization | None
    merchant: Merchant | None
    ring: Ring
    given: Mapping[str, Any]
    """Body, path and query in one, for the record."""


def pay_protocol(path: str, method: str, name: str, work: PayWork) -> Route:
    """Return the route of one call; `name` is what the record and the switches know it by."""

    async def answer(request: Request) -> Response:
        began = perf_counter()
        asked = await _read(request)
        mchid = asked.said.mchid if asked.said else ""
        who = await about(mchid, asked.given)
        number = await begin_call(
            who.appid, who.name, name, asked.given, wall_now(), mchid=mchid, order_no=who.order_no
        )
        switch, response, fault = await _do(asked, work, who, name)
        await end_call(
            number,
            fault.status if fault else 0,
            switch.id if switch else None,
            round((perf_counter() - began) * 1000),
            code=fault.code if fault else None,
        )
        if switch and switch.kind is SwitchKind.LOST_ANSWER:
            if response.background:
                await response.background()
            await asyncio.sleep(switch.delay_ms / 1000)
            return LostAnswer()
        return response

    return Route(path, answer, methods=[method])


async def _do(asked: _Asked, work: PayWork, who: About, name: str) -> tuple[Switch | None, Response, PayFault | None]:
    switch = None
    try:
        merchant = await _admitted(asked)
        switch = await take_for_pay(who.appid, merchant.mchid, who.name, name, who.order_nos)
        if switch and switch.kind is SwitchKind.SLOW:
            await asyncio.sleep(switch.delay_ms / 1000)
        _stand_in_the_way(switch)
        answer = await work(_call(asked, merchant))
    except PayFault as fault:
        return switch, _signed(asked, orjson.dumps(fault.answer), fault.status), fault
    if isinstance(answer.content, bytes):
        # The one answer that carries no signature: what it is, its hash said before.
        return switch, Response(answer.content, media_type="text/plain; charset=utf-8"), None
    status = HTTPStatus.NO_CONTENT if answer.content is None else HTTPStatus.OK
    body = b"" if answer.content is None else orjson.dumps(answer.content)
    return switch, _signed(asked, body, status, answer.after), None


def _stand_in_the_way(switch: Switch | None) -> None:
    if switch and switch.kind is SwitchKind.RATE_LIMIT:
        raise PayFault(PayCode.FREQUENCY_LIMITED)
    if switch and switch.kind is SwitchKind.ERROR:
        raise PayFault(switch.code or PayCode.SYSTEM_ERROR)


async def _read(request: Request) -> _Asked:
    raw = b""
    async for chunk in request.stream():
        # What is too long is cut, and no longer what was signed.
        raw = (raw + chunk)[: BODY_BYTES_MAX + 1]
    said = read_authorization(request.headers.get("authorization", ""))
    merchant = await find_merchant(said.mchid) if said else None
    given = {**(_json(raw) or {}), **request.query_params, **request.path_params}
    plain = {name: value for name, value in given.items() if "\x00" not in f"{name}{value}"}
    return _Asked(request, raw, said, merchant, await ring_of(merchant), plain)


def _json(raw: bytes) -> dict[str, Any] | None:
    """Read a body; None for what is no object, or holds what no database keeps."""
    try:
        given = orjson.loads(raw or b"{}")
    except orjson.JSONDecodeError:
        return None
    return given if isinstance(given, dict) and b"\\u0000" not in raw else None


async def _admitted(asked: _Asked) -> Merchant:
    """Hold a request to its signature. Raises PayFault SIGN_ERROR, which says what is wrong, as the real one does."""
    said, merchant, wall = asked.said, asked.merchant, wall_now()
    if said is None:
        raise PayFault(PayCode.SIGN_ERROR, "Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》")
    if merchant is None:
        raise PayFault(PayCode.SIGN_ERROR, "商户号不存在或未设置API证书")
    if said.serial_no != asked.ring.ours.serial:
        raise PayFault(PayCode.SIGN_ERROR, "商户证书序列号有误。请使用签名私钥匹配的证书序列号")
    if not is_timely(said.timestamp, wall):
        raise PayFault(PayCode.SIGN_ERROR, "Http头Authorization中的timestamp与发起请求的时间不得超过5分钟")
    if not any(is_signed(message, said.signature, asked.ring.ours) for message in _messages(asked, said)):
        raise PayFault(PayCode.SIGN_ERROR, "错误的签名，验签失败")
    if not await pool().fetchval(_USE_NONCE, merchant.mchid, said.nonce_str, wall):
        raise PayFault(PayCode.SIGN_ERROR, "Http头Authorization中的nonce_str已被使用")
    return merchant


def _messages(asked: _Asked, said: Authorization) -> list[bytes]:
    """Return what may have been signed: the path as the real host has it, or with the way to this sandbox before."""
    scope = asked.request.scope
    whole: bytes = scope["raw_path"].partition(b"?")[0]
    query = b"?" + scope["query_string"] if scope["query_string"] else b""
    own = whole[whole.index(b"/v3/") :] if b"/v3/" in whole else whole
    return [request_message(asked.request.method, path + query, said, asked.raw) for path in (own, whole)]


def _call(asked: _Asked, merchant: Merchant) -> PayCall:
    request, body = asked.request, _json(asked.raw)
    if body is None:
        raise PayFault(PayCode.PARAM_ERROR, "请求的JSON格式有误")
    path, query = dict(request.path_params), dict(request.query_params)
    if any("\x00" in text for text in (*path.values(), *query.values())):
        raise PayFault(PayCode.PARAM_ERROR)
    home = f"{request.url.scheme}://{request.url.netloc}{request.scope.get('root_path', '')}"
    sealing_key = asked.ring.named(request.headers.get("wechatpay-serial", ""))
    return PayCall(merchant, body, path, query, request.url.path, home, sealing_key)


def _signed(asked: _Asked, body: bytes, status: int, after: Callable[[], Awaitable[object]] | None = None) -> Response:
    key = asked.ring.for_answer(asked.request.headers.get("wechatpay-serial", ""))
    headers = signed_headers(body, key, wall_now())
    return Response(body, status, headers, _JSON, BackgroundTask(after) if after else None)
