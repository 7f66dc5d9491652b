"""What can be done with metafields: set and delete any number, of whatever has them, all or none."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from models.database import Connection, transaction
from models.metafield import OwnerKind
from models.refusal import UserErrorCode
from resolvers.aggregates import refresh_products
from resolvers.caller import Caller
from resolvers.checks import BULK_MAX, Checks
from resolvers.metafield_draft import one_refusals
from resolvers.metafield_owner import FoundOwner, Owner, hold_owners
from resolvers.metafield_save import OwnedMetafield, put_metafields
from resolvers.outbox import emit_many
from resolvers.retried import retried

# Each arm by the unique key of its own kind of owner.
_WISHED: Final = """
with wished as (
    select * from unnest($2::text[], $3::uuid[], $4::text[], $5::text[])
        with ordinality as wished(kind, owner_id, namespace, key, place)
)
"""
_FIND_OF: Final = """
select place, metafield.id from wished join metafield on metafield.shop_id = $1
    and metafield.{kind} = wished.owner_id
    and metafield.namespace = wished.namespace and metafield.key = wished.key
where wished.kind = '{kind}'
"""
_FIND: Final = _WISHED + "union all".join(_FIND_OF.format(kind=kind) for kind in OwnerKind)
_DELETE: Final = "delete from metafield where shop_id = $1 and id = any($2::uuid[])"


@dataclass(frozen=True, slots=True)
class MetafieldName:
    """Which metafield of what."""

    namespace: str
    key: str
    owner: Owner


@retried
async def metafields_set(caller: Caller, wishes: Sequence[OwnedMetafield]) -> list[UUID]:
    """Set metafields by owner, namespace and key; returns their ids in order. All or none.

    Raises Refusals with paths under `metafields`: NOT_FOUND and NOT_ALLOWED (ownerId), DUPLICATE, INVALID for a value
    not of its type.
    """
    names = [MetafieldName(wish.draft.namespace, wish.draft.key, wish.owner) for wish in wishes]
    checks = _check_names(names)
    for index, wish in enumerate(wishes):
        checks.add(one_refusals(wish.draft), index)
    checks.end()
    async with transaction() as sql:
        owners, names = await _held(sql, caller, names, checks)
        await put_metafields(
            sql, caller, [OwnedMetafield(wish.draft, name.owner) for wish, name in zip(wishes, names, strict=True)]
        )
        found = await _find(sql, caller, names)
        await _tell(sql, caller, owners)
    return [found[index] for index in range(len(names))]


@retried
async def metafields_delete(caller: Caller, names: Sequence[MetafieldName]) -> list[UUID]:
    """Delete metafields; all must be there, or none goes. Returns the ids that are gone, in order."""
    checks = _check_names(names)
    checks.end()
    async with transaction() as sql:
        owners, names = await _held(sql, caller, names, checks)
        found = await _find(sql, caller, names)
        for index in range(len(names)):
            if index not in found:
                checks.refuse(UserErrorCode.NOT_FOUND, "找不到该元字段", "No such metafield", index, "key")
        checks.end()
        await sql.execute(_DELETE, caller.shop_id, list(found.values()))
        await _tell(sql, caller, owners)
    return [found[index] for index in range(len(names))]


def _check_names(names: Sequence[MetafieldName]) -> Checks:
    checks = Checks("metafields")
    checks.at_most(names, BULK_MAX)
    checks.distinct([None if name.owner.is_nobody else name for name in names], "key")
    return checks


async def _held(
    sql: Connection, caller: Caller, names: Sequence[MetafieldName], checks: Checks
) -> tuple[list[FoundOwner], list[MetafieldName]]:
    """Hold the owners, and name the metafields by who these are now: two that were merged are one."""
    owners = await hold_owners(sql, caller, [name.owner for name in names], checks)
    held = [replace(name, owner=found.owner) for name, found in zip(names, owners, strict=True)]
    checks.distinct(held, "key")
    checks.end()
    return owners, held


async def _find(sql: Connection, caller: Caller, names: Sequence[MetafieldName]) -> Mapping[int, UUID]:
    """Return index -> id of those that are there."""
    rows = await sql.fetch(
        _FIND,
        caller.shop_id,
        [name.owner.kind for name in names],
        [name.owner.id for name in names],
        [name.namespace for name in names],
        [name.key for name in names],
    )
    return {row["place"] - 1: row["id"] for row in rows}


async def _tell(sql: Connection, caller: Caller, owners: Iterable[FoundOwner]) -> None:
    """The catalogue's readers are told of goods; of what is bought nothing else changes."""
    product_ids = {owner.product_id for owner in owners if owner.product_id}
    if product_ids:
        await refresh_products(sql, caller.shop_id, [])
        await emit_many(sql, caller.shop_id, "product.updated", {product_id: {} for product_id in sorted(product_ids)})
