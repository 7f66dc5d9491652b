"""Two carts turn out to be one person's: at login a device's joins the customer's, at a merge one customer's another's.

What is the same adds up, nothing is lost, and the name of the cart that goes leads to the one that stays.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from models.database import Connection
from resolvers.cart_draft import QUANTITY_MAX
from resolvers.reaping import reap

KEPT_DAYS: Final = 90

# $1 the shop, $2 who stays, $3 the one who goes (a device or a customer). The carts are held first, which keeps off all
# others who change lines. A line goes over as it is, unless the same is there already: of one line twice the pieces add
# up, the price is the one seen last, the share the one that goes brought. Lines are written in the order of their
# unique key. Metafields go along; where one of that name stands already, it stays as it is.
_JOIN: Final = """
with ours as materialized (
    select id from cart where shop_id = $1 and customer_id = $2 and merged_into is null for no key update
), theirs as materialized (
    select cart.* from cart cross join ours where cart.shop_id = $1 and {theirs} and cart.merged_into is null
    for no key update of cart
), twice as materialized (
    select line.id, mine.id as mine_id from theirs cross join ours
    join cart_line line on line.shop_id = $1 and line.cart_id = theirs.id
    join cart_line mine on mine.shop_id = $1 and mine.cart_id = ours.id
        and mine.variant_id = line.variant_id and mine.attributes_key = line.attributes_key
    for no key update of line, mine
), carried as (
    update cart_line line set cart_id = ours.id from ours cross join theirs
    where line.shop_id = $1 and line.cart_id = theirs.id and line.id not in (select id from twice)
), said_of_line as (
    update metafield said set cart_line_id = twice.mine_id from twice
    where said.shop_id = $1 and said.cart_line_id = twice.id and not exists (
        select from metafield stands where stands.shop_id = $1 and stands.cart_line_id = twice.mine_id
        and stands.namespace = said.namespace and stands.key = said.key)
), said_of_cart as (
    update metafield said set cart_id = ours.id from ours cross join theirs
    where said.shop_id = $1 and said.cart_id = theirs.id and not exists (
        select from metafield stands where stands.shop_id = $1 and stands.cart_id = ours.id
        and stands.namespace = said.namespace and stands.key = said.key)
), gone as (
    delete from cart_line line using twice where line.shop_id = $1 and line.id = twice.id returning line.*
), moved as (
    insert into cart_line as stored (
        id, shop_id, cart_id, variant_id, quantity, selected, attributes, attributes_key, share_link_id, seen_price_fen,
        created_at, updated_at
    )
    select gone.id, $1, ours.id, gone.variant_id, gone.quantity, gone.selected, gone.attributes, gone.attributes_key,
           gone.share_link_id, gone.seen_price_fen, gone.created_at, gone.updated_at
    from gone cross join ours order by gone.variant_id, gone.attributes_key
    on conflict (shop_id, cart_id, variant_id, attributes_key) do update set
        quantity = least(stored.quantity + excluded.quantity, {most}),
        selected = stored.selected or excluded.selected,
        share_link_id = coalesce(excluded.share_link_id, stored.share_link_id),
        seen_price_fen = case when excluded.updated_at > stored.updated_at
            then excluded.seen_price_fen else stored.seen_price_fen end,
        updated_at = greatest(stored.updated_at, excluded.updated_at)
), pointed as (
    update cart set merged_into = ours.id, customer_id = $2, version = cart.version + 1
    from ours, theirs where cart.shop_id = $1 and (cart.id = theirs.id or cart.merged_into = theirs.id)
), kept as (
    update cart set version = cart.version + 1, updated_at = greatest(cart.updated_at, theirs.updated_at),
        note = case when cart.note = '' then theirs.note else cart.note end,
        attributes = theirs.attributes || cart.attributes,
        address_id = coalesce(cart.address_id, theirs.address_id),
        region_code = case when cart.address_id is null and cart.region_code is null
            then theirs.region_code else cart.region_code end
    from ours, theirs where cart.shop_id = $1 and cart.id = ours.id
)
update cart set customer_id = $2, version = cart.version + 1
where cart.shop_id = $1 and {theirs} and cart.merged_into is null and not exists (select from ours)
"""

# A statement of its own: the one after it sees what rivals have committed. The same names as `cart_locks`.
HOLD_CARTS_OF_CUSTOMERS: Final = """
select pg_advisory_xact_lock(hashtextextended('cart ' || $1::uuid::text || ' ' || who.id::text, 0))
from (select id from unnest(array[$2::uuid, $3::uuid]) id order by id offset 0) who
"""
JOIN_CART_OF_CUSTOMER: Final = _JOIN.format(theirs="cart.customer_id = $3", most=QUANTITY_MAX)
_JOIN_CART_OF_VISITOR: Final = _JOIN.format(
    theirs="cart.visitor_id = $3 and cart.customer_id is null", most=QUANTITY_MAX
)

# Partial index cart_untouched (updated_at). By the shop's own clock, which only ever runs ahead of the wall.
_REAP: Final = """
delete from cart where id in (
    select cart.id from cart join shop on shop.id = cart.shop_id
    where cart.customer_id is null and cart.merged_into is null
      and cart.updated_at < $1::timestamptz + make_interval(secs => shop.clock_offset_ms / 1000.0)
    order by cart.updated_at limit $2 for update of cart skip locked
)
"""


def cart_locks(shop_id: UUID, customer_id: UUID | None, visitor_id: UUID | None) -> list[str]:
    """Name the advisory locks under which the carts of a customer and of a device change, in the order to take them.

    Customers before devices, so that a login that merges customers first waits for nobody in a circle.
    """
    return [f"cart {shop_id} {who}" for who in (customer_id, visitor_id) if who]


async def join_carts(sql: Connection, shop_id: UUID, visitor_id: UUID, customer_id: UUID) -> None:
    """Give a device's cart to the customer who is logged in on it, inside the open transaction, under both locks."""
    await sql.execute(_JOIN_CART_OF_VISITOR, shop_id, customer_id, visitor_id)


async def reap_carts(wall: datetime) -> int:
    """Drop carts of nobody known that were not touched for 90 days of their shop's clock; returns how many."""
    return await reap(_REAP, wall - timedelta(days=KEPT_DAYS))
