"""The endpoint: GraphQL over HTTP as plain ASGI. Everything a request passes, in the order it passes it."""

import asyncio
import math
import re
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from time import perf_counter
from typing import Any, Final, Protocol

import orjson
from graphql import GraphQLSchema
from starlette.types import Receive, Scope, Send

from api.body import Bounds, ClientGoneError, GraphQLRequest, parse_body, parse_parameters, read_body
from api.credentials import credentials_from
from api.errors import RequestError, as_request_error, field_errors, render
from api.identify import Identities
from api.negotiation import GRAPHQL_RESPONSE, JSON, answer_type, is_json
from api.record import Record
from api.throttle import Bucket, Throttle
from clock import wall_now
from engine.codes import ErrorCode
from engine.documents import DocumentCache, DocumentError, Operation
from engine.execution import Answer
from engine.limits import Limits
from engine.sizes import Prices
from ids import new_id
from resolvers.caller import Caller
from resolvers.visit import visit_arrived
from settings import Settings

OPERATION_SECONDS: Final = 10
REFUSED_POINTS: Final = 10
"""What a refused document costs: reading it took time too."""

_ALLOW: Final = (b"allow", b"GET, POST, OPTIONS")
_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_COMMON: Final = (
    (b"cache-control", b"private, no-store"),
    (b"vary", b"Accept, Accept-Language, Authorization, X-Shop-Key"),
    (b"x-content-type-options", b"nosniff"),
)
_HEADERS: Final = {
    media_type: [(b"content-type", media_type + b"; charset=utf-8"), *_COMMON]
    for media_type in (JSON, GRAPHQL_RESPONSE)
}


class Runner(Protocol):
    """Runs one checked operation."""

    async def run(self, operation: Operation, variables: Mapping[str, Any] | None, caller: Caller) -> Answer:
        """Raise RequestFault when nothing of it can be run."""


