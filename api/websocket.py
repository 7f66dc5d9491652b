"""The endpoint over a WebSocket: graphql-transport-ws and nothing else, as plain ASGI.

Each socket has one reader, one heart that beats (a ping, and a look whether the caller still stands), and one task
for each operation. Whoever of them finds a reason to end the socket raises SocketClosing; all others end with it.
"""

import asyncio
from dataclasses import dataclass
from time import monotonic
from typing import Final

from starlette.types import Receive, Scope, Send

from api.body import GraphQLRequest
from api.errors import MASKED, ErrorCode, RequestError, log_fault
from api.graphql import address_of
from api.identify import Identities
from api.operations import Operations, iso
from api.shared_reads import SharedReads
from api.websocket_frames import SUBPROTOCOL, CloseCode, Message, MessageType, SocketClosing
from api.websocket_guest import Guest
from api.websocket_line import Line
from api.websocket_operation import Desk, SocketOperation
from api.websocket_record import OperationRecord, SocketRecord
from ids import new_id
from resolvers.tokens import Tokens
from resolvers.visit import visit_arrived

OPERATIONS_MAX: Final = 100
"""At a time, on one socket."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a socket waits, in seconds: for connection_init, from ping to ping, for a message to be taken."""

    init: float = 5.0
    ping: float = 25.0
    send: float = 10.0


