"""What can be done with the variants of one product: save some, delete some; a product always keeps one."""

from collections.abc import Sequence
from uuid import UUID

from models.database import Connection, transaction
from models.refusal import Refusal, Refusals, UserErrorCode
from models.stock import StockReason
from resolvers.aggregates import refresh_products
from resolvers.caller import Caller
from resolvers.catalogue import open_catalogue
from resolvers.checks import Checks
from resolvers.idempotency import once
from resolvers.offered_variant import offered_refusal
from resolvers.option import stored_options
from resolvers.outbox import emit
from resolvers.product_draft import VARIANTS_MAX
from resolvers.product_save import external_refusals, write_variants
from resolvers.product_stored import Standing, find_products, load_parts
from resolvers.retried import retried
from resolvers.search_index import index_products
from resolvers.variant_draft import VariantDraft, variant_refusals
from resolvers.variant_plan import Shelf, plan_variants, reserved_refusal

_DELETE = "delete from variant where shop_id = $1 and id = any($2::uuid[])"
_TOUCH = "update product set version = version + 1, updated_at = $3 where shop_id = $1 and id = $2"


async def variants_upsert(caller: Caller, product_id: UUID, drafts: Sequence[VariantDraft], key: str) -> list[UUID]:
    """Save variants of one product, each found by id or by its option values, or made; the others stay.

    All or none of them; raises Refusals with paths under `variants`.
    """
    checks = Checks()
    checks.at_most(drafts, VARIANTS_MAX, "variants")
    checks.distinct([draft.id for draft in drafts], "id", "variants")
    for index, draft in enumerate(drafts):
        checks.add(variant_refusals(draft), "variants", index)
    checks.end()

    async def save(sql: Connection) -> list[UUID]:
        return await _save(sql, caller, product_id, drafts)

    ids = await once(caller, "variantsUpsert", key, [product_id, list(drafts)], save)
    return [UUID(variant_id) for variant_id in ids]


@retried
async def variants_delete(caller: Caller, product_id: UUID, variant_ids: Sequence[UUID]) -> list[UUID]:
    """Delete variants of one product; all or none of them.

    Raises Refusals: NOT_FOUND, IN_USE when buyers hold some of one or an offer promises it, NOT_ALLOWED when none would
    be left.
    """
    async with transaction() as sql:
        await open_catalogue(sql, caller.shop_id)
        standing = await _standing(sql, caller, product_id)
        stored = {row["id"]: row for row in standing.variants[product_id]}
        checks = Checks("ids")
        checks.distinct(variant_ids, "")
        for index, variant_id in enumerate(variant_ids):
            if variant_id not in stored:
                checks.refuse(UserErrorCode.NOT_FOUND, "找不到该规格", "No such variant", index)
            elif any(level["reserved"] for level in standing.levels.get(variant_id, {}).values()):
                checks.add([reserved_refusal(stored[variant_id]["title"], index)])
            elif stored[variant_id]["is_offered"]:
                checks.add([offered_refusal(stored[variant_id]["title"], index)])
        if not set(stored) - set(variant_ids):
            checks.refuse(UserErrorCode.NOT_ALLOWED, "商品至少保留一个规格", "A product keeps at least one variant")
        checks.end()
        await sql.execute(_DELETE, caller.shop_id, variant_ids)
        await _tell(sql, caller, product_id)
    return list(variant_ids)


async def _save(sql: Connection, caller: Caller, product_id: UUID, drafts: Sequence[VariantDraft]) -> list[UUID]:
    catalogue = await open_catalogue(sql, caller.shop_id)
    standing = await _standing(sql, caller, product_id)
    shelf = Shelf(
        caller=caller,
        product_id=product_id,
        options=stored_options(standing.options.get(product_id, [])),
        variants=standing.variants[product_id],
        levels=standing.levels,
        default_location_id=catalogue.default_location_id,
        media={row["url"]: row["id"] for row in standing.media.get(product_id, [])},
        reason=StockReason.COUNTED,
    )
    plan = plan_variants(shelf, drafts, whole=False)
    refused = plan.refusals + (await external_refusals(sql, caller, [plan]))[0]
    if refused:
        raise Refusals([refusal.under("variants") for refusal in refused])
    await write_variants(sql, caller, [plan])
    await _tell(sql, caller, product_id)
    return plan.ids


async def _standing(sql: Connection, caller: Caller, product_id: UUID) -> Standing:
    standing = await find_products(sql, caller.shop_id, ids=[product_id])
    if product_id not in standing.products:
        raise Refusal(UserErrorCode.NOT_FOUND, "找不到该商品", "No such product", "productId")
    await load_parts(sql, caller.shop_id, standing, [product_id])
    return standing


async def _tell(sql: Connection, caller: Caller, product_id: UUID) -> None:
    await sql.execute(_TOUCH, caller.shop_id, product_id, caller.now)
    await refresh_products(sql, caller.shop_id, [product_id])
    await index_products(sql, caller.shop_id, [product_id])
    await emit(sql, caller, "product.updated", product_id, {})
