"""Messages of graphql-transport-ws: what a client's frame says, what we say, and with which code a socket ends.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any, Final, NoReturn

import orjson

from api.body import GraphQLRequest, read_request
from api.errors import ErrorCode, RequestError

SUBPROTOCOL: Final = "graphql-transport-ws"
FRAME_BYTES_MAX: Final = 64 * 1024
ID_CHARS_MAX: Final = 128
_REASON_BYTES_MAX: Final = 123
"""What a close frame can carry."""


class CloseCode(IntEnum):
    """Why we end a socket; the names are those of the protocol where it has one."""

    GONE = 1005
    """The client left: nothing is sent."""
    TOO_LARGE = 1009
    RESTART = 1012
    """The server stops; another answers at once."""
    TOO_SLOW = 1013
    BAD_REQUEST = 4400
    UNAUTHORIZED = 4401
    FORBIDDEN = 4403
    SUBPROTOCOL_NOT_ACCEPTABLE = 4406
    INITIALISATION_TIMEOUT = 4408
    SUBSCRIBER_EXISTS = 4409
    TOO_MANY_INITIALISATIONS = 4429
    INTERNAL_SERVER_ERROR = 4500


class SocketClosing(Exception):  # noqa: N818 - it ends a socket, which need not be anybody's error
    """The socket ends now; the reason is for the person who reads a client's log."""

    def __init__(self, code: CloseCode, reason: str = "") -> None:
        super().__init__(f"{code.value} {reason}")
        self.code = code
        self.reason = reason.encode()[:_REASON_BYTES_MAX].decode(errors="ignore")


class MessageType(StrEnum):
    """What a client may say."""

    CONNECTION_INIT = "connection_init"
    PING = "ping"
    PONG = "pong"
    SUBSCRIBE = "subscribe"
    COMPLETE = "complete"


_WITH_ID: Final = (MessageType.SUBSCRIBE, MessageType.COMPLETE)


@dataclass(frozen=True, slots=True)
class Message:
    """A well-formed message; `id` is empty where there is none, `source` is the frame it came in."""

    type: MessageType
    id: str
    payload: dict[str, Any] | None
    source: bytes

    def request(self, variables_most_bytes: int) -> GraphQLRequest:
        """Read the request in a `subscribe`. Raises RequestError, and SocketClosing when it is not one at all."""
        try:
            return read_request(self.payload or {}, self.source, variables_most_bytes)
        except RequestError as refused:
            if refused.code == ErrorCode.BAD_REQUEST:
                raise SocketClosing(CloseCode.BAD_REQUEST, refused.message) from None
            raise


def read_frame(event: dict[str, Any]) -> Message:
    """Read what the server received (an ASGI event). Raises SocketClosing."""
    text = event.get("text")
    if text is None:
        _refuse("Messages are text frames")
    source = text.encode()
    if len(source) > FRAME_BYTES_MAX:
        raise SocketClosing(CloseCode.TOO_LARGE, f"A message has at most {FRAME_BYTES_MAX} bytes")
    try:
        found = orjson.loads(source)
    except orjson.JSONDecodeError:
        _refuse("The message is not JSON")
    if not isinstance(found, dict):
        _refuse("The message is not a JSON object")
    try:
        type_ = MessageType(str(found.get("type")))
    except ValueError:
        _refuse("The message's type is none that a client sends")
    payload = found.get("payload")
    if payload is not None and not isinstance(payload, dict):
        _refuse("The message's payload is not an object")
    id_ = found.get("id", "")
    if type_ in _WITH_ID and (not isinstance(id_, str) or not 1 <= len(id_) <= ID_CHARS_MAX):
        _refuse(f"The message's id is not a string of 1 to {ID_CHARS_MAX} characters")
    if type_ is MessageType.SUBSCRIBE and payload is None:
        _refuse("The message has no payload")
    return Message(type_, id_ if type_ in _WITH_ID else "", payload, source)


def says(type_: str, id_: str | None = None, payload: object = None) -> str:
    """Write a message; a payload that is JSON already comes as orjson.Fragment."""
    body: dict[str, object] = {"type": type_}
    if id_ is not None:
        body["id"] = id_
    if payload is not None:
        body["payload"] = payload
    return orjson.dumps(body).decode()


def _refuse(reason: str) -> NoReturn:
    raise SocketClosing(CloseCode.BAD_REQUEST, reason) from None
