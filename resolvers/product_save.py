"""Saving products with all their parts: a bounded number of statements, whatever the number of products."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from models.database import Connection
from models.media import Media
from models.option import ProductOption
from models.price_history import PriceHistory
from models.product import Product
from models.refusal import Refusal, Refusals, UserErrorCode
from models.stock import StockReason
from models.variant import Variant
from resolvers.aggregates import refresh_products
from resolvers.caller import Caller
from resolvers.catalogue import open_catalogue
from resolvers.checks import Step
from resolvers.handle import derive_handle
from resolvers.keep import Keep
from resolvers.media_file import measured
from resolvers.metafield_owner import of_product, of_variant
from resolvers.metafield_save import OwnedMetafield, put_metafields
from resolvers.outbox import emit_many
from resolvers.product_draft import PRODUCT_DEFAULTS, ProductDraft, product_refusals
from resolvers.product_plan import Planner, ProductPlan, Stored
from resolvers.product_stored import Standing, find_products, load_parts
from resolvers.publication import announce_products
from resolvers.rows import as_json, insert_rows, save_rows
from resolvers.search_index import index_products
from resolvers.variant_draft import VARIANT_DEFAULTS
from resolvers.variant_plan import VariantPlan

# Unique (shop_id, id).
_THERE: Final = {
    "category_id": "select id from category where shop_id = $1 and id = any($2::uuid[])",
    "freight_template_id": "select id from freight_template where shop_id = $1 and id = any($2::uuid[])",
}

# Unique (shop_id, source, external_id).
_EXTERNAL_VARIANTS = """
select variant.id, variant.source, variant.external_id
from unnest($2::text[], $3::text[]) as named(source, external_id)
join variant on variant.shop_id = $1 and variant.source = named.source and variant.external_id = named.external_id
"""

_FORGET_OPTIONS = "delete from product_option where shop_id = $1 and product_id = any($2::uuid[])"
_FORGET_MEDIA = "delete from media where shop_id = $1 and id = any($2::uuid[])"
_FORGET_VARIANTS = "delete from variant where shop_id = $1 and id = any($2::uuid[])"

# Two variants may swap their values, and a unique key is checked row by row.
_PARK_VARIANTS = "update variant set option_values = array[id::text] where shop_id = $1 and id = any($2::uuid[])"

# The levels that are there were locked when they were read, so numbers may be set. Only a change makes a move.
_SAVE_LEVELS = """
with wished as materialized (
    select * from jsonb_to_recordset($2::jsonb) as wished(level_id uuid, move_id uuid, variant_id uuid,
        location_id uuid, on_hand bigint, delta bigint, may_oversell boolean, reason text, staff_id uuid)
), saved as (
    insert into stock_level as level (id, shop_id, variant_id, location_id, on_hand, reserved, may_oversell, updated_at)
    select level_id, $1, variant_id, location_id, on_hand, 0, may_oversell, $3 from wished order by level_id
    on conflict (shop_id, variant_id, location_id) do update
        set on_hand = excluded.on_hand, may_oversell = excluded.may_oversell, updated_at = $3
    returning variant_id, location_id, on_hand
)
insert into stock_move (id, shop_id, variant_id, location_id, delta, on_hand_after, reason, note, staff_id, created_at)
select wished.move_id, $1, variant_id, location_id, wished.delta, saved.on_hand, wished.reason, '', wished.staff_id, $3
from wished join saved using (variant_id, location_id) where wished.delta <> 0 order by wished.move_id
"""

_PRODUCT_COLUMNS: Final = (
    *PRODUCT_DEFAULTS, "handle", "description_blocks", "published_at", "version", "updated_at",
)  # fmt: skip
_VARIANT_COLUMNS: Final = (
    *VARIANT_DEFAULTS, "title", "position", "option_values", "media_id", "version", "updated_at",
)  # fmt: skip
_MEDIA_COLUMNS: Final = ("kind", "url", "alt", "position", "width", "height")


@dataclass(frozen=True, slots=True)
class Wish:
    """One draft, where it stands in the input, and whether it may change a product that is there."""

    draft: ProductDraft
    path: tuple[Step, ...]
    may_update: bool = True
    id_path: tuple[Step, ...] = ()
    """Where the id stands in the input, when it is not `id` under the draft's path."""


@dataclass(frozen=True, slots=True)
class SavedProduct:
    """What became of one wish, in the order of the wishes."""

    id: UUID
    created: bool
    version: int


