"""How long after a team moved everybody who looks at it knows: 1,000 sockets, half of them at another process.

`python -m bench.fan_out` measures this alone. Somebody takes a seat at the first server; the worker tells the stream;
both servers tell their sockets. The clock starts when the event is written down, just before the commit.
"""

import asyncio
import random
import secrets
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median, quantiles
from typing import Any, Final
from uuid import UUID, uuid4

import asyncpg
import httpx
import orjson
import psutil
import uvloop

from bench.catalogue import KEY
from bench.following import Follower, following
from bench.placing import Buyers, prepare
from bench.servers import Ground, Server, ground, serving, working
from clock import wall_now
from ids import encode_id, new_id
from models.database import Connection
from resolvers.caller import ActorKind
from resolvers.keys import Keys
from resolvers.tokens import Bearer, Tokens

SUBSCRIBERS: Final = 1_000
ROUNDS: Final = 40
WARM_ROUNDS: Final = 4
SIZE: Final = 100
PRICE_FEN: Final = 1_500
_PATIENCE_SECONDS: Final = 30.0
_PAUSE_SECONDS: Final = (0.4, 1.2)
"""Between two seats, by chance, so that they meet every moment of the worker's round."""

FOLLOW: Final = """
subscription ($id: ID!) {
  groupBuyTeamUpdated(teamId: $id) {
    cursor team { id state joined seatsLeft missing expiresAt version members { name avatarUrl role } }
  }
}"""
_JOIN: Final = """
mutation ($input: PlacementInput!) { groupBuyTeamJoin(input: $input) { team { version } userErrors { code field } } }
"""
_OFFER: Final = """
insert into group_buy (id, shop_id, product_id, title, status, starts_at, ends_at, tier_sizes, max_size, team_hours,
                       leader_advantage, join_by, late_payment, new_customers_only, version, created_at, updated_at)
select $2, $1, product_id, '拼团', 'PUBLISHED', $4, $5, array[$6::int], $6, 24, 'NONE', 'LIST', 'REFUND', false, 1,
       $4, $4
from variant where shop_id = $1 and id = $3
"""
_VARIANT: Final = """
insert into group_buy_variant (id, shop_id, group_buy_id, variant_id, tier_prices_fen, taken)
values ($2, $1, $3, $4, array[$5::bigint], 0)
"""
_TEAM: Final = """
insert into group_buy_team (id, shop_id, group_buy_id, leader_id, terms, state, size, joined, reserved, virtual_seats,
                            started_at, expires_at, version, created_at, updated_at)
values ($2, $1, $3, $4, $5::jsonb, 'FORMING', $6, 0, 0, 0, $7, $8, 1, $7, $7)
"""
_PEOPLE: Final = """
insert into customer (id, shop_id, nickname, created_at) select one, $1, '顾客', $3 from unnest($2::uuid[]) one
"""
_TOLD_AT: Final = """
select created_at from outbox_event where shop_id = $1 and topic = 'group_buy_team.changed' and aggregate_id = $2
order by sequence desc limit 1
"""


@dataclass(frozen=True, slots=True)
class Team:
    """A team that has room for everybody who joins, and what is bought in it."""

    id: UUID
    group_buy_id: UUID
    variant_id: UUID


async def _open_team(sql: Connection, buyers: Buyers) -> Team:
    """Write down a group-buy and a team that forms."""
    team, now = Team(new_id(), new_id(), buyers.variants[0]), wall_now()
    shop_id, later = buyers.shop_id, now + timedelta(days=1)
    terms = {
        "tierSizes": [SIZE], "teamHours": 24, "leaderAdvantage": "NONE",
        "prices": {str(team.variant_id): {"tiers": [PRICE_FEN], "leader": None}},
    }  # fmt: skip
    leader, frozen = buyers.customers[-1][0], orjson.dumps(terms).decode()
    await sql.execute(_OFFER, shop_id, team.group_buy_id, team.variant_id, now, later, SIZE)
    await sql.execute(_VARIANT, shop_id, new_id(), team.group_buy_id, team.variant_id, PRICE_FEN)
    await sql.execute(_TEAM, shop_id, team.id, team.group_buy_id, leader, frozen, SIZE, now, later)
    return team


