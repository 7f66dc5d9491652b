"""Counting what was sold behind the payments: a payment touches no product, whose row would make all buyers wait.

A little later due work adds the pieces of paid orders to their products, each order once.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from models.database import pool, transaction
from resolvers.retried import retried

BATCH_ORDERS: Final = 500

# The partial index order_uncounted.
_SHOPS: Final = """
select distinct shop_id from orders
where paid_at is not null and not is_counted and ($1::uuid is null or shop_id = $1)
"""
_WAITING: Final = "select count(*) from orders where shop_id = $1 and paid_at is not null and not is_counted"

# As every catalogue command does first (catalogue.py); one at work is waited for by the next look.
_HOLD_SHOP: Final = "select id from shop where id = $1 for no key update skip locked"

# Orders before products, as everywhere; an order in somebody's hands is counted with the next.
_COUNT: Final = """
with uncounted as materialized (
    select id from orders where shop_id = $1 and paid_at is not null and not is_counted
    order by id limit $2 for no key update skip locked
), counted as (
    update orders set is_counted = true from uncounted where orders.shop_id = $1 and orders.id = uncounted.id
), sold as (
    select line.product_id, sum(line.quantity) as pieces from uncounted
    join order_line line on line.shop_id = $1 and line.order_id = uncounted.id
    where line.product_id is not null group by line.product_id
), held as materialized (
    select product.id, sold.pieces from sold
    join product on product.shop_id = $1 and product.id = sold.product_id
    order by product.id for no key update of product
), added as (
    update product set sales_count = product.sales_count + held.pieces from held
    where product.shop_id = $1 and product.id = held.id
)
select count(*) from uncounted
"""


async def count_sales(_wall: datetime, shop_id: UUID | None) -> int:
    """Add the pieces of orders that were paid to their products, of one shop or of all; returns how many orders.

    Any number of workers may do this at once: the shop's row lets one in. Due work of the worker.
    """
    done = 0
    for row in await pool().fetch(_SHOPS, shop_id):
        while batch := await _count(row["shop_id"]):
            done += batch
            if batch < BATCH_ORDERS:
                break
    return done


async def waiting_sales(shop_id: UUID) -> int:
    """Return how many paid orders of a shop are not counted yet."""
    waiting: int = await pool().fetchval(_WAITING, shop_id)
    return waiting


@retried
async def _count(shop_id: UUID) -> int:
    async with transaction() as sql:
        if await sql.fetchval(_HOLD_SHOP, shop_id) is None:
            return 0
        counted: int = await sql.fetchval(_COUNT, shop_id, BATCH_ORDERS)
        return counted
