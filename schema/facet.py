"""Facets: what a list can be narrowed by, with counts, each ready to be sent back."""

from enum import Enum

import strawberry
from strawberry.scalars import JSON

from engine.declare import field, listed, many, reads


@strawberry.enum(description="How to offer a facet.")
class FacetType(Enum):
    """As derived."""

    LIST = strawberry.enum_value("LIST", description="Values to tick; ticked values of one facet are alternatives.")
    PRICE_RANGE = strawberry.enum_value(
        "PRICE_RANGE", description="One value whose input holds the lowest and highest price."
    )


@reads()
@strawberry.type(description="One value of a facet.")
class FacetValue:
    """Derived."""

    id: strawberry.ID = field(description="Stable within the answer: `vendor.小铺`.")
    label: str = field(description="As shown to customers.")
    count: int = field(description="How many products of the list have it.")
    input: JSON = field(description="A `ProductFilter`: add it to `filters` as it is.")


FACET_VALUES = """
select v.value ->> 'id' as id, v.value ->> 'label' as label, (v.value ->> 'count')::int as count,
    v.value -> 'input' as input
from jsonb_array_elements({p}.found) with ordinality as v(value, place)
order by v.place
"""


@reads()
@strawberry.type(description="Something a list of products can be narrowed by. Counted over at most 10,000 products.")
class Facet:
    """Derived from the rows of a list."""

    id: strawberry.ID = field(
        description="Stable: `available`, `price`, `category`, `vendor`, `productType`, `tag`, `option.颜色`."
    )
    label: str = field(description="As shown to customers.")
    type: FacetType = field(description="How to offer it.")
    values = listed(
        many(rows=FACET_VALUES),
        list[FacetValue],
        description="What there is to choose, most frequent first; at most 50.",
    )


FACETS = """
with f as materialized ({rows}),
counted as (
    select 1 as place, 'available' as id, '库存' as label, 'LIST' as type,
        case when in_stock then '有货' else '缺货' end as value, jsonb_build_object('available', in_stock) as input,
        in_stock::text as key, count(*) as count
    from f group by in_stock
    union all
    select 2, 'price', '价格', 'PRICE_RANGE', '', jsonb_build_object('price', jsonb_build_object(
        'min', min(min_price_fen), 'max', max(max_price_fen))), 'range', count(*)
    from f having count(*) > 0
    union all
    select 3, 'category', '分类', 'LIST', c.name,
        jsonb_build_object('category', 'cat_' || replace(c.id::text, '-', '')),
        c.handle, count(*)
    from f join category c on c.shop_id = f.shop_id and c.id = f.category_id group by c.id, c.name, c.handle
    union all
    select 4, 'vendor', '品牌', 'LIST', vendor, jsonb_build_object('vendor', vendor), vendor, count(*)
    from f where vendor <> '' group by vendor
    union all
    select 5, 'productType', '类型', 'LIST', product_type, jsonb_build_object('productType', product_type),
        product_type, count(*)
    from f where product_type <> '' group by product_type
    union all
    select 6, 'tag', '标签', 'LIST', tag, jsonb_build_object('tag', tag), tag, count(*)
    from f, unnest(f.tags) tag group by tag
    union all
    select 7, 'option.' || o.name, o.name, 'LIST', v,
        jsonb_build_object('option', jsonb_build_object('name', o.name, 'value', v)),
        v, count(*)
    from f join product_option o on o.shop_id = f.shop_id and o.product_id = f.id, unnest(o.values) v group by o.name, v
),
numbered as (
    select *, row_number() over (partition by id order by count desc, key collate "C") as n from counted
)
select id, label, type, jsonb_agg(
    jsonb_build_object('id', id || '.' || key, 'label', value, 'count', count, 'input', input) order by n
) as found
from numbered where n <= 50
group by place, id, label, type
order by place, id collate "C"
"""
"""One pass over the list's rows for each facet; the rows are capped by the engine, the values at 50."""
