"""What can be done with collections: make, change, delete; put products on a shelf by hand and in order."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final
from uuid import UUID

import orjson

from ids import new_id
from models.collection import Collection, CollectionKind
from models.database import Connection, transaction
from models.refusal import Refusal, Refusals, UserErrorCode
from resolvers.aggregates import refresh_collection, refresh_collections
from resolvers.caller import Caller
from resolvers.catalogue import open_catalogue
from resolvers.checks import BULK_MAX, Checks, require_version
from resolvers.collection_draft import COLLECTION_DEFAULTS, CollectionDraft, collection_refusals, named_categories
from resolvers.handle import apart, derive_handle
from resolvers.idempotency import once
from resolvers.keep import Keep, given, merged
from resolvers.outbox import emit
from resolvers.rows import Row, save_rows

# Unique (shop_id, id), (shop_id, handle).
_STANDING = "select * from collection where shop_id = $1 and id = $2"
_HANDLE = "select id from collection where shop_id = $1 and handle = $2"
_DELETE = "delete from collection where shop_id = $1 and id = $2"
_TOUCH = "update collection set version = version + 1, updated_at = $3 where shop_id = $1 and id = $2"
_CATEGORIES = "select id from category where shop_id = $1 and id = any($2::uuid[])"
_PRODUCTS = "select id from product where shop_id = $1 and id = any($2::uuid[])"
_MEMBERS = (
    "select product_id from collection_product where shop_id = $1 and collection_id = $2 and product_id = any($3)"
)

# Behind the last; one that stands there already keeps its place.
_ADD = """
insert into collection_product (id, shop_id, collection_id, product_id, position)
select fresh.id, $1, $2, fresh.product_id,
       fresh.place + coalesce((select max(position) from collection_product
                               where shop_id = $1 and collection_id = $2), 0)
from unnest($3::uuid[], $4::uuid[]) with ordinality as fresh(id, product_id, place)
on conflict (shop_id, collection_id, product_id) do nothing
"""
_REMOVE = "delete from collection_product where shop_id = $1 and collection_id = $2 and product_id = any($3::uuid[])"

# The others are numbered without the moved ones, which then stand behind their new neighbour.
_MOVE = """
with moved as (
    select product_id, place from unnest($3::uuid[]) with ordinality as moved(product_id, place)
), others as (
    select product_id, row_number() over (order by position, product_id) as place from collection_product
    where shop_id = $1 and collection_id = $2 and product_id <> all($3::uuid[])
), behind as (
    select coalesce((select place from others where product_id = $4), 0) as place
), fresh as (
    select moved.product_id, behind.place + moved.place as position from moved, behind
    union all
    select others.product_id,
           others.place + case when others.place > behind.place then cardinality($3::uuid[]) else 0 end
    from others, behind
)
update collection_product placed set position = fresh.position from fresh
where placed.shop_id = $1 and placed.collection_id = $2 and placed.product_id = fresh.product_id
  and placed.position <> fresh.position
