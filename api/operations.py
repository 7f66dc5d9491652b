"""What becomes of a well-formed request, whichever way it came: admitted by its price, run, and put into bytes."""

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final, Protocol, get_args

import orjson
from graphql import GraphQLSchema

from api.body import Bounds, GraphQLRequest
from api.deadline import Deadline
from api.errors import RequestError, field_errors
from api.record import Record
from api.throttle import Bucket, Throttle
from engine.codes import ErrorCode
from engine.documents import DocumentCache, DocumentError, Operation
from engine.execution import Answer
from engine.limits import Limits
from engine.sizes import Prices
from resolvers.caller import Caller
from resolvers.search_log import note_search
from resolvers.viewed_product import Way, note_view
from settings import Settings

# What select functions want told, by the name they note it under.
_NOTED: Final[Mapping[str, Callable[[Caller, str], None]]] = {
    "search": note_search,
    **{f"view {way}": partial(note_view, way=way) for way in get_args(Way)},
}
OPERATION_SECONDS: Final = 10
REFUSED_POINTS: Final = 10
"""What a refused document costs: reading it took time too."""


class Runner(Protocol):
    """Runs one checked operation."""

    async def run(self, operation: Operation, variables: Mapping[str, Any] | None, caller: Caller) -> Answer:
        """Raise RequestFault when nothing of it can be run."""


class Operations:
    """One schema's documents, their price and their answers; one for all ways in, so that a caller has one bucket."""

    def __init__(self, documents: DocumentCache, engine: Runner, throttle: Throttle, bounds: Bounds) -> None:
        self._documents = documents
        self._engine = engine
        self._throttle = throttle
        self._deadline = Deadline(OPERATION_SECONDS)
        self.bounds = bounds

    def admit(
        self, request: GraphQLRequest, caller: Caller, address: str, record: Record, check: Callable[[Operation], None]
    ) -> Operation:
        """Find the operation and take its price, once `check` has let it pass. Raises RequestError or DocumentError."""
        bucket = record.bucket = self._throttle.bucket(
            (caller.shop_id, caller.subject_id or caller.app_id, "" if caller.subject_id else address)
        )
        self._demand(bucket, 1)
        try:
            operation = self._documents.load(request.query).operation(request.operation_name)
            record.operation, record.kind = operation.name, operation.kind
            record.cost = operation.cost(request.variables)
        except DocumentError as error:
            record.document_refused(error.code)
            self._throttle.spend(bucket, REFUSED_POINTS)
            raise
        check(operation)
        self._demand(bucket, record.cost)
        self._throttle.spend(bucket, record.cost)
        return operation

    async def answer(self, operation: Operation, request: GraphQLRequest, caller: Caller, record: Record) -> bytes:
        """Run an admitted operation and give back what it did not use; the body of an answer with data."""
        answer = await self.run(operation, request, caller)
        record.fell_back = answer.fell_back
        for name, value in answer.notes:
            if value is not None:
                _NOTED[name](caller, value)
        record.used = record.cost if operation.kind == "mutation" else min(record.cost, _objects(answer.data))
        if record.bucket:
            self._throttle.give_back(record.bucket, record.cost - record.used)
        return rendered(answer, caller.now, record.request_id, self.cost_told(record))

    async def run(self, operation: Operation, request: GraphQLRequest, caller: Caller) -> Answer:
        """Run an admitted operation. Raises RequestFault, and TimeoutError after OPERATION_SECONDS."""
        with self._deadline.turn():
            return await self._engine.run(operation, request.variables, caller)

    def cost_told(self, record: Record) -> str | None:
        """Return `extensions.cost` as JSON, None before a bucket is known; the keys are other shops' clients' own."""
        if record.bucket is None:
            return None
        return (
            f'{{"requestedQueryCost":{record.cost},"actualQueryCost":{record.used},"throttleStatus":'
            f'{{"maximumAvailable":{self._throttle.most},"currentlyAvailable":{max(0, int(record.bucket.points))},'
            f'"restoreRate":{self._throttle.per_second}}}}}'
        )

    def _demand(self, bucket: Bucket, points: int) -> None:
        wait_seconds = self._throttle.wait_seconds(bucket, points)
        if wait_seconds:
            wait = math.ceil(wait_seconds)
            raise RequestError(
                ErrorCode.THROTTLED,
                f"Too much asked too quickly; try again in {wait} s",
                headers=[(b"retry-after", b"%d" % wait)],
            )


def make_operations(
    settings: Settings, schema: GraphQLSchema, engine: Runner, prices: Prices | None = None
) -> Operations:
    """Put them together as the settings say. `prices` are the schema's own additions to the cost formula."""
    most, per_second = settings.throttle
    limits = Limits(
        document_bytes=settings.max_document_bytes,
        tokens=settings.max_tokens,
        depth=settings.max_depth,
        aliases=settings.max_aliases,
        root_fields=settings.max_root_fields,
        # What a full bucket can't pay would be refused as throttled for ever.
        cost=min(settings.max_cost, most),
    )
    return Operations(
        DocumentCache(schema, limits, prices, keep=settings.document_cache_size),
        engine,
        Throttle(most, per_second),
        Bounds(body=settings.max_body_bytes, variables=settings.max_variables_bytes),
    )


def rendered(answer: Answer, now: datetime, request_id: str, cost: str | None = None) -> bytes:
    """Join an answer from its parts; the data is text already."""
    priced = f',"cost":{cost}' if cost else ""
    tail = f',"extensions":{{"now":"{iso(now)}"{priced}}}}}'.encode()
    if answer.errors:
        errors = orjson.dumps(field_errors(answer.errors, request_id))
        return b"".join((b'{"errors":', errors, b',"data":', answer.data, tail))
    return b"".join((b'{"data":', answer.data, tail))


def iso(moment: datetime) -> str:
    """Return UTC with milliseconds and Z, which every phone's engine reads."""
    # A fifth of what the standard library takes for it. What is no fraction of a second is left out.
    text = orjson.dumps(moment, option=orjson.OPT_UTC_Z).decode()
    return f"{text[1:24]}Z" if moment.microsecond else f"{text[1:20]}.000Z"


def _objects(data: bytes) -> int:
    """How many objects an answer holds, at most: braces in texts count too, which only errs towards the price."""
    return data.count(b"{")
