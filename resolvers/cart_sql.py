"""The statements of carts. Whose cart it is decides which unique key lets in only one living cart of a person.

Order of locks: the advisory locks of the people meant, then the cart's row, then its lines. The advisory lock lets the
statement after it see all that a rival has committed, so that counts are exact; the row is what placing holds.
"""

from typing import Final

from resolvers.cart_draft import QUANTITY_MAX
from resolvers.cart_facts import CART_LINES
from resolvers.idempotency import LOCK_MS

# Of the people meant, in the order of their names. All locks end with the transaction. Functions of a select list run
# in order: only the key's own lock is waited for so briefly.
_HOLD_PEOPLE: Final = """
(select count(*) from unnest($1::text[]) name where pg_advisory_xact_lock(hashtextextended(name, 0)) is not null)
"""
HOLD: Final = f"select {_HOLD_PEOPLE}"
HOLD_KEY: Final = f"""
select set_config('lock_timeout', '{LOCK_MS}', true), pg_advisory_xact_lock(hashtextextended($2, 0)),
       set_config('lock_timeout', '5000', true), {_HOLD_PEOPLE}
"""

# Unique partial indexes cart_customer and cart_visitor.
_OF_CUSTOMER: Final = "(shop_id, customer_id) where merged_into is null and customer_id is not null"
_OF_VISITOR: Final = "(shop_id, visitor_id) where merged_into is null and customer_id is null"

# Found or made, and held until the transaction ends. A cart that is asked for by a name it had before a merge is the
# one it went into. A device's cart that a login did not see, because it was made in that moment, is told of.
_OWN: Final = """
    insert into cart as stored (id, shop_id, visitor_id, customer_id, note, version, created_at, updated_at)
    select $5, $1, $2, $3, '', 1, $4, $4 where {when}
    on conflict {key} do update set version = stored.version + 1, updated_at = $4
    returning id
"""
_ASIDE: Final = """
    (select coalesce(asked.merged_into, asked.id) from cart asked where asked.shop_id = $1 and asked.id = $6)
        as asked_id,
    $3::uuid is not null and exists (
        select from cart stray where stray.shop_id = $1 and stray.visitor_id = $2 and stray.customer_id is null
        and stray.merged_into is null
    ) as has_stray
"""
_TAKE: Final = """
with own as ({own}) select own.id as cart_id, {aside} from own
"""

