"""The app over real HTTP: uvicorn on a free port, in this process and on the loop of the session's tests.

So a test talks to it through a socket as a client does, and may still write to the database it reads.
"""

import asyncio
import contextlib
import pkgutil
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import httpx
import uvicorn
from starlette.types import ASGIApp

from settings import Settings
from tests.harness.overheard import overheard

_START_SECONDS = 60.0
_STOP_SECONDS = 5
# As in production: the client drops an idle connection first (httpx after 5 s), so no question meets a closed door.
_KEEP_ALIVE_SECONDS = 75


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave Ctrl-C to pytest."""
        yield


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[str]:
    """Serve the app for the length of a block; gives its base URL. It knows its port, where its WeChat is found."""
    # By name, when first wanted: tests of the lower rooms run whatever state the edge is in.
    create = pkgutil.resolve_name("api.app:create")
    with open_door() as door:
        app = create(settings.model_copy(update={"port": door.getsockname()[1]}))
        async with serving_app(app, door) as base_url:
            yield base_url


def open_door() -> socket.socket:
    """Take a free port, for who has to know it before the app is made."""
    # asyncio sends small answers at once only on sockets that say they are TCP; others wait 40 ms for an ACK.
    door = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    door.bind(("127.0.0.1", 0))
    return door


@asynccontextmanager
async def serving_app(app: ASGIApp, door: socket.socket | None = None) -> AsyncIterator[str]:
    """Serve any ASGI application for the length of a block, at a door or a new one; gives its base URL."""
    config = uvicorn.Config(
        overheard(app), http="httptools", access_log=False, server_header=False, log_config=None, lifespan="on",
        timeout_graceful_shutdown=_STOP_SECONDS, timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        ws="api.websocket_protocol:SocketProtocol", ws_max_size=64 * 1024, ws_per_message_deflate=False,
    )  # fmt: skip
    with door or open_door() as taken:
        server = _Server(config)
        running = asyncio.create_task(server.serve(sockets=[taken]))
        async with asyncio.timeout(_START_SECONDS):
            while not server.started:
                if running.done():
                    running.result()
                    message = "the app did not start; what it said stands above"
                    raise RuntimeError(message)
                await asyncio.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{taken.getsockname()[1]}"
        finally:
            server.should_exit = True
            await running


@asynccontextmanager
async def client(base_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """Open an HTTP client that asks the machine for no proxy and keeps as many sockets as a race wants."""
    limits = httpx.Limits(max_connections=200, max_keepalive_connections=200)
    async with httpx.AsyncClient(base_url=base_url, timeout=30, trust_env=False, limits=limits) as http:
        yield http
