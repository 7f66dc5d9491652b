"""One operation over a socket: a query is answered once; a subscription now, and after each event that changes it."""

import asyncio
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import orjson

from api.body import GraphQLRequest
from api.errors import ErrorCode, RequestError, as_request_error, shown
from api.operations import Operations, rendered
from api.shared_reads import Asked, SharedReads
from api.websocket_guest import Guest
from api.websocket_line import Line
from api.websocket_record import OperationRecord
from engine.documents import Operation
from engine.execution import News
from resolvers.caller import Caller
from resolvers.checks import NOBODY
from resolvers.event_feed import Listener, event_feed

PAUSE_SECONDS: Final = 0.1
"""Between two answers of one subscription: what happens meanwhile is told together."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What every socket of the process works with."""

    operations: Operations
    shared: SharedReads


class SocketOperation:
    """Asked under an id of the client's; `run` ends when there is nothing more to say."""

    def __init__(self, id_: str, desk: Desk, guest: Guest, line: Line, record: OperationRecord) -> None:
        self.id = id_
        self._desk = desk
        self._guest = guest
        self._line = line
        self._record = record

    async def run(self, request: GraphQLRequest, address: str) -> None:
        """Say all `next`. Raises SocketClosing, or whatever refuses the operation."""
        caller = self._record.caller = await self._guest.caller(self._record.request_id)
        operation = self._desk.operations.admit(request, caller, address, self._record, _no_mutation)
        if operation.kind == "subscription":
            with event_feed().listening(caller.shop_id) as listener:
                await self._follow(operation, request, listener)
        else:
            await self._next(await self._desk.operations.answer(operation, request, caller, self._record))

    async def refuse(self, error: Exception) -> None:
        """Say what ended the operation; the socket stays."""
        refused = as_request_error(error, self._record.request_id)
        self._record.refused_as = refused.code
        await self._line.say("error", self.id, shown(refused, self._record.request_id))

    async def _follow(self, operation: Operation, request: GraphQLRequest, listener: Listener) -> None:
        """Tell each new state. Who listened before reading misses nothing between the two."""
        told = ""
        asks = None
        while True:
            caller = await self._guest.caller(self._record.request_id)
            if asks is None:
                answer = await self._desk.operations.run(operation, request, caller)
            else:
                answer = await self._desk.shared.read(Asked(operation, request, caller, asks), listener.number)
            if answer.news is None:
                message = "a subscription is read by the engine"
                raise RuntimeError(message)
            if answer.news.cursor and answer.news.cursor != told:
                told = answer.news.cursor
                await self._next(rendered(answer, caller.now, self._record.request_id))
            asks = answer.news.asks
            listener.topics = answer.news.following.topics
            listener.about = _about(answer.news, caller)
            await asyncio.sleep(PAUSE_SECONDS)
            await listener.woken()

    async def _next(self, body: bytes) -> None:
        await self._line.say("next", self.id, orjson.Fragment(body))
        self._record.answered()


def _about(news: News, caller: Caller) -> UUID | None:
    """What or whose events matter; None when everybody's do."""
    following = news.following
    if news.about is not None:
        return news.about
    if not following.is_own or following.keeper in caller.keeps:
        return None
    return caller.viewer_id or NOBODY


def _no_mutation(operation: Operation) -> None:
    """Refuse changes: a socket that breaks leaves it open whether they were made, and HTTP has the means for that."""
    if operation.kind == "mutation":
        message = "A mutation is sent with POST; a socket is for queries and subscriptions"
        raise RequestError(ErrorCode.BAD_REQUEST, message)
