"""From wishes to rows: which stored variant a draft means, what it becomes, and what its price and stock say of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from ids import new_id
from models.refusal import ConflictRefusal, Refusal, StockRefusal, UserErrorCode
from models.stock import StockReason
from models.variant import InventoryPolicy
from resolvers.caller import Caller
from resolvers.keep import Keep, given, merged
from resolvers.metafield_draft import MetafieldDraft
from resolvers.offered_variant import offered_refusal
from resolvers.option import OptionDraft, fit_refusals
from resolvers.rows import Row
from resolvers.variant_draft import VARIANT_DEFAULTS, VariantDraft

Stored = Mapping[str, Any]

NOTHING_TO_CHOOSE: Final = "默认"


@dataclass(frozen=True, slots=True)
class Shelf:
    """What a product's variants are planned against; levels are keyed by variant, then location."""

    caller: Caller
    product_id: UUID
    options: Sequence[OptionDraft]
    variants: Sequence[Stored]
    levels: Mapping[UUID, Mapping[UUID, Stored]]
    default_location_id: UUID
    media: Mapping[str, UUID]
    """Address -> picture, as they will be."""
    reason: StockReason


@dataclass(slots=True)
class VariantPlan:
    """What must be written. `parked` are stored variants whose option values change, so that two may swap theirs."""

    ids: list[UUID] = field(default_factory=list)
    places: dict[UUID, int] = field(default_factory=dict)
    """Variant -> index of its draft."""
    rows: list[Row] = field(default_factory=list)
    parked: list[UUID] = field(default_factory=list)
    gone: list[UUID] = field(default_factory=list)
    prices: list[Row] = field(default_factory=list)
    levels: list[Row] = field(default_factory=list)
    metafields: list[tuple[UUID, MetafieldDraft]] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)


def plan_variants(shelf: Shelf, drafts: Sequence[VariantDraft], *, whole: bool) -> VariantPlan:
    """Plan the drafts on a product; when they are the `whole` list, stored variants that none of them means go.

    Paths of refusals start at the index of the draft.
    """
    plan = VariantPlan()
    left = {row["id"]: row for row in shelf.variants}
    named = {draft.id for draft in drafts}
    last = 0 if whole else max((row["position"] for row in shelf.variants), default=0)
    for index, draft in enumerate(drafts):
        stored = left.get(draft.id) if draft.id else _same_choice(left, named, draft)
        refusals = list(_refusals(shelf, draft, stored))
        if refusals:
            plan.refusals += [refusal.under(index) for refusal in refusals]
        if stored is not None:
            del left[stored["id"]]
        if refusals or (draft.id and stored is None):
            continue
        last += stored is None or whole
        position = last if stored is None or whole else stored["position"]
        _add(plan, shelf, draft, stored, position)
        plan.places[plan.ids[-1]] = index
    if whole:
        _remove(plan, shelf, left)
    _keep_apart(plan, shelf, drafts, [] if whole else left.values())
    return plan


def _same_choice(left: Mapping[UUID, Stored], named: set[UUID | None], draft: VariantDraft) -> Stored | None:
    values = list(given(draft.option_values, []))
    return next((row for row in left.values() if row["option_values"] == values and row["id"] not in named), None)


def _refusals(shelf: Shelf, draft: VariantDraft, stored: Stored | None) -> Iterable[Refusal]:
    if draft.id and stored is None:
        yield Refusal(UserErrorCode.NOT_FOUND, "找不到该规格", "No such variant", "id")
        return
    if stored is not None and draft.version is not None and draft.version != stored["version"]:
        yield ConflictRefusal("version", version=stored["version"])
    if stored is None and isinstance(draft.price_fen, Keep):
        yield Refusal(UserErrorCode.BLANK, "新规格须有价格", "A new variant needs a price", "price")
    yield from fit_refusals(shelf.options, _values(draft, stored), "optionValues")
    if isinstance(draft.media_url, str) and draft.media_url not in shelf.media:
        yield Refusal(UserErrorCode.NOT_FOUND, "商品没有这张图片", "The product has no such picture", "mediaUrl")
    if stored is not None:
        yield from _stock_refusals(shelf, draft, stored)


def _stock_refusals(shelf: Shelf, draft: VariantDraft, stored: Stored) -> Iterable[Refusal]:
    """Keep what is reserved, for it was promised to buyers, unless the variant may be oversold."""
    if _may_oversell(merged(draft, VARIANT_DEFAULTS, stored)):
        return
    for location_id, level in shelf.levels.get(stored["id"], {}).items():
        counted = location_id == shelf.default_location_id and not isinstance(draft.on_hand, Keep)
        on_hand = given(draft.on_hand, level["on_hand"]) if counted else level["on_hand"]
        if on_hand < level["reserved"]:
            yield StockRefusal(
                f"已被占用 {level['reserved']} 件，库存不能更少",
                f"{level['reserved']} are reserved; stock cannot be less",
                "onHand" if counted else "inventoryPolicy",
                available=level["on_hand"] - level["reserved"],
            )


