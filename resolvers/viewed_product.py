"""Which products somebody looked at lately: remembered in bulk beside the answers, and the customer's after a login."""

from collections.abc import AsyncIterator, Hashable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from ids import decode_id, new_id
from models.database import pool
from resolvers.bulk_log import BulkLog, writing
from resolvers.caller import ActorKind, Caller
from resolvers.reaping import reap
from resolvers.visit_address import scene_token, share_token

KEPT_MOST: Final = 100
"""How many products one person's list holds; the oldest looks go first."""
KEPT: Final = timedelta(days=180)

Way = Literal["id", "handle", "token", "scene"]
"""How a request named the product: itself, or by the share link that leads to it."""

# All by unique keys, of visible products only. What a device showed before somebody logged in on it is theirs, also
# when it is written after. Products first and then the rows in the order of their key, nobody's before customers', as
# a login and a deleted product take them: so nobody waits for another in a circle.
_WRITE: Final = """
with told as (
    select * from unnest(
        $1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::timestamptz[]
    ) as told (id, shop_id, customer_id, visitor_id, product_id, handle, token, at)
), meant as materialized (
    select told.*, coalesce(
        told.product_id,
        (select p.id from product p where p.shop_id = told.shop_id and p.handle = told.handle),
        (select link.target_id from share_link link
            where link.shop_id = told.shop_id and link.token = told.token and link.target_kind = 'PRODUCT'
            and (link.expires_at is null or link.expires_at > told.at))
    ) as found_id
    from told
), shown as (
    select meant.id, meant.shop_id, meant.found_id as product_id, meant.at, meant.visitor_id,
        coalesce(customer.merged_into, customer.id, joined.customer_id) as customer_id
    from meant
    join product on product.shop_id = meant.shop_id and product.id = meant.found_id
        and product.status = 'ACTIVE' and product.published_at <= meant.at
        and (product.unpublish_at is null or product.unpublish_at > meant.at)
    left join customer on customer.shop_id = meant.shop_id and customer.id = meant.customer_id
    left join visitor joined on meant.customer_id is null and joined.shop_id = meant.shop_id
        and joined.visitor_id = meant.visitor_id and joined.joined_at >= meant.at
    order by product.id
    for key share of product
), latest as (
    select distinct on (shop_id, customer_id, nobody_id, product_id) *
    from (select *, case when customer_id is null then visitor_id end as nobody_id from shown) named
    where customer_id is not null or nobody_id is not null
    order by shop_id, customer_id nulls first, nobody_id nulls first, product_id, at desc
)
insert into viewed_product as known (id, shop_id, customer_id, visitor_id, product_id, viewed_at)
select id, shop_id, customer_id, nobody_id, product_id, at from latest
order by shop_id, customer_id nulls first, nobody_id nulls first, product_id
on conflict (shop_id, customer_id, visitor_id, product_id) do update set viewed_at = excluded.viewed_at
    where known.viewed_at < excluded.viewed_at
returning shop_id, customer_id, visitor_id, known.xmax = 0 as is_new
"""
# A hundred rows of each whose list has grown, by its key. What another is writing this moment is left to it.
_TRIM: Final = """
with grown as (
    select * from unnest($1::uuid[], $2::uuid[], $3::uuid[]) as told (shop_id, customer_id, visitor_id)
), over as (
    select spare.id from grown cross join lateral (
        select v.id from viewed_product v where v.shop_id = grown.shop_id and v.customer_id = grown.customer_id
        order by v.viewed_at desc, v.product_id desc offset $4
    ) spare
    union all
    select spare.id from grown cross join lateral (
        select v.id from viewed_product v where grown.customer_id is null and v.shop_id = grown.shop_id
        and v.customer_id is null and v.visitor_id = grown.visitor_id
        order by v.viewed_at desc, v.product_id desc offset $4
    ) spare
)
delete from viewed_product where id in (
    select id from viewed_product where id in (select id from over) for update skip locked
)
"""
_MOVE: Final = """
theirs as (
    select id, product_id, viewed_at from viewed_product
    where shop_id = $1 and {whose} order by product_id for update
), gone as (
    delete from viewed_product using theirs where viewed_product.id = theirs.id returning theirs.*
), taken_over as (
    insert into viewed_product as known (id, shop_id, customer_id, visitor_id, product_id, viewed_at)
    select id, $1, $2, null, product_id, viewed_at from gone order by product_id
    on conflict (shop_id, customer_id, visitor_id, product_id) do update set viewed_at = excluded.viewed_at
        where known.viewed_at < excluded.viewed_at
)
"""
MOVE_CUSTOMERS: Final = f"with {_MOVE.format(whose='customer_id = $3')} select"
"""All that one customer ($3) looked at becomes another's ($2); of a product both looked at the later look stays."""
MOVE_DEVICES: Final = _MOVE.format(whose="customer_id is null and visitor_id = $3")
"""All that was looked at on a device ($3) before a customer ($2) logged in on it is theirs; goes between a `with` and
what is selected."""
_REAP: Final = "delete from viewed_product where id in (select id from viewed_product where viewed_at < $1 limit $2)"


