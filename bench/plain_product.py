"""A product and its parts as plain Strawberry types over Tortoise's objects."""

from datetime import datetime
from decimal import Decimal
from typing import Final, NewType

import strawberry
from strawberry.scalars import ID

from bench.plain_loaders import Asking
from ids import encode_id
from models.media import Media as MediaRow
from models.product import Product as ProductRow
from models.variant import InventoryPolicy
from models.variant import Variant as VariantRow

STOCK_SHOWN_MOST: Final = 99

PageSize = NewType("PageSize", int)
Handle = NewType("Handle", str)
Moment = NewType("Moment", datetime)

Info = strawberry.Info[Asking, None]


@strawberry.type
class Money:
    """An amount."""

    fen: int

    @strawberry.field
    def amount(self) -> str:
        """Yuan with two decimals."""
        return f"{self.fen // 100}.{self.fen % 100:02}"


@strawberry.type
class PriceRange:
    """The cheapest and the dearest variant."""

    min: Money
    max: Money


@strawberry.type
class Rating:
    """Stars."""

    average: Decimal | None
    count: int


@strawberry.type
class Image:
    """A picture."""

    url: str
    alt: str
    width: int | None
    height: int | None


@strawberry.type
class Option:
    """Something to choose."""

    name: str
    values: list[str]


@strawberry.type
class SelectedOption:
    """A choice."""

    name: str
    value: str


@strawberry.type
class Variant:
    """A variant over its row."""

    row: strawberry.Private[VariantRow]
    title: str
    sku: str

    @strawberry.field
    def id(self) -> ID:
        """Opaque."""
        return ID(encode_id("var", self.row.id))

    @strawberry.field
    def price(self) -> Money:
        """What it costs."""
        return Money(fen=self.row.price_fen)

    @strawberry.field
    def compare_at_price(self) -> Money | None:
        """What to strike out."""
        fen = self.row.compare_at_price_fen
        return None if fen is None else Money(fen=fen)

    @strawberry.field
    def available_for_sale(self) -> bool:
        """Whether it can be bought."""
        row = self.row
        return not row.tracked or row.inventory_policy is InventoryPolicy.CONTINUE or row.available > 0

    @strawberry.field
    def stock_left(self) -> int | None:
        """Pieces left."""
        row = self.row
        is_counted = row.tracked and row.inventory_policy is InventoryPolicy.DENY
        return max(min(row.available, STOCK_SHOWN_MOST), 0) if is_counted else None

    @strawberry.field
    async def selected_options(self, info: Info) -> list[SelectedOption]:
        """The choices that make it."""
        options = await info.context.options.load(self.row.product_id)
        chosen = zip(options, self.row.option_values, strict=False)
        return [SelectedOption(name=option.name, value=value) for option, value in chosen]


@strawberry.type
class VariantConnection:
    """A page of variants."""

    nodes: list[Variant]


@strawberry.type
class Product:
    """A product over its row."""

    row: strawberry.Private[ProductRow]
    handle: str
    title: str
    vendor: str
    product_type: str
    tags: list[str]
    seo_title: str
    in_stock: bool
    sales_count: int
    published_at: Moment

    @strawberry.field
    def id(self) -> ID:
        """Opaque."""
        return ID(encode_id("prd", self.row.id))

    @strawberry.field
    def price_range(self) -> PriceRange:
        """What its variants cost."""
        return PriceRange(min=Money(fen=self.row.min_price_fen), max=Money(fen=self.row.max_price_fen))

    @strawberry.field
    def rating(self) -> Rating:
        """What customers think."""
        row = self.row
        average = Decimal(row.rating_hundredths).scaleb(-2) if row.rating_count else None
        return Rating(average=average, count=row.rating_count)

    @strawberry.field
    async def options(self, info: Info) -> list[Option]:
        """What can be chosen."""
        found = await info.context.options.load(self.row.id)
        return [Option(name=option.name, values=option.values) for option in found]

    @strawberry.field
    async def images(self, info: Info, first: PageSize) -> list[Image]:
        """Pictures in order."""
        return [_image(row) for row in (await info.context.images.load(self.row.id))[:first]]

    @strawberry.field
    async def featured_image(self, info: Info) -> Image | None:
        """The first picture."""
        found = await info.context.images.load(self.row.id)
        return _image(found[0]) if found else None

    @strawberry.field
    async def variants(self, info: Info, first: PageSize) -> VariantConnection:
        """What can be bought."""
        rows = (await info.context.variants.load(self.row.id))[:first]
        return VariantConnection(nodes=[Variant(row=row, title=row.title, sku=row.sku) for row in rows])


def product_of(row: ProductRow) -> Product:
    """Make the type of a row."""
    return Product(
        row=row,
        handle=row.handle,
        title=row.title,
        vendor=row.vendor,
        product_type=row.product_type,
        tags=row.tags,
        seo_title=row.seo_title,
        in_stock=row.in_stock,
        sales_count=row.sales_count,
        published_at=Moment(row.published_at),
    )


def _image(row: MediaRow) -> Image:
    return Image(url=row.url, alt=row.alt, width=row.width, height=row.height)
