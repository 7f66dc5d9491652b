"""What it costs to place orders, on many variants and on one, beside a hand-written handler that writes the same rows.

`python -m bench.placing` measures this alone.
"""

import asyncio
import base64
import secrets
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson

from bench.catalogue import KEY
from bench.load import Load, Plan, Target, turns
from bench.servers import Ground, Server, ground, make_database, serving
from clock import wall_now
from ids import encode_id, new_id
from models.database import connect, migrate, pool
from models.shop import ShopMode
from resolvers.address import address_create
from resolvers.address_draft import AddressDraft
from resolvers.caller import ActorKind, Caller
from resolvers.keys import Keys, holding
from resolvers.region import RegionCodes
from resolvers.sandbox_shop import open_sandbox
from resolvers.tokens import Bearer, Tokens

VARIANTS: Final = 1_000
CUSTOMERS: Final = 2_000
ROUNDS: Final = 6
SECONDS: Final = 1.5
RUSH: Final = 128
"""Who place at the same moment when something is wanted, in one process."""
CALM: Final = 32
REQUESTS: Final = 6_000
"""For one turn: more than are answered in it."""
PIECES: Final = 40
"""Of the hot variant when it sells out."""

PRICE_FEN: Final = 1_990
RIVAL: Final = "placing rival"

DOCUMENT: Final = """
mutation Place($input: PlacementInput!) {
  orderPlace(input: $input) { order { id status total { fen } } userErrors { code } }
}
"""


@dataclass(frozen=True, slots=True)
class Buyers:
    """Who buys, and what there is."""

    shop_id: UUID
    app_id: UUID
    appid: str
    variants: list[UUID]
    customers: list[tuple[UUID, UUID, str]]
    """Customer, address, token."""


async def open_for_buyers(on: Ground) -> Buyers:
    """Open a shop with a thousand variants in plenty, and customers with addresses, who may hold many orders."""
    keys = Keys.of(on.settings)
    with holding(keys):
        opened = await open_sandbox(handle="bench", name="bench", seed=1, sealing_key=keys.sealing, key=KEY)
        shop, app = opened.shop, opened.app
        await pool().execute("update shop set unpaid_orders_max = 1000 where id = $1", shop.id)
        variants = await _stock(shop.id)
        customers = [await _customer(shop.id, app.id, app.appid, number, keys.tokens) for number in range(CUSTOMERS)]
    await pool().execute("vacuum analyze")
    return Buyers(shop.id, app.id, app.appid, variants, customers)


_PRODUCTS: Final = """
insert into product (id, shop_id, handle, title, vendor, product_type, tags, description_blocks, seo_title,
    seo_description, status, published_at, origin, source, min_price_fen, max_price_fen, in_stock, variant_count,
    image_count, rating_sum, rating_count, rating_hundredths, sales_count, announced, version, created_at, updated_at)
select gen_random_uuid(), $1, 'p' || n, '羊毛围巾 ' || n, '', '', '{}', '[]', '', '', 'ACTIVE', $2, 'OWN', '', $3, $3,
    true, 1, 0, 0, 0, 0, 0, true, 1, $2, $2 from generate_series(1, $4::int) n
"""
_VARIANTS: Final = """
insert into variant (id, shop_id, product_id, title, position, option_values, sku, barcode, price_fen, tracked,
    inventory_policy, available, requires_shipping, weight_grams, origin, source, version, created_at, updated_at)
select gen_random_uuid(), $1, id, '默认', 1, '{}', '', '', $3, true, 'DENY', 1000000, true, 100, 'OWN', '', 1, $2, $2
from product where shop_id = $1 returning id
"""
_LEVELS: Final = """
insert into stock_level (id, shop_id, variant_id, location_id, on_hand, reserved, may_oversell, figured, updated_at)
select gen_random_uuid(), $1, variant.id, location.id, 1000000, 0, false, true, $2
from variant join location on location.shop_id = $1 and location.is_default where variant.shop_id = $1
"""


