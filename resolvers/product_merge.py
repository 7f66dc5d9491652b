"""From checked records to the database: one batch, one transaction, a fixed number of statements.

A product is known by its external id in this source, else by its handle. What is there and the same is not written:
merging a batch twice changes no row, no version, no price history and no stock. A record is the whole truth of what
it speaks about: variants, options and pictures that are not in it go.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from ids import new_id
from models.database import Connection
from models.refusal import UserErrorCode
from resolvers import product_merge_sql as merge_sql
from resolvers.aggregates import refresh_products
from resolvers.catalogue import Catalogue, open_catalogue
from resolvers.import_report import Problem
from resolvers.offered_variant import IS_OFFERED
from resolvers.outbox import emit_many
from resolvers.product_record import ProductRecord, Source
from resolvers.product_shelves import find_categories, put_into_collections, rule_collections
from resolvers.product_stage import Placed, stage
from resolvers.search_index import index_products

# A batch is a thousand products in one statement: more than a request may take on a busy machine, still bounded.
_MORE_TIME: Final = "set local statement_timeout = '60s'"

# Index (shop_id, handle) or (shop_id, source, external_id). Taken for update: nobody edits them meanwhile.
_FIND_PRODUCTS: Final = """
select id, handle, case when source = $3 then external_id end as external_id
from product where shop_id = $1 and (handle = any($2::text[]) or (source = $3 and external_id = any($2::text[])))
for no key update
"""

# Buyers reserve without the catalogue's lock: levels are held, in the order of their ids as buyers do, and then judged.
_HOLD_LEVELS: Final = """
select level.id from variant join stock_level level on level.shop_id = $1 and level.variant_id = variant.id
where variant.shop_id = $1 and variant.product_id = any($2::uuid[]) order by level.id for update of level
"""
# What buyers hold and offers promise; few rows of any shop, found through the products' variants.
_FIND_HELD: Final = f"""
select * from (
    select variant.product_id, variant.option_values, {IS_OFFERED} as is_offered, (
        select coalesce(sum(level.reserved), 0)::bigint from stock_level level
        where level.shop_id = $1 and level.variant_id = variant.id
    ) as reserved
    from variant where variant.shop_id = $1 and variant.product_id = any($2::uuid[])
) held where held.reserved > 0 or held.is_offered
"""  # noqa: S608 - fixed words


@dataclass(slots=True)
class Merged:
    """What became of a batch; `rejected` are products that only the database could know to be wrong."""

    created: list[UUID] = field(default_factory=list)
    updated: list[UUID] = field(default_factory=list)
    unchanged: int = 0
    rejected: list[Problem] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Merge:
    """One merge under way."""

    sql: Connection
    catalogue: Catalogue
    source: Source
    now: datetime
    merged: Merged

    @property
    def shop_id(self) -> UUID:
        return self.catalogue.shop_id

    def reject(self, record: ProductRecord, column: str, code: UserErrorCode, reason: str) -> None:
        self.merged.rejected.append(Problem(record.row, column, code, reason, record.handle))


async def merge_products(
    sql: Connection, shop_id: UUID, source: Source, records: Sequence[ProductRecord], now: datetime
) -> Merged:
    """Create and update products inside the open transaction; `now` is the shop's clock. Handles are distinct."""
    await sql.execute(_MORE_TIME)
    merged = Merged()
    merge = _Merge(sql, await open_catalogue(sql, shop_id), source, now, merged)
    batch = await _place(merge, records)
    if not batch:
        return merged
    await stage(sql, batch, now)
    await _merge_parts(merge)
    touched = {row["product_id"] for row in await sql.fetch(merge_sql.CHANGED)}
    touched |= {row["id"] for row in await sql.fetch(merge_sql.update_products(source.says), shop_id, now)}
    put = {placed.id: placed.record.collection for placed in batch if placed.record.collection}
    touched |= set(await put_into_collections(sql, shop_id, put, now))

    merged.created = [placed.id for placed in batch if placed.is_new]
    merged.updated = [placed.id for placed in batch if not placed.is_new and placed.id in touched]
    merged.unchanged = len(batch) - len(merged.created) - len(merged.updated)
    if merged.created or merged.updated:
        await refresh_products(sql, shop_id, [*merged.created, *merged.updated])
        await index_products(sql, shop_id, [*merged.created, *merged.updated])
        await _tell(merge, batch)
    return merged


async def _place(merge: _Merge, records: Sequence[ProductRecord]) -> list[Placed]:
    """Find what each record is; those that cannot be are rejected."""
    found = await _find(merge, records)
    held = await _held(merge, records, found)
    good = [record for record in records if record.handle in found and record.handle not in held]
    ways = [record.category for record in good if record.category]
    categories = await find_categories(merge.sql, merge.shop_id, ways, merge.now)
    return [
        Placed(record, known or new_id(), known is None, categories.get(record.category))
        for record in good
        for known in (found[record.handle],)
    ]