class GraphQLSocket:
    """An ASGI application for the WebSockets of one path."""

    def __init__(self, operations: Operations, identities: Identities, tokens: Tokens) -> None:
        self._desk = Desk(operations, SharedReads(operations))
        self._identities = identities
        self._tokens = tokens
        self.patience = Patience()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one socket to its end."""
        await receive()
        speaks_ours = SUBPROTOCOL in scope["subprotocols"]
        line = Line(scope, receive, send, self.patience.send)
        record = SocketRecord(new_id().hex)
        guest = Guest(scope, self._identities, self._tokens)
        closing = SocketClosing(CloseCode.INTERNAL_SERVER_ERROR, "Cancelled")
        try:
            await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL if speaks_ours else None})
            if speaks_ours:
                conversation = _Conversation(self._desk, guest, line, record, self.patience, address_of(scope))
                closing = await conversation.hold()
            else:
                closing = SocketClosing(CloseCode.SUBPROTOCOL_NOT_ACCEPTABLE, "Subprotocol not acceptable")
            await line.close(closing)
        finally:
            record.finish(closing.code, line.sent)


class _Conversation:
    """What is said on one socket."""

    def __init__(  # noqa: PLR0913, PLR0917 - one of each thing a socket works with
        self, desk: Desk, guest: Guest, line: Line, record: SocketRecord, patience: Patience, address: str
    ) -> None:
        self._desk = desk
        self._guest = guest
        self._line = line
        self._record = record
        self._patience = patience
        self._address = address
        self._running: dict[str, asyncio.Task[None]] = {}

    async def hold(self) -> SocketClosing:
        """Talk until there is a reason to stop, and return it."""
        try:
            await self._initialise()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._beat())
                while True:
                    await self._answer(await self._hear(), tasks)
        except Exception as fault:  # noqa: BLE001 - the edge: a fault ends this socket and is logged
            return _reason(fault, self._record.socket_id)

    async def _initialise(self) -> None:
        """Wait for connection_init, and answer it."""
        try:
            async with asyncio.timeout(self._patience.init):
                while (message := await self._line.hear()).type is not MessageType.CONNECTION_INIT:
                    if message.type is MessageType.SUBSCRIBE:
                        raise SocketClosing(CloseCode.UNAUTHORIZED, "Unauthorized")
                    if message.type is MessageType.PING:
                        await self._line.say("pong", payload=message.payload)
        except TimeoutError:
            raise SocketClosing(CloseCode.INITIALISATION_TIMEOUT, "Connection initialisation timeout") from None
        caller = await self._guest.introduce(message.payload, self._record.socket_id)
        self._record.shop_id = caller.shop_id
        visit_arrived(caller)
        await self._line.say("connection_ack", payload={"now": iso(caller.now)})

    async def _hear(self) -> Message:
        """Return the next message; when the server stops, every operation is completed first."""
        try:
            return await self._line.hear()
        except SocketClosing as closing:
            if closing.code is CloseCode.RESTART:
                for id_ in list(self._running):
                    self._running.pop(id_).cancel()
                    await self._line.say("complete", id_)
            raise

    async def _answer(self, message: Message, tasks: asyncio.TaskGroup) -> None:
        match message.type:
            case MessageType.CONNECTION_INIT:
                raise SocketClosing(CloseCode.TOO_MANY_INITIALISATIONS, "Too many initialisation requests")
            case MessageType.PING:
                payload = message.payload
                if payload and "token" in payload:
                    payload = await self._guest.renew(payload["token"], self._record.socket_id)
                await self._line.say("pong", payload=payload)
            case MessageType.COMPLETE:
                task = self._running.pop(message.id, None)
                if task:
                    task.cancel()
            case MessageType.SUBSCRIBE:
                await self._start(message, tasks)

    async def _start(self, message: Message, tasks: asyncio.TaskGroup) -> None:
        if message.id in self._running:
            raise SocketClosing(CloseCode.SUBSCRIBER_EXISTS, f"Subscriber for {message.id} already exists")
        self._record.operations += 1
        record = OperationRecord(new_id().hex, self._record.socket_id)
        operation = SocketOperation(message.id, self._desk, self._guest, self._line, record)
        try:
            request = message.request(self._desk.operations.bounds.variables)
            if len(self._running) >= OPERATIONS_MAX:
                many = f"A socket has at most {OPERATIONS_MAX} operations at a time; complete one"
                raise RequestError(ErrorCode.THROTTLED, many)  # noqa: TRY301 - refused as the request itself is
        except RequestError as refused:
            await operation.refuse(refused)
            record.ended()
            return
        self._running[message.id] = tasks.create_task(self._run(operation, request, record))

    async def _run(self, operation: SocketOperation, request: GraphQLRequest, record: OperationRecord) -> None:
        try:
            await operation.run(request, self._address)
        except SocketClosing:
            raise
        except Exception as error:  # noqa: BLE001 - the edge: whatever happened, the client gets an error
            self._forget(operation)
            await operation.refuse(error)
        else:
            # First, for who hears of it may use the id again.
            self._forget(operation)
            await self._line.say("complete", operation.id)
        finally:
            self._forget(operation)
            record.ended()

    def _forget(self, operation: SocketOperation) -> None:
        if self._running.get(operation.id) is asyncio.current_task():
            del self._running[operation.id]

    async def _beat(self) -> None:
        """Ping, see each time whether the caller still stands, and end the socket when its token does."""
        next_ping = monotonic() + self._patience.ping
        while True:
            left = self._guest.seconds_left()
            if left is not None and left <= 0:
                raise SocketClosing(CloseCode.UNAUTHORIZED, "The token has expired")
            pause = next_ping - monotonic()
            if pause > 0:
                await asyncio.sleep(pause if left is None else min(pause, left))
                continue
            next_ping += self._patience.ping
            try:
                caller = await self._guest.caller(self._record.socket_id)
            except SocketClosing:
                raise
            except Exception as fault:  # noqa: BLE001 - logged; a database that is away ends no socket
                log_fault(fault, self._record.socket_id)
                continue
            await self._line.say("ping", payload={"now": iso(caller.now)})


def _reason(fault: Exception, socket_id: str) -> SocketClosing:
    """Why a conversation ended; what is no reason of ours is logged and masked."""
    if isinstance(fault, SocketClosing):
        return fault
    if isinstance(fault, ExceptionGroup):
        closings, fault_group = fault.split(SocketClosing)
        if closings and not fault_group:
            return _reason(closings.exceptions[0], socket_id)
        if fault_group:
            return _reason(fault_group.exceptions[0], socket_id)
    log_fault(fault, socket_id)
    return SocketClosing(CloseCode.INTERNAL_SERVER_ERROR, MASKED)
