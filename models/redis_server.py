"""Redis or Valkey: one client for the whole process, for what may be lost: streams, caches, live fan-out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio import Redis

_clients: list[Any] = []


@asynccontextmanager
async def connect_redis(url: str) -> AsyncIterator[None]:
    """Open the client for the process (`redis://...` or `unix:///...`) and close it at the end."""
    client = Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5, health_check_interval=30)
    _clients.append(client)
    try:
        yield
    finally:
        _clients.remove(client)
        await client.aclose()


def redis() -> Any:  # noqa: ANN401 - redis-py types every command as "awaitable or not"
    """Return the client opened last. Raises RuntimeError outside `connect_redis`."""
    if not _clients:
        message = "Redis is not connected"
        raise RuntimeError(message)
    return _clients[-1]
