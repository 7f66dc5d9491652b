"""What placing and quoting must know, read for any number of wishes of one shop in a handful of statements."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from asyncpg import Record

from models.campaign import OfferKind
from models.database import Connection
from resolvers.campaign import AskedOffer
from resolvers.campaigns import CAMPAIGNS
from resolvers.freight import Templates
from resolvers.freight_template import freight_of
from resolvers.idempotency import actor_of
from resolvers.placement import Wish
from resolvers.rows import as_json

# A wish has few lines, and few wishes come at once; but PostgreSQL takes any JSON for a hundred rows, and for so many
# it reads whole tables instead of looking rows up by their keys. `n % 1 = 0` is true of every row, and taken for rare.

# Who buys, where it goes, what brought them, and whether the same wish was carried out before: one row for each wish,
# by unique keys. A visit that is still on its way into the table leaves the order to the customer's visit before it.
# A friend who passes on what a promoter shared brings buyers for that promoter: the nearest one up the chain of links.
# Index visit_customer for that one; order_customer_unpaid for the unpaid orders.
_PEOPLE: Final = """
select wish.n, shop.seed, shop.pay_minutes, shop.unpaid_orders_max, shop.clock_offset_ms,
       known.input_sha256, known.outcome, coalesce(customer.paid_orders, 0) as paid_orders,
       (select count(*) from orders where orders.shop_id = $1 and orders.customer_id = wish.customer_id
        and orders.status = 'PENDING_PAYMENT') as unpaid_orders,
       address.id as address_id, address.recipient_sealed, address.name_masked, address.phone_masked, address.postcode,
       address.province_code, address.city_code, address.district_code, address.province_name, address.city_name,
       address.district_name,
       visit.id as visit_row_id, visit.share_link_id, visit.scene_value, visit.channel, visit.campaign, visit.article,
       chain.links as share_chain,
       coalesce(visit.promoter_id, case when visit.source = 'SHARE' then chain.promoter_id end) as promoter_id
from (
    select * from jsonb_to_recordset($2::jsonb) as told(
        n int, customer_id uuid, visit_id uuid, address_id uuid, actor text, mutation text, key text
    )
    where n % 1 = 0
) wish
join shop on shop.id = $1
left join customer on customer.shop_id = $1 and customer.id = wish.customer_id
left join idempotency_key known on known.shop_id = $1 and known.actor = wish.actor
      and known.mutation = wish.mutation and known.key = wish.key
