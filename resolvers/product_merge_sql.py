"""The statements that bring staged records into the tables: each works on the whole batch, however large.

$1 is always the shop. The staging tables (see product_stage.py) are analysed after loading, so every join below
starts from them and probes an index that begins with shop_id.
`import_change` collects the products that something happened to; `edited` is false when only stock moved.
"""

# ruff: noqa: S608 - what is put into a statement are the names of our own columns, never a value
from typing import Final

# List figures and `available` are right from the first row on: refreshing them afterwards writes nothing, where an
# update would write every new row and all its index entries a second time.
INSERT_PRODUCTS: Final = """
with priced as (
    select product_id, min(price_fen) as min_price_fen, max(price_fen) as max_price_fen, count(*) as variant_count,
           bool_or(not tracked or inventory_policy = 'CONTINUE' or quantity > 0) as in_stock
    from import_variant group by product_id
), pictured as (
    select product_id, count(*) as image_count from import_media group by product_id
)
insert into product (id, shop_id, handle, title, vendor, product_type, category_id, tags, description_blocks,
    seo_title, seo_description, status, published_at, origin, source, external_id, min_price_fen, max_price_fen,
    in_stock, variant_count, image_count, rating_sum, rating_count, rating_hundredths, sales_count, version,
    created_at, updated_at)
select id, $1, handle, title, vendor, product_type, category_id, tags, description_blocks,
    seo_title, seo_description, status, made_at, $2, $3, handle, min_price_fen, max_price_fen,
    in_stock, variant_count, coalesce(image_count, 0), 0, 0, 0, 0, 1, made_at, made_at
from import_product
join priced on priced.product_id = id
left join pictured on pictured.product_id = id
where is_new
"""

# The same address may stand in several places: the nth of it is the nth of it.
MATCH_MEDIA: Final = """
update import_media staged set id = known.id, is_new = false
from (
    select media.id, media.product_id, media.url,
           row_number() over (partition by media.product_id, media.url order by media.position, media.id) as nth
    from media where shop_id = $1 and product_id in (select id from import_product where not is_new)
) known
where known.product_id = staged.product_id and known.url = staged.url and known.nth = staged.nth
"""

MERGE_MEDIA: Final = """
with made as (
    insert into media (id, shop_id, product_id, kind, url, alt, position)
    select id, $1, product_id, 'IMAGE', url, alt, position from import_media where is_new returning product_id
), moved as (
    update media set alt = staged.alt, position = staged.position from import_media staged
    where media.shop_id = $1 and media.id = staged.id and not staged.is_new
      and (media.alt, media.position) is distinct from (staged.alt, staged.position)
    returning media.product_id
)
insert into import_change select product_id, true from made union select product_id, true from moved
"""

# Last of the pictures' statements: by now no variant points to one that goes. Films are none of a file's business.
DROP_MEDIA: Final = """
with gone as (
    delete from media where shop_id = $1 and kind = 'IMAGE'
      and product_id in (select id from import_product where not is_new)
      and not exists (select from import_media staged where staged.id = media.id)
    returning product_id
)
insert into import_change select distinct product_id, true from gone
"""

MATCH_VARIANTS: Final = """
update import_variant staged set id = variant.id, is_new = false from variant
where variant.shop_id = $1 and variant.product_id = staged.product_id and variant.option_values = staged.option_values
"""

POINT_TO_MEDIA: Final = """
update import_variant staged set media_id = media.id from import_media media
where media.product_id = staged.product_id and media.url = staged.image_url and media.nth = 1
"""

DROP_VARIANTS: Final = """
with gone as (
    delete from variant where shop_id = $1 and product_id in (select id from import_product where not is_new)
      and not exists (select from import_variant staged where staged.id = variant.id)
    returning product_id
)
insert into import_change select distinct product_id, true from gone
"""

INSERT_VARIANTS: Final = """
with made as (
    insert into variant (id, shop_id, product_id, title, position, option_values, sku, barcode, price_fen,
        compare_at_price_fen, cost_fen, tracked, inventory_policy, available, requires_shipping, weight_grams, media_id,
        origin, source, external_id, version, created_at, updated_at)
    select staged.id, $1, staged.product_id, staged.title, position, option_values, sku, barcode, price_fen,
        compare_at_price_fen, cost_fen, tracked, inventory_policy,
        case when not tracked then 0 when inventory_policy = 'CONTINUE' then quantity else greatest(quantity, 0) end,
        requires_shipping, weight_grams, media_id,
        $2, $3, staged.external_id, 1, made_at, made_at
    from import_variant staged join import_product product on product.id = staged.product_id where staged.is_new
    returning product_id
)
insert into import_change select distinct product_id, true from made
"""

