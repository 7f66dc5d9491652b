"""What a login costs, beside the same rows written by hand: both ask one sandbox of WeChat, a process of its own.

`python -m bench.login` measures this alone.
"""

import asyncio
import base64
from collections import defaultdict
from contextlib import ExitStack
from statistics import median
from typing import Final
from uuid import UUID

import asyncpg
import orjson

from bench.asking import ask
from bench.catalogue import KEY
from bench.load import Load, Plan, Target, turns
from bench.servers import Ground, Server, ground, make_database, serving
from models.database import connect, migrate
from models.wechat_app import WechatApp
from resolvers.sandbox_shop import open_sandbox
from wechat.sandbox.codes import CodeKind, mint

ROUNDS: Final = 6
SECONDS: Final = 1.0
CONNECTIONS: Final = 8
PEOPLE: Final = 300
"""Of whom each logs in again and again, on one device."""
CODES: Final = 600
"""For each turn, more than are used in it: a code logs in once."""

_DOCUMENT: Final = """
mutation Login($code: String!) {
  loginWithWechat(input: {code: $code}) {
    customer { id } session { accessToken refreshToken accessTokenExpiresAt refreshTokenExpiresAt } userErrors { code }
  }
}"""
_HEAD: Final = (
    "POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Shop-Key: {key}\r\nX-Visitor-Id: {visitor}\r\n"
    "Accept: application/json\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
)
_COUNT: Final = "select count(*) from session"


def measure_login(on: Ground, servers: list[Server]) -> str:
    """Measure ours and the limit, which know where the sandbox is; returns a line of JSON.

    Raises RuntimeError unless every answer is a session that was opened.
    """
    loads: defaultdict[str, list[Load]] = defaultdict(list)
    for number in range(ROUNDS + 1):
        for server in servers:
            people, before = _codes(on)
            requests = [_request(server, person, code) for person, code in people]
            if b'"accessToken"' not in ask(server, base64.b64decode(requests.pop())):
                message = f"{server.name} lets nobody in"
                raise RuntimeError(message)
            target = Target(server.name, server.port, server.pid, requests, 1)
            [load] = turns(Plan([target], 1, SECONDS, CONNECTIONS, on.postgres))
            opened = asyncio.run(_sessions(on)) - before - 1
            if load.answers != opened:
                message = f"{server.name} gave {load.answers} answers and opened {opened} sessions"
                raise RuntimeError(message)
            # The first of each makes the customers, and warms up.
            if number:
                loads[server.name].append(load)
    ours, limit = loads["ours"], loads["limit"]
    found = {
        "bench": "login",
        "ours_cpu_ms": round(median(load.cpu_ms for load in ours), 3),
        "limit_cpu_ms": round(median(load.cpu_ms for load in limit), 3),
        "ratio_cpu": round(median(one.cpu_ms / other.cpu_ms for one, other in zip(ours, limit, strict=True)), 2),
        "ours_postgres_ms": _postgres_ms(ours),
        "limit_postgres_ms": _postgres_ms(limit),
        "ours_per_second": round(median(load.per_second for load in ours)),
        "limit_per_second": round(median(load.per_second for load in limit)),
    }
    return orjson.dumps(found).decode()


def _request(server: Server, person: int, code: str) -> str:
    asked: dict[str, object] = {"code": code}
    path = "/login"
    if server.name != "limit":
        path, asked = "/graphql", {"query": _DOCUMENT, "variables": asked}
    body = orjson.dumps(asked)
    head = _HEAD.format(path=path, port=server.port, key=KEY, visitor=UUID(int=1 << 100 | person), length=len(body))
    return base64.b64encode(head.encode() + body).decode()


def _postgres_ms(loads: list[Load]) -> float | None:
    found = [load.postgres_ms for load in loads if load.postgres_ms is not None]
    return round(median(found), 3) if found else None


def _codes(on: Ground) -> tuple[list[tuple[int, str]], int]:
    """Have every phone call `wx.login` a few times; who and what, and how many sessions there are."""

    async def call() -> tuple[list[tuple[int, str]], int]:
        async with connect(on.settings.database_url or "", pool_size=2):
            app = await WechatApp.filter(appid__startswith="wx").order_by("created_at").first()
            if app is None:
                message = "the shop has no app"
                raise RuntimeError(message)
            made = []
            for number in range(CODES):
                code, _person = await mint(CodeKind.LOGIN, app.appid, f"bench{number % PEOPLE}")
                made.append((number % PEOPLE, code))
        return made, await _sessions(on)

    return asyncio.run(call())


async def _sessions(on: Ground) -> int:
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


def main() -> None:
    """Measure this alone and print its line."""
    with ground() as on, ExitStack() as stack:
        asyncio.run(_open_shop(on))
        print(login_line(on, stack))


def login_line(on: Ground, stack: ExitStack) -> str:
    """Start a sandbox of WeChat, and both servers anew beside it; a line of JSON."""
    wechat = stack.enter_context(serving("wechat", on))
    at = {"WECHAT_SANDBOX_URL": f"http://127.0.0.1:{wechat.port}/sandbox/wechat"}
    return measure_login(on, [stack.enter_context(serving(name, on, **at)) for name in ("ours", "limit")])


if __name__ == "__main__":
    main()