def _values(draft: VariantDraft, stored: Stored | None) -> list[str]:
    return list(given(draft.option_values, stored["option_values"] if stored is not None else []))


def _add(plan: VariantPlan, shelf: Shelf, draft: VariantDraft, stored: Stored | None, position: int) -> None:
    caller = shelf.caller
    values = _values(draft, stored)
    row: Row = {
        "id": stored["id"] if stored is not None else new_id(),
        "shop_id": caller.shop_id,
        "product_id": shelf.product_id,
        "title": " / ".join(values)[:255] or NOTHING_TO_CHOOSE,
        "position": position,
        "option_values": values,
        **merged(draft, VARIANT_DEFAULTS, stored),
        "media_id": _media_id(shelf, draft, stored),
    }
    plan.ids.append(row["id"])
    plan.metafields += [(row["id"], metafield) for metafield in draft.metafields]
    if stored is None or any(stored[column] != value for column, value in row.items()):
        plan.rows.append(_stamped(row, caller, stored))
    if stored is not None and stored["option_values"] != values:
        plan.parked.append(row["id"])
    if stored is None or any(row[column] != stored[column] for column in ("price_fen", "compare_at_price_fen")):
        plan.prices.append(
            {
                "id": new_id(),
                "shop_id": caller.shop_id,
                "variant_id": row["id"],
                "price_fen": row["price_fen"],
                "compare_at_price_fen": row["compare_at_price_fen"],
                "created_at": caller.now,
            }
        )
    _add_levels(plan, shelf, draft, row)


def _stamped(row: Row, caller: Caller, stored: Stored | None) -> Row:
    return {
        **row,
        "available": 0 if stored is None else stored["available"],
        "version": 1 if stored is None else stored["version"] + 1,
        "created_at": caller.now if stored is None else stored["created_at"],
        "updated_at": caller.now,
    }


def _media_id(shelf: Shelf, draft: VariantDraft, stored: Stored | None) -> UUID | None:
    if isinstance(draft.media_url, str):
        return shelf.media[draft.media_url]
    kept: UUID | None = stored["media_id"] if stored is not None and isinstance(draft.media_url, Keep) else None
    return kept if kept in shelf.media.values() else None


def _add_levels(plan: VariantPlan, shelf: Shelf, draft: VariantDraft, row: Row) -> None:
    """Give a new variant a level at the default location, and mirror on every level whether it may be oversold."""
    may_oversell = _may_oversell(row)
    levels = shelf.levels.get(row["id"], {})
    for location_id in {shelf.default_location_id, *levels}:
        level = levels.get(location_id)
        was = level["on_hand"] if level is not None else 0
        on_hand = given(draft.on_hand, was) if location_id == shelf.default_location_id else was
        if level is None or on_hand != was or level["may_oversell"] != may_oversell:
            plan.levels.append(
                {
                    "level_id": level["id"] if level is not None else new_id(),
                    "move_id": new_id(),
                    "variant_id": row["id"],
                    "location_id": location_id,
                    "on_hand": on_hand,
                    "delta": on_hand - was,
                    "may_oversell": may_oversell,
                    "reason": shelf.reason,
                    "staff_id": shelf.caller.staff_id,
                }
            )


def _may_oversell(row: Mapping[str, Any]) -> bool:
    return not row["tracked"] or row["inventory_policy"] == InventoryPolicy.CONTINUE


def _remove(plan: VariantPlan, shelf: Shelf, left: Mapping[UUID, Stored]) -> None:
    for row in left.values():
        if any(level["reserved"] for level in shelf.levels.get(row["id"], {}).values()):
            plan.refusals.append(reserved_refusal(row["title"]))
        elif row["is_offered"]:
            plan.refusals.append(offered_refusal(row["title"]))
    plan.gone = list(left)


def reserved_refusal(title: str, *field: str | int) -> Refusal:
    """Say that a variant cannot go while buyers hold some of it."""
    return Refusal(
        UserErrorCode.IN_USE,
        f"规格“{title}”有订单占用，不能删除",
        f"Variant {title!r} is held by orders and cannot be removed",
        *field,
    )


def _keep_apart(plan: VariantPlan, shelf: Shelf, drafts: Sequence[VariantDraft], others: Iterable[Stored]) -> None:
    """No two variants of a product are the same choice."""
    taken = {tuple(row["option_values"]) for row in others}
    by_id = {row["id"]: row for row in shelf.variants}
    for index, draft in enumerate(drafts):
        choice = tuple(_values(draft, by_id.get(draft.id) if draft.id else None))
        if choice in taken:
            plan.refusals.append(
                Refusal(
                    UserErrorCode.DUPLICATE,
                    "已有相同的规格组合",
                    "Another variant is the same choice",
                    index,
                    "optionValues",
                )
            )
        taken.add(choice)
