"""What it costs to record visits: a new one with every `{ __typename }`, beside the same question without one.

`python -m bench.visits` measures this alone.
"""

import asyncio
import base64
import time
from itertools import count
from typing import Final
from uuid import UUID

import asyncpg
import orjson

from bench.catalogue import KEY
from bench.load import Load, Plan, Target, turns
from bench.servers import Ground, Server, ground, make_database, serving
from models.database import connect, migrate
from resolvers.sandbox_shop import open_sandbox

SECONDS: Final = 6.0
CONNECTIONS: Final = 16
REQUESTS: Final = 60_000
"""More than are answered in the turn, so that each begins a visit of its own."""
WRITTEN_SECONDS: Final = 1.0
"""How soon after its answer a visit must be in the table."""

_BODY: Final = orjson.dumps({"query": "{ __typename }"})
_HEAD: Final = (
    "POST /graphql HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Shop-Key: {key}\r\nAccept: application/json\r\n"
    "Content-Type: application/json\r\n{more}Content-Length: {length}\r\n\r\n"
)
_VISIT: Final = "X-Visitor-Id: {visit}\r\nX-Visit-Id: {visit}\r\n"
_COUNT: Final = "select count(*) from visit"


def record_visits(on: Ground, server: Server, key: str) -> str:
    """Measure one process of ours and return a line of JSON."""
    began = asyncio.run(_recorded(on))
    plain = _load(on, server, [_request(server, key, "")])
    fresh = (_VISIT.format(visit=UUID(int=number)) for number in count(time.time_ns() << 32))
    visiting = _load(on, server, [_request(server, key, next(fresh)) for _ in range(REQUESTS)])
    time.sleep(WRITTEN_SECONDS)
    recorded = asyncio.run(_recorded(on)) - began
    answers, seconds = sum(load.answers for load in visiting), sum(load.seconds for load in visiting)
    found = {
        "bench": "visits",
        "recorded_per_second": round(recorded / seconds),
        "recorded": recorded,
        "lost": answers - recorded,
        "ours_cpu_ms": round(_cpu_ms(visiting), 3),
        "without_visit_cpu_ms": round(_cpu_ms(plain), 3),
        "ours_rps": round(answers / seconds),
        "without_visit_rps": round(sum(load.answers for load in plain) / sum(load.seconds for load in plain)),
        "postgres_ms": _postgres_ms(visiting),
    }
    return orjson.dumps(found).decode()


def _load(on: Ground, server: Server, requests: list[str]) -> list[Load]:
    target = Target(server.name, server.port, server.pid, requests, 1)
    return list(turns(Plan([target], 1, SECONDS, CONNECTIONS, on.postgres)))


def _request(server: Server, key: str, more: str) -> str:
    head = _HEAD.format(port=server.port, key=key, more=more, length=len(_BODY))
    return base64.b64encode(head.encode() + _BODY).decode()


def _cpu_ms(loads: list[Load]) -> float:
    return sum(load.server_cpu_seconds for load in loads) * 1000 / sum(load.answers for load in loads)


def _postgres_ms(loads: list[Load]) -> float | None:
    spent = [load.postgres_cpu_seconds for load in loads if load.postgres_cpu_seconds is not None]
    return round(sum(spent) * 1000 / sum(load.answers for load in loads), 3) if spent else None


async def _recorded(on: Ground) -> int:
    watcher = await asyncpg.connect(on.settings.database_url)
    try:
        found: int = await watcher.fetchval(_COUNT)
        return found
    finally:
        await watcher.close()


async def _open_shop(on: Ground) -> None:
    dsn = on.settings.database_url or ""
    await make_database(dsn)
    await migrate(dsn)
    async with connect(dsn, pool_size=2):
        await open_sandbox(handle="bench", name="bench", seed=1, sealing_key=on.settings.derive("sealing"), key=KEY)


if __name__ == "__main__":
    with ground() as alone:
        asyncio.run(_open_shop(alone))
        with serving("ours", alone) as ours:
            print(record_visits(alone, ours, KEY), flush=True)
