"""Reading a request: whatever was sent as a body or in the URL becomes a well-formed GraphQL request, or a 4xx."""

import asyncio
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import orjson
from starlette.types import Receive

from api.errors import ErrorCode, RequestError

READ_SECONDS = 15
NESTING_MOST = 64
"""Of variables. Everything that reads them later does so by recursion."""
PARAMETERS_MOST = 16
_NUL_ESCAPE = b"\\u0000"


class Part(StrEnum):
    """What of a request has a size of its own."""

    BODY = "body"
    VARIABLES = "variables"


@dataclass(frozen=True, slots=True)
class Bounds:
    """The most that is read, in bytes."""

    body: int
    variables: int


class GraphQLRequest(NamedTuple):
    """The four parameters of GraphQL over HTTP, of the right types; no more is known of them."""

    query: str
    operation_name: str | None
    variables: dict[str, Any] | None
    extensions: dict[str, Any] | None


class ClientGoneError(Exception):
    """The client left before its request was whole; nobody waits for an answer."""


async def read_body(receive: Receive, declared: bytes | None, most_bytes: int) -> bytes:
    """Return the body. Raises RequestError when it is too large (413) or too slow (408), ClientGoneError."""
    if declared is not None and (not declared.isdigit() or len(declared) > 15 or int(declared) > most_bytes):  # noqa: PLR2004 - digits of a petabyte
        raise _too_large(Part.BODY, most_bytes)
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body"):
        body: bytes = message.get("body", b"")
        if len(body) > most_bytes:
            raise _too_large(Part.BODY, most_bytes)
        return body
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(READ_SECONDS):
            while True:
                if message["type"] == "http.disconnect":
                    raise ClientGoneError
                chunks.append(message.get("body", b""))
                size += len(chunks[-1])
                if size > most_bytes:
                    raise _too_large(Part.BODY, most_bytes)
                if not message.get("more_body"):
                    return b"".join(chunks)
                message = await receive()
    except TimeoutError:
        text = f"The body did not arrive within {READ_SECONDS} seconds"
        raise RequestError(ErrorCode.BAD_REQUEST, text, HTTPStatus.REQUEST_TIMEOUT) from None


def parse_body(body: bytes, variables_most_bytes: int) -> GraphQLRequest:
    """Read a JSON body. Raises RequestError."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        message = "The body is not JSON in UTF-8" if body else "The body is empty; send JSON with a query"
        raise RequestError(ErrorCode.BAD_REQUEST, message) from None
    if isinstance(found, list):
        raise RequestError(ErrorCode.BAD_REQUEST, "Batches are not accepted; one request has one operation")
    if not isinstance(found, dict):
        raise RequestError(ErrorCode.BAD_REQUEST, "The body must be a JSON object with a query")
    return read_request(found, body, variables_most_bytes)


def read_request(found: dict[str, Any], source: bytes, variables_most_bytes: int) -> GraphQLRequest:
    """Take the request out of a JSON object; `source` is the text it was read from. Raises RequestError."""
    request = _request(found)
    if request.variables:
        # The document is part of the body, so this is never less than what the variables take.
        if len(source) - len(request.query) > variables_most_bytes:
            raise _too_large(Part.VARIABLES, variables_most_bytes)
        _inspect(request.variables)
    return request


def parse_parameters(query_string: bytes) -> GraphQLRequest:
    """Read a GET's parameters; JSON in `variables` and `extensions`. Raises RequestError."""
    try:
        pairs = parse_qsl(
            query_string.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=PARAMETERS_MOST
        )
    except ValueError:
        message = "The parameters of the URL are not form-encoded UTF-8, or too many"
        raise RequestError(ErrorCode.BAD_REQUEST, message) from None
    given = dict(pairs)
    if len(given) != len(pairs):
        raise RequestError(ErrorCode.BAD_REQUEST, "A parameter of the URL is given twice")
    found: dict[str, Any] = {"query": given.get("query"), "operationName": given.get("operationName") or None}
    for name in ("variables", "extensions"):
        text = given.get(name)
        if text:
            try:
                found[name] = orjson.loads(text)
            except orjson.JSONDecodeError:
                raise RequestError(ErrorCode.BAD_REQUEST, f"The parameter {name} is not JSON") from None
    request = _request(found)
    if request.variables:
        _inspect(request.variables)
    return request


def _request(found: dict[str, Any]) -> GraphQLRequest:
    query = found.get("query")
    extensions = _optional(found, "extensions", dict, "an object")
    if not isinstance(query, str):
        if query is None and extensions and "persistedQuery" in extensions:
            message = "PersistedQueryNotSupported"
            raise RequestError(ErrorCode.PERSISTED_QUERY_NOT_SUPPORTED, message, HTTPStatus.BAD_REQUEST)
        what = "missing" if query is None else "not a string"
        raise RequestError(ErrorCode.BAD_REQUEST, f"The parameter query is {what}")
    return GraphQLRequest(
        query,
        _optional(found, "operationName", str, "a string"),
        _optional(found, "variables", dict, "an object"),
        extensions,
    )


def _optional(found: dict[str, Any], name: str, wanted: type, words: str) -> Any:  # noqa: ANN401 - as `wanted` says
    value = found.get(name)
    if value is not None and not isinstance(value, wanted):
        raise RequestError(ErrorCode.BAD_REQUEST, f"The parameter {name} is not {words}")
    return value


def _inspect(variables: dict[str, Any]) -> None:
    """Refuse values that no one behind us could hold. Most are cleared by counting bytes in their text."""
    try:
        text = orjson.dumps(variables)
        if text.count(b"[") + text.count(b"{") <= NESTING_MOST and _NUL_ESCAPE not in text:
            return
    except orjson.JSONEncodeError:
        # Nested so deep that it can't even be written.
        pass
    stack: list[tuple[Any, int]] = [(variables, 1)]
    while stack:
        value, depth = stack.pop()
        if isinstance(value, str):
            if "\0" in value:
                raise RequestError(
                    ErrorCode.BAD_USER_INPUT, "A variable holds the character NUL, which can't be stored"
                )
        elif isinstance(value, dict | list):
            if depth > NESTING_MOST:
                raise RequestError(ErrorCode.BAD_USER_INPUT, f"Variables are nested deeper than {NESTING_MOST} levels")
            if isinstance(value, dict):
                stack.extend((key, depth) for key in value)
                stack.extend((item, depth + 1) for item in value.values())
            else:
                stack.extend((item, depth + 1) for item in value)


def _too_large(what: Part, most_bytes: int) -> RequestError:
    message = f"The {what} may have at most {most_bytes} bytes"
    return RequestError(ErrorCode.BAD_REQUEST, message, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
