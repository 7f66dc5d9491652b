"""Bringing figures up to date behind the buyers: an order touches stock levels alone, and this does the rest.

Who reserves sets `figured` to false in the statement that changes the level, and locks nothing above it: a product's
row would make all buyers of its variants wait for each other. A little later due work makes the figures anew.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from models.database import pool, transaction
from models.failpoint import failpoint
from resolvers.aggregates import refresh_products
from resolvers.retried import retried

BATCH_LEVELS: Final = 200

# The partial index on levels that are behind.
_SHOPS: Final = "select distinct shop_id from stock_level where not figured and ($1::uuid is null or shop_id = $1)"
_WAITING: Final = "select count(*) from stock_level where not figured and shop_id = $1"

# As every catalogue command does first (catalogue.py). One that is at work makes the figures of what it touches
# itself, and may take long: the shop is left for the next look, and no other shop waits for it.
_HOLD_SHOP: Final = "select id from shop where id = $1 for no key update skip locked"

# Before the figures are computed, by statements of their own: whoever reserves from now on waits for the end of this
# transaction and then says again that the level is behind, and what was reserved before is seen by what follows.
# Not `skip locked`: a level that sells all the time is always locked, and would never have its turn.
_TAKE: Final = """
with behind as materialized (
    select id from stock_level where shop_id = $1 and not figured order by id limit $2 for update
), taken as (
    update stock_level set figured = true from behind
    where stock_level.shop_id = $1 and stock_level.id = behind.id
    returning stock_level.variant_id
)
select array_agg(distinct variant.product_id) as product_ids, count(*) as levels
from taken join variant on variant.shop_id = $1 and variant.id = taken.variant_id
"""


async def refresh_stale_stock(_wall: datetime, shop_id: UUID | None) -> int:
    """Make the figures above levels that are behind anew, of one shop or of all; returns how many levels there were.

    Any number of workers may do this at once: the shop's row lets one in. Due work of the worker.
    """
    done = 0
    for row in await pool().fetch(_SHOPS, shop_id):
        while batch := await _refresh(row["shop_id"]):
            done += batch
            if batch < BATCH_LEVELS:
                break
    return done


async def waiting_figures(shop_id: UUID) -> int:
    """Return above how many levels of a shop the figures are behind."""
    waiting: int = await pool().fetchval(_WAITING, shop_id)
    return waiting


@retried
async def _refresh(shop_id: UUID) -> int:
    """Do one batch in a transaction of its own; 0 when there is nothing to do, or the catalogue is being written."""
    async with transaction() as sql:
        if await sql.fetchval(_HOLD_SHOP, shop_id) is None:
            return 0
        taken = await sql.fetchrow(_TAKE, shop_id, BATCH_LEVELS)
        if taken["levels"]:
            await refresh_products(sql, shop_id, taken["product_ids"])
            await failpoint("stock.figured")
        return int(taken["levels"])