FIRST_PRICES: Final = """
insert into price_history (id, shop_id, variant_id, price_fen, compare_at_price_fen, created_at)
select price_id, $1, staged.id, price_fen, compare_at_price_fen, made_at
from import_variant staged join import_product product on product.id = staged.product_id where staged.is_new
"""

# Before the options are named anew: (shop_id, product_id, name) and (.., position) are unique at every moment.
DROP_OPTIONS: Final = """
with gone as (
    delete from product_option where shop_id = $1 and product_id in (select id from import_product where not is_new)
      and not exists (
          select from import_option staged where staged.product_id = product_option.product_id
            and staged.position = product_option.position and staged.name = product_option.name)
    returning product_id
)
insert into import_change select distinct product_id, true from gone
"""

MERGE_OPTIONS: Final = """
with merged as (
    insert into product_option (id, shop_id, product_id, name, position, values)
    select id, $1, product_id, name, position, values from import_option
    on conflict (shop_id, product_id, position) do update set values = excluded.values
        where product_option.values is distinct from excluded.values
    returning product_id
)
insert into import_change select distinct product_id, true from merged
"""

# $2 and $3 are namespaces and keys that the file speaks of: without a value there, the metafield goes.
DROP_METAFIELDS: Final = """
with gone as (
    delete from metafield using import_product product, unnest($2::text[], $3::text[]) as spoken(namespace, key)
    where metafield.shop_id = $1 and metafield.product_id = product.id and not product.is_new
      and metafield.namespace = spoken.namespace and metafield.key = spoken.key
      and not exists (
          select from import_metafield staged where staged.product_id = metafield.product_id
            and staged.variant_number is null
            and staged.namespace = metafield.namespace and staged.key = metafield.key)
    returning metafield.product_id
)
insert into import_change select distinct product_id, true from gone
"""

DROP_VARIANT_METAFIELDS: Final = """
with gone as (
    delete from metafield using import_variant variant, unnest($2::text[], $3::text[]) as spoken(namespace, key)
    where metafield.shop_id = $1 and metafield.variant_id = variant.id and not variant.is_new
      and metafield.namespace = spoken.namespace and metafield.key = spoken.key
      and not exists (
          select from import_metafield staged where staged.variant_number = variant.number
            and staged.namespace = metafield.namespace and staged.key = metafield.key)
    returning variant.product_id
)
insert into import_change select distinct product_id, true from gone
"""

MERGE_METAFIELDS: Final = """
with merged as (
    insert into metafield (id, shop_id, product_id, namespace, key, type, value, visibility, updated_at)
    select id, $1, product_id, namespace, key, 'STRING', value, visibility, $2
    from import_metafield where variant_number is null
    on conflict (shop_id, product_id, namespace, key) do update set value = excluded.value, updated_at = $2
        where metafield.value <> excluded.value
    returning product_id
)
insert into import_change select distinct product_id, true from merged
"""

MERGE_VARIANT_METAFIELDS: Final = """
with merged as (
    insert into metafield (id, shop_id, variant_id, namespace, key, type, value, visibility, updated_at)
    select staged.id, $1, variant.id, namespace, key, 'STRING', value, visibility, $2
    from import_metafield staged join import_variant variant on variant.number = staged.variant_number
    on conflict (shop_id, variant_id, namespace, key) do update set value = excluded.value, updated_at = $2
        where metafield.value <> excluded.value
    returning variant_id
)
insert into import_change
select distinct variant.product_id, true from merged join import_variant variant on variant.id = merged.variant_id
"""

