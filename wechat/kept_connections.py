"""HTTP/1.1 over connections that are kept open: the way on which httpx sends what we ask WeChat.

httpx's own pool looks at every connection it has, twice for each question, and asks the system whether it is still
good: with thirty of them that costs more than all else that a login does. Here a connection tells by itself when it
is over. Questions and answers are whole, never streams; errors are httpx's own.
"""

import asyncio
from collections import defaultdict, deque
from typing import Final, cast

import httpx
from httptools import HttpParserError, HttpResponseParser

KEPT_SECONDS: Final = 4.0
"""Less than servers keep a connection that says nothing: many wait for five."""

_FIRST_ANSWER: Final = 200
_HAS_AN_END: Final = {b"content-length", b"transfer-encoding"}

Place = tuple[str, str, int]
"""Scheme, host and port."""


class _Answer:
    """What comes back for one question, as the parser tells it."""

    def __init__(self) -> None:
        self.whole: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.parser = HttpResponseParser(self)
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = b""
        self.status = 0
        self.is_kept = False
        """Whether the next question may go the same way."""

    def on_message_begin(self) -> None:
        # Nobody has asked for a second one, and what else comes is nobody's.
        self.is_kept = False

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.whole.done():
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        if not self.whole.done():
            self.status = self.parser.get_status_code()

    def on_body(self, body: bytes) -> None:
        if not self.whole.done():
            self.body += body

    def on_message_complete(self) -> None:
        if self.whole.done():
            return
        if self.status < _FIRST_ANSWER:
            # Only that an answer will come.
            self.headers.clear()
            return
        self.is_kept = self.parser.should_keep_alive()
        self.whole.set_result(None)

    def take(self, data: bytes) -> None:
        """Read on."""
        if self.whole.done():
            return
        try:
            self.parser.feed_data(data)
        except HttpParserError:
            self.fail(httpx.RemoteProtocolError("the answer is no HTTP"))

    def end(self, fault: Exception | None) -> None:
        """No more comes; an answer that does not say how long it is has come to its end by this."""
        has_an_end = any(name.lower() in _HAS_AN_END for name, _ in self.headers)
        if self.status < _FIRST_ANSWER or has_an_end or fault:
            self.fail(httpx.ReadError("the connection was closed before the answer was whole"))
        elif not self.whole.done():
            self.whole.set_result(None)

    def fail(self, fault: httpx.TransportError) -> None:
        """Give it up."""
        if not self.whole.done():
            self.whole.set_exception(fault)


class _Connection(asyncio.Protocol):
    """One connection, and the question that is on its way there."""

    def __init__(self) -> None:
        self._way: asyncio.Transport | None = None
        self._answer: _Answer | None = None
        self._patience: asyncio.Timeout | None = None
        self._read_seconds: float | None = None
        self._used_at = 0.0

    @property
    def is_good(self) -> bool:
        """Whether another question may go this way."""
        return self._way is not None and asyncio.get_running_loop().time() < self._used_at + KEPT_SECONDS

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # What a stream's protocol is given; uvloop's is no subclass.
        self._way = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self._answer is None:
            # Said unasked: whatever it belongs to, it is not the next question's answer.
            self.close()
            return
        self._answer.take(data)
        if self._read_seconds is not None and self._patience and not self._patience.expired():
            self._patience.reschedule(asyncio.get_running_loop().time() + self._read_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        self._way = None
        if self._answer:
            self._answer.end(exc)

    async def carry(self, question: bytes, read_seconds: float | None) -> _Answer:
        """Send a question and return its answer; silence of `read_seconds` is a ReadTimeout. Raises TransportError."""
        if self._way is None:
            message = "the connection was closed"
            raise httpx.WriteError(message)
        self._answer = answer = _Answer()
        self._read_seconds = read_seconds
        try:
            async with asyncio.timeout(read_seconds) as self._patience:
                self._way.write(question)
                await answer.whole
        except TimeoutError:
            message = "nothing came"
            raise httpx.ReadTimeout(message) from None
        finally:
            self._answer = self._patience = None
            if not answer.is_kept:
                self.close()
        self._used_at = asyncio.get_running_loop().time()
        return answer

    def close(self) -> None:
        """Be of no more use."""
        if self._way:
            self._way.close()
            self._way = None


class KeptConnections(httpx.AsyncBaseTransport):
    """All connections of a client, `most` at once."""

    def __init__(self, most: int) -> None:
        self._room = asyncio.Semaphore(most)
        self._tls = httpx.create_ssl_context(trust_env=False)
        self._idle: defaultdict[Place, deque[_Connection]] = defaultdict(deque)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Carry one question; raises httpx's TransportError in one of its kinds."""
        question, patience = await _written(request), request.extensions["timeout"]
        place = _place_of(request.url)
        try:
            async with asyncio.timeout(patience["pool"]):
                await self._room.acquire()
        except TimeoutError:
            message = "too many questions are on their way"
            raise httpx.PoolTimeout(message) from None
        try:
            connection = self._kept(place) or await self._opened(place, patience["connect"])
            answer = await connection.carry(question, patience["read"])
        finally:
            self._room.release()
        if answer.is_kept:
            self._idle[place].append(connection)
        return httpx.Response(answer.status, headers=answer.headers, stream=httpx.ByteStream(answer.body))

    async def aclose(self) -> None:
        """Close what is kept."""
        for idle in self._idle.values():
            for connection in idle:
                connection.close()
        self._idle.clear()

    def _kept(self, place: Place) -> _Connection | None:
        """Return the connection that was used last; those that nobody has needed for a while are let go."""
        idle = self._idle[place]
        while idle and not idle[0].is_good:
            idle.popleft().close()
        while idle:
            connection = idle.pop()
            if connection.is_good:
                return connection
            connection.close()
        return None

    async def _opened(self, place: Place, connect_seconds: float | None) -> _Connection:
        scheme, host, port = place
        tls = self._tls if scheme == "https" else None
        try:
            async with asyncio.timeout(connect_seconds):
                _, connection = await asyncio.get_running_loop().create_connection(_Connection, host, port, ssl=tls)
        except TimeoutError:
            message = "nobody answers there"
            raise httpx.ConnectTimeout(message) from None
        except OSError as fault:
            message = f"nobody is there: {type(fault).__name__}"
            raise httpx.ConnectError(message) from None
        return connection


def _place_of(url: httpx.URL) -> Place:
    if url.scheme not in {"http", "https"}:
        message = "only HTTP is spoken here"
        raise httpx.UnsupportedProtocol(message)
    return url.scheme, url.host, url.port or (443 if url.scheme == "https" else 80)


async def _written(request: httpx.Request) -> bytes:
    """Return a question as it stands on the wire."""
    lines = [b"%b %b HTTP/1.1" % (request.method.encode(), request.url.raw_path)]
    lines += [b"%b: %b" % header for header in request.headers.raw]
    if any(b"\r" in line or b"\n" in line for line in lines):
        message = "a header of more than one line"
        raise httpx.LocalProtocolError(message)
    return b"\r\n".join((*lines, b"", await request.aread()))