left join address on address.shop_id = $1 and address.id = wish.address_id and address.customer_id = wish.customer_id
left join lateral (
    select seen.* from (
        (select visit.*, 1 as choice from visit where visit.shop_id = $1 and visit.visit_id = wish.visit_id
         and (visit.customer_id is null or visit.customer_id = wish.customer_id))
        union all
        (select visit.*, 2 as choice from visit where visit.shop_id = $1 and visit.customer_id = wish.customer_id
         order by visit.arrived_at desc limit 1)
    ) seen
    order by seen.choice limit 1
) visit on true
left join lateral (
    with recursive link as (
        select share_link.id, share_link.parent_id, share_link.promoter_id, 1 as step from share_link
        where share_link.shop_id = $1 and share_link.id = visit.share_link_id
        union all
        select above.id, above.parent_id, above.promoter_id, link.step + 1 from link
        join share_link above on above.shop_id = $1 and above.id = link.parent_id where link.step < 10
    )
    select coalesce(jsonb_agg(link.id order by link.step), '[]') as links,
           (array_agg(link.promoter_id order by link.step) filter (where link.promoter_id is not null))[1]
               as promoter_id
    from link
) chain on true
order by wish.n
"""

# What is wished for, as it is today. Carts are held in the order of their ids, then lines of theirs, as whoever changes
# a cart takes them: a rival who changes one waits.
# `bought` counts pieces of the product, and of the variant, that the customer has in orders that stand; asked only
# where there is a limit.
_LINES: Final = """
with wished as materialized (
    select * from jsonb_to_recordset($2::jsonb) as wished(
        n int, k int, customer_id uuid, visitor_id uuid, variant_id uuid, quantity int, attributes jsonb,
        share_link_id uuid, cart_line_id uuid
    )
    where n % 1 = 0
), carts as materialized (
    select cart.id, cart.customer_id, cart.visitor_id from cart
    where cart.shop_id = $1 and cart.id in (
        select line.cart_id from cart_line line
        where line.shop_id = $1 and line.id in (select cart_line_id from wished)
    )
    order by cart.id {lock_carts}
), held as materialized (
    select line.id, line.variant_id, line.quantity, line.attributes, line.share_link_id, carts.customer_id,
           carts.visitor_id
    from cart_line line join carts on carts.id = line.cart_id
    where line.shop_id = $1 and line.id in (select cart_line_id from wished)
    order by line.id {lock}
)
select wished.n, wished.k, variant.id as variant_id, product.id as product_id, held.id as cart_line_id,
       coalesce(held.quantity, wished.quantity) as quantity,
       coalesce(held.attributes, wished.attributes) as attributes,
       coalesce(held.share_link_id, wished.share_link_id) as share_link_id,
       product.status = 'ACTIVE' and product.published_at <= $3
           and (product.unpublish_at is null or product.unpublish_at > $3) as is_sold,
       product.title, product.origin, product.freight_template_id, variant.title as variant_title, variant.sku,
       variant.price_fen, variant.cost_fen, variant.weight_grams, variant.requires_shipping, variant.tracked,
       variant.inventory_policy, variant.per_order_limit, variant.per_person_limit,
       product.per_order_limit as product_per_order_limit, product.per_person_limit as product_per_person_limit,
       (select coalesce(jsonb_agg(jsonb_build_object('name', choice.name, 'value', variant.option_values[choice.at])
                                  order by choice.at), '[]')
        from (select option.name, row_number() over (order by option.position, option.id) as at
              from product_option option where option.shop_id = $1 and option.product_id = product.id) choice
       ) as options,
       coalesce((select media.url from media where media.shop_id = $1 and media.id = variant.media_id),
                (select media.url from media where media.shop_id = $1 and media.product_id = product.id
                 and media.kind = 'IMAGE' order by media.position, media.id limit 1)) as image_url,
       case when product.per_person_limit is not null and wished.customer_id is not null then ({bought_product}) end
           as product_bought,
       case when variant.per_person_limit is not null and wished.customer_id is not null then ({bought_variant}) end
           as bought
from wished
left join held on held.id = wished.cart_line_id and (
    held.customer_id = wished.customer_id or (held.customer_id is null and held.visitor_id = wished.visitor_id)
)
left join variant on variant.shop_id = $1 and variant.id = coalesce(held.variant_id, wished.variant_id)
left join product on product.shop_id = $1 and product.id = variant.product_id
order by wished.n, wished.k
"""
_BOUGHT: Final = """
select coalesce(sum(line.quantity - line.refunded_quantity), 0) from orders
join order_line line on line.shop_id = orders.shop_id and line.order_id = orders.id
where orders.shop_id = $1 and orders.customer_id = wished.customer_id and orders.status <> 'CANCELLED'
  and line.{column} = {table}.id