async def _introductions(sql: Connection, buyers: Buyers, tokens: Tokens) -> list[dict[str, str]]:
    """Return how each subscriber introduces themselves: every other one a customer, the rest visitors."""
    people = [new_id() for _ in range(SUBSCRIBERS // 2)]
    await sql.execute(_PEOPLE, buyers.shop_id, people, wall_now())
    said = []
    for customer_id in people:
        bearer = Bearer(ActorKind.CUSTOMER, buyers.shop_id, buyers.appid, customer_id, 1)
        said.append({"shopKey": KEY, "token": tokens.issue(bearer, minutes=1440)})
        said.append({"shopKey": KEY, "visitorId": str(uuid4())})
    return said


async def _join(http: httpx.AsyncClient, team: Team, buyers: Buyers, number: int) -> int:
    """Take a seat; the team's version from then on. Raises RuntimeError when it is refused."""
    _customer, address, token = buyers.customers[number]
    offer = {
        "id": encode_id("gbo", team.group_buy_id), "variantId": encode_id("var", team.variant_id), "quantity": 1,
        "instanceId": encode_id("gbt", team.id),
    }  # fmt: skip
    wish = {
        "source": {"offer": offer}, "delivery": {"address": {"addressId": encode_id("adr", address)}},
        "expectedTotal": {"fen": PRICE_FEN}, "idempotencyKey": secrets.token_hex(8),
    }  # fmt: skip
    headers = {"x-shop-key": KEY, "authorization": f"Bearer {token}"}
    said = (await http.post("/graphql", json={"query": _JOIN, "variables": {"input": wish}}, headers=headers)).json()
    if said.get("errors") or said["data"]["groupBuyTeamJoin"]["userErrors"]:
        raise RuntimeError(str(said))
    version: int = said["data"]["groupBuyTeamJoin"]["team"]["version"]
    return version


Step = Callable[[int], Awaitable[tuple[int, datetime]]]


async def _rounds(followers: list[Follower], step: Step) -> list[list[float]]:
    """Have the team move so many times; for each time how long each follower took to know, in milliseconds."""
    chance, taken = random.Random(1), []  # noqa: S311 - pauses
    for number in range(WARM_ROUNDS + ROUNDS):
        await asyncio.sleep(chance.uniform(*_PAUSE_SECONDS))
        version, began = await step(number)
        async with asyncio.timeout(_PATIENCE_SECONDS):
            heard = [await follower.heard(version) for follower in followers]
        if number >= WARM_ROUNDS:
            taken.append([(at - began).total_seconds() * 1000 for at in heard])
    return taken


async def _measure(on: Ground, servers: list[Server], buyers: Buyers) -> tuple[list[list[float]], float]:
    """How long each took to know, round by round, and the CPU seconds of both servers."""
    sql = await asyncpg.connect(on.settings.database_url)
    try:
        team = await _open_team(sql, buyers)
        said = await _introductions(sql, buyers, Keys.of(on.settings).tokens)
        asked = {"query": FOLLOW, "variables": {"id": encode_id("gbt", team.id)}}
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{servers[0].port}", timeout=_PATIENCE_SECONDS) as http:

            async def step(number: int) -> tuple[int, datetime]:
                version = await _join(http, team, buyers, number)
                return version, await sql.fetchval(_TOLD_AT, buyers.shop_id, team.id)

            ports = [servers[0].port] * (SUBSCRIBERS // 2) + [servers[1].port] * (SUBSCRIBERS // 2)
            async with following(list(zip(ports, said, strict=True)), asked) as followers:
                before = sum(map(_cpu, servers))
                taken = await _rounds(followers, step)
                return taken, sum(map(_cpu, servers)) - before
    finally:
        await sql.close()


def fan_out_line(on: Ground, stack: ExitStack, buyers: Buyers) -> str:
    """Start two servers and a worker, let people follow a team and others join it, and return a line of JSON."""
    servers = [stack.enter_context(serving(name, on)) for name in ("ours", "ours too")]
    stack.enter_context(working(on))
    taken, spent = uvloop.run(_measure(on, servers, buyers))
    half = SUBSCRIBERS // 2
    found: dict[str, Any] = {
        "bench": "fan_out",
        "subscribers": SUBSCRIBERS,
        "processes": len(servers),
        **_figures("", [at for one in taken for at in one]),
        **_figures("last_", [max(one) for one in taken]),
        **_figures("other_process_", [at for one in taken for at in one[half:]]),
        "ours_cpu_ms": round(spent * 1000 / SUBSCRIBERS / (ROUNDS + WARM_ROUNDS), 3),
        "rounds": len(taken),
    }
    return orjson.dumps(found).decode()


def _cpu(server: Server) -> float:
    spent = psutil.Process(server.pid).cpu_times()
    return float(spent.user + spent.system)


def _figures(name: str, found: list[float]) -> dict[str, int]:
    return {f"{name}p50_ms": round(median(found)), f"{name}p99_ms": round(quantiles(found, n=100)[98])}


def main() -> None:
    """Measure this alone and print its line."""
    with ground() as on, ExitStack() as stack:
        print(fan_out_line(on, stack, asyncio.run(prepare(on))))


if __name__ == "__main__":
    main()
