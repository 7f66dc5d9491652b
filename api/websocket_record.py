"""What is remembered of sockets and of what was asked over them: a line in the log each, and counters."""

from time import perf_counter
from typing import Final
from uuid import UUID

from prometheus_client import Counter, Gauge

from api.record import NAME_CHARS, Record
from api.websocket_frames import CloseCode
from logs import log

OPEN: Final = Gauge("xiaopu_sockets_open", "Sockets that are open now", multiprocess_mode="livesum")
CLOSED: Final = Counter("xiaopu_sockets_closed", "Sockets that ended, by the code they ended with", ["code"])
OPERATIONS: Final = Counter(
    "xiaopu_socket_operations", "Operations over sockets by kind and by what came of them", ["kind", "outcome"]
)
EVENTS: Final = Counter("xiaopu_socket_answers", "Answers sent to subscribers")


class SocketRecord:
    """Of one socket, from the first byte to the last."""

    def __init__(self, socket_id: str) -> None:
        self.socket_id = socket_id
        self.shop_id: UUID | None = None
        self.operations = 0
        self._began = perf_counter()
        OPEN.inc()

    def finish(self, code: CloseCode, sent: int) -> None:
        """Log the socket and count it."""
        OPEN.dec()
        CLOSED.labels(code.name.lower()).inc()
        log(
            "socket",
            socket_id=self.socket_id,
            shop_id=self.shop_id,
            close_code=code.value,
            operations=self.operations,
            sent=sent,
            took_ms=round((perf_counter() - self._began) * 1000),
        )


class OperationRecord(Record):
    """Of one operation: what HTTP remembers of a request, and how many answers went out."""

    __slots__ = ("answers", "began", "socket_id")

    def __init__(self, request_id: str, socket_id: str) -> None:
        super().__init__(request_id)
        self.socket_id = socket_id
        self.answers = 0
        self.began = perf_counter()

    def answered(self) -> None:
        """Count an answer that went out."""
        self.answers += 1
        EVENTS.inc()

    def ended(self) -> None:
        """Log the operation and count it."""
        OPERATIONS.labels(self.kind or "unknown", self.refused_as or "ok").inc()
        log(
            "socket_operation",
            request_id=self.request_id,
            socket_id=self.socket_id,
            shop_id=self.caller.shop_id if self.caller else None,
            operation=self.operation[:NAME_CHARS] if self.operation else None,
            kind=self.kind,
            cost=self.cost,
            answers=self.answers,
            took_ms=round((perf_counter() - self.began) * 1000, 2),
            refused_as=self.refused_as,
        )