async def save_products(
    sql: Connection, caller: Caller, wishes: Sequence[Wish], *, reason: StockReason = StockReason.COUNTED
) -> list[SavedProduct]:
    """Save all or nothing inside the open transaction; raises Refusals with everything that is wrong.

    A draft means the product with its id, else its handle, else its source and external id; else it makes one.
    About 15 statements for new products, 20 at most for any mixture (see tests).
    """
    refused: list[Refusal] = []
    sound: list[Wish] = []
    for wish in wishes:
        wrong = product_refusals(wish.draft, *wish.path)
        refused += wrong
        if not wrong:
            sound.append(wish)
    catalogue = await open_catalogue(sql, caller.shop_id)
    sound = await _with_sizes(sql, caller, sound)
    standing = await _find(sql, caller, sound)
    meant = _meant(standing, sound, refused)
    found = [pair for pair in zip(sound, meant, strict=True) if pair[1] is not None or pair[0].draft.id is None]
    await load_parts(sql, caller.shop_id, standing, [stored["id"] for stored in meant if stored is not None])
    planner = Planner(
        caller, catalogue, standing, await _there(sql, caller, sound, "category_id"),
        await _there(sql, caller, sound, "freight_template_id"), reason,
        {stored["handle"]: stored["id"] for stored in standing.products.values()},
    )  # fmt: skip
    plans: list[ProductPlan] = []
    for wish, stored in found:
        plan = planner.plan(wish.draft, stored)
        refused += [refusal.under(*wish.path) for refusal in plan.refusals]
        plans.append(plan)
    refused += await _external_refusals(sql, caller, [wish for wish, _ in found], plans)
    if refused:
        raise Refusals(sorted(refused, key=_place))
    await _write(sql, caller, plans, [wish.draft for wish in sound])
    await refresh_products(sql, caller.shop_id, [plan.row["id"] for plan in plans])
    await index_products(sql, caller.shop_id, [plan.row["id"] for plan in plans])
    for topic, made in (("product.created", True), ("product.updated", False)):
        told = {plan.row["id"]: {"version": plan.row["version"]} for plan in plans if plan.created is made}
        await emit_many(sql, caller.shop_id, topic, told)
    await announce_products(sql, caller.shop_id, caller.now, [plan.row["id"] for plan in plans])
    return [SavedProduct(plan.row["id"], plan.created, plan.row["version"]) for plan in plans]


def _place(refusal: Refusal) -> list[int]:
    """Order refusals as the input is: by the indexes in their paths."""
    return [int(step) for step in refusal.field if step.isdigit()]


async def _with_sizes(sql: Connection, caller: Caller, wishes: Sequence[Wish]) -> list[Wish]:
    """Put in what is known of files that the shop has stored."""
    lists = [[] if isinstance(wish.draft.media, Keep) else wish.draft.media for wish in wishes]
    known = await measured(sql, caller.shop_id, lists)
    return [
        replace(wish, draft=replace(wish.draft, media=media)) if media else wish
        for wish, media in zip(wishes, known, strict=True)
    ]


async def _find(sql: Connection, caller: Caller, wishes: Sequence[Wish]) -> Standing:
    """Find what the drafts mean, and whose handle a title would suggest."""
    handles = [handle for wish in wishes if (handle := _handle(wish.draft))]
    return await find_products(
        sql,
        caller.shop_id,
        ids=[wish.draft.id for wish in wishes if wish.draft.id is not None],
        handles=handles,
        externals=[external for wish in wishes if (external := _external(wish.draft))],
    )


def _handle(draft: ProductDraft) -> str | None:
    if isinstance(draft.handle, str):
        return draft.handle
    return derive_handle(draft.title) if isinstance(draft.title, str) else None


def _external(draft: ProductDraft) -> tuple[str, str] | None:
    if not isinstance(draft.external_id, str):
        return None
    return ("" if isinstance(draft.source, Keep) else draft.source, draft.external_id)


def _meant(standing: Standing, wishes: Sequence[Wish], refused: list[Refusal]) -> list[Stored | None]:
    """Return the product that each wish means; a product may be meant once."""
    by_handle = {stored["handle"]: stored for stored in standing.products.values()}
    by_external = {(stored["source"], stored["external_id"]): stored for stored in standing.products.values()}
    seen: set[UUID | str | tuple[str, str]] = set()
    meant: list[Stored | None] = []
    for wish in wishes:
        draft, external = wish.draft, _external(wish.draft)
        stored: Stored | None = None
        if draft.id is not None:
            stored = standing.products.get(draft.id)
            if stored is None:
                path = wish.id_path or (*wish.path, "id")
                refused.append(Refusal(UserErrorCode.NOT_FOUND, "找不到该商品", "No such product", *path))
        elif wish.may_update:
            stored = (
                by_handle.get(draft.handle) if isinstance(draft.handle, str) else by_external.get(external or ("", ""))
            )
        names = (
            {stored["id"]}
            if stored
            else {name for name in (draft.handle, external) if name and not isinstance(name, Keep)}
        )
        if names & seen:
            refused.append(
                Refusal(UserErrorCode.DUPLICATE, "同一商品出现了两次", "The same product comes twice", *wish.path)
            )
        seen |= names
        meant.append(stored)
    return meant