"""

_COLUMNS: Final = (*COLLECTION_DEFAULTS, "handle", "rules", "version", "updated_at")


async def collection_create(caller: Caller, kind: CollectionKind, draft: CollectionDraft, key: str) -> UUID:
    """Make a collection, and fill it when it has rules; raises Refusals with paths under `input`."""
    refused = collection_refusals(draft, kind, "input")
    if isinstance(draft.title, Keep):
        refused.append(
            Refusal(UserErrorCode.BLANK, "新集合须有标题", "A new collection needs a title", "input", "title")
        )
    if refused:
        raise Refusals(refused)

    async def create(sql: Connection) -> UUID:
        return await _save(sql, caller, draft, kind, None)

    return UUID(await once(caller, "collectionCreate", key, [kind, draft], create))


async def collection_update(
    caller: Caller, collection_id: UUID, draft: CollectionDraft, version: int | None = None
) -> UUID:
    """Change a collection; its kind stays. New rules fill it anew. Raises NOT_FOUND, CONFLICT, and the rest."""
    async with transaction() as sql:
        await open_catalogue(sql, caller.shop_id)
        stored = await _standing(sql, caller, collection_id)
        require_version(version, stored["version"], "input", "version")
        kind = CollectionKind(stored["kind"])
        if refused := collection_refusals(draft, kind, "input"):
            raise Refusals(refused)
        return await _save(sql, caller, draft, kind, stored)


async def collection_delete(caller: Caller, collection_id: UUID, version: int | None = None) -> UUID:
    """Take a collection away; its products stay in the shop."""
    async with transaction() as sql:
        await open_catalogue(sql, caller.shop_id)
        stored = await _standing(sql, caller, collection_id)
        require_version(version, stored["version"])
        await sql.execute(_DELETE, caller.shop_id, collection_id)
        await refresh_collections(sql, caller.shop_id, [])
        await emit(sql, caller, "collection.deleted", collection_id, {})
    return collection_id


async def collection_products_add(caller: Caller, collection_id: UUID, product_ids: Sequence[UUID]) -> UUID:
    """Put products at the end of a MANUAL collection; those already there keep their place. All or none."""
    async with transaction() as sql:
        await _manual(sql, caller, collection_id, product_ids)
        there = {row["id"] for row in await sql.fetch(_PRODUCTS, caller.shop_id, product_ids)}
        _require_all(product_ids, there, "找不到该商品", "No such product")
        await sql.execute(_ADD, caller.shop_id, collection_id, [new_id() for _ in product_ids], product_ids)
        return await _changed(sql, caller, collection_id)


async def collection_products_remove(caller: Caller, collection_id: UUID, product_ids: Sequence[UUID]) -> UUID:
    """Take products off a MANUAL collection; all must be on it, or none goes."""
    async with transaction() as sql:
        await _manual(sql, caller, collection_id, product_ids)
        await _require_members(sql, caller, collection_id, product_ids)
        await sql.execute(_REMOVE, caller.shop_id, collection_id, product_ids)
        return await _changed(sql, caller, collection_id)


async def collection_products_move(
    caller: Caller, collection_id: UUID, product_ids: Sequence[UUID], after: UUID | None = None
) -> UUID:
    """Put members of a MANUAL collection, in the order given, behind the member `after`, or first when it is null."""
    async with transaction() as sql:
        await _manual(sql, caller, collection_id, product_ids)
        await _require_members(sql, caller, collection_id, product_ids)
        if after is not None:
            members = {row["product_id"] for row in await sql.fetch(_MEMBERS, caller.shop_id, collection_id, [after])}
            if after not in members or after in product_ids:
                raise Refusal(UserErrorCode.NOT_FOUND, "集合中没有该商品", "Not another member of it", *("after",))
        await sql.execute(_MOVE, caller.shop_id, collection_id, product_ids, after)
        return await _changed(sql, caller, collection_id)


async def _save(
    sql: Connection, caller: Caller, draft: CollectionDraft, kind: CollectionKind, stored: Mapping[str, Any] | None
) -> UUID:
    if stored is None:
        await open_catalogue(sql, caller.shop_id)
    await _require_categories(sql, caller, draft)
    collection_id: UUID = stored["id"] if stored else new_id()
    rules = orjson.loads(stored["rules"]) if stored else []
    row: Row = {
        **merged(draft, COLLECTION_DEFAULTS, stored),
        "id": collection_id,
        "shop_id": caller.shop_id,
        "kind": kind,
        "handle": await _handle(sql, caller, draft, stored, collection_id),
        "rules": rules if isinstance(draft.rules, Keep) else [asdict(rule) for rule in draft.rules],
        "product_count": stored["product_count"] if stored else 0,
        "version": stored["version"] + 1 if stored else 1,
        "created_at": stored["created_at"] if stored else caller.now,
        "updated_at": caller.now,
    }
    await save_rows(sql, Collection, _COLUMNS, [row])
    await refresh_collection(sql, caller.shop_id, collection_id)
    topic = "collection.updated" if stored else "collection.created"
    await emit(sql, caller, topic, collection_id, {"version": row["version"]})
    return collection_id


async def _require_categories(sql: Connection, caller: Caller, draft: CollectionDraft) -> None:
    """Refuse new rules about categories that are not there: such a rule would never be met, and nobody told."""
    named = {} if isinstance(draft.rules, Keep) else named_categories(draft.rules)
    if not named:
        return
    there = {row["id"] for row in await sql.fetch(_CATEGORIES, caller.shop_id, list(named.values()))}
    checks = Checks("input", "rules")
    for index, category_id in named.items():
        if category_id not in there:
            checks.refuse(UserErrorCode.NOT_FOUND, "找不到该分类", "No such category", index, "value")
    checks.end()


async def _handle(
    sql: Connection, caller: Caller, draft: CollectionDraft, stored: Mapping[str, Any] | None, collection_id: UUID
) -> str:
    """The handle that was asked for, the one that stands, or one from the title that nobody has."""
    if isinstance(draft.handle, Keep) and stored is not None:
        return str(stored["handle"])
    handle = given(draft.handle, derive_handle(given(draft.title, "")))
    holder = await sql.fetchval(_HANDLE, caller.shop_id, handle)
    if holder in (None, collection_id):
        return handle
    if isinstance(draft.handle, Keep):
        return apart(handle, collection_id)
    raise Refusal(
        UserErrorCode.TAKEN, "该标识已被其他集合使用", "Another collection has this handle", "input", "handle"
    )


async def _standing(sql: Connection, caller: Caller, collection_id: UUID) -> Mapping[str, Any]:
    stored: Mapping[str, Any] | None = await sql.fetchrow(_STANDING, caller.shop_id, collection_id)
    if stored is None:
        raise Refusal(UserErrorCode.NOT_FOUND, "找不到该集合", "No such collection", *("id",))
    return stored


async def _manual(sql: Connection, caller: Caller, collection_id: UUID, product_ids: Sequence[UUID]) -> None:
    """Hold the catalogue; refuse shelves that fill themselves, and lists that are too long or repeat."""
    checks = Checks()
    checks.at_most(product_ids, BULK_MAX, "productIds")
    checks.distinct(product_ids, "", "productIds")
    checks.end()
    await open_catalogue(sql, caller.shop_id)
    if (await _standing(sql, caller, collection_id))["kind"] != CollectionKind.MANUAL:
        raise Refusal(
            UserErrorCode.NOT_ALLOWED, "规则集合由规则决定商品", "A collection by rule fills itself", *("id",)
        )


async def _require_members(sql: Connection, caller: Caller, collection_id: UUID, product_ids: Sequence[UUID]) -> None:
    members = {row["product_id"] for row in await sql.fetch(_MEMBERS, caller.shop_id, collection_id, product_ids)}
    _require_all(product_ids, members, "集合中没有该商品", "Not in the collection")


def _require_all(wanted: Sequence[UUID], there: set[UUID], zh: str, en: str) -> None:
    checks = Checks("productIds")
    for index, product_id in enumerate(wanted):
        if product_id not in there:
            checks.refuse(UserErrorCode.NOT_FOUND, zh, en, index)
    checks.end()


async def _changed(sql: Connection, caller: Caller, collection_id: UUID) -> UUID:
    await sql.execute(_TOUCH, caller.shop_id, collection_id, caller.now)
    await refresh_collection(sql, caller.shop_id, collection_id)
    await emit(sql, caller, "collection.updated", collection_id, {})
    return collection_id
