"""Products coming in, with all that belongs to them."""

from dataclasses import replace
from datetime import datetime

import strawberry

from models.product import Origin as StoredOrigin
from models.product import ProductStatus as StoredStatus
from resolvers.keep import KEEP, Keep
from resolvers.product_draft import ProductDraft
from resolvers.variant_draft import VariantDraft
from schema.given import given, given_or_null, known_or_keep, known_or_none, optional, plain, stored
from schema.media_input import MediaInput
from schema.metafield_input import MetafieldInput
from schema.option_input import OptionInput
from schema.product import Origin
from schema.product_status import ProductStatus
from schema.scalars import Handle
from schema.variant_input import VariantInput


@strawberry.input(description="What a product has beside its title and variants.")
class ProductFieldsInput:
    """What is left out stays as it is; null empties what may be empty, and says nothing elsewhere."""

    handle: Handle | None = optional(
        "Name for addresses: lower-case letters, Chinese characters, digits, - and _. Made from the title when a new"
        " product has none."
    )
    vendor: str | None = optional("The brand.")
    product_type: str | None = optional("The shop's own word for its kind.")
    category_id: strawberry.ID | None = optional("Where it stands in the tree; null for nowhere.")
    tags: list[str] | None = optional("Words it is found by, at most 250; the whole list.")
    description_html: str | None = optional(
        "The description as HTML, at most 200,000 characters. It is cut into safe blocks; scripts, styles and foreign"
        ' schemes are left out. `<a data-product="handle"></a>` becomes a product card.'
    )
    seo_title: str | None = optional("Title for search engines.")
    seo_description: str | None = optional("Summary for search engines and share cards.")
    status: ProductStatus | None = optional("DRAFT when a new product has none.")
    published_at: datetime | None = optional("From when it is on sale, if ACTIVE; now when a new product has none.")
    unpublish_at: datetime | None = optional("Until when it is on sale; null for good.")
    origin: Origin | None = optional("Where it comes from; OWN when left out.")
    source: str | None = optional("The system it comes from, at most 64 characters.")
    external_id: str | None = optional("Its id in that system, unique with the source; null for none.")
    per_person_limit: int | None = optional("The most one customer may ever buy, 1 or more; null without limit.")
    per_order_limit: int | None = optional("The most in one order, 1 or more; null without limit.")
    freight_template_id: strawberry.ID | None = optional("What sending it costs; null for the shop's default.")
    options: list[OptionInput] | None = optional("What can be chosen, in order; the whole list.")
    media: list[MediaInput] | None = optional("Pictures and films, in order; the whole list.")
    metafields: list[MetafieldInput] | None = optional("Extras to set; others stay.")

    def fields(self) -> ProductDraft:
        """Return what was said, as the command takes it."""
        options, media = plain(self.options), plain(self.media)
        return ProductDraft(
            handle=given(self.handle),
            vendor=given(self.vendor),
            product_type=given(self.product_type),
            category_id=known_or_keep("cat", self.category_id),
            tags=given(self.tags),
            description_html=given(self.description_html),
            seo_title=given(self.seo_title),
            seo_description=given(self.seo_description),
            status=stored(StoredStatus, self.status),
            published_at=given(self.published_at),
            unpublish_at=given_or_null(self.unpublish_at),
            origin=stored(StoredOrigin, self.origin),
            source=given(self.source),
            external_id=given_or_null(self.external_id),
            per_person_limit=given_or_null(self.per_person_limit),
            per_order_limit=given_or_null(self.per_order_limit),
            freight_template_id=known_or_keep("frt", self.freight_template_id),
            options=KEEP if options is None else [option.draft() for option in options],
            media=KEEP if media is None else [medium.draft() for medium in media],
            metafields=[metafield.draft() for metafield in plain(self.metafields) or ()],
        )


@strawberry.input(description="A product to make, with at least one variant.")
class ProductCreateInput(ProductFieldsInput):
    """Everything else has a default."""

    title: str = strawberry.field(description="As shown in lists; 1 to 255 characters.")
    variants: list[VariantInput] = strawberry.field(
        description="What can be bought, in the shop's order; at least one."
    )

    def draft(self) -> ProductDraft:
        """Return it as the command takes it."""
        return replace(self.fields(), title=self.title, variants=[variant.draft() for variant in self.variants])


@strawberry.input(description="What shall be different in a product. What is left out stays as it is.")
class ProductUpdateInput(ProductFieldsInput):
    """`version` guards against overwriting what somebody else wrote."""

    version: int | None = optional("The version you have read; refused with CONFLICT when it no longer stands.")
    title: str | None = optional("As shown in lists; 1 to 255 characters.")
    variants: list[VariantInput] | None = optional(
        "What can be bought, in the shop's order; the whole list: variants that are not in it are deleted."
    )

    def draft(self) -> ProductDraft:
        """Return it as the command takes it."""
        return replace(
            self.fields(), version=plain(self.version), title=given(self.title), variants=_variants(self.variants)
        )


@strawberry.input(
    description="A product to change or make: the one with this id, else with this handle, else with this source and"
    " external id; when there is none, and no id was sent, it is made and needs a title and a variant."
)
class ProductUpsertInput(ProductUpdateInput):
    """One item of productsUpsert."""

    id: strawberry.ID | None = optional("The product to change.")

    def draft(self) -> ProductDraft:
        """Return it as the command takes it."""
        changes = ProductUpdateInput.draft(self)
        return replace(changes, id=known_or_none("prd", self.id))


def _variants(variants: list[VariantInput] | None) -> list[VariantDraft] | Keep:
    sent = plain(variants)
    return KEEP if sent is None else [variant.draft() for variant in sent]