async def _stock(shop_id: UUID) -> list[UUID]:
    now = wall_now()
    await pool().execute(_PRODUCTS, shop_id, now, PRICE_FEN, VARIANTS)
    variants = [row["id"] for row in await pool().fetch(_VARIANTS, shop_id, now, PRICE_FEN)]
    await pool().execute(_LEVELS, shop_id, now)
    return variants


async def _customer(shop_id: UUID, app_id: UUID, appid: str, number: int, tokens: Tokens) -> tuple[UUID, UUID, str]:
    customer_id = new_id()
    made = "insert into customer (id, shop_id, nickname, created_at) values ($1, $2, $3, $4)"
    await pool().execute(made, customer_id, shop_id, f"顾客 {number}", wall_now())
    caller = Caller(
        shop_id, ShopMode.SANDBOX, ActorKind.CUSTOMER, wall_now(), "bench", app_id=app_id, subject_id=customer_id
    )
    codes = RegionCodes("330000", "330100", "330106")
    draft = AddressDraft(recipient_name="王小明", phone="13800001234", detail="文三路 90 号", codes=codes)
    address_id = await address_create(caller, draft, "home")
    bearer = Bearer(ActorKind.CUSTOMER, shop_id, appid, customer_id, 1)
    return customer_id, address_id, tokens.issue(bearer, minutes=1440)


def placing_lines(on: Ground, servers: list[Server], buyers: Buyers) -> Iterator[str]:
    """Place orders by turns on both servers; lines of JSON with the ratio of orders in a second.

    In a rush and in calm, of many variants (spread) and all of one (hot). Raises RuntimeError unless every answer
    placed an order and holds its piece, and of the last pieces each was sold.
    """
    for connections in (RUSH, CALM):
        for hot in (False, True):
            yield _measure(on, servers, buyers, connections, hot=hot)


def _measure(on: Ground, servers: list[Server], buyers: Buyers, connections: int, *, hot: bool) -> str:
    before, answers = asyncio.run(orders_there(on)), 0
    loads: defaultdict[str, list[Load]] = defaultdict(list)
    for round_ in range(ROUNDS + 1):
        for server in servers:
            load = _turn(on, server, buyers, connections, hot=hot)
            answers += load.answers
            # The first warms up.
            if round_:
                loads[server.name].append(load)
        if not round_:
            settle_tables(on)
    placed = asyncio.run(orders_there(on)) - before
    if placed != answers:
        message = f"{answers} answers, {placed} orders"
        raise RuntimeError(message)
    for server in servers:
        _sell_out(on, server, buyers)
    name = "placing hot" if hot else "placing spread"
    return line_of_loads(name, connections, loads["ours"], loads[RIVAL], asyncio.run(_wrong(on)))


def settle_tables(on: Ground) -> None:
    """Let PostgreSQL count what the first turns wrote.

    It does so by itself within a minute; until then it plans as if the tables were as empty as they began.
    """
    asyncio.run(ask_database(on, "vacuum analyze"))


def line_of_loads(name: str, connections: int, ours: list[Load], rival: list[Load], oversold: int) -> str:
    """Return a line of JSON with the ratio of what both did in a second, and what it cost them."""
    ratios = [one.per_second / other.per_second for one, other in zip(ours, rival, strict=True)]
    found: dict[str, Any] = {
        "bench": name,
        "connections": connections,
        "ours_tps": round(median(load.per_second for load in ours)),
        "rival_tps": round(median(load.per_second for load in rival)),
        "ratio_tps": round(median(ratios), 2),
        "ours_cpu_ms": round(median(load.cpu_ms for load in ours), 3),
        "rival_cpu_ms": round(median(load.cpu_ms for load in rival), 3),
        "ours_postgres_ms": round(median(load.postgres_ms or 0 for load in ours), 3),
        "rival_postgres_ms": round(median(load.postgres_ms or 0 for load in rival), 3),
        "oversold": oversold,
    }
    return orjson.dumps(found).decode()


def _turn(on: Ground, server: Server, buyers: Buyers, connections: int, *, hot: bool) -> Load:
    # New keys each time: the same wish again is answered and places nothing.
    target = Target(server.name, server.port, server.pid, _requests(server, buyers, hot=hot), 1)
    [load] = turns(Plan([target], 1, SECONDS, connections, on.postgres))
    return load


