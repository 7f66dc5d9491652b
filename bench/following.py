"""Many sockets that follow one thing, as light as a client can be: what is measured is the servers, not this side."""

import asyncio
import base64
import re
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final, cast

import orjson

from clock import wall_now

_HANDSHAKE: Final = (
    "GET /graphql HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
)
_HEAD_END: Final = b"\r\n\r\n"
_TEXT: Final = 0x81
_PING: Final = 0x89
_PONG: Final = 0x8A
_IN_TWO_BYTES: Final = 126
_VERSION: Final = re.compile(rb'"version":(\d+)')
_AT_ONCE: Final = 50
"""Handshakes."""
_PATIENCE_SECONDS: Final = 60.0


class Follower(asyncio.Protocol):
    """One socket: introduces itself, subscribes, and keeps when it first heard of each version."""

    def __init__(self, port: int, introduction: dict[str, str], asked: dict[str, Any]) -> None:
        self.port, self._introduction, self._asked = port, introduction, asked
        self._got = bytearray()
        self._is_open = False
        self._heard: dict[int, datetime] = {}
        self._changed = asyncio.Event()
        self._fault: Exception | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for a socket."""
        self.transport = cast("asyncio.Transport", transport)
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        self.transport.write(_HANDSHAKE.format(port=self.port, key=key).encode())

    def data_received(self, data: bytes) -> None:
        """Take whole frames from what has come."""
        self._got += data
        if not self._is_open:
            end = self._got.find(_HEAD_END)
            if end < 0:
                return
            del self._got[: end + len(_HEAD_END)]
            self._is_open = True
            self._say({"type": "connection_init", "payload": self._introduction})
        while (frame := self._frame()) is not None:
            kind, message = frame
            if kind == _TEXT:
                self._hear(message)
            elif kind == _PING:
                self._send(_PONG, message)
            else:
                self._fault = RuntimeError(f"an unexpected frame: {kind} {message[:200]!r}")
                self._changed.set()

    def connection_lost(self, fault: Exception | None) -> None:
        """Tell whoever waits."""
        self._fault = fault or RuntimeError("the server hung up")
        self._changed.set()

    async def heard(self, version: int) -> datetime:
        """Wait until this version, or a later one, was told, and return when. Raises when the socket is gone."""
        while True:
            found = [at for told, at in self._heard.items() if told >= version]
            if found:
                return min(found)
            if self._fault:
                raise self._fault
            self._changed.clear()
            await self._changed.wait()

    def _frame(self) -> tuple[int, bytes] | None:
        """The kind and the content of the next frame that is there in whole; servers send them unmasked."""
        if len(self._got) < 4:  # noqa: PLR2004 - the longest head that is read here
            return None
        kind, size, begin = self._got[0], self._got[1], 2
        if size == _IN_TWO_BYTES:
            size, begin = int.from_bytes(self._got[2:4], "big"), 4
        if len(self._got) < begin + size:
            return None
        content = bytes(self._got[begin : begin + size])
        del self._got[: begin + size]
        return kind, content

    def _hear(self, message: bytes) -> None:
        if message.startswith(b'{"type":"next"'):
            found = _VERSION.search(message)
            if found:
                self._heard.setdefault(int(found[1]), wall_now())
                self._changed.set()
        elif message.startswith(b'{"type":"connection_ack"'):
            self._say({"type": "subscribe", "id": "f", "payload": self._asked})
        elif message.startswith(b'{"type":"ping"'):
            self._say({"type": "pong"})
        else:
            self._fault = RuntimeError(message.decode())
            self._changed.set()

    def _say(self, message: dict[str, Any]) -> None:
        self._send(_TEXT, orjson.dumps(message))

    def _send(self, kind: int, content: bytes) -> None:
        """Send a frame, masked with nothing, which is a mask too."""
        size = len(content)
        length = bytes([0x80 | size]) if size < _IN_TWO_BYTES else bytes([0xFE]) + size.to_bytes(2, "big")
        self.transport.write(bytes([kind]) + length + bytes(4) + content)


@asynccontextmanager
async def following(
    people: Sequence[tuple[int, dict[str, str]]], asked: dict[str, Any]
) -> AsyncIterator[list[Follower]]:
    """Let everybody follow for the length of a block: each a port and an introduction. All have heard once by then."""
    loop, turns = asyncio.get_running_loop(), asyncio.Semaphore(_AT_ONCE)
    followers = [Follower(port, introduction, asked) for port, introduction in people]

    async def come(follower: Follower) -> None:
        async with turns:
            await loop.create_connection(lambda: follower, "127.0.0.1", follower.port)
            await follower.heard(0)

    async with asyncio.timeout(_PATIENCE_SECONDS), asyncio.TaskGroup() as coming:
        for follower in followers:
            coming.create_task(come(follower))
    try:
        yield followers
    finally:
        for follower in followers:
            follower.transport.close()
