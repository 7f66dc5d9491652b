"""The endpoint: GraphQL over HTTP as plain ASGI. Everything a request passes, in the order it passes it."""

import re
from http import HTTPStatus
from time import perf_counter
from typing import Final

import orjson
from starlette.types import Receive, Scope, Send

from api.body import ClientGoneError, GraphQLRequest, parse_body, parse_parameters, read_body
from api.credentials import credentials_from
from api.errors import RequestError, as_request_error, render
from api.identify import Identities
from api.negotiation import GRAPHQL_RESPONSE, JSON, answer_type, is_json
from api.operations import Operations, iso
from api.record import Record
from clock import wall_now
from engine.codes import ErrorCode
from engine.documents import Operation
from ids import new_hex
from resolvers.visit import visit_arrived

_OK: Final = int(HTTPStatus.OK)
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


class GraphQLEndpoint:
    """An ASGI application for one path."""

    def __init__(self, operations: Operations, identities: Identities) -> None:
        self._operations = operations
        self._identities = identities

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; nothing but the client's going away leaves it without GraphQL JSON."""
        started = perf_counter()
        headers = dict(scope["headers"])
        given_id = headers.get(b"x-request-id", b"")
        request_id = given_id.decode() if _REQUEST_ID.fullmatch(given_id) else new_hex()
        accepted = answer_type(headers.get(b"accept", b""))
        record = Record(request_id)
        more: list[tuple[bytes, bytes]] = []
        try:
            if scope["method"] == "OPTIONS":
                status, body = int(HTTPStatus.NO_CONTENT), b""
                more = [_ALLOW]
            else:
                status, body = _OK, await self._answer(scope, headers, accepted, receive, record)
        except ClientGoneError:
            return
        except Exception as error:  # noqa: BLE001 - the edge: whatever happened, the client gets GraphQL JSON
            refused = as_request_error(error, request_id)
            record.refused_as = refused.code
            status, more = int(refused.status), refused.headers
            if refused.well_formed and accepted != GRAPHQL_RESPONSE:
                status = _OK
            body = b"" if scope["method"] == "HEAD" else render(refused, request_id, self._extensions(record))
        answer_headers = [
            *_HEADERS[accepted or JSON],
            (b"content-length", b"%d" % len(body)),
            (b"x-request-id", request_id.encode()),
            *more,
        ]
        await send({"type": "http.response.start", "status": status, "headers": answer_headers})
        await send({"type": "http.response.body", "body": body})
        record.finish(status, perf_counter() - started)

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
        check = _no_change if method == "GET" else _no_subscription
        operation = self._operations.admit(request, caller, address_of(scope), record, check)
        visit_arrived(caller)
        return await self._operations.answer(operation, request, caller, record)

    async def _posted(self, headers: dict[bytes, bytes], receive: Receive) -> GraphQLRequest:
        content_type = headers.get(b"content-type")
        if (
            content_type is None
            or not is_json(content_type)
            or headers.get(b"content-encoding", b"identity") != b"identity"
        ):
            message = "A body is sent with Content-Type: application/json, in UTF-8, not compressed"
            raise RequestError(ErrorCode.BAD_REQUEST, message, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        body = await read_body(receive, headers.get(b"content-length"), self._operations.bounds.body)
        return parse_body(body, self._operations.bounds.variables)

    def _extensions(self, record: Record) -> dict[str, object]:
        """Return the extensions of a refused request: the shop's time if a shop is known, and what it cost."""
        more: dict[str, object] = {"now": iso(record.caller.now if record.caller else wall_now())}
        cost = self._operations.cost_told(record)
        if cost:
            more["cost"] = orjson.Fragment(cost)
        return more


def _no_subscription(operation: Operation) -> None:
    """Refuse what would go on for ever."""
    if operation.kind == "subscription":
        message = "A subscription is asked for over a WebSocket at this address (graphql-transport-ws)"
        raise RequestError(ErrorCode.BAD_REQUEST, message)


def _no_change(operation: Operation) -> None:
    """Refuse what a GET can't do."""
    _no_subscription(operation)
    if operation.kind == "mutation":
        message = "A mutation is sent with POST"
        allow = [(b"allow", b"POST, OPTIONS")]
        raise RequestError(ErrorCode.BAD_REQUEST, message, HTTPStatus.METHOD_NOT_ALLOWED, headers=allow)


def address_of(scope: Scope) -> str:
    """Where a request comes from: what tells one visitor's bucket from another's."""
    client = scope.get("client")
    return client[0] if client else ""