# Everything that adding takes in one statement: whether the same wish was carried out before, what is meant, the cart,
# its lines, and the key. Lines are written in the order of their unique key. What may not be is told beside, and the
# caller rolls it all back: variants that are not on sale, pieces above what a line may hold, lines above the limit.
# (The limit of one has each variant looked up by its key: PostgreSQL takes any JSON for a hundred rows, for which it
# would rather read all variants there are.)
_ADD: Final = """
with earlier as (
    select input_sha256, outcome from idempotency_key where shop_id = $1 and actor = $7 and mutation = $8 and key = $9
), brought as (
    select share_link_id from visit
    where shop_id = $1 and visit_id = $12 and visitor_id = $2 and source = 'SHARE'
), meant as materialized (
    select wished.*, decode(wished.key_hex, 'hex') as line_key, sold.variant_id is not null as is_sold, sold.price_fen,
           coalesce(link.id, (select share_link_id from brought)) as share_link_id
    from json_to_recordset($11::json) as wished(
        place int, id uuid, variant_id uuid, quantity int, attributes jsonb, key_hex text, share_token text
    )
    left join lateral (
        select variant.id as variant_id, variant.price_fen from variant
        join product on product.shop_id = variant.shop_id and product.id = variant.product_id
        where variant.shop_id = $1 and variant.id = wished.variant_id and product.status = 'ACTIVE'
          and product.published_at <= $4 and (product.unpublish_at is null or product.unpublish_at > $4)
        limit 1
    ) sold on true
    left join share_link link on link.shop_id = $1 and link.token = wished.share_token
        and (link.expires_at is null or link.expires_at > $4)
), summed as (
    select (array_agg(id order by place))[1] as id, variant_id, line_key, min(place) as place,
           sum(quantity)::int as quantity, (array_agg(attributes order by place))[1] as attributes,
           (array_agg(share_link_id order by place desc) filter (where share_link_id is not null))[1] as share_link_id,
           max(price_fen) as price_fen
    from meant where is_sold group by variant_id, line_key
), own as ({own}), standing as (
    select line.variant_id, line.attributes_key, line.quantity
    from cart_line line join own on line.cart_id = own.id where line.shop_id = $1
), added as (
    insert into cart_line as stored (
        id, shop_id, cart_id, variant_id, quantity, selected, attributes, attributes_key, share_link_id, seen_price_fen,
        created_at, updated_at
    )
    select summed.id, $1, own.id, summed.variant_id, least(summed.quantity, {most}), true, summed.attributes,
           summed.line_key, summed.share_link_id, summed.price_fen, $4, $4
    from summed cross join own order by summed.variant_id, summed.line_key
    on conflict (shop_id, cart_id, variant_id, attributes_key) do update set
        quantity = least(stored.quantity + excluded.quantity, {most}), selected = true,
        seen_price_fen = excluded.seen_price_fen, updated_at = excluded.updated_at,
        share_link_id = coalesce(excluded.share_link_id, stored.share_link_id)
), kept as (
    insert into idempotency_key (id, shop_id, actor, mutation, key, input_sha256, outcome, created_at)
    select $13, $1, $7, $8, $9, $10, to_jsonb(own.id::text), $14 from own
)
select (select id from own) as cart_id, {aside},
       (select input_sha256 from earlier) as input_sha256, (select outcome from earlier) as outcome,
       array(select place from meant where not is_sold order by place) as unsold,
       (select count(*) from standing) as stood,
       (select count(*) from summed where not exists (
           select from standing where standing.variant_id = summed.variant_id
           and standing.attributes_key = summed.line_key
       )) as new,
       (select jsonb_object_agg(summed.place, summed.quantity + coalesce(standing.quantity, 0)) from summed
        left join standing on standing.variant_id = summed.variant_id and standing.attributes_key = summed.line_key
        where summed.quantity + coalesce(standing.quantity, 0) > {most}) as overfull
"""

# Pieces and ticks are written where the line is: an order that is placed in the same moment waits, and sees them.
EDIT: Final = """
with wished as (
    select * from json_to_recordset($4::json) as wished(place int, id uuid, quantity int, selected boolean)
), edited as (
    update cart_line line set quantity = coalesce(wished.quantity, line.quantity),
        selected = coalesce(wished.selected, line.selected), seen_price_fen = variant.price_fen, updated_at = $3
    from wished cross join variant
    where line.shop_id = $1 and line.cart_id = $2 and line.id = wished.id
      and variant.shop_id = $1 and variant.id = line.variant_id
    returning line.id
)
select place, false as is_found from wished where not exists (select from edited where edited.id = wished.id)
order by place
"""