@dataclass(slots=True)
class Viewed:
    """One look as it was asked for; `at` is on the shop's clock."""

    shop_id: UUID
    customer_id: UUID | None
    visitor_id: UUID | None
    product_id: UUID | None
    handle: str | None
    token: str | None
    at: datetime


def _key(entry: Viewed) -> Hashable:
    # Of UUIDs the driver makes a class of its own, whose hash is slow.
    who = entry.customer_id or entry.visitor_id
    return str(entry.shop_id), str(who), str(entry.product_id), entry.handle, entry.token


def _look_again(earlier: Viewed, later: Viewed) -> None:
    earlier.at = max(earlier.at, later.at)


async def write_views(views: Sequence[Viewed]) -> None:
    """Write looks in one statement, and another that keeps lists short; both in one transaction."""
    async with pool().acquire() as sql, sql.transaction():
        written = await sql.fetch(
            _WRITE,
            [new_id() for _ in views],
            *([getattr(one, name) for one in views] for name in Viewed.__slots__),
        )
        grown = list({(row["shop_id"], row["customer_id"], row["visitor_id"]) for row in written if row["is_new"]})
        if grown:
            await sql.execute(_TRIM, *(list(column) for column in zip(*grown, strict=True)), KEPT_MOST)


_recording: list[BulkLog[Viewed]] = []


@asynccontextmanager
async def recording_views() -> AsyncIterator[None]:
    """Remember what is looked at in this process for the length of a block."""
    bulk = BulkLog("viewed_product", write_views, key=_key, merge=_look_again)
    _recording.append(bulk)
    try:
        async with writing(bulk):
            yield
    finally:
        _recording.remove(bulk)


def note_view(caller: Caller, text: str, *, way: Way) -> None:
    """Remember a look, later. Staff, crawlers and clients without a name leave nothing, nor does what names nothing."""
    if not _recording or (caller.visitor_id is None and caller.viewer_id is None):
        return
    if caller.is_bot or caller.actor not in (ActorKind.VISITOR, ActorKind.CUSTOMER):
        return
    product_id = decode_id("prd", text) if way == "id" else None
    handle = text if way == "handle" else None
    token = share_token(text) if way == "token" else scene_token(text) if way == "scene" else None
    if product_id or handle or token:
        entry = Viewed(caller.shop_id, caller.viewer_id, caller.visitor_id, product_id, handle, token, caller.now)
        _recording[-1].add(entry)


async def settle_views() -> None:
    """Write what this process still holds."""
    for bulk in _recording:
        await bulk.write()


async def reap_views(wall: datetime) -> int:
    """Throw away looks of half a year ago; returns how many."""
    return await reap(_REAP, wall - KEPT)
