"""What can be done with metafields: set and delete any number, of products and variants, all or none."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from models.database import Connection, transaction
from models.refusal import UserErrorCode
from resolvers.aggregates import refresh_products
from resolvers.caller import Caller
from resolvers.catalogue import open_catalogue
from resolvers.checks import BULK_MAX, NOBODY, Checks
from resolvers.metafield_draft import one_refusals
from resolvers.metafield_save import OwnedMetafield, put_metafields
from resolvers.outbox import emit_many

# Unique (shop_id, id) of both tables.
_OWNERS = """
select id, id as product_id from product where shop_id = $1 and id = any($2::uuid[])
union all
select id, product_id from variant where shop_id = $1 and id = any($3::uuid[])
"""

# Each arm by the unique key of its own owner.
_FIND = """
with wished as (
    select * from unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[])
        with ordinality as wished(product_id, variant_id, namespace, key, place)
)
select place, metafield.id from wished join metafield on metafield.shop_id = $1
    and metafield.product_id = wished.product_id
    and metafield.namespace = wished.namespace and metafield.key = wished.key
union all
select place, metafield.id from wished join metafield on metafield.shop_id = $1
    and metafield.variant_id = wished.variant_id
    and metafield.namespace = wished.namespace and metafield.key = wished.key
"""
_DELETE = "delete from metafield where shop_id = $1 and id = any($2::uuid[])"


@dataclass(frozen=True, slots=True)
class MetafieldName:
    """Which metafield of which product or variant; exactly one owner is given."""

    namespace: str
    key: str
    product_id: UUID | None = None
    variant_id: UUID | None = None


async def metafields_set(caller: Caller, wishes: Sequence[OwnedMetafield]) -> list[UUID]:
    """Set metafields by owner, namespace and key; returns their ids in order. All or none.

    Raises Refusals with paths under `metafields`: NOT_FOUND (ownerId), DUPLICATE, INVALID for a value not of its type.
    """
    names = [MetafieldName(wish.draft.namespace, wish.draft.key, wish.product_id, wish.variant_id) for wish in wishes]
    checks = _check_names(names)
    for index, wish in enumerate(wishes):
        checks.add(one_refusals(wish.draft), index)
    checks.end()
    async with transaction() as sql:
        product_ids = await _owners(sql, caller, names, checks)
        await put_metafields(sql, caller, wishes)
        found = await _find(sql, caller, names)
        await _tell(sql, caller, product_ids)
    return [found[index] for index in range(len(names))]


async def metafields_delete(caller: Caller, names: Sequence[MetafieldName]) -> list[UUID]:
    """Delete metafields; all must be there, or none goes. Returns the ids that are gone, in order."""
    checks = _check_names(names)
    checks.end()
    async with transaction() as sql:
        product_ids = await _owners(sql, caller, names, checks)
        found = await _find(sql, caller, names)
        for index in range(len(names)):
            if index not in found:
                checks.refuse(UserErrorCode.NOT_FOUND, "找不到该元字段", "No such metafield", index, "key")
        checks.end()
        await sql.execute(_DELETE, caller.shop_id, list(found.values()))
        await _tell(sql, caller, product_ids)
    return [found[index] for index in range(len(names))]


def _check_names(names: Sequence[MetafieldName]) -> Checks:
    checks = Checks("metafields")
    checks.at_most(names, BULK_MAX)
    checks.distinct([None if name.product_id == NOBODY else name for name in names], "key")
    return checks


async def _owners(sql: Connection, caller: Caller, names: Sequence[MetafieldName], checks: Checks) -> set[UUID]:
    """Hold the catalogue; refuse owners that are not there, and return the products that change."""
    await open_catalogue(sql, caller.shop_id)
    product_ids = [name.product_id for name in names if name.product_id]
    variant_ids = [name.variant_id for name in names if name.variant_id]
    owners = {
        row["id"]: row["product_id"] for row in await sql.fetch(_OWNERS, caller.shop_id, product_ids, variant_ids)
    }
    for index, name in enumerate(names):
        if (name.product_id or name.variant_id) not in owners:
            checks.refuse(UserErrorCode.NOT_FOUND, "找不到该商品或规格", "No such product or variant", index, "ownerId")
    checks.end()
    return set(owners.values())


async def _find(sql: Connection, caller: Caller, names: Sequence[MetafieldName]) -> Mapping[int, UUID]:
    """Return index -> id of those that are there."""
    columns = [[getattr(name, column) for name in names] for column in ("product_id", "variant_id", "namespace", "key")]
    return {row["place"] - 1: row["id"] for row in await sql.fetch(_FIND, caller.shop_id, *columns)}


async def _tell(sql: Connection, caller: Caller, product_ids: Iterable[UUID]) -> None:
    await refresh_products(sql, caller.shop_id, [])
    await emit_many(sql, caller.shop_id, "product.updated", {product_id: {} for product_id in sorted(product_ids)})
