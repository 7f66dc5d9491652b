"""What is remembered of one request: a line in the log and a few counters, with nothing in them that is personal."""

from functools import cache
from typing import Final

from prometheus_client import Counter, Histogram

from api.throttle import Bucket
from engine.codes import ErrorCode
from logs import log
from resolvers.caller import Caller

NAME_CHARS: Final = 80

REQUESTS = Counter("xiaopu_requests", "Requests by what came of them: ok, or the code of the refusal", ["outcome"])
REFUSED_DOCUMENTS = Counter("xiaopu_documents_refused", "Documents that were not run, by code", ["code"])
FELL_BACK = Counter("xiaopu_documents_fell_back", "Operations the compiler left to the reference executor", ["kind"])
SECONDS = Histogram(
    "xiaopu_request_seconds",
    "From the first byte read to the last one handed over",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
_OK = REQUESTS.labels("ok")
_fell_back = cache(FELL_BACK.labels)


class Record:
    """Filled while a request goes through; `finish` writes it down."""

    __slots__ = ("bucket", "caller", "cost", "fell_back", "kind", "operation", "refused_as", "request_id", "used")

    def __init__(self, request_id: str) -> None:
        self.request_id = request_id
        self.caller: Caller | None = None
        self.bucket: Bucket | None = None
        self.operation: str | None = None
        self.kind: str | None = None
        self.cost = 0
        self.used = 0
        self.fell_back = False
        self.refused_as: ErrorCode | None = None

    def document_refused(self, code: ErrorCode) -> None:
        """Count a document that was not worth running."""
        REFUSED_DOCUMENTS.labels(code.value).inc()

    def finish(self, status: int, seconds: float) -> None:
        """Log the request and count it."""
        SECONDS.observe(seconds)
        if self.refused_as is None:
            _OK.inc()
        else:
            REQUESTS.labels(self.refused_as.value).inc()
        if self.fell_back:
            _fell_back(self.kind).inc()
        log(
            "request",
            request_id=self.request_id,
            shop_id=self.caller.shop_id if self.caller else None,
            operation=self.operation[:NAME_CHARS] if self.operation else None,
            kind=self.kind,
            cost=self.cost,
            took_ms=round(seconds * 1000, 2),
            fell_back=self.fell_back,
            status=status,
            refused_as=self.refused_as,
        )
