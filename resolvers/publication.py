"""Publication windows: the world hears once when a product comes on show and once when it goes.

`product.announced` is the last thing told. A product whose true state differs is told anew, by the command that
changed it (`announce_products`) or by the worker when the shop's clock passes an edge (`announce_due_windows`).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from models.database import Connection, pool, transaction
from resolvers.outbox import emit_many

BATCH_ROWS: Final = 1_000

# The wall clock comes as a bind and the shop's offset is added to it: the shop's own time, never SQL now().
# Both halves walk a partial index that holds planned edges only (product_to_open, product_to_close).
_SHOPS_DUE = """
select shop.id, shop.clock_offset_ms from shop
where ($2::uuid is null or shop.id = $2)
  and (exists (select from product where product.shop_id = shop.id and not product.announced
               and product.status = 'ACTIVE'
               and product.published_at <= $1::timestamptz + shop.clock_offset_ms * interval '1 millisecond'
               and (product.unpublish_at is null
                    or product.unpublish_at > $1::timestamptz + shop.clock_offset_ms * interval '1 millisecond'))
       or exists (select from product where product.shop_id = shop.id and product.announced
                  and product.unpublish_at <= $1::timestamptz + shop.clock_offset_ms * interval '1 millisecond'))
order by shop.id
"""

# As every catalogue command does first, so that nobody waits for each other and cached lists learn of it.
_HOLD_SHOP = "update shop set catalogue_version = catalogue_version + 1 where id = $1"

_EDGES = """
select id from product where shop_id = $1 and not announced and status = 'ACTIVE' and published_at <= $2
  and (unpublish_at is null or unpublish_at > $2)
union all
select id from product where shop_id = $1 and announced and unpublish_at <= $2
limit $3
"""

_TELL_CHANGED = """
update product set announced = not announced
where shop_id = $1 and id = any($3::uuid[])
  and announced <> (status = 'ACTIVE' and published_at <= $2 and (unpublish_at is null or unpublish_at > $2))
returning id, announced, handle
"""

_NEXT_EDGE = """
select least(
    (select min(published_at) from product
     where shop_id = $1 and not announced and status = 'ACTIVE' and published_at > $2),
    (select min(unpublish_at) from product where shop_id = $1 and announced and unpublish_at > $2)
)
"""


async def announce_products(sql: Connection, shop_id: UUID, now: datetime, product_ids: Sequence[UUID]) -> int:
    """Emit product.published or product.unpublished for each of these whose state on the shop's clock was not told.

    Called inside the transaction of a command, last, by everything that writes status or window; returns how many.
    """
    rows = await sql.fetch(_TELL_CHANGED, shop_id, now, sorted(set(product_ids)))
    for topic, shown in (("product.published", True), ("product.unpublished", False)):
        told = {row["id"]: {"handle": row["handle"]} for row in rows if row["announced"] is shown}
        await emit_many(sql, shop_id, topic, told)
    return len(rows)


async def announce_due_windows(wall: datetime, shop_id: UUID | None) -> int:
    """Tell of every edge that shops' clocks have passed at wall time `wall`; one transaction per shop.

    Any number of workers may do this at once: the shop's row lets one in, and the next finds nothing left to tell.
    """
    async with transaction() as sql:
        shops = await sql.fetch(_SHOPS_DUE, wall, shop_id)
    told = 0
    for shop in shops:
        told += await _announce_shop(shop["id"], wall + timedelta(milliseconds=shop["clock_offset_ms"]))
    return told


async def next_window_edge(shop_id: UUID, after: datetime) -> datetime | None:
    """Return the next moment on the shop's clock at which a product comes on show or goes."""
    found: datetime | None = await pool().fetchval(_NEXT_EDGE, shop_id, after)
    return found


async def _announce_shop(shop_id: UUID, now: datetime) -> int:
    told = 0
    while True:
        async with transaction() as sql:
            await sql.execute(_HOLD_SHOP, shop_id)
            due = [row["id"] for row in await sql.fetch(_EDGES, shop_id, now, BATCH_ROWS)]
            told += await announce_products(sql, shop_id, now, due)
        if len(due) < BATCH_ROWS:
            return told
