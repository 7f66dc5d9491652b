"""Products as they stand, with all that a write must compare: read under the catalogue's lock, in three statements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson

from models.database import Connection
from resolvers.offered_variant import IS_OFFERED

Stored = Mapping[str, Any]

# Each arm by its own unique index; found rows are few.
_FIND = """
select product.* from product where shop_id = $1 and id in (
    select id from product where shop_id = $1 and id = any($2::uuid[])
    union select id from product where shop_id = $1 and handle = any($3::text[])
    union select product.id from unnest($4::text[], $5::text[]) as named(source, external_id)
        join product on product.shop_id = $1 and product.source = named.source
                     and product.external_id = named.external_id
)
"""

# Indexes (shop_id, product_id, ..) of the three tables.
_PARTS = f"""
select 'option' as part, to_jsonb(product_option.*) as row from product_option
where shop_id = $1 and product_id = any($2::uuid[])
union all
select 'media', to_jsonb(media.*) from media where shop_id = $1 and product_id = any($2::uuid[])
union all
select 'variant', to_jsonb(variant.*) || jsonb_build_object('is_offered', {IS_OFFERED})
from variant where shop_id = $1 and product_id = any($2::uuid[])
"""  # noqa: S608 - fixed words

# Buyers reserve without the catalogue's lock, so levels that a write judges are held; in id order, as buyers do.
_LEVELS = """
select id, variant_id, location_id, on_hand, reserved, may_oversell from stock_level
where shop_id = $1 and variant_id = any($2::uuid[]) order by id for update
"""

_UUID_COLUMNS = ("id", "shop_id", "product_id", "media_id")


@dataclass(slots=True)
class Standing:
    """What is stored of some products; parts are keyed by product, levels by variant and location."""

    products: dict[UUID, Stored] = field(default_factory=dict)
    options: dict[UUID, list[Stored]] = field(default_factory=dict)
    media: dict[UUID, list[Stored]] = field(default_factory=dict)
    variants: dict[UUID, list[Stored]] = field(default_factory=dict)
    levels: dict[UUID, dict[UUID, Stored]] = field(default_factory=dict)


async def find_products(
    sql: Connection,
    shop_id: UUID,
    *,
    ids: Sequence[UUID] = (),
    handles: Sequence[str] = (),
    externals: Sequence[tuple[str, str]] = (),
) -> Standing:
    """Find products by id, handle, or source and external id; parts are not read yet."""
    sources, external_ids = [source for source, _ in externals], [external for _, external in externals]
    rows = await sql.fetch(_FIND, shop_id, ids, handles, sources, external_ids)
    return Standing(products={row["id"]: dict(row) for row in rows})


async def load_parts(sql: Connection, shop_id: UUID, standing: Standing, product_ids: Sequence[UUID]) -> None:
    """Read options, media, variants and (held until the end) stock levels of these products."""
    if not product_ids:
        return
    kinds = {"option": standing.options, "media": standing.media, "variant": standing.variants}
    for part, written in await sql.fetch(_PARTS, shop_id, product_ids):
        row = orjson.loads(written)
        for column in _UUID_COLUMNS:
            if row.get(column) is not None:
                row[column] = UUID(row[column])
        kinds[part].setdefault(row["product_id"], []).append(row)
    variant_ids = [row["id"] for rows in standing.variants.values() for row in rows]
    for level in await sql.fetch(_LEVELS, shop_id, variant_ids):
        standing.levels.setdefault(level["variant_id"], {})[level["location_id"]] = dict(level)
