"""Stored figures of the catalogue: what a list page shows is kept by the writes, not computed by the reads.

Every command that changes a product, its variants, stock, media or reviews calls `refresh_products` once, last,
for all it touched. The statements are set-based: their number does not depend on how many products there are.
"""

from collections.abc import Sequence
from uuid import UUID

from models.database import Connection

# The shop's row is taken first (see catalogue.py), so the statements after this one see what rivals committed.
_BUMP = "update shop set catalogue_version = catalogue_version + 1 where id = $1"

# What refreshing writes and checking compares, of the products that {products} narrows to.
# Per product: index (shop_id, product_id, ..) of variant, media and review; (shop_id, variant_id, ..) of stock_level.
FIGURES = """
stocked as materialized (
    select variant.id, variant.product_id, variant.price_fen, variant.tracked, variant.inventory_policy,
           variant.available as was,
           coalesce((select sum(on_hand - reserved) from stock_level level
                     where level.shop_id = variant.shop_id and level.variant_id = variant.id), 0)::bigint as available
    from variant where variant.shop_id = $1 and {products}
), priced as (
    select product_id, min(price_fen) as min_price_fen, max(price_fen) as max_price_fen, count(*) as variant_count,
           bool_or(not tracked or inventory_policy = 'CONTINUE' or available > 0) as in_stock
    from stocked group by product_id
), pictured as (
    select product_id, count(*) as image_count from media
    where shop_id = $1 and {products} and kind = 'IMAGE' group by product_id
), rated as (
    select product_id, sum(rating) as rating_sum, count(*) as rating_count from review
    where shop_id = $1 and {products} and status = 'PUBLISHED' group by product_id
), figures as (
    select product_id, min_price_fen, max_price_fen, in_stock, variant_count,
           coalesce(image_count, 0) as image_count, coalesce(rating_sum, 0) as rating_sum,
           coalesce(rating_count, 0) as rating_count,
           coalesce((200 * rating_sum + rating_count) / (2 * rating_count), 0) as rating_hundredths
    from priced left join pictured using (product_id) left join rated using (product_id)
)
"""
STALE_FIGURES = """
(product.min_price_fen, product.max_price_fen, product.in_stock, product.variant_count, product.image_count,
 product.rating_sum, product.rating_count, product.rating_hundredths)
is distinct from
(figures.min_price_fen, figures.max_price_fen, figures.in_stock, figures.variant_count, figures.image_count,
 figures.rating_sum, figures.rating_count, figures.rating_hundredths)
"""

# Only rows whose figures changed are written, so a refresh of nothing costs no dead rows.
_FIGURE = f"""
with {FIGURES.format(products="product_id = any($2::uuid[])")}, counted as (
    update variant set available = stocked.available from stocked
    where variant.shop_id = $1 and variant.id = stocked.id and stocked.was <> stocked.available
)
update product set (min_price_fen, max_price_fen, in_stock, variant_count, image_count, rating_sum, rating_count,
                    rating_hundredths)
    = (figures.min_price_fen, figures.max_price_fen, figures.in_stock, figures.variant_count, figures.image_count,
       figures.rating_sum, figures.rating_count, figures.rating_hundredths)
from figures
where product.shop_id = $1 and product.id = figures.product_id and {STALE_FIGURES}
"""  # noqa: S608 - fixed words

# What one rule says of one product. Text is compared without case; a rule on tags holds when any tag meets it, its
# negation when none equals; a category stands for its whole branch. CASE keeps the cast away from words.
_MEETS = """
case rule.field
    when 'IN_STOCK' then product.in_stock = (rule.value = 'true')
    when 'MIN_PRICE' then case rule.relation
        when 'EQUALS' then product.min_price_fen = rule.value::bigint
        when 'NOT_EQUALS' then product.min_price_fen <> rule.value::bigint
        when 'GREATER_THAN' then product.min_price_fen > rule.value::bigint
        when 'LESS_THAN' then product.min_price_fen < rule.value::bigint
    end
    when 'CATEGORY' then (rule.relation = 'NOT_EQUALS') <> coalesce((
        select rule.value = any(select 'cat_' || replace(step::text, '-', '') from unnest(category.path) as step)
        from category where category.shop_id = product.shop_id and category.id = product.category_id
    ), false)
    else (rule.relation = 'NOT_EQUALS') <> coalesce((
        select bool_or(case rule.relation
            when 'CONTAINS' then strpos(lower(word), lower(rule.value)) > 0
            when 'STARTS_WITH' then starts_with(lower(word), lower(rule.value))
            else lower(word) = lower(rule.value)
        end)
        from unnest(case rule.field
            when 'TITLE' then array[product.title::text]
            when 'VENDOR' then array[product.vendor::text]
            when 'PRODUCT_TYPE' then array[product.product_type::text]
            when 'TAG' then product.tags
        end) as word
    ), false)
end
"""