_LAST: Final = "update stock_level set on_hand = reserved + $2 where variant_id = $1"
_WRONG: Final = """
select count(*) from stock_level level where reserved > on_hand or reserved <> (
    select coalesce(sum(quantity), 0) from reservation where stock_level_id = level.id and state = 'HELD'
)
"""


def _sell_out(on: Ground, server: Server, buyers: Buyers) -> None:
    """Leave a few pieces of the hot variant: so many orders must come of far more wishes."""
    asyncio.run(ask_database(on, _LAST, buyers.variants[0], PIECES))
    before = asyncio.run(orders_there(on))
    _turn(on, server, buyers, RUSH, hot=True)
    sold = asyncio.run(orders_there(on)) - before
    asyncio.run(ask_database(on, _LAST, buyers.variants[0], 1_000_000))
    if sold != PIECES:
        message = f"{server.name} sold {sold} of {PIECES}"
        raise RuntimeError(message)


async def orders_there(on: Ground) -> int:
    """Count the orders of the database."""
    found: int = await ask_database(on, "select count(*) from orders")
    return found


async def _wrong(on: Ground) -> int:
    """How many levels are oversold, or reserve another number than their orders hold."""
    found: int = await ask_database(on, _WRONG)
    return found


async def ask_database(on: Ground, statement: str, *binds: object) -> Any:  # noqa: ANN401 - whatever it gives
    """Ask the database for one value, beside everybody who is measured."""
    watcher = await asyncpg.connect(on.settings.database_url)
    try:
        return await watcher.fetchval(statement, *binds)
    finally:
        await watcher.close()


def _requests(server: Server, buyers: Buyers, *, hot: bool) -> list[str]:
    made = (_request(server, buyers, number, hot=hot) for number in range(REQUESTS))
    return [base64.b64encode(one).decode() for one in made]


_HEAD: Final = (
    "POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Shop-Key: {key}\r\nAccept: application/json\r\n"
    "Content-Type: application/json\r\nAuthorization: Bearer {token}\r\nContent-Length: {length}\r\n\r\n"
)


def request_of(server: Server, token: str, asked: dict[str, object], path: str = "/graphql") -> bytes:
    """Return what a customer with this token sends."""
    body = orjson.dumps(asked)
    return _HEAD.format(path=path, port=server.port, key=KEY, token=token, length=len(body)).encode() + body


def _request(server: Server, buyers: Buyers, number: int, *, hot: bool) -> bytes:
    variant = buyers.variants[0 if hot else number % VARIANTS]
    customer, address, token = buyers.customers[number % CUSTOMERS]
    key = secrets.token_hex(8)
    if server.name == "ours":
        wish = {
            "source": {"lines": [{"variantId": encode_id("var", variant), "quantity": 1}]},
            "expectedTotal": {"fen": PRICE_FEN},
            "delivery": {"address": {"addressId": encode_id("adr", address)}},
            "idempotencyKey": key,
        }
        return request_of(server, token, {"query": DOCUMENT, "variables": {"input": wish}})
    asked = {
        "shop": str(buyers.shop_id), "app": str(buyers.app_id), "customer": str(customer), "address": str(address),
        "variant": str(variant), "quantity": 1, "expected": PRICE_FEN, "key": key,
    }  # fmt: skip
    return request_of(server, token, asked, "/place")


async def prepare(on: Ground) -> Buyers:
    """Make the database anew and fill it."""
    dsn = on.settings.database_url or ""
    await make_database(dsn)
    await migrate(dsn)
    async with connect(dsn, pool_size=2):
        return await open_for_buyers(on)


def main() -> None:
    """Measure this alone and print its lines."""
    with ground() as on, ExitStack() as stack:
        buyers = asyncio.run(prepare(on))
        servers = [stack.enter_context(serving(name, on)) for name in ("ours", RIVAL)]
        for line in placing_lines(on, servers, buyers):
            print(line, flush=True)


if __name__ == "__main__":
    main()
