"""What can be done with products: make, change, save many, delete, put on show for a while."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from models.database import Connection, transaction
from models.refusal import Refusal, UserErrorCode
from resolvers.aggregates import refresh_products
from resolvers.caller import Caller
from resolvers.catalogue import open_catalogue
from resolvers.checks import BULK_MAX, Checks, Step, require_version
from resolvers.idempotency import once
from resolvers.media import MediaDraft
from resolvers.outbox import emit, emit_many
from resolvers.product_draft import ProductDraft
from resolvers.product_save import Wish, save_products
from resolvers.publication import announce_products
from resolvers.retried import retried

# Unique (shop_id, id).
_STANDING = "select id, version, published_at from product where shop_id = $1 and id = any($2::uuid[])"

# Indexes (shop_id, product_id, ..); a level is reached by (shop_id, variant_id, ..).
_HELD = """
select exists (select from review where shop_id = $1 and product_id = $2) as reviewed,
       exists (select from group_buy where shop_id = $1 and product_id = $2) as offered,
       exists (select from variant join stock_level level on level.shop_id = $1 and level.variant_id = variant.id
               where variant.shop_id = $1 and variant.product_id = $2 and level.reserved > 0) as reserved
"""

# Buyers reserve without the catalogue's lock: levels are held, in the order of their ids as buyers do, and then judged.
_HOLD_LEVELS = """
select level.id from variant join stock_level level on level.shop_id = $1 and level.variant_id = variant.id
where variant.shop_id = $1 and variant.product_id = $2 order by level.id for update of level
"""

# Shelves count before the product goes, for the cascade tells nobody.
_LEAVE_SHELVES = """
with gone as (delete from collection_product where shop_id = $1 and product_id = $2 returning collection_id)
update collection set product_count = product_count - 1 from gone
where collection.shop_id = $1 and collection.id = gone.collection_id
"""
_DELETE = "delete from product where shop_id = $1 and id = $2"

_SHOW = """
update product set status = 'ACTIVE', published_at = $3, unpublish_at = $4, version = version + 1, updated_at = $5
where shop_id = $1 and id = any($2::uuid[])
"""
_SHOW_UNTIL = """
update product set unpublish_at = $3, version = version + 1, updated_at = $4
where shop_id = $1 and id = any($2::uuid[])
"""
_TAKE_BACK = """
update product set status = 'DRAFT', version = version + 1, updated_at = $3
where shop_id = $1 and id = any($2::uuid[])
"""

DELETED: Final = "product.deleted"


async def product_create(caller: Caller, draft: ProductDraft, key: str) -> UUID:
    """Make one product; raises Refusals with paths under `input`."""
    wish = Wish(replace(draft, id=None, version=None), ("input",), may_update=False)
    return UUID((await _save_once(caller, "productCreate", [wish], key))[0])


async def products_upsert(caller: Caller, drafts: Sequence[ProductDraft], key: str) -> list[UUID]:
    """Save up to 250 products, each found by id, handle, or source and external id, or made; all or none of them."""
    checks = Checks()
    checks.at_most(drafts, BULK_MAX, "products")
    checks.end()
    wishes = [Wish(draft, ("products", index)) for index, draft in enumerate(drafts)]
    return [UUID(product_id) for product_id in await _save_once(caller, "productsUpsert", wishes, key)]


async def product_update(caller: Caller, product_id: UUID, draft: ProductDraft) -> UUID:
    """Change one product; raises Refusals: NOT_FOUND, CONFLICT (a `version` that no longer stands), and the rest."""
    return await _save_one(caller, Wish(replace(draft, id=product_id), ("input",), id_path=("id",)))


async def product_media_set(
    caller: Caller, product_id: UUID, media: Sequence[MediaDraft], version: int | None = None
) -> UUID:
    """Show these pictures and films with a product, in this order and no others; raises Refusals as above."""
    draft = ProductDraft(id=product_id, version=version, media=media)
    return await _save_one(caller, Wish(draft, (), id_path=("productId",)))


@retried
async def product_delete(caller: Caller, product_id: UUID, version: int | None = None) -> UUID:
    """Delete a product and all it has.

    Raises Refusal NOT_FOUND or CONFLICT; IN_USE when buyers hold some of it, when it was ever in a group-buy, or when
    it was reviewed: what customers said may not be deleted by the shop (archive the product instead).
    """
    async with transaction() as sql:
        await open_catalogue(sql, caller.shop_id)
        stored = await sql.fetchrow(_STANDING, caller.shop_id, [product_id])
        if stored is None:
            raise _no_product(("id",))
        require_version(version, stored["version"])
        await sql.execute(_HOLD_LEVELS, caller.shop_id, product_id)
        held = await sql.fetchrow(_HELD, caller.shop_id, product_id)
        if held["reviewed"] or held["reserved"] or held["offered"]:
            raise Refusal(
                UserErrorCode.IN_USE,
                "商品已有评价、拼团或订单占用，请改为归档",
                "The product has reviews or group-buys, or is held by orders; archive it instead",
                "id",
            )
        await sql.execute(_LEAVE_SHELVES, caller.shop_id, product_id)
        await sql.execute(_DELETE, caller.shop_id, product_id)
        await refresh_products(sql, caller.shop_id, [])
        await emit(sql, caller, DELETED, product_id, {})
    return product_id


@retried
async def products_publish(
    caller: Caller, product_ids: Sequence[UUID], opens: datetime | None = None, closes: datetime | None = None
) -> list[UUID]:
    """Put products on show from `opens` (null: now) until `closes` (null: for good); all or none of them."""
    since = opens or caller.now
    checks = Checks()
    checks.window(since, closes, "until")
    checks.end()
    async with transaction() as sql:
        await _all_there(sql, caller, product_ids)
        await sql.execute(_SHOW, caller.shop_id, product_ids, since, closes, caller.now)
        await _tell(sql, caller, product_ids)
    return list(product_ids)


@retried
async def products_unpublish(caller: Caller, product_ids: Sequence[UUID], at: datetime | None = None) -> list[UUID]:
    """Take products off the shelf at a moment, or now, as drafts; all or none of them."""
    async with transaction() as sql:
        rows = await _all_there(sql, caller, product_ids)
        if at is None:
            await sql.execute(_TAKE_BACK, caller.shop_id, product_ids, caller.now)
        else:
            checks = Checks("ids")
            for index, product_id in enumerate(product_ids):
                checks.window(rows[product_id]["published_at"], at, index)
            checks.end()
            await sql.execute(_SHOW_UNTIL, caller.shop_id, product_ids, at, caller.now)
        await _tell(sql, caller, product_ids)
    return list(product_ids)


@retried
async def _save_one(caller: Caller, wish: Wish) -> UUID:
    async with transaction() as sql:
        return (await save_products(sql, caller, [wish]))[0].id


async def _save_once(caller: Caller, mutation: str, wishes: Sequence[Wish], key: str) -> list[str]:
    async def save(sql: Connection) -> list[UUID]:
        return [saved.id for saved in await save_products(sql, caller, wishes)]

    ids: list[str] = await once(caller, mutation, key, [wish.draft for wish in wishes], save)
    return ids


async def _all_there(sql: Connection, caller: Caller, product_ids: Sequence[UUID]) -> Mapping[UUID, Mapping[str, Any]]:
    """Hold the catalogue and return the rows; refuse what is missing, repeated or too much."""
    checks = Checks()
    checks.at_most(product_ids, BULK_MAX, "ids")
    checks.distinct(product_ids, "", "ids")
    checks.end()
    await open_catalogue(sql, caller.shop_id)
    rows = {row["id"]: row for row in await sql.fetch(_STANDING, caller.shop_id, product_ids)}
    checks.add(_no_product(("ids", index)) for index, wanted in enumerate(product_ids) if wanted not in rows)
    checks.end()
    return rows


async def _tell(sql: Connection, caller: Caller, product_ids: Sequence[UUID]) -> None:
    await refresh_products(sql, caller.shop_id, product_ids)
    await emit_many(sql, caller.shop_id, "product.updated", {product_id: {} for product_id in product_ids})
    await announce_products(sql, caller.shop_id, caller.now, product_ids)


def _no_product(field: tuple[Step, ...]) -> Refusal:
    return Refusal(UserErrorCode.NOT_FOUND, "找不到该商品", "No such product", *field)
