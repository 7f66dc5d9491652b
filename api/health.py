"""Three plain answers for whoever runs the shop: is it up, can it serve, and how is it doing."""

import asyncio

import asyncpg
import orjson
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest, multiprocess
from redis.asyncio import Redis
from redis.exceptions import RedisError
from starlette.requests import Request
from starlette.responses import Response

from models.database import pool
from models.migration_state import pending_migrations
from settings import counts_are_shared

# A probe gives up sooner than this; an answer that comes later helps nobody.
PROBE_SECONDS = 2.0


def _answer(status: int, body: dict[str, object]) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(orjson.dumps(body), status, headers, media_type="application/json")


async def healthz(_request: Request) -> Response:
    """Answer that the process is up and its loop turns. Says nothing of the servers behind it: a restart mends none."""
    return _answer(200, {"status": "up"})


async def readyz(request: Request) -> Response:
    """Whether requests can be served now; 503 names what is missing."""
    database, redis = await asyncio.gather(_database_fault(), _redis_fault(request.app.state.redis))
    missing = {name: fault for name, fault in (("database", database), ("redis", redis)) if fault}
    if missing:
        return _answer(503, {"status": "not ready", "missing": missing})
    return _answer(200, {"status": "ready"})


async def _database_fault() -> str | None:
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            pending = await pending_migrations(pool())
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as fault:
        return f"not reachable ({type(fault).__name__})"
    return f"migrations not applied: {', '.join(pending)}; run main.py migrate" if pending else None


async def _redis_fault(redis: Redis) -> str | None:
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            await redis.ping()
    except (OSError, TimeoutError, RedisError) as fault:
        return f"not reachable ({type(fault).__name__})"
    return None


def metrics(_request: Request) -> Response:
    """Counters for Prometheus, of all worker processes together when there are several."""
    registry = REGISTRY
    if counts_are_shared():
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
