"""The way out of a socket: one message at a time, and a client that does not read is cut, not waited for for ever."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from starlette.types import Receive, Scope, Send

from api.websocket_frames import CloseCode, Message, SocketClosing, read_frame, says

ABORT: Final = "xiaopu.abort"
"""In a scope's state: drops the connection with what is still to be sent."""
_CLOSE_SECONDS: Final = 1.0


class Line:
    """Both directions of one socket; a full way out holds up whoever wants to say something."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, send_seconds: float) -> None:
        self._receive = receive
        self._send = send
        self._send_seconds = send_seconds
        self._turn = asyncio.Lock()
        self._abort: Callable[[], None] | None = (scope.get("state") or {}).get(ABORT)
        self.sent = 0

    async def hear(self) -> Message:
        """Return the next message. Raises SocketClosing when there is none or it is not well-formed."""
        event: dict[str, Any] = dict(await self._receive())
        if event["type"] != "websocket.disconnect":
            return read_frame(event)
        if event.get("code") == CloseCode.RESTART:
            raise SocketClosing(CloseCode.RESTART, "The server restarts; come back at once")
        raise SocketClosing(CloseCode.GONE)

    async def say(self, type_: str, id_: str | None = None, payload: object = None) -> None:
        """Send a message. Raises SocketClosing when nobody takes it within the time it may take."""
        text = says(type_, id_, payload)
        try:
            async with asyncio.timeout(self._send_seconds), self._turn:
                await self._send({"type": "websocket.send", "text": text})
        except TimeoutError:
            raise SocketClosing(CloseCode.TOO_SLOW, "Messages are not read") from None
        except OSError:
            # What uvicorn raises for a client that is gone.
            raise SocketClosing(CloseCode.GONE) from None
        self.sent += 1

    async def close(self, closing: SocketClosing) -> None:
        """Say why and hang up; nothing is said to who left, and who does not read is cut off."""
        if closing.code is CloseCode.GONE:
            return
        if closing.code is CloseCode.TOO_SLOW and self._abort:
            self._abort()
            return
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._send({"type": "websocket.close", "code": closing.code.value, "reason": closing.reason})
        except TimeoutError:
            if self._abort:
                self._abort()
        except OSError:
            return
