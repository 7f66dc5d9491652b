"""The app over real HTTP: uvicorn on a free port, in this process and on the loop of the session's tests.

So a test talks to it through a socket as a client does, and may still write to the database it reads.
"""

import asyncio
import contextlib
import pkgutil
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import httpx
import uvicorn
from starlette.types import ASGIApp

from settings import Settings

_START_SECONDS = 10.0
_STOP_SECONDS = 5


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave Ctrl-C to pytest."""
        yield


def serving(settings: Settings) -> AbstractAsyncContextManager[str]:
    """Serve the app for the length of a block; gives its base URL."""
    # By name, when first wanted: tests of the lower rooms run whatever state the edge is in.
    create = pkgutil.resolve_name("api.app:create")
    return serving_app(create(settings))


@asynccontextmanager
async def serving_app(app: ASGIApp) -> AsyncIterator[str]:
    """Serve any ASGI application for the length of a block; gives its base URL."""
    config = uvicorn.Config(
        app, http="httptools", access_log=False, server_header=False, log_config=None, lifespan="on",
        timeout_graceful_shutdown=_STOP_SECONDS,
    )  # fmt: skip
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        server = _Server(config)
        running = asyncio.create_task(server.serve(sockets=[door]))
        async with asyncio.timeout(_START_SECONDS):
            while not server.started:
                if running.done():
                    running.result()
                    message = "the app did not start; what it said stands above"
                    raise RuntimeError(message)
                await asyncio.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{door.getsockname()[1]}"
        finally:
            server.should_exit = True
            await running


@asynccontextmanager
async def client(base_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """Open an HTTP client that asks the machine for no proxy and keeps as many sockets as a race wants."""
    limits = httpx.Limits(max_connections=200, max_keepalive_connections=200)
    async with httpx.AsyncClient(base_url=base_url, timeout=30, trust_env=False, limits=limits) as http:
        yield http
