"""Products: what the shop sells."""

from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated

import strawberry

from engine.declare import Order, computed, expression, field, listed, many, one, page, reads, value
from engine.keyset import TIME
from models.product import Product as ProductRow
from models.staff import Role
from resolvers.description import render_html
from schema.block import DescriptionBlock
from schema.category import Category
from schema.connection import Connection, limited_rows, paged_rows
from schema.facet import FACETS, Facet
from schema.freight_template import FreightTemplate
from schema.media import Media
from schema.metafield import metafield_of_goods, metafields_of_goods
from schema.money import PriceRange
from schema.node import Node
from schema.offer import is_open, open_offers
from schema.option import ProductOption
from schema.product_status import ProductStatus
from schema.review import ReviewConnection
from schema.scalars import Handle
from schema.variant import Variant
from schema.viewer_context import OF_PRODUCT, ViewerContext
from schema.visibility import on_sale

BY_POSITION = Order("{t}.position")
OWN = "{t}.product_id = {p}.id"
BLOCKS = """
select b.value as block
from jsonb_array_elements({p}.description_blocks) with ordinality as b(value, place)
order by b.place
"""


@strawberry.enum(description="Where a product comes from.")
class Origin(Enum):
    """As stored."""

    OWN = strawberry.enum_value("OWN", description="Made in this shop.")
    IMPORTED = strawberry.enum_value("IMPORTED", description="From a catalogue file or feed.")
    SUPPLIED = strawberry.enum_value("SUPPLIED", description="From a supplying partner.")


@reads()
@strawberry.type(description="What customers think of a product.")
class Rating:
    """Reads a product's figures: average in hundredths and count."""

    average: Decimal | None = field(
        expression("case when {1} > 0 then ({0}::numeric / 100)::numeric(3, 2) end"),
        description="Stars, 1.00 to 5.00; null without reviews.",
    )
    count: int = field(expression("{1}"), description="How many published reviews there are.")


@reads(ProductRow, prefix="prd", guard=on_sale("{t}"))
@strawberry.type(
    description="Something the shop sells. It is bought by its variants, of which it always has at least one."
)
class Product(Node):
    """The public sees products on sale; staff see all."""

    handle: Handle = field(description="Name for addresses, unique in the shop.")
    title: str = field(description="As shown in lists.")
    vendor: str = field(description="The brand; may be empty.")
    product_type: str = field(description="The shop's own word for its kind; may be empty.")
    tags: list[str] = field(description="Words it is found by.")
    category: Category | None = field(
        one("{t}.id = {p}.category_id"), description="Where it stands in the tree; null when nowhere."
    )
    description: list[DescriptionBlock] = field(
        many(rows=BLOCKS), description="The description as safe parts, in order."
    )
    description_html: str = field(
        computed("{t}.description_blocks", render_html),
        description="The whole description as HTML of the subset that a rich-text tag shows.",
    )
    seo_title: str = field(description="Title for search engines; may be empty.")
    seo_description: str = field(description="Summary for search engines and share cards; may be empty.")
    price_range: PriceRange = field(
        value("{t}.min_price_fen", "{t}.max_price_fen"),
        description="What its variants cost; never depends on who asks.",
    )
    in_stock: bool = field(description="Whether any variant can be bought now.")
    rating: Rating = field(
        value("{t}.rating_hundredths", "{t}.rating_count"), description="What customers think of it."
    )
    sales_count: int = field(
        expression("least({t}.sales_count, 2147483647)"), description="Pieces sold so far, counted to 2,147,483,647."
    )
    options = listed(
        many(OWN, order=BY_POSITION, is_public=True), list[ProductOption], description="What can be chosen, in order."
    )
    variants = paged_rows(
        page(OWN, order=BY_POSITION, is_public=True),
        Connection[Variant],
        description="What can be bought, in the shop's order.",
    )
    variant_count: int = field(description="How many variants it has.")
    featured_image: Media | None = field(
        one(f"{OWN} and {{t}}.kind = 'IMAGE'", order=BY_POSITION, is_public=True),
        description="The first picture, for lists; null when there is none.",
    )
    images = limited_rows(
        many(f"{OWN} and {{t}}.kind = 'IMAGE'", order=BY_POSITION, is_public=True),
        list[Media],
        description="The pictures, in order.",
    )
    media = paged_rows(
        page(OWN, order=BY_POSITION, is_public=True), Connection[Media], description="Pictures and films, in order."
    )
    reviews = paged_rows(
        page(OWN, order=Order("{t}.created_at", TIME, descending=True)),
        ReviewConnection,
        description="What customers say, newest first.",
    )
    collections = limited_rows(
        many(
            "exists (select 1 from collection_product i where i.shop_id = {t}.shop_id and i.collection_id = {t}.id"
            " and i.product_id = {p}.id)",
            order=BY_POSITION,
        ),
        list[Annotated["Collection", strawberry.lazy("schema.collection")]],  # type: ignore[name-defined]  # noqa: F821
        description="The collections it is in, in the shop's order.",
    )
    group_buy: Annotated["GroupBuy", strawberry.lazy("schema.group_buy")] | None = field(  # type: ignore[name-defined]  # noqa: F821
        one(f"{OWN} and {is_open('{t}')}", order=Order("{t}.ends_at", TIME)),
        description="The group-buy in which it costs less now, the one that ends first; null when there is none.",
    )
    offers: list[Annotated["Offer", strawberry.lazy("schema.offer")]] = field(  # type: ignore[name-defined]  # noqa: F821
        many(rows=open_offers("b.product_id = {p}.id")),
        description="All that it is to be had by beside the usual, what ends first in front; at most 20.",
    )
    per_person_limit: int | None = field(description="The most one customer may ever buy; null without limit.")
    per_order_limit: int | None = field(description="The most in one order; null without limit.")
    freight_template: FreightTemplate | None = field(
        one("{t}.id = {p}.freight_template_id"),
        description="What sending it costs; null when it has the shop's default. Requires: CATALOGUE.",
        roles=[Role.CATALOGUE],
    )
    published_at: datetime = field(description="When it goes, or went, on sale.")
    unpublish_at: datetime | None = field(description="When it goes off sale; null when nobody has said.")
    status: ProductStatus = field(description="Always ACTIVE for the public.")
    origin: Origin = field(description="Where it comes from.")
    source: str | None = field(
        description="Which file, feed or partner it came from. Requires: CATALOGUE.", roles=[Role.CATALOGUE]
    )
    external_id: str | None = field(
        description="Its id there; unique by source. Requires: CATALOGUE.", roles=[Role.CATALOGUE]
    )
    viewer_context: ViewerContext | None = field(
        OF_PRODUCT, description="What it is to the customer who asks; null for visitors and staff."
    )
    version: int = field(description="Send it back when changing the product; refused with CONFLICT when stale.")
    created_at: datetime = field(description="When it was made.")
    updated_at: datetime = field(description="When it last changed.")

    metafields = metafields_of_goods("product_id")
    metafield = metafield_of_goods("product_id")


@strawberry.type(description="One page of a list of products, and what the whole list can be narrowed by.")
class ProductConnection(Connection[Product]):
    """`facets` look at the whole list, not at the page."""

    facets: list[Facet] = field(
        many(rows=FACETS), description="What the list can be narrowed by. Ask for it on the first page only."
    )
