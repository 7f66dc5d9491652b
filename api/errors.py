"""Errors as clients see them: GraphQL JSON with a code and the request's id; of a fault they see only that it was one.

The one place where errors become bytes. A refused request has no `data`; an error in a field stands beside the data.
"""

import traceback
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import asyncpg
import orjson
from graphql import GraphQLError

from engine.codes import ErrorCode
from engine.documents import MESSAGE_CHARS, DocumentError
from engine.errors import RequestFault
from logs import log

__all__ = ["ErrorCode", "RequestError", "as_request_error", "field_errors", "log_fault", "render", "shown"]

MASKED = "Internal server error"
FRAMES_LOGGED = 12

# What drivers raise when a server behind us is away or going down.
_AWAY = (OSError, asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError)
_SOON = ((b"retry-after", b"1"),)

_STATUS: Mapping[str, HTTPStatus] = {
    ErrorCode.UNAUTHENTICATED: HTTPStatus.UNAUTHORIZED,
    ErrorCode.FORBIDDEN: HTTPStatus.FORBIDDEN,
    ErrorCode.THROTTLED: HTTPStatus.TOO_MANY_REQUESTS,
    ErrorCode.TIMEOUT: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.INTERNAL_SERVER_ERROR: HTTPStatus.INTERNAL_SERVER_ERROR,
}

# Errors of a well-formed request, found by reading it as GraphQL. A client that accepts only application/json gets
# them with status 200, since it can't trust a body of any other status.
ABOUT_CONTENT = frozenset(
    {
        ErrorCode.GRAPHQL_PARSE_FAILED,
        ErrorCode.GRAPHQL_VALIDATION_FAILED,
        ErrorCode.OPERATION_RESOLUTION_FAILURE,
        ErrorCode.BAD_USER_INPUT,
        ErrorCode.MAX_COST_EXCEEDED,
        ErrorCode.PERSISTED_QUERY_NOT_FOUND,
        ErrorCode.PERSISTED_QUERY_NOT_SUPPORTED,
    }
)


class RequestError(Exception):
    """The whole request is refused, with nothing run: `raise RequestError(ErrorCode.UNAUTHENTICATED, "...")`.

    `status` is HTTP's, by the code when not given. `fields` stand beside the code in `extensions`; `headers` are
    added to the answer.
    """

    def __init__(
        self,
        code: ErrorCode | str,
        message: str,
        status: HTTPStatus | None = None,
        *,
        fields: Mapping[str, object] | None = None,
        headers: Iterable[tuple[bytes, bytes]] = (),
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = ErrorCode(code)
        self.message = _cut(message)
        self.status = status or _STATUS.get(code, HTTPStatus.BAD_REQUEST)
        self.headers = list(headers)
        self.well_formed = status is None and code in ABOUT_CONTENT
        """Whether only the content was wrong (see ABOUT_CONTENT)."""
        self.fields = fields or {}
        self.errors: list[dict[str, Any]] | None = None
        """Several errors, each with its locations, in place of `message`."""


def as_request_error(error: Exception, request_id: str) -> RequestError:
    """Turn whatever ended a request into what the client may know. A fault is logged here, and masked."""
    if isinstance(error, RequestError):
        return error
    if isinstance(error, DocumentError):
        refused = RequestError(error.code, error.errors[0].message, fields=error.extensions)
        refused.errors = [_document_fault(fault.message, fault.locations) for fault in error.errors]
        return refused
    if isinstance(error, RequestFault):
        # The engine looked inside a well-formed request, also when it refuses for want of a role.
        refused = RequestError(error.code, error.message, fields=error.extensions)
        refused.well_formed = True
        return refused
    if isinstance(error, TimeoutError):
        log("request_timed_out", level="warning", request_id=request_id)
        return RequestError(ErrorCode.TIMEOUT, "The request took too long and was stopped")
    log_fault(error, request_id)
    if isinstance(error, _AWAY):
        unavailable = HTTPStatus.SERVICE_UNAVAILABLE
        return RequestError(ErrorCode.INTERNAL_SERVER_ERROR, "Not available at the moment", unavailable, headers=_SOON)
    return RequestError(ErrorCode.INTERNAL_SERVER_ERROR, MASKED)


def _document_fault(message: str, locations: Sequence[tuple[int, int]]) -> dict[str, Any]:
    fault: dict[str, Any] = {"message": message}
    if locations:
        fault["locations"] = [{"line": line, "column": column} for line, column in locations]
    return fault


def shown(error: RequestError, request_id: str) -> list[dict[str, Any]]:
    """Return the errors of a refused request."""
    errors = error.errors or [{"message": error.message}]
    extensions = {"code": error.code, **error.fields, "requestId": request_id}
    return [{**fault, "extensions": extensions} for fault in errors]


def render(error: RequestError, request_id: str, more: Mapping[str, object] | None = None) -> bytes:
    """Return the body of a refused request: errors and no data. `more` goes into the answer's own extensions."""
    body: dict[str, object] = {"errors": shown(error, request_id)}
    if more:
        body["extensions"] = more
    return orjson.dumps(body)


def field_errors(errors: Iterable[GraphQLError], request_id: str) -> list[dict[str, Any]]:
    """Return errors of fields for an answer that has data. What no rule of GraphQL explains is logged and masked."""
    found = []
    for error in errors:
        shown: dict[str, Any] = {"message": _cut(error.message)}
        if error.locations:
            shown["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
        if error.path is not None:
            shown["path"] = error.path
        cause = error.original_error
        extensions = dict(error.extensions or {})
        if isinstance(cause, RequestFault):
            shown["message"], extensions = cause.message, {"code": cause.code, **cause.extensions}
        elif cause is not None and not isinstance(cause, GraphQLError):
            log_fault(cause, request_id)
            shown["message"], extensions = MASKED, {"code": ErrorCode.INTERNAL_SERVER_ERROR}
        # Without a cause it is graphql-core's own word about an argument.
        extensions.setdefault("code", ErrorCode.BAD_USER_INPUT)
        extensions["requestId"] = request_id
        shown["extensions"] = extensions
        found.append(shown)
    return found


def _cut(message: str) -> str:
    """Keep a message from echoing the whole of what was sent."""
    return message if len(message) <= MESSAGE_CHARS else f"{message[:MESSAGE_CHARS]}…"


def log_fault(fault: BaseException, request_id: str) -> None:
    """Log where a fault came from. Its message stays out: a database quotes the customer's row in it."""
    frames = traceback.extract_tb(fault.__traceback__)[-FRAMES_LOGGED:]
    log(
        "fault",
        level="error",
        request_id=request_id,
        fault=type(fault).__name__,
        at=[f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    )
    log("fault_detail", level="debug", request_id=request_id, text=str(fault))
