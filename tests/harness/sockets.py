"""A client of the socket that speaks plainly: what a test says is sent as it is, what comes is given as it is."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

PROTOCOL = "graphql-transport-ws"
_PATIENCE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Talk:
    """One socket."""

    connection: ClientConnection

    async def say(self, type_: str, id_: str | None = None, payload: Any = None) -> None:
        """Send a message."""
        body = {"type": type_, "id": id_, "payload": payload}
        await self.send(json.dumps({name: value for name, value in body.items() if value is not None}))

    async def send(self, frame: str | bytes) -> None:
        """Send whatever it is."""
        await self.connection.send(frame)

    async def hear(self, seconds: float = _PATIENCE_SECONDS) -> dict[str, Any]:
        """The next message but pings."""
        async with asyncio.timeout(seconds):
            while True:
                message: dict[str, Any] = json.loads(await self.connection.recv())
                if message["type"] != "ping":
                    return message

    async def hears_nothing(self, seconds: float) -> bool:
        """Whether nothing comes for so long."""
        try:
            await self.hear(seconds)
        except TimeoutError:
            return True
        return False

    async def initialise(self, **payload: Any) -> dict[str, Any]:
        """Say connection_init; what the answer carries."""
        await self.say("connection_init", payload=payload)
        answer = await self.hear()
        assert answer["type"] == "connection_ack"
        found: dict[str, Any] = answer["payload"]
        return found

    async def ask(self, id_: str, query: str, **variables: Any) -> None:
        """Say subscribe."""
        await self.say("subscribe", id_, {"query": query, "variables": variables})

    async def closed(self, seconds: float = _PATIENCE_SECONDS) -> tuple[int, str]:
        """Wait for the end: its code and reason, whatever is said before."""
        async with asyncio.timeout(seconds):
            with suppress(ConnectionClosed):
                while True:
                    await self.connection.recv()
        assert self.connection.close_code is not None
        return self.connection.close_code, self.connection.close_reason or ""


@asynccontextmanager
async def talking(base_url: str, *protocols: str) -> AsyncIterator[Talk]:
    """Open a socket at the endpoint for the length of a block; with our protocol unless others are named."""
    offered = [Subprotocol(name) for name in protocols or (PROTOCOL,)]
    url = f"{base_url.replace('http', 'ws', 1)}/graphql"
    async with connect(url, subprotocols=offered, proxy=None, close_timeout=2, ping_interval=None) as connection:
        yield Talk(connection)