class GraphQLEndpoint:
    """An ASGI application for one path."""

    def __init__(
        self,
        documents: DocumentCache,
        engine: Runner,
        identities: Identities,
        throttle: Throttle,
        bounds: Bounds,
    ) -> None:
        self._documents = documents
        self._engine = engine
        self._identities = identities
        self._throttle = throttle
        self._bounds = bounds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; nothing but the client's going away leaves it without GraphQL JSON."""
        started = perf_counter()
        headers = dict(scope["headers"])
        given_id = headers.get(b"x-request-id", b"")
        request_id = given_id.decode() if _REQUEST_ID.fullmatch(given_id) else new_id().hex
        accepted = answer_type(headers.get(b"accept", b""))
        record = Record(request_id)
        more: list[tuple[bytes, bytes]] = []
        try:
            if scope["method"] == "OPTIONS":
                status, body = HTTPStatus.NO_CONTENT, b""
                more = [_ALLOW]
            else:
                status, body = HTTPStatus.OK, await self._answer(scope, headers, accepted, receive, record)
        except ClientGoneError:
            return
        except Exception as error:  # noqa: BLE001 - the edge: whatever happened, the client gets GraphQL JSON
            refused = as_request_error(error, request_id)
            record.refused_as = refused.code
            status, more = refused.status, refused.headers
            if refused.well_formed and accepted != GRAPHQL_RESPONSE:
                status = HTTPStatus.OK
            body = b"" if scope["method"] == "HEAD" else render(refused, request_id, self._extensions(record))
        answer_headers = [
            *_HEADERS[accepted or JSON],
            (b"content-length", b"%d" % len(body)),
            (b"x-request-id", request_id.encode()),
            *more,
        ]
        await send({"type": "http.response.start", "status": int(status), "headers": answer_headers})
        await send({"type": "http.response.body", "body": body})
        record.finish(int(status), perf_counter() - started)

    async def _answer(
        self, scope: Scope, headers: dict[bytes, bytes], accepted: bytes | None, receive: Receive, record: Record
    ) -> bytes:
        """Return the body of an answer with data. Raises whatever the request deserves."""
        method = scope["method"]
        if method not in {"GET", "POST"}:
            message = f"{method} is not a way to ask; use POST, or GET for a query"
            raise RequestError(ErrorCode.BAD_REQUEST, message, HTTPStatus.METHOD_NOT_ALLOWED, headers=[_ALLOW])
        caller = await self._identities.caller_of(credentials_from(headers), record.request_id)
        record.caller = caller
        if accepted is None:
            message = "Answers are application/graphql-response+json or application/json; Accept names neither"
            raise RequestError(ErrorCode.BAD_REQUEST, message, HTTPStatus.NOT_ACCEPTABLE)
        if method == "POST":
            request = await self._posted(headers, receive)
        else:
            request = parse_parameters(scope["query_string"])
        bucket = self._throttle.bucket(
            (caller.shop_id, caller.subject_id or caller.app_id, "" if caller.subject_id else _address(scope))
        )
        record.bucket = bucket
        operation, cost = self._admit(request, bucket, record, method)
        visit_arrived(caller)
        async with asyncio.timeout(OPERATION_SECONDS):
            answer = await self._engine.run(operation, request.variables, caller)
        record.fell_back = answer.fell_back
        record.used = cost if operation.kind == "mutation" else min(cost, _objects(answer.data))
        self._throttle.give_back(bucket, cost - record.used)
        return _render(answer, caller.now, self._cost(record, bucket), record.request_id)

    async def _posted(self, headers: dict[bytes, bytes], receive: Receive) -> GraphQLRequest:
        content_type = headers.get(b"content-type")
        if (
            content_type is None
            or not is_json(content_type)
            or headers.get(b"content-encoding", b"identity") != b"identity"
        ):
            message = "A body is sent with Content-Type: application/json, in UTF-8, not compressed"
            raise RequestError(ErrorCode.BAD_REQUEST, message, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        body = await read_body(receive, headers.get(b"content-length"), self._bounds.body)
        return parse_body(body, self._bounds.variables)

    def _admit(self, request: GraphQLRequest, bucket: Bucket, record: Record, method: str) -> tuple[Operation, int]:
        """Find the operation and take its price. Raises RequestError or DocumentError."""
        self._demand(bucket, 1)
        try:
            operation = self._documents.load(request.query).operation(request.operation_name)
            record.operation, record.kind = operation.name, operation.kind
            cost = record.cost = operation.cost(request.variables)
        except DocumentError as error:
            record.document_refused(error.code)
            self._throttle.spend(bucket, REFUSED_POINTS)
            raise
        if operation.kind == "mutation" and method == "GET":
            message = "A mutation is sent with POST"
            raise RequestError(
                ErrorCode.BAD_REQUEST, message, HTTPStatus.METHOD_NOT_ALLOWED, headers=[(b"allow", b"POST, OPTIONS")]
            )
        self._demand(bucket, cost)
        self._throttle.spend(bucket, cost)
        return operation, cost

    def _demand(self, bucket: Bucket, points: int) -> None:
        wait_seconds = self._throttle.wait_seconds(bucket, points)
        if wait_seconds:
            wait = math.ceil(wait_seconds)
            raise RequestError(
                ErrorCode.THROTTLED,
                f"Too much asked too quickly; try again in {wait} s",
                headers=[(b"retry-after", b"%d" % wait)],
            )

    def _cost(self, record: Record, bucket: Bucket) -> str:
        """Return `extensions.cost` as JSON; the keys are those other shops' clients know."""
        return (
            f'{{"requestedQueryCost":{record.cost},"actualQueryCost":{record.used},"throttleStatus":'
            f'{{"maximumAvailable":{self._throttle.most},"currentlyAvailable":{max(0, int(bucket.points))},'
            f'"restoreRate":{self._throttle.per_second}}}}}'
        )

    def _extensions(self, record: Record) -> dict[str, object]:
        """Return the extensions of a refused request: the shop's time if a shop is known, and what it cost."""
        more: dict[str, object] = {"now": _iso(record.caller.now if record.caller else wall_now())}
        if record.bucket:
            more["cost"] = orjson.Fragment(self._cost(record, record.bucket))
        return more


def make_endpoint(
    settings: Settings, schema: GraphQLSchema, engine: Runner, identities: Identities, prices: Prices | None = None
) -> GraphQLEndpoint:
    """Put an endpoint together as the settings say. `prices` are the schema's own additions to the cost formula."""
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
    return GraphQLEndpoint(
        DocumentCache(schema, limits, prices, keep=settings.document_cache_size),
        engine,
        identities,
        Throttle(most, per_second),
        Bounds(body=settings.max_body_bytes, variables=settings.max_variables_bytes),
    )


def _render(answer: Answer, now: datetime, cost: str, request_id: str) -> bytes:
    """Join an answer from its parts; the data is text already."""
    tail = f',"extensions":{{"now":"{_iso(now)}","cost":{cost}}}}}'.encode()
    if answer.errors:
        errors = orjson.dumps(field_errors(answer.errors, request_id))
        return b"".join((b'{"errors":', errors, b',"data":', answer.data, tail))
    return b"".join((b'{"data":', answer.data, tail))


def _iso(moment: datetime) -> str:
    """Return UTC with milliseconds and Z, which every phone's engine reads."""
    return moment.isoformat(timespec="milliseconds")[:23] + "Z"


def _objects(data: bytes) -> int:
    """How many objects an answer holds, at most: braces in texts count too, which only errs towards the price."""
    return data.count(b"{")


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else ""
