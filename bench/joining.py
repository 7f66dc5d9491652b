"""What it costs to join teams, over a thousand of them and all at one, beside a hand-written handler.

`python -m bench.joining` measures this alone.
"""

import asyncio
import base64
import secrets
from collections import defaultdict
from contextlib import ExitStack
from datetime import datetime
from typing import Final
from uuid import UUID

import orjson

from bench.load import Load, Plan, Target, turns
from bench.placing import (
    CALM,
    REQUESTS,
    ROUNDS,
    SECONDS,
    Buyers,
    ask_database,
    line_of_loads,
    orders_there,
    prepare,
    request_of,
    settle_tables,
)
from bench.servers import Ground, Server, ground, serving
from clock import wall_now
from ids import encode_id, new_id

RIVAL: Final = "joining rival"
TEAMS: Final = 1_000
SEATS: Final = 100
GROUP_FEN: Final = 990

DOCUMENT: Final = """
mutation Join($input: PlacementInput!) {
  groupBuyTeamJoin(input: $input) { order { id status total { fen } } userErrors { code } }
}
"""

_OFFER: Final = """
with offer as (
    insert into group_buy (id, shop_id, product_id, title, status, starts_at, ends_at, new_customers_only, tier_sizes,
        max_size, team_hours, leader_advantage, join_by, late_payment, version, created_at, updated_at)
    select $3, $1, product_id, '拼团', 'PUBLISHED', $4::timestamptz - interval '1 day',
        $4::timestamptz + interval '1 day', false, array[$5::int], $5, 24, 'NONE', 'LIST', 'REFUND', 1, $4, $4
    from variant where shop_id = $1 and id = $2 returning id
)
insert into group_buy_variant (id, shop_id, group_buy_id, variant_id, tier_prices_fen, taken)
select gen_random_uuid(), $1, offer.id, $2, array[$6::bigint], 0 from offer
"""
_TEAMS: Final = """
insert into group_buy_team (id, shop_id, group_buy_id, leader_id, terms, state, size, joined, reserved, virtual_seats,
    started_at, expires_at, version, created_at, updated_at)
select team.id, $1, $2, $3, $4::jsonb, 'FORMING', $5, 0, 0, 0, $6, $6::timestamptz + interval '1 day', 1, $6, $6
from unnest($7::uuid[]) as team(id)
"""
_WRONG: Final = """
select count(*) from group_buy_team team where joined + reserved > size or reserved <> (
    select count(*) from group_buy_seat where team_id = team.id and state = 'RESERVED')
"""


class Teams:
    """A group-buy of the first variant, and new teams for each turn: a person has one seat in a team."""

    def __init__(self, on: Ground, buyers: Buyers) -> None:
        self.on, self.buyers, self.offer_id = on, buyers, new_id()
        self.variant = buyers.variants[0]
        self.now: datetime = wall_now()
        self._ask(_OFFER, buyers.shop_id, self.variant, self.offer_id, self.now, SEATS, GROUP_FEN)

    def open(self, count: int) -> list[UUID]:
        """Let so many teams be forming, with nobody in them yet."""
        terms = {
            "tierSizes": [SEATS], "teamHours": 24, "leaderAdvantage": "NONE",
            "prices": {str(self.variant): {"tiers": [GROUP_FEN], "leader": None}},
        }  # fmt: skip
        ids, leader = [new_id() for _ in range(count)], self.buyers.customers[0][0]
        self._ask(
            _TEAMS, self.buyers.shop_id, self.offer_id, leader, orjson.dumps(terms).decode(), SEATS, self.now, ids
        )
        return ids

    def _ask(self, statement: str, *binds: object) -> None:
        asyncio.run(ask_database(self.on, statement, *binds))


def measure_joining(on: Ground, servers: list[Server], teams: Teams, *, hot: bool) -> str:
    """Join teams by turns on both servers; a line of JSON with the ratio of joins in a second.

    Hot is one team after the other, each until it is full. Raises RuntimeError unless every answer took a seat.
    """
    before, answers = asyncio.run(orders_there(on)), 0
    loads: defaultdict[str, list[Load]] = defaultdict(list)
    for round_ in range(ROUNDS + 1):
        for server in servers:
            load = _turn(on, server, teams, hot=hot)
            answers += load.answers
            # The first warms up.
            if round_:
                loads[server.name].append(load)
        if not round_:
            settle_tables(on)
    placed = asyncio.run(orders_there(on)) - before
    if placed != answers:
        message = f"{answers} answers, {placed} seats"
        raise RuntimeError(message)
    wrong: int = asyncio.run(ask_database(on, _WRONG))
    return line_of_loads("joining hot" if hot else "joining spread", CALM, loads["ours"], loads[RIVAL], wrong)


def _turn(on: Ground, server: Server, teams: Teams, *, hot: bool) -> Load:
    ids = teams.open(REQUESTS // SEATS if hot else TEAMS)
    requests = [_request(server, teams, ids[_place(number, hot=hot)], number) for number in range(REQUESTS)]
    sent = [base64.b64encode(one).decode() for one in requests]
    target = Target(server.name, server.port, server.pid, sent, 1)
    [load] = turns(Plan([target], 1, SECONDS, CALM, on.postgres))
    return load


def _place(number: int, *, hot: bool) -> int:
    return number // SEATS if hot else number % TEAMS


def _request(server: Server, teams: Teams, team_id: UUID, number: int) -> bytes:
    buyers = teams.buyers
    # One after the other, and another for each team that comes by again.
    customer, address, token = buyers.customers[(number + number // TEAMS) % len(buyers.customers)]
    key = secrets.token_hex(8)
    if server.name == "ours":
        part = {
            "id": encode_id("gbo", teams.offer_id), "instanceId": encode_id("gbt", team_id),
            "variantId": encode_id("var", teams.variant), "quantity": 1,
        }  # fmt: skip
        wish = {
            "source": {"offer": part},
            "expectedTotal": {"fen": GROUP_FEN},
            "delivery": {"address": {"addressId": encode_id("adr", address)}},
            "idempotencyKey": key,
        }
        return request_of(server, token, {"query": DOCUMENT, "variables": {"input": wish}})
    asked = {
        "shop": str(buyers.shop_id), "app": str(buyers.app_id), "customer": str(customer), "address": str(address),
        "variant": str(teams.variant), "offer": str(teams.offer_id), "team": str(team_id), "quantity": 1,
        "expected": GROUP_FEN, "key": key,
    }  # fmt: skip
    return request_of(server, token, asked, "/join")


def joining_lines(on: Ground, stack: ExitStack, buyers: Buyers) -> list[str]:
    """Measure both, on servers that stand as long as the stack."""
    teams = Teams(on, buyers)
    servers = [stack.enter_context(serving(name, on)) for name in ("ours", RIVAL)]
    return [measure_joining(on, servers, teams, hot=hot) for hot in (False, True)]


def main() -> None:
    """Measure this alone and print its lines."""
    with ground() as on, ExitStack() as stack:
        for line in joining_lines(on, stack, asyncio.run(prepare(on))):
            print(line, flush=True)


if __name__ == "__main__":
    main()
