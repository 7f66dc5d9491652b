"""How every call of the protocol is met: who asks, what stands in its way, the work, the answer, and its record."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, auto
from http import HTTPStatus
from time import perf_counter
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from clock import wall_now
from wechat.sandbox.calls import begin_call, check_rate, end_call
from wechat.sandbox.codes import whose
from wechat.sandbox.faults import Fault
from wechat.sandbox.people import by_openid
from wechat.sandbox.switches import Switch, SwitchKind, take
from wechat.sandbox.tokens import Holder, TokenKind, holder_of
from wechat.transport import call_of

BODY_BYTES_MAX: Final = 100_000
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


class Door(Enum):
    """How a call says which app asks."""

    SECRET = auto()
    """`appid` in the query or the body; the work checks the secret."""
    APP_TOKEN = auto()
    WEBSITE_TOKEN = auto()


@dataclass(frozen=True, slots=True)
class Call:
    """A call on its way to the work. `asked` is query and body in one; a body's word wins."""

    name: str
    appid: str
    asked: Mapping[str, Any]
    now: datetime
    home: str
    """Where this sandbox is reached, for links that lead back to it."""
    holder: Holder | None = None
    """Who the access token speaks for."""

    def text(self, name: str) -> str:
        """Return a parameter as text; empty when it is missing or something else."""
        value = self.asked.get(name)
        return value if isinstance(value, str) else ""


Work = Callable[[Call], Awaitable[Mapping[str, Any] | bytes]]


@dataclass(frozen=True, slots=True)
class _Way:
    """What a call goes through: how it is admitted, what is done, and what a tester put in between."""

    door: Door
    work: Work
    switch: Switch | None


class LostAnswer(Response):
    """Says that an answer of some length comes, and ends the connection before it does."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the head only; the server closes a connection whose answer was promised and not given."""
        del scope, receive
        head = [(b"content-type", b"application/json"), (b"content-length", b"2")]
        await send({"type": "http.response.start", "status": HTTPStatus.OK, "headers": head})
        await send({"type": "http.response.body", "body": b"", "more_body": True})


def protocol(path: str, method: str, work: Work, door: Door) -> Route:
    """Return the route of one call of the protocol."""
    name = call_of(path)

    async def answer(request: Request) -> Response:
        began = perf_counter()
        try:
            call = await _read(request, name, door)
            user = await _user(call)
        except Fault as fault:
            return _json(fault.answer)
        number = await begin_call(call.appid, user, name, call.asked, call.now)
        switch = await take(call.appid, user, name)
        if switch and switch.kind is SwitchKind.SLOW:
            await asyncio.sleep(switch.delay_ms / 1000)
        errcode, response = await _do(number, call, user, _Way(door, work, switch))
        await end_call(number, errcode, switch.id if switch else None, round((perf_counter() - began) * 1000))
        if switch and switch.kind is SwitchKind.LOST_ANSWER:
            await asyncio.sleep(switch.delay_ms / 1000)
            return LostAnswer()
        return response

    return Route(path, answer, methods=[method])


async def _do(number: int, call: Call, user: str, way: _Way) -> tuple[int, Response]:
    try:
        _stand_in_the_way(way.switch)
        await check_rate(number, call.appid, user, call.name, call.now)
        answer = await way.work(await _admitted(call, way.door))
    except Fault as fault:
        return fault.errcode, _json(fault.answer)
    if isinstance(answer, bytes):
        return 0, Response(answer, media_type="image/png")
    return 0, _json(answer)


def _stand_in_the_way(switch: Switch | None) -> None:
    if switch and switch.kind in {SwitchKind.ERROR, SwitchKind.RATE_LIMIT}:
        raise Fault(switch.errcode)


async def _read(request: Request, name: str, door: Door) -> Call:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            raise Fault(45002)
    try:
        given = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError:
        raise Fault(47001) from None
    asked = dict(request.query_params)
    if not isinstance(given, dict) or b"\\u0000" in body or any("\x00" in text for text in asked.values()):
        raise Fault(47001)
    asked |= given
    appid = asked.get("appid") if door is Door.SECRET else await _appid(asked, door)
    home = f"{request.url.scheme}://{request.url.netloc}{request.scope.get('root_path', '')}"
    return Call(name, appid if isinstance(appid, str) else "", asked, wall_now(), home)


async def _appid(asked: Mapping[str, Any], door: Door) -> str:
    """Find the app behind a token, also one that is no longer good: the record and the switches are by app."""
    try:
        return (await _holder(asked, door, _LONG_AGO)).appid
    except Fault:
        return ""


async def _holder(asked: Mapping[str, Any], door: Door, now: datetime) -> Holder:
    kind = TokenKind.APP if door is Door.APP_TOKEN else TokenKind.WEBSITE
    token = asked.get("access_token")
    return await holder_of(kind, token if isinstance(token, str) else "", now)


async def _admitted(call: Call, door: Door) -> Call:
    if door is Door.SECRET:
        return call
    holder = await _holder(call.asked, door, call.now)
    return Call(call.name, call.appid, call.asked, call.now, call.home, holder)


async def _user(call: Call) -> str:
    """Return the name of whom a call is about, by code or openid; empty when that is nobody we know."""
    code = call.text("js_code") or call.text("code")
    if code:
        return await whose(call.appid, code)
    openid = call.text("openid") or call.text("touser")
    if not openid:
        return ""
    try:
        return (await by_openid(call.appid, openid)).name
    except Fault:
        return ""


def _json(answer: Mapping[str, Any]) -> Response:
    # The real one says text/plain now and then; who reads by content type breaks here, too.
    return Response(orjson.dumps(answer), media_type="text/plain")
