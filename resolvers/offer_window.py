"""Windows of offers: the world hears once when an offer opens by itself and once when it is over.

`<table>.changed` is told, and catalogue_version counted up, so that nothing shown before an edge outlives it. The
command that changes an offer tells of it itself and sets `announced` and `next_edge_at` with `window_columns`; at an
edge that the shop's clock passes the worker does (`announce_due_offers`).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from models.campaign import OfferKind, OfferStatus
from models.database import Connection, pool, transaction
from resolvers.outbox import emit_many

BATCH_ROWS: Final = 1_000

TABLES: Final[Mapping[OfferKind, str]] = {OfferKind.GROUP_BUY: "group_buy"}
"""Where the offers of each kind are."""

COUNT_CHANGE: Final = "update shop set catalogue_version = catalogue_version + 1 where id = $1"

# As for products in publication.py: shops on wall time by moment, the few whose clock was moved one by one. Partial
# indexes (next_edge_at) and (shop_id, next_edge_at) of each table.
_SHOPS_DUE: Final = """
select shop.id, shop.clock_offset_ms from shop
where ($2::uuid is null or shop.id = $2) and shop.clock_offset_ms = 0
  and shop.id in (select offer.shop_id from {table} offer where offer.next_edge_at <= $1)
union all
select shop.id, shop.clock_offset_ms from shop
where ($2::uuid is null or shop.id = $2) and shop.clock_offset_ms > 0
  and exists (select from {table} offer where offer.shop_id = shop.id
              and offer.next_edge_at <= $1::timestamptz + shop.clock_offset_ms * interval '1 millisecond')
"""

_HOLD_SHOP = "select from shop where id = $1 for no key update"

_SETTLE: Final = """
with standing as materialized (
    select id, announced as was,
           status = 'PUBLISHED' and starts_at <= $2 and ends_at > $2 as is_open,
           case when status <> 'PUBLISHED' then null
                when starts_at > $2 then starts_at
                when ends_at > $2 then ends_at end as next_edge_at
    from {table} where shop_id = $1 and next_edge_at <= $2 order by next_edge_at limit $3
)
update {table} offer set announced = standing.is_open, next_edge_at = standing.next_edge_at
from standing where offer.shop_id = $1 and offer.id = standing.id
returning offer.id, offer.product_id, offer.status, offer.version, offer.announced,
          standing.was <> standing.is_open as is_news
"""

_NEXT_EDGE: Final = "select min(next_edge_at) from {table} where shop_id = $1 and next_edge_at > $2"


def window_columns(status: OfferStatus, starts_at: datetime, ends_at: datetime, now: datetime) -> dict[str, Any]:
    """Return what an offer's row says of its window once a command has told of the offer."""
    if status is not OfferStatus.PUBLISHED or ends_at <= now:
        return {"announced": False, "next_edge_at": None}
    is_open = starts_at <= now
    return {"announced": is_open, "next_edge_at": ends_at if is_open else starts_at}


async def tell_offers(
    sql: Connection, shop_id: UUID, kind: OfferKind, offers: Mapping[UUID, Mapping[str, Any]]
) -> None:
    """Tell what became of offers, by id: product_id, status, version and `announced` as they are written."""
    told = {
        offer_id: {
            "kind": kind,
            "offerId": offer_id,
            "productId": offer["product_id"],
            "status": offer["status"],
            "isOpen": offer["announced"],
            "version": offer["version"],
        }
        for offer_id, offer in offers.items()
    }
    await emit_many(sql, shop_id, f"{TABLES[kind]}.changed", told)


async def announce_due_offers(wall: datetime, shop_id: UUID | None) -> int:
    """Tell of every offer that opened or was over when shops' clocks passed an edge; one transaction per shop and kind.

    Any number of workers may do this at once: the shop's row lets one in, and the next finds nothing left to tell.
    """
    told = 0
    for kind, table in TABLES.items():
        async with transaction() as sql:
            shops = await sql.fetch(_SHOPS_DUE.format(table=table), wall, shop_id)
        for shop in shops:
            told += await _announce(shop["id"], kind, wall + timedelta(milliseconds=shop["clock_offset_ms"]))
    return told


async def next_offer_edge(shop_id: UUID, after: datetime) -> datetime | None:
    """Return the next moment on the shop's clock at which an offer opens or is over."""
    edges = [await pool().fetchval(_NEXT_EDGE.format(table=table), shop_id, after) for table in TABLES.values()]
    return min((edge for edge in edges if edge is not None), default=None)


async def _announce(shop_id: UUID, kind: OfferKind, now: datetime) -> int:
    told = 0
    while True:
        async with transaction() as sql:
            await sql.execute(_HOLD_SHOP, shop_id)
            rows = await sql.fetch(_SETTLE.format(table=TABLES[kind]), shop_id, now, BATCH_ROWS)
            news = {row["id"]: row for row in rows if row["is_news"]}
            await tell_offers(sql, shop_id, kind, news)
            if news:
                await sql.execute(COUNT_CHANGE, shop_id)
        told += len(news)
        if len(rows) < BATCH_ROWS:
            return told