# Lines that become something else leave and come back as what they are then, the first of those that have become the
# same with the pieces of all, beside one that was like that before. Their place in the list and their share stay.
CHANGE: Final = f"""
with meant as materialized (
    select wished.place, line.id, line.created_at, line.share_link_id,
           coalesce(wished.variant_id, line.variant_id) as variant_id,
           coalesce(wished.quantity, line.quantity) as quantity, coalesce(wished.selected, line.selected) as selected,
           coalesce(wished.attributes, line.attributes) as attributes,
           coalesce(decode(wished.key_hex, 'hex'), line.attributes_key) as line_key,
           coalesce(wished.variant_id, line.variant_id) = line.variant_id or exists (
               select from product where product.shop_id = $1 and product.id = variant.product_id
               and product.status = 'ACTIVE' and product.published_at <= $3
               and (product.unpublish_at is null or product.unpublish_at > $3)
           ) as is_sold, variant.price_fen
    from json_to_recordset($4::json) as wished(
        place int, id uuid, quantity int, selected boolean, variant_id uuid, attributes jsonb, key_hex text
    )
    left join cart_line line on line.shop_id = $1 and line.cart_id = $2 and line.id = wished.id
    left join variant on variant.shop_id = $1 and variant.id = coalesce(wished.variant_id, line.variant_id)
), gone as (
    delete from cart_line line using meant
    where line.shop_id = $1 and line.cart_id = $2 and line.id = meant.id and meant.is_sold
    returning line.id
), summed as (
    select (array_agg(meant.id order by created_at, meant.id))[1] as id, min(created_at) as created_at, variant_id,
           line_key, sum(quantity)::int as quantity, bool_or(selected) as selected,
           (array_agg(attributes order by created_at, meant.id))[1] as attributes,
           (array_agg(share_link_id order by created_at desc) filter (where share_link_id is not null))[1]
               as share_link_id, max(price_fen) as price_fen
    from meant join gone on gone.id = meant.id group by variant_id, line_key
), put as (
    insert into cart_line as stored (
        id, shop_id, cart_id, variant_id, quantity, selected, attributes, attributes_key, share_link_id, seen_price_fen,
        created_at, updated_at
    )
    select id, $1, $2, variant_id, least(quantity, {QUANTITY_MAX}), selected, attributes, line_key, share_link_id,
           price_fen, created_at, $3
    from summed order by variant_id, line_key
    on conflict (shop_id, cart_id, variant_id, attributes_key) do update set
        quantity = least(stored.quantity + excluded.quantity, {QUANTITY_MAX}),
        selected = stored.selected or excluded.selected, seen_price_fen = excluded.seen_price_fen,
        updated_at = excluded.updated_at, share_link_id = coalesce(excluded.share_link_id, stored.share_link_id)
)
select place, id is not null as is_found from meant where id is null or not is_sold order by place
"""  # noqa: S608 - our own numbers

# Unique (shop_id, id); all lines when none are named.
SELECT: Final = """
update cart_line set selected = $4, updated_at = $3
where shop_id = $1 and cart_id = $2 and ($5::uuid[] is null or id = any($5)) returning id
"""
REMOVE: Final = "delete from cart_line where shop_id = $1 and cart_id = $2 and id = any($3::uuid[]) returning id"
CLEAR: Final = "delete from cart_line where shop_id = $1 and cart_id = $2"
CLEAR_INVALID: Final = f"""
delete from cart_line where shop_id = $1 and cart_id = $2 and id in (
    select fact.id from ({CART_LINES.format(shop="$1", now="$3::timestamptz", cart="$2")}) fact where fact.is_invalid
)
"""  # noqa: S608 - our own words
NOTE: Final = "update cart set note = $3 where shop_id = $1 and id = $2"
ATTRIBUTES: Final = "update cart set attributes = $3::jsonb where shop_id = $1 and id = $2"

# An address is a customer's own, and stays until this is done; a region is China's. Finds nothing when what is named is
# not there.
BUYER: Final = """
update cart set address_id = $4, region_code = $5
where shop_id = $1 and id = $2
  and ($4::uuid is null or exists (
      select from address where shop_id = $1 and id = $4 and customer_id = $3 for key share
  ))
  and ($5::text is null or exists (select from region where code = $5))
returning id
"""


def _for_both(statement: str, **words: str) -> dict[bool, str]:
    """Return a statement for customers (True) and for visitors (False)."""
    return {
        is_customer: statement.format(
            own=_OWN.format(key=_OF_CUSTOMER if is_customer else _OF_VISITOR, **words), aside=_ASIDE, most=QUANTITY_MAX
        )
        for is_customer in (True, False)
    }


TAKE: Final = _for_both(_TAKE, when="true")
ADD: Final = _for_both(_ADD, when="not exists (select from earlier)")
