"""Publication windows: the world hears once when a product comes on show and once when it goes.

`product.announced` is the last thing told, `product.next_edge_at` when to look again. A product whose true state
differs is told anew: by the command that changed it (`announce_products`), or by the worker when the shop's clock
passes an edge (`announce_due_windows`). A bulk write may leave it to the worker: set `next_edge_at` to the past.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from models.database import Connection, pool, transaction
from resolvers.outbox import emit_many

BATCH_ROWS: Final = 1_000

# The wall clock comes as a bind and a shop's offset is added to it: the shop's own time, never SQL now(). Shops on
# wall time are found by moment (product_next_edge); the few whose clock was moved are asked one by one.
_SHOPS_DUE = """
select shop.id, shop.clock_offset_ms from shop
where ($2::uuid is null or shop.id = $2) and shop.clock_offset_ms = 0
  and shop.id in (select product.shop_id from product where product.next_edge_at <= $1)
union all
select shop.id, shop.clock_offset_ms from shop
where ($2::uuid is null or shop.id = $2) and shop.clock_offset_ms > 0
  and exists (select from product where product.shop_id = shop.id
              and product.next_edge_at <= $1::timestamptz + shop.clock_offset_ms * interval '1 millisecond')
"""

# As every catalogue command does first, so that no two wait for each other.
_HOLD_SHOP = "select from shop where id = $1 for no key update"

_DUE = "select id from product where shop_id = $1 and next_edge_at <= $2 order by next_edge_at limit $3"

# Only rows with news are written; `was` comes from the same snapshot, which the held shop keeps true.
_SETTLE = """
with standing as materialized (
    select id, announced as was,
           status = 'ACTIVE' and published_at <= $2 and (unpublish_at is null or unpublish_at > $2) as shown,
           case when status <> 'ACTIVE' then null
                when published_at > $2 then published_at
                when unpublish_at > $2 then unpublish_at end as next_edge_at
    from product where shop_id = $1 and id = any($3::uuid[])
)
update product set announced = standing.shown, next_edge_at = standing.next_edge_at
from standing
where product.shop_id = $1 and product.id = standing.id
  and (standing.was <> standing.shown or product.next_edge_at is distinct from standing.next_edge_at)
returning product.id, product.handle, standing.shown, standing.was <> standing.shown as is_news
"""

# Lists that were cached before an edge must not outlive it.
_COUNT_CHANGE = "update shop set catalogue_version = catalogue_version + 1 where id = $1"

_NEXT_EDGE = "select min(next_edge_at) from product where shop_id = $1 and next_edge_at > $2"


async def announce_products(sql: Connection, shop_id: UUID, now: datetime, product_ids: Sequence[UUID]) -> int:
    """Emit product.published or product.unpublished for each of these whose state on the shop's clock was not told.

    Called inside the transaction of a command that holds the shop, last, by everything that writes status or
    window; returns how many events were written.
    """
    rows = await sql.fetch(_SETTLE, shop_id, now, sorted(set(product_ids)))
    news = [row for row in rows if row["is_news"]]
    for topic, shown in (("product.published", True), ("product.unpublished", False)):
        told = {row["id"]: {"handle": row["handle"]} for row in news if row["shown"] is shown}
        await emit_many(sql, shop_id, topic, told)
    return len(news)


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
            due = [row["id"] for row in await sql.fetch(_DUE, shop_id, now, BATCH_ROWS)]
            news = await announce_products(sql, shop_id, now, due)
            if news:
                await sql.execute(_COUNT_CHANGE, shop_id)
        told += news
        if len(due) < BATCH_ROWS:
            return told