"""


def _lines(lock_carts: str, lock: str) -> str:
    return _LINES.format(
        lock_carts=lock_carts,
        lock=lock,
        bought_product=_BOUGHT.format(column="product_id", table="product"),
        bought_variant=_BOUGHT.format(column="variant_id", table="variant"),
    )


_LINES_HELD: Final = _lines("for no key update of cart", "for update of line")
_LINES_SEEN: Final = _lines("", "")

# Levels in the order of their ids, as everybody takes them; unique key (shop_id, variant_id, location_id).
_LEVELS: Final = """
select level.id, level.variant_id, level.on_hand - level.reserved as available, location.is_default
from stock_level level join location on location.shop_id = level.shop_id and location.id = level.location_id
where level.shop_id = $1 and level.variant_id in (
    select id from unnest($2::uuid[]) with ordinality as sold(id, n) where n % 1 = 0
)
order by level.id {lock}
"""
_LEVELS_HELD: Final = _LEVELS.format(lock="for no key update of level")
_LEVELS_SEEN: Final = _LEVELS.format(lock="")


@dataclass(slots=True)
class Level:
    """Stock of a variant at one place; `available` falls as wishes before ours take from it."""

    id: UUID
    available: int
    is_default: bool


@dataclass(slots=True)
class Facts:
    """`people` is one row for each wish, `lines` its lines; `levels` by variant. All of one moment of one shop."""

    now: datetime
    people: list[Record]
    lines: list[list[Record]]
    levels: dict[UUID, list[Level]]
    templates: Templates
    offers: dict[OfferKind, Any]
    """What each kind of campaign that is wished for has read, by kind."""
    placed: Counter[tuple[UUID, UUID | None]] = field(default_factory=Counter)
    """What wishes before ours came to: (customer, product or variant) -> pieces, (customer, None) -> unpaid orders."""
    bought: set[UUID] = field(default_factory=set)
    """Lines of carts that wishes before ours have bought: they are in no cart any more."""


async def read_facts(sql: Connection, wishes: Sequence[Wish], *, hold: bool) -> Facts:
    """Read all that these wishes of one shop need; with `hold`, what may run out is held until the transaction ends."""
    shop_id, now = wishes[0].caller.shop_id, max(wish.caller.now for wish in wishes)
    asked = [_asked(number, wish) for number, wish in enumerate(wishes)]
    people = await sql.fetch(_PEOPLE, shop_id, as_json(asked))
    wished = [line for number, wish in enumerate(wishes) for line in _wished(number, wish)]
    rows = await sql.fetch(_LINES_HELD if hold else _LINES_SEEN, shop_id, as_json(wished), now)
    lines: list[list[Record]] = [[] for _ in wishes]
    for row in rows:
        lines[row["n"]].append(row)
    templates = await _templates(sql, shop_id, rows)
    levels = await _levels(sql, shop_id, rows, hold=hold)
    offers = await _offers(sql, wishes, people, now, hold=hold)
    return Facts(now, people, lines, levels, templates, offers)


async def _templates(sql: Connection, shop_id: UUID, rows: Sequence[Record]) -> Templates:
    """Read what freight costs, before the stock is held: a hot level is held no longer than it must be."""
    if not any(row["requires_shipping"] for row in rows):
        return {}
    named = {row["freight_template_id"] for row in rows if row["freight_template_id"]}
    return await freight_of(sql, shop_id, sorted(named))


async def _levels(sql: Connection, shop_id: UUID, rows: Sequence[Record], *, hold: bool) -> dict[UUID, list[Level]]:
    """Read the stock of the variants that have one."""
    tracked = sorted({row["variant_id"] for row in rows if row["tracked"]})
    levels: dict[UUID, list[Level]] = {variant_id: [] for variant_id in tracked}
    if tracked:
        for row in await sql.fetch(_LEVELS_HELD if hold else _LEVELS_SEEN, shop_id, tracked):
            levels[row["variant_id"]].append(Level(row["id"], row["available"], row["is_default"]))
    return levels


async def _offers(
    sql: Connection, wishes: Sequence[Wish], people: list[Record], now: datetime, *, hold: bool
) -> dict[OfferKind, Any]:
    """Let each kind of campaign read what wishes for it need, after the stock and so after everybody's locks on it."""
    found: dict[OfferKind, Any] = {}
    for kind, campaign in CAMPAIGNS.items():
        asked = [
            AskedOffer(number, wish, people[number])
            for number, wish in enumerate(wishes)
            if wish.placement.offer and wish.placement.offer.kind is kind
        ]
        if asked:
            found[kind] = await campaign.read(sql, asked, now, hold)
    return found


def _asked(number: int, wish: Wish) -> Mapping[str, Any]:
    return {
        "n": number,
        "customer_id": wish.customer_id,
        "visit_id": wish.caller.visit_id,
        "address_id": wish.placement.destination.address_id,
        "actor": None if wish.key is None else actor_of(wish.caller),
        "mutation": wish.mutation,
        "key": wish.key,
    }


def _wished(number: int, wish: Wish) -> list[Mapping[str, Any]]:
    who = {"n": number, "customer_id": wish.customer_id, "visitor_id": wish.caller.visitor_id}
    chosen: list[Mapping[str, Any]] = [
        {**who, "k": index, "cart_line_id": line_id} for index, line_id in enumerate(wish.placement.cart_line_ids)
    ]
    return chosen or [
        {
            **who,
            "k": index,
            "variant_id": line.variant_id,
            "quantity": line.quantity,
            "attributes": dict(line.attributes),
            "share_link_id": line.share_link_id,
        }
        for index, line in enumerate(wish.placement.lines)
    ]
