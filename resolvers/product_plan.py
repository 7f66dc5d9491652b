"""From wishes to rows: which stored product a draft means, and what it and its parts become."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson

from ids import new_id
from models.refusal import ConflictRefusal, Refusal, UserErrorCode
from models.stock import StockReason
from resolvers.caller import Caller
from resolvers.catalogue import Catalogue
from resolvers.description import description_blocks
from resolvers.handle import apart, derive_handle
from resolvers.keep import Keep, given, merged
from resolvers.media import MediaPlan, plan_media
from resolvers.option import OptionDraft, fit_refusals, stored_options
from resolvers.product_draft import PRODUCT_DEFAULTS, ProductDraft
from resolvers.product_stored import Standing
from resolvers.rows import Row
from resolvers.variant_plan import Shelf, VariantPlan, plan_variants

Stored = Mapping[str, Any]


@dataclass(slots=True)
class ProductPlan:
    """What must be written for one draft. `options` is None when they stay as they are."""

    row: Row
    created: bool
    options: list[Row] | None = None
    media: MediaPlan = field(default_factory=MediaPlan)
    variants: VariantPlan = field(default_factory=VariantPlan)
    refusals: list[Refusal] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans drafts of one shop against what stands there. `handles` are those in use, also by drafts before."""

    caller: Caller
    catalogue: Catalogue
    standing: Standing
    categories: set[UUID]
    freight_templates: set[UUID]
    reason: StockReason
    handles: dict[str, UUID]

    def plan(self, draft: ProductDraft, stored: Stored | None) -> ProductPlan:
        """Plan one draft on the product it means, or on a new one; paths of refusals start at the draft."""
        plan = ProductPlan(self._row(draft, stored), created=stored is None)
        plan.refusals += self._refusals(draft, stored, plan.row)
        options = self._plan_options(plan, draft)
        product_id = plan.row["id"]
        self._plan_media(plan, draft)
        if isinstance(draft.variants, Keep):
            self._check_fit(plan, draft, options)
        else:
            shelf = Shelf(
                caller=self.caller,
                product_id=product_id,
                options=options,
                variants=self.standing.variants.get(product_id, []),
                levels=self.standing.levels,
                default_location_id=self.catalogue.default_location_id,
                media=plan.media.id_of_url,
                reason=self.reason,
            )
            plan.variants = plan_variants(shelf, draft.variants, whole=True)
            plan.refusals += [refusal.under("variants") for refusal in plan.variants.refusals]
        return plan

    def _row(self, draft: ProductDraft, stored: Stored | None) -> Row:
        product_id = stored["id"] if stored is not None else new_id()
        row: Row = merged(draft, PRODUCT_DEFAULTS, stored)
        return {
            **_figures(stored),
            **row,
            "id": product_id,
            "shop_id": self.caller.shop_id,
            "handle": self._handle(draft, stored, product_id),
            "tags": list(dict.fromkeys(row["tags"])),
            "description_blocks": self._description(draft, stored),
            "published_at": given(draft.published_at, stored["published_at"] if stored else self.caller.now),
            "version": stored["version"] + 1 if stored else 1,
            "created_at": stored["created_at"] if stored else self.caller.now,
            "updated_at": self.caller.now,
        }

    def _handle(self, draft: ProductDraft, stored: Stored | None, product_id: UUID) -> str:
        if isinstance(draft.handle, str):
            return draft.handle
        if stored is not None:
            return str(stored["handle"])
        derived = derive_handle(given(draft.title, ""))
        handle = derived if derived not in self.handles else apart(derived, product_id)
        self.handles[handle] = product_id
        return handle

    def _description(self, draft: ProductDraft, stored: Stored | None) -> Any:  # noqa: ANN401 - JSON
        if isinstance(draft.description_html, str):
            return description_blocks(draft.description_html)
        return orjson.loads(stored["description_blocks"]) if stored is not None else []

    def _refusals(self, draft: ProductDraft, stored: Stored | None, row: Row) -> Iterable[Refusal]:
        if stored is None and isinstance(draft.title, Keep):
            yield Refusal(UserErrorCode.BLANK, "新商品须有标题", "A new product needs a title", "title")
        if stored is None and isinstance(draft.variants, Keep):
            yield Refusal(UserErrorCode.BLANK, "新商品须有规格", "A new product needs a variant", "variants")
        if stored is not None and draft.version is not None and draft.version != stored["version"]:
            yield ConflictRefusal("version", version=stored["version"])
        if isinstance(draft.handle, str) and self.handles.setdefault(draft.handle, row["id"]) != row["id"]:
            yield Refusal(UserErrorCode.TAKEN, "该标识已被其他商品使用", "Another product has this handle", "handle")
        if isinstance(draft.category_id, UUID) and draft.category_id not in self.categories:
            yield Refusal(UserErrorCode.NOT_FOUND, "找不到该分类", "No such category", "categoryId")
        if isinstance(draft.freight_template_id, UUID) and draft.freight_template_id not in self.freight_templates:
            yield Refusal(UserErrorCode.NOT_FOUND, "找不到该运费模板", "No such freight template", "freightTemplateId")
        opens, closes = row["published_at"], row["unpublish_at"]
        if (
            closes is not None
            and closes <= opens
            and (isinstance(draft.published_at, Keep) or isinstance(draft.unpublish_at, Keep))
        ):
            yield Refusal(
                UserErrorCode.OUT_OF_RANGE, "下架时间须晚于上架时间", "Must be later than the start", "unpublishAt"
            )
        if row["external_id"] is not None and self._external_taken(row):
            yield Refusal(
                UserErrorCode.TAKEN, "该外部编号已被其他商品使用", "Another product has this external id", "externalId"
            )

    def _external_taken(self, row: Row) -> bool:
        return any(
            other["id"] != row["id"] and (other["source"], other["external_id"]) == (row["source"], row["external_id"])
            for other in self.standing.products.values()
        )

    def _plan_options(self, plan: ProductPlan, draft: ProductDraft) -> list[OptionDraft]:
        stored = self.standing.options.get(plan.row["id"], [])
        before = stored_options(stored)
        if isinstance(draft.options, Keep):
            return before
        wished = [OptionDraft(option.name, list(option.values)) for option in draft.options]
        if wished != before:
            id_of_name = {row["name"]: row["id"] for row in stored}
            plan.options = [
                {
                    "id": id_of_name.get(option.name) or new_id(),
                    "shop_id": self.caller.shop_id,
                    "product_id": plan.row["id"],
                    "name": option.name,
                    "position": index,
                    "values": option.values,
                }
                for index, option in enumerate(wished, start=1)
            ]
        return wished

    def _plan_media(self, plan: ProductPlan, draft: ProductDraft) -> None:
        stored = self.standing.media.get(plan.row["id"], [])
        if isinstance(draft.media, Keep):
            plan.media.id_of_url = {row["url"]: row["id"] for row in stored}
        else:
            plan.media = plan_media(self.caller.shop_id, plan.row["id"], stored, draft.media)
            plan.refusals += [refusal.under("media") for refusal in plan.media.refusals]

    def _check_fit(self, plan: ProductPlan, draft: ProductDraft, options: Sequence[OptionDraft]) -> None:
        """Refuse new options that the variants which stay do not fit."""
        if isinstance(draft.options, Keep):
            return
        for variant in self.standing.variants.get(plan.row["id"], []):
            if fit_refusals(options, variant["option_values"]):
                title = variant["title"]
                plan.refusals.append(
                    Refusal(
                        UserErrorCode.IN_USE,
                        f"现有规格“{title}”不符合新的规格选项",
                        f"Variant {title!r} does not fit the new options",
                        "options",
                    )
                )


_FIGURES = (
    "min_price_fen", "max_price_fen", "variant_count", "image_count", "rating_sum", "rating_count",
    "rating_hundredths", "sales_count",
)  # fmt: skip


def _figures(stored: Stored | None) -> Row:
    """Start a new row at nothing: `refresh_products` counts, and a save never sets these columns."""
    return (
        {"in_stock": False, "announced": False, **dict.fromkeys(_FIGURES, 0)}
        if stored is None
        else {column: stored[column] for column in ("in_stock", "announced", *_FIGURES)}
    )