async def _there(sql: Connection, caller: Caller, wishes: Sequence[Wish], column: str) -> set[UUID]:
    """Which of the rows that drafts name in this column the shop has."""
    wanted = {named for wish in wishes if isinstance(named := getattr(wish.draft, column), UUID)}
    return {row["id"] for row in await sql.fetch(_THERE[column], caller.shop_id, list(wanted))} if wanted else set()


async def _external_refusals(
    sql: Connection, caller: Caller, wishes: Sequence[Wish], plans: Sequence[ProductPlan]
) -> list[Refusal]:
    """Refuse a variant's source and external id when another variant has them."""
    found: list[Refusal] = []
    for wish, refusals in zip(
        wishes, await external_refusals(sql, caller, [plan.variants for plan in plans]), strict=True
    ):
        found += [refusal.under(*wish.path, "variants") for refusal in refusals]
    return found


async def external_refusals(sql: Connection, caller: Caller, plans: Sequence[VariantPlan]) -> list[list[Refusal]]:
    """Return, for each plan, refusals of external ids that other variants have; paths start at the variant's index."""
    named = [
        (row["source"], row["external_id"]) for plan in plans for row in plan.rows if row["external_id"] is not None
    ]
    if not named:
        return [[] for _ in plans]
    sources, externals = [source for source, _ in named], [external for _, external in named]
    gone = {variant_id for plan in plans for variant_id in plan.gone}
    holders = {
        (row["source"], row["external_id"]): row["id"]
        for row in await sql.fetch(_EXTERNAL_VARIANTS, caller.shop_id, sources, externals)
        if row["id"] not in gone
    }
    found: list[list[Refusal]] = []
    for plan in plans:
        found.append([])
        for row in plan.rows:
            holder = holders.setdefault((row["source"], row["external_id"]), row["id"])
            if row["external_id"] is not None and holder != row["id"]:
                found[-1].append(
                    Refusal(
                        UserErrorCode.TAKEN,
                        "该外部编号已被其他规格使用",
                        "Another variant has this external id",
                        plan.places[row["id"]],
                        "externalId",
                    )
                )
    return found


async def _write(sql: Connection, caller: Caller, plans: Sequence[ProductPlan], drafts: Sequence[ProductDraft]) -> None:
    shop_id = caller.shop_id
    await save_rows(sql, Product, _PRODUCT_COLUMNS, [plan.row for plan in plans])
    rewritten = [plan.row["id"] for plan in plans if plan.options is not None and not plan.created]
    if rewritten:
        await sql.execute(_FORGET_OPTIONS, shop_id, rewritten)
    await insert_rows(sql, ProductOption, [row for plan in plans for row in plan.options or ()])
    if gone := [media_id for plan in plans for media_id in plan.media.gone]:
        await sql.execute(_FORGET_MEDIA, shop_id, gone)
    await save_rows(sql, Media, _MEDIA_COLUMNS, [row for plan in plans for row in plan.media.rows])
    await write_variants(sql, caller, [plan.variants for plan in plans])
    metafields = [
        OwnedMetafield(metafield, of_product(plan.row["id"]))
        for plan, draft in zip(plans, drafts, strict=True)
        for metafield in draft.metafields
    ]
    await put_metafields(sql, caller, metafields)


async def write_variants(sql: Connection, caller: Caller, plans: Sequence[VariantPlan]) -> None:
    """Write planned variants with their prices, stock and metafields; at most seven statements."""
    shop_id = caller.shop_id
    if gone := [variant_id for plan in plans for variant_id in plan.gone]:
        await sql.execute(_FORGET_VARIANTS, shop_id, gone)
    if parked := [variant_id for plan in plans for variant_id in plan.parked]:
        await sql.execute(_PARK_VARIANTS, shop_id, parked)
    await save_rows(sql, Variant, _VARIANT_COLUMNS, [row for plan in plans for row in plan.rows])
    await insert_rows(sql, PriceHistory, [row for plan in plans for row in plan.prices])
    if levels := [row for plan in plans for row in plan.levels]:
        await sql.execute(_SAVE_LEVELS, shop_id, as_json(levels), caller.now)
    metafields = [OwnedMetafield(metafield, of_variant(id_)) for plan in plans for id_, metafield in plan.metafields]
    await put_metafields(sql, caller, metafields)