# {shelves} and {products} narrow the work: all shelves by rule for some products, or some shelves for all products.
# Row ids of memberships are nobody's business outside, so they alone are made by the database.
_MEMBERS = """
shelf as materialized (
    select id, rules, rule_match from collection where shop_id = $1 and kind = 'RULE' and {shelves}
), member as materialized (
    select shelf.id as collection_id, product.id as product_id
    from shelf
    cross join product
    cross join lateral jsonb_to_recordset(shelf.rules) as rule(field text, relation text, value text)
    where product.shop_id = $1 and {products}
    group by shelf.id, shelf.rule_match, product.id
    having case shelf.rule_match when 'ALL' then bool_and({meets}) else bool_or({meets}) end
)
"""
_SHELVE = """
with {members}, gone as (
    delete from collection_product placed using shelf
    where placed.shop_id = $1 and placed.collection_id = shelf.id and {placed}
      and not exists (select from member
                      where member.collection_id = placed.collection_id and member.product_id = placed.product_id)
    returning placed.collection_id
), come as (
    insert into collection_product (id, shop_id, collection_id, product_id, position)
    select gen_random_uuid(), $1, collection_id, product_id, 0 from member
    on conflict (shop_id, collection_id, product_id) do nothing
    returning collection_id
), change as (
    select collection_id, sum(delta) as delta
    from (select collection_id, 1 as delta from come union all select collection_id, -1 from gone) as move
    group by collection_id
)
update collection set product_count = product_count + change.delta from change
where collection.shop_id = $1 and collection.id = change.collection_id and change.delta <> 0
"""


def members_of(*, shelves: str, products: str) -> str:
    """Return the common table expressions `shelf` and `member`: which products meet the rules of which shelves."""
    return _MEMBERS.format(shelves=shelves, products=products, meets=_MEETS)


_SHELVE_PRODUCTS = _SHELVE.format(
    members=members_of(shelves="true", products="product.id = any($2::uuid[])"),
    placed="placed.product_id = any($2::uuid[])",
)
_SHELVE_COLLECTIONS = _SHELVE.format(members=members_of(shelves="id = any($2::uuid[])", products="true"), placed="true")
_COUNT_COLLECTIONS = """
update collection set product_count = (select count(*) from collection_product placed
                                       where placed.shop_id = collection.shop_id
                                         and placed.collection_id = collection.id)
where shop_id = $1 and id = any($2::uuid[])
"""

# Small: a shop has tens of shelves.
_COLLECTIONS_BY_CATEGORY = """
select id from collection where shop_id = $1 and kind = 'RULE' and rules @> '[{"field": "CATEGORY"}]'
"""


async def refresh_products(sql: Connection, shop_id: UUID, product_ids: Sequence[UUID]) -> None:
    """Bring every stored figure of these products up to date and count one catalogue write, in three statements.

    Price range, in stock, numbers of variants and pictures, rating (published reviews only), each variant's
    `available`, membership of shelves by rule and the counts of the shelves that changed.
    """
    await sql.execute(_BUMP, shop_id)
    if product_ids:
        ids = sorted(set(product_ids))
        await sql.execute(_FIGURE, shop_id, ids)
        await sql.execute(_SHELVE_PRODUCTS, shop_id, ids)


async def refresh_collections(sql: Connection, shop_id: UUID, collection_ids: Sequence[UUID]) -> None:
    """Fill shelves by rule anew after their rules changed, count all given shelves, count one catalogue write."""
    await sql.execute(_BUMP, shop_id)
    if collection_ids:
        await sql.execute(_SHELVE_COLLECTIONS, shop_id, list(collection_ids))
        await sql.execute(_COUNT_COLLECTIONS, shop_id, list(collection_ids))


async def refresh_collection(sql: Connection, shop_id: UUID, collection_id: UUID) -> None:
    """`refresh_collections` for one."""
    await refresh_collections(sql, shop_id, [collection_id])


async def refresh_category_collections(sql: Connection, shop_id: UUID) -> None:
    """Fill the shelves anew that look at categories, after the tree changed."""
    rows = await sql.fetch(_COLLECTIONS_BY_CATEGORY, shop_id)
    await refresh_collections(sql, shop_id, [row["id"] for row in rows])