async def _find(merge: _Merge, records: Sequence[ProductRecord]) -> dict[str, UUID | None]:
    """Return the product that each handle means, None for a new one; what cannot go in is left out."""
    handles = [record.handle for record in records]
    rows = await merge.sql.fetch(_FIND_PRODUCTS, merge.shop_id, handles, merge.source.name)
    by_external_id = {row["external_id"]: row["id"] for row in rows if row["external_id"]}
    by_handle = {row["handle"]: row for row in rows}
    shelved = any(record.collection for record in records)
    by_rule = await rule_collections(merge.sql, merge.shop_id) if shelved else frozenset()
    found: dict[str, UUID | None] = {}
    for record in records:
        known, same = by_external_id.get(record.handle), by_handle.get(record.handle)
        if record.collection in by_rule:
            reason = f"{record.collection!r} fills itself by rule; nothing can be put there"
            merge.reject(record, "Collection", UserErrorCode.NOT_ALLOWED, reason)
        elif known is None and same is not None and same["external_id"]:
            # Staff renamed that product after its import: it answers to its own line of the file only.
            reason = f"the handle is taken by the product imported as {same['external_id']!r}"
            merge.reject(record, "Handle", UserErrorCode.TAKEN, reason)
        else:
            found[record.handle] = known or (same["id"] if same else None)
    return found


async def _held(merge: _Merge, records: Sequence[ProductRecord], found: dict[str, UUID | None]) -> set[str]:
    """Reject products of which the record would take away what buyers hold or offers promise; returns their handles."""
    record_of = {found[record.handle]: record for record in records if found.get(record.handle)}
    rows = []
    if record_of:
        await merge.sql.execute(_HOLD_LEVELS, merge.shop_id, list(record_of))
        rows = await merge.sql.fetch(_FIND_HELD, merge.shop_id, list(record_of))
    held = set()
    for row in rows:
        record, pieces = record_of[row["product_id"]], row["reserved"]
        variant = next((one for one in record.variants if list(one.option_values) == row["option_values"]), None)
        name = " / ".join(row["option_values"]) or record.title
        if variant is None and row["is_offered"]:
            reason = f"{name} is in a group-buy, so the variant cannot go"
        elif variant is None:
            reason = f"{pieces} of {name} are held by buyers, so the variant cannot go"
        elif "quantity" in merge.source.says and variant.tracked and variant.quantity < pieces:
            reason = f"{pieces} of {name} are held by buyers, {variant.quantity} would be left"
        else:
            continue
        if record.handle not in held:
            code = UserErrorCode.IN_USE if variant is None and row["is_offered"] else UserErrorCode.OUT_OF_STOCK
            merge.reject(record, "Variant Inventory Qty", code, reason)
        held.add(record.handle)
    return held


async def _merge_parts(merge: _Merge) -> None:
    """Run the statements in the order that foreign and unique keys ask for."""
    sql, shop_id, now, source = merge.sql, merge.shop_id, merge.now, merge.source
    await sql.execute(merge_sql.INSERT_PRODUCTS, shop_id, source.origin, source.name)
    await sql.execute(merge_sql.MATCH_VARIANTS, shop_id)
    if "images" in source.says:
        await sql.execute(merge_sql.MATCH_MEDIA, shop_id)
        await sql.execute(merge_sql.MERGE_MEDIA, shop_id)
        await sql.execute(merge_sql.POINT_TO_MEDIA)
    await sql.execute(merge_sql.price_changes(source.says), shop_id, now)
    await sql.execute(merge_sql.DROP_VARIANTS, shop_id)
    await sql.execute(merge_sql.update_variants(source.says), shop_id, now)
    await sql.execute(merge_sql.INSERT_VARIANTS, shop_id, source.origin, source.name)
    await sql.execute(merge_sql.FIRST_PRICES, shop_id)
    if "images" in source.says:
        await sql.execute(merge_sql.DROP_MEDIA, shop_id)
    await sql.execute(merge_sql.DROP_OPTIONS, shop_id)
    await sql.execute(merge_sql.MERGE_OPTIONS, shop_id)
    location_id, counts = merge.catalogue.default_location_id, "quantity" in source.says
    await sql.execute(merge_sql.MERGE_STOCK, shop_id, now, location_id, counts)
    await _merge_metafields(merge)


async def _merge_metafields(merge: _Merge) -> None:
    sql, source = merge.sql, merge.source
    if source.product_keys:
        namespaces, keys = zip(*source.product_keys, strict=True)
        await sql.execute(merge_sql.DROP_METAFIELDS, merge.shop_id, namespaces, keys)
        await sql.execute(merge_sql.MERGE_METAFIELDS, merge.shop_id, merge.now)
    if source.variant_keys:
        namespaces, keys = zip(*source.variant_keys, strict=True)
        await sql.execute(merge_sql.DROP_VARIANT_METAFIELDS, merge.shop_id, namespaces, keys)
        await sql.execute(merge_sql.MERGE_VARIANT_METAFIELDS, merge.shop_id, merge.now)


async def _tell(merge: _Merge, batch: Sequence[Placed]) -> None:
    handle_of = {placed.id: placed.record.handle for placed in batch}
    for topic, ids in (("product.created", merge.merged.created), ("product.updated", merge.merged.updated)):
        await emit_many(merge.sql, merge.shop_id, topic, {id_: {"handle": handle_of[id_]} for id_ in ids})