# $2 the moment, $3 the default location, $4 whether the file speaks of quantities. The move and the level agree
# because both come from one reading of the level. Below zero is a debt that only a variant sold on may have (a CHECK
# says so): where the buyer is refused at zero, a negative number of the file counts as none.
MERGE_STOCK: Final = """
with target as materialized (
    select staged.move_id, staged.level_id, variant.id as variant_id, variant.product_id, level.id as known_id,
           coalesce(level.on_hand, 0) as was, level.may_oversell as might_oversell,
           case when not $4 or not variant.tracked then coalesce(level.on_hand, 0)
                when variant.inventory_policy = 'CONTINUE' then staged.quantity
                else greatest(staged.quantity, 0) end as becomes,
           not variant.tracked or variant.inventory_policy = 'CONTINUE' as may_oversell
    from import_variant staged
    join variant on variant.shop_id = $1 and variant.id = staged.id
    left join stock_level level
        on level.shop_id = $1 and level.variant_id = staged.id and level.location_id = $3
), moved as (
    insert into stock_move (id, shop_id, variant_id, location_id, delta, on_hand_after, reason, note, created_at)
    select move_id, $1, variant_id, $3, becomes - was, becomes, 'IMPORT', '', $2 from target where becomes <> was
    returning variant_id
), made as (
    insert into stock_level (id, shop_id, variant_id, location_id, on_hand, reserved, may_oversell, updated_at)
    select level_id, $1, variant_id, $3, becomes, 0, may_oversell, $2 from target where known_id is null
), counted as (
    update stock_level set on_hand = becomes, may_oversell = target.may_oversell, updated_at = $2 from target
    where stock_level.shop_id = $1 and stock_level.id = known_id
      and (becomes <> was or target.may_oversell <> might_oversell)
)
insert into import_change
select distinct target.product_id, false from moved join target using (variant_id)
"""

CHANGED: Final = "select distinct product_id from import_change"

_PRODUCT_COLUMNS: Final = {
    "description_blocks": "description",
    "vendor": "vendor",
    "product_type": "product_type",
    "category_id": "category",
    "tags": "tags",
    "seo_title": "seo_title",
    "seo_description": "seo_description",
    "status": "status",
}
_VARIANT_COLUMNS: Final = {
    "sku": "sku",
    "barcode": "barcode",
    "compare_at_price_fen": "compare_at_price_fen",
    "cost_fen": "cost_fen",
    "tracked": "tracked",
    "inventory_policy": "inventory_policy",
    "requires_shipping": "requires_shipping",
    "weight_grams": "weight_grams",
    "media_id": "variant_image",
}
"""Column -> what a file must speak of for the column to follow it."""


def update_products(says: frozenset[str]) -> str:
    """Return the statement that writes what is said of products that are there; $2 is the moment."""
    sets, stored, staged = _said(("title",), _PRODUCT_COLUMNS, says, "product")
    return f"""
    update product set {sets}, version = product.version + 1, updated_at = $2,
        next_edge_at = to_timestamp(0) -- a worker looks whether it came on show or went
    from import_product staged
    where product.shop_id = $1 and product.id = staged.id and not staged.is_new
      and (({stored}) is distinct from ({staged})
           or staged.id in (select product_id from import_change where edited))
    returning product.id
    """


def update_variants(says: frozenset[str]) -> str:
    """Return the statement that writes what is said of variants that are there; $2 is the moment."""
    sets, stored, staged = _said(("title", "position", "price_fen"), _VARIANT_COLUMNS, says, "variant")
    return f"""
    with edited as (
        update variant set {sets}, version = variant.version + 1, updated_at = $2 from import_variant staged
        where variant.shop_id = $1 and variant.id = staged.id and not staged.is_new
          and ({stored}) is distinct from ({staged})
        returning variant.product_id
    )
    insert into import_change select distinct product_id, true from edited
    """


def price_changes(says: frozenset[str]) -> str:
    """Return the statement that remembers prices that are about to change; $2 is the moment. Runs before the update."""
    compare_at = "staged" if "compare_at_price_fen" in says else "variant"
    return f"""
    insert into price_history (id, shop_id, variant_id, price_fen, compare_at_price_fen, created_at)
    select staged.price_id, $1, staged.id, staged.price_fen, {compare_at}.compare_at_price_fen, $2
    from import_variant staged join variant on variant.shop_id = $1 and variant.id = staged.id
    where not staged.is_new and (variant.price_fen, variant.compare_at_price_fen)
          is distinct from (staged.price_fen, {compare_at}.compare_at_price_fen)
    """


def _said(always: tuple[str, ...], columns: dict[str, str], says: frozenset[str], table: str) -> tuple[str, str, str]:
    """Return `a = staged.a, ..`, `table.a, ..` and `staged.a, ..` for the columns that are spoken of."""
    names = [*always, *(column for column, said in columns.items() if said in says)]
    return (
        ", ".join(f"{name} = staged.{name}" for name in names),
        ", ".join(f"{table}.{name}" for name in names),
        ", ".join(f"staged.{name}" for name in names),
    )
