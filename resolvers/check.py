"""Checking a shop: every invariant is asked in one snapshot, and what breaks it is counted and named.

Lists of invariants stand in check_<what>.py beside this file; a new one is one entry there, a new list one line here.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from clock import wall_now
from models.database import Connection, pool
from models.refusal import Refusal, UserErrorCode
from resolvers.check_after_sale import AFTER_SALE_INVARIANTS
from resolvers.check_catalogue import CATALOGUE_INVARIANTS
from resolvers.check_group_buy import GROUP_BUY_INVARIANTS
from resolvers.check_order import ORDER_INVARIANTS, PAYMENT_INVARIANTS
from resolvers.check_outbox import OUTBOX_INVARIANTS
from resolvers.check_people import PEOPLE_INVARIANTS
from resolvers.check_refund import REFUND_INVARIANTS
from resolvers.check_shipment import SHIPMENT_INVARIANTS
from resolvers.check_stock import STOCK_INVARIANTS
from resolvers.invariant import Invariant

INVARIANTS: Final[tuple[Invariant, ...]] = (
    *STOCK_INVARIANTS,
    *CATALOGUE_INVARIANTS,
    *PEOPLE_INVARIANTS,
    *ORDER_INVARIANTS,
    *PAYMENT_INVARIANTS,
    *SHIPMENT_INVARIANTS,
    *REFUND_INVARIANTS,
    *AFTER_SALE_INVARIANTS,
    *GROUP_BUY_INVARIANTS,
    *OUTBOX_INVARIANTS,
)

EXAMPLES_MAX: Final = 10

_CLOCK: Final = "select clock_offset_ms from shop where id = $1"

# A check reads whole tables; nobody waits for it.
_PATIENCE: Final = "set local statement_timeout = '300s'"

# The three binds are always there, whether a rule has use for them or not.
_FIND: Final = """
with given(shop_id, shop_now, wall_now) as (values ($1::uuid, $2::timestamptz, $3::timestamptz)),
broken as materialized ({broken})
select (select count(*) from broken) as count,
       array(select id from broken order by id limit {examples}) as examples
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one invariant: how many rows break it, and the ids of up to ten of them."""

    name: str
    meaning: str
    count: int
    examples: tuple[str, ...]


async def check_shop(shop_id: UUID) -> list[Finding]:
    """Ask every invariant of a shop, all at the same moment; one finding each, `count` 0 where it holds.

    Raises Refusal NOT_FOUND. Figures that due work is about to bring up to date are not held against the shop.
    """
    async with pool().acquire() as sql, sql.transaction(isolation="repeatable_read", readonly=True):
        return await check_within(sql, shop_id)


async def differences(shop_id: UUID) -> list[Finding]:
    """Return the findings of a check that are broken; nothing when the shop is as it should be."""
    return [finding for finding in await check_shop(shop_id) if finding.count]


async def check_within(sql: Connection, shop_id: UUID) -> list[Finding]:
    """Do the same inside an open transaction."""
    await sql.execute(_PATIENCE)
    offset_ms: int | None = await sql.fetchval(_CLOCK, shop_id)
    if offset_ms is None:
        raise Refusal(UserErrorCode.NOT_FOUND, "没有这个店铺", "There is no such shop", "shop")
    wall = wall_now()
    now = wall + timedelta(milliseconds=offset_ms)
    return [await _ask(sql, invariant, shop_id, now, wall) for invariant in INVARIANTS]


async def _ask(sql: Connection, invariant: Invariant, shop_id: UUID, now: datetime, wall: datetime) -> Finding:
    statement = _FIND.format(broken=invariant.broken, examples=EXAMPLES_MAX)
    row: Any = await sql.fetchrow(statement, shop_id, now, wall)
    examples = tuple(invariant.shown(id_) for id_ in row["examples"])
    return Finding(invariant.name, invariant.meaning, row["count"], examples)
