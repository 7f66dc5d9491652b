"""A page's blocks: the parts it is put together from, each with what it shows as it is now."""

from typing import Annotated

import strawberry

from engine.declare import Order, expression, field, many, one, read, reads, reads_kinds
from engine.keyset import TIME
from engine.rows import Rows
from schema.collection import Collection
from schema.group_buy import GroupBuy
from schema.offer import is_open
from schema.product import Product
from schema.scalars import Url
from schema.share_link import ShareTarget

PageOfTarget = Annotated["Page", strawberry.lazy("schema.page")]  # type: ignore[name-defined]  # noqa: F821

# Found by unique keys whichever way the block says it. One of the two is always empty.
_MEMBERS = """
lateral (
    select said.id::uuid as product_id, said.place
    from jsonb_array_elements_text({p}.block -> 'productIds') with ordinality as said(id, place)
    union all
    select i.product_id, i.position as place from collection_product i
    where i.shop_id = {shop} and i.collection_id = ({p}.block ->> 'collectionId')::uuid
)
"""
_TAGS = """
select tag.value as tag from jsonb_array_elements({p}.block -> 'tags') with ordinality as tag(value, place)
order by tag.place
"""


@reads_kinds(
    "({t}.block ->> 'kind')",
    BANNER="BannerBlock",
    PRODUCTS="ProductsBlock",
    COLLECTION="CollectionBlock",
    TEXT="WordsBlock",
    IMAGE="PictureBlock",
    VIDEO="FilmBlock",
    LOOK="LookBlock",
    GROUP_BUYS="GroupBuysBlock",
)
@strawberry.interface(
    description="One part of a page that the shop put together. Show each by its type, and leave out types you do not"
    " know: more may come."
)
class PageBlock:
    """Told apart by the stored kind."""

    title: str = field(expression("({t}.block ->> 'title')"), description="What stands above it; may be empty.")


@reads()
@strawberry.type
class Picture(PageBlock):
    """What blocks with a picture share."""

    url: Url = field(expression("({t}.block ->> 'url')"), description="Where the picture is.")
    alt: str = field(expression("({t}.block ->> 'alt')"), description="What is to be seen; may be empty.")


@reads()
@strawberry.type
class Leading(Picture):
    """What blocks share that lead somewhere when tapped."""

    target: ShareTarget | None = field(
        expression("({t}.block -> 'target' ->> 'kind')"),
        description="What a tap leads to; null when nowhere. SHOP is the home page.",
    )
    product: Product | None = field(
        one("{t}.id = ({p}.block -> 'target' ->> 'id')::uuid and {p}.block -> 'target' ->> 'kind' = 'PRODUCT'"),
        description="The product it leads to; null for another target, and when it is no longer shown.",
    )
    collection: Collection | None = field(
        one("{t}.id = ({p}.block -> 'target' ->> 'id')::uuid and {p}.block -> 'target' ->> 'kind' = 'COLLECTION'"),
        description="The collection it leads to; null for another target, and when it is no longer shown.",
    )
    page: PageOfTarget | None = field(
        one("{t}.id = ({p}.block -> 'target' ->> 'id')::uuid and {p}.block -> 'target' ->> 'kind' = 'PAGE'"),
        description="The page it leads to; null for another target, and when it is no longer shown.",
    )


@reads()
@strawberry.type(description="A picture across the page that leads somewhere. Several in a row make a carousel.")
class BannerBlock(Leading):
    """BANNER."""


@reads()
@strawberry.type(description="Products, chosen one by one or the first of a collection.")
class ProductsBlock(PageBlock):
    """PRODUCTS."""

    @read(
        many(),
        list[Product],
        description="Those that are on sale now, in the order that the shop gave them.",
    )
    def products(rows: Rows) -> None:
        """By the members that the block names, one way or the other."""
        rows.m = rows.join(rows.fill(_MEMBERS))
        rows.where(rows.fill("{m}.product_id = {t}.id"))
        rows.order_by(Order("{m}.place"))
        rows.at_most(rows.fill("({p}.block ->> 'count')::int"))


@reads()
@strawberry.type(description="A collection, to be opened.")
class CollectionBlock(PageBlock):
    """COLLECTION."""

    collection: Collection | None = field(
        one("{t}.id = ({p}.block ->> 'collectionId')::uuid"), description="Null when it is no longer shown."
    )


@reads()
@strawberry.type(description="Words.")
class WordsBlock(PageBlock):
    """TEXT."""

    text: str = field(expression("({t}.block ->> 'text')"), description="The words, without any mark-up.")


@reads()
@strawberry.type(description="A picture, which may lead somewhere.")
class PictureBlock(Leading):
    """IMAGE."""


@reads()
@strawberry.type(description="A film.")
class FilmBlock(PageBlock):
    """VIDEO."""

    url: Url = field(expression("({t}.block ->> 'url')"), description="Where the film is.")


@reads()
@strawberry.type(description="A product on a picture.")
class LookTag:
    """In thousandths, so that it holds for every size."""

    x: int = field(
        expression("({t}.tag ->> 'x')::int"), description="How far from the left, in thousandths of the width."
    )
    y: int = field(
        expression("({t}.tag ->> 'y')::int"), description="How far from the top, in thousandths of the height."
    )
    product: Product | None = field(
        one("{t}.id = ({p}.tag ->> 'productId')::uuid"), description="The product; null when it is no longer shown."
    )


@reads()
@strawberry.type(description="A picture with products to be found on it, as in a lookbook.")
class LookBlock(Picture):
    """LOOK."""

    tags: list[LookTag] = field(many(rows=_TAGS), description="What is to be found, and where.")


@reads()
@strawberry.type(description="What can be bought together now.")
class GroupBuysBlock(PageBlock):
    """GROUP_BUYS."""

    @read(
        many(is_open("{t}"), order=Order("{t}.ends_at", TIME)),
        list[GroupBuy],
        description="Those that are open, also for staff; those that end first in front.",
    )
    def group_buys(rows: Rows) -> None:
        """As many as the block says."""
        rows.at_most(rows.fill("({p}.block ->> 'count')::int"))


PAGE_BLOCKS = (
    BannerBlock,
    ProductsBlock,
    CollectionBlock,
    WordsBlock,
    PictureBlock,
    FilmBlock,
    LookBlock,
    GroupBuysBlock,
)
"""Every kind, for the schema: an interface alone does not lead to them."""
