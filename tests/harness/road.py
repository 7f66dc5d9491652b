"""A road to a server that can be closed and opened: the server lives on, but nobody reaches it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit


class Road:
    """Carries bytes from a port of this machine to the server of a URL (`unix:///path` or `redis://host:port`)."""

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)
        self._writers: set[asyncio.StreamWriter] = set()
        self._carriers: set[asyncio.Task[None]] = set()
        self._door: asyncio.Server | None = None
        self.port = 0
        self.travellers = 0

    async def open(self) -> None:
        """Let travellers through, at the same port as before."""
        self._door = await asyncio.start_server(self._carry, "127.0.0.1", self.port)
        self.port = self._door.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Turn everybody away, also those on their way."""
        if self._door:
            self._door.close()
        for writer in list(self._writers):
            writer.transport.abort()
        await asyncio.gather(*self._carriers, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.travellers += 1
        if self._parts.scheme == "unix":
            there_reader, there = await asyncio.open_unix_connection(self._parts.path)
        else:
            there_reader, there = await asyncio.open_connection(self._parts.hostname, self._parts.port or 6379)
        self._writers |= {writer, there}
        for source, target in ((reader, there), (there_reader, writer)):
            task = asyncio.create_task(_pour(source, target))
            self._carriers.add(task)
            task.add_done_callback(self._carriers.discard)


async def _pour(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await source.read(65_536):
            target.write(data)
            await target.drain()
    target.transport.abort()


@asynccontextmanager
async def road_to(url: str) -> AsyncIterator[Road]:
    """Open a road for the length of a block."""
    road = Road(url)
    await road.open()
    try:
        yield road
    finally:
        await road.close()
