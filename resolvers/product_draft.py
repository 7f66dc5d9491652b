"""A product as it shall be, with all that belongs to it, and what is wrong with the wish by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from models.product import Origin, ProductStatus
from models.refusal import Refusal, UserErrorCode
from resolvers.checks import LONG_TEXT_CHARS_MAX, Checks, Step
from resolvers.description import DESCRIPTION_CHARS_MAX
from resolvers.handle import handle_refusals
from resolvers.keep import KEEP, Keep
from resolvers.media import MediaDraft, media_refusals
from resolvers.metafield_draft import MetafieldDraft, metafield_refusals
from resolvers.option import OptionDraft, option_refusals
from resolvers.variant_draft import SOURCE_CHARS_MAX, VariantDraft, variant_refusals

VARIANTS_MAX: Final = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductDraft:
    """KEEP leaves what is stored, or takes the default for a new product; a new one needs a title and a variant.

    `options`, `variants` and `media`, when given, are the whole list: what is stored and not in it goes.
    `metafields` sets the ones that are named and leaves the others. `description_html` is anybody's HTML.
    """

    id: UUID | None = None
    version: int | None = None
    handle: str | Keep = KEEP
    title: str | Keep = KEEP
    vendor: str | Keep = KEEP
    product_type: str | Keep = KEEP
    category_id: UUID | Keep | None = KEEP
    tags: Sequence[str] | Keep = KEEP
    description_html: str | Keep = KEEP
    seo_title: str | Keep = KEEP
    seo_description: str | Keep = KEEP
    status: ProductStatus | Keep = KEEP
    published_at: datetime | Keep = KEEP
    unpublish_at: datetime | Keep | None = KEEP
    origin: Origin | Keep = KEEP
    source: str | Keep = KEEP
    external_id: str | Keep | None = KEEP
    per_person_limit: int | Keep | None = KEEP
    per_order_limit: int | Keep | None = KEEP
    freight_template_id: UUID | Keep | None = KEEP
    options: Sequence[OptionDraft] | Keep = KEEP
    variants: Sequence[VariantDraft] | Keep = KEEP
    media: Sequence[MediaDraft] | Keep = KEEP
    metafields: Sequence[MetafieldDraft] = ()


PRODUCT_DEFAULTS: Final[dict[str, Any]] = {
    "title": "",
    "vendor": "",
    "product_type": "",
    "category_id": None,
    "tags": [],
    "seo_title": "",
    "seo_description": "",
    "status": ProductStatus.DRAFT,
    "unpublish_at": None,
    "origin": Origin.OWN,
    "source": "",
    "external_id": None,
    "per_person_limit": None,
    "per_order_limit": None,
    "freight_template_id": None,
}
"""Column -> what a new product has when nothing is said; the title must be said."""


def product_refusals(draft: ProductDraft, *prefix: Step) -> list[Refusal]:
    """Say what is wrong with one product by itself: all of it, before the database is asked."""
    checks = Checks(*prefix)
    if not isinstance(draft.handle, Keep):
        checks.add(handle_refusals(draft.handle, "handle"))
    checks.text(draft.title, "title", blank=False)
    checks.text(draft.vendor, "vendor")
    checks.text(draft.product_type, "productType")
    checks.tags(draft.tags, "tags")
    checks.text(draft.description_html, "descriptionHtml", chars=DESCRIPTION_CHARS_MAX)
    checks.text(draft.seo_title, "seoTitle")
    checks.text(draft.seo_description, "seoDescription", chars=LONG_TEXT_CHARS_MAX)
    checks.window(draft.published_at, draft.unpublish_at, "unpublishAt")
    checks.text(draft.source, "source", chars=SOURCE_CHARS_MAX)
    checks.text(draft.external_id, "externalId", blank=False)
    checks.number(draft.per_person_limit, "perPersonLimit", least=1)
    checks.number(draft.per_order_limit, "perOrderLimit", least=1)
    _parts(checks, draft)
    return checks.refusals


def _parts(checks: Checks, draft: ProductDraft) -> None:
    if not isinstance(draft.options, Keep):
        checks.add(option_refusals(draft.options), "options")
    if not isinstance(draft.media, Keep):
        checks.add(media_refusals(draft.media), "media")
    checks.add(metafield_refusals(draft.metafields), "metafields")
    if isinstance(draft.variants, Keep):
        return
    if not draft.variants:
        checks.refuse(UserErrorCode.BLANK, "至少一个规格", "At least one variant", "variants")
    checks.at_most(draft.variants, VARIANTS_MAX, "variants")
    checks.distinct([variant.id for variant in draft.variants], "id", "variants")
    for index, variant in enumerate(draft.variants):
        checks.add(variant_refusals(variant), "variants", index)
