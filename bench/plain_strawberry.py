"""Strawberry as its documentation shows it: types, resolvers, DataLoaders, Tortoise's objects, its own ASGI app.

Nothing is tuned and nothing is done badly: each kind of row is loaded once for a request, whatever asks for it.
"""

from base64 import urlsafe_b64encode
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from time import monotonic
from typing import Any, Final, NewType
from uuid import UUID

import strawberry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader
from strawberry.scalars import ID
from strawberry.schema.config import StrawberryConfig
from tortoise.expressions import Q, Subquery
from tortoise.queryset import QuerySet

from bench.settled import database_from_settings, settle_memory
from ids import encode_id
from models.collection import Collection as CollectionRow
from models.collection import CollectionProduct
from models.media import Media as MediaRow
from models.media import MediaKind
from models.option import ProductOption as OptionRow
from models.product import Product as ProductRow
from models.product import ProductStatus
from models.shop import Shop
from models.variant import InventoryPolicy
from models.variant import Variant as VariantRow
from models.visitor_key import VisitorKey
from settings import load_settings

STOCK_SHOWN_MOST: Final = 99
_REMEMBER_SECONDS: Final = 1.0

PageSize = NewType("PageSize", int)
Handle = NewType("Handle", str)
Moment = NewType("Moment", datetime)


class Asking:
    """What resolvers of one request share: the shop, its time and its loaders."""

    def __init__(self, shop_id: UUID, now: datetime) -> None:
        self.shop_id = shop_id
        self.now = now
        self.images: DataLoader[UUID, list[MediaRow]] = DataLoader(self._images)
        self.variants: DataLoader[UUID, list[VariantRow]] = DataLoader(self._variants)
        self.options: DataLoader[UUID, list[OptionRow]] = DataLoader(self._options)

    def on_sale(self) -> QuerySet[ProductRow]:
        """Products that the public may see."""
        return ProductRow.filter(
            Q(unpublish_at__isnull=True) | Q(unpublish_at__gt=self.now),
            shop_id=self.shop_id,
            status=ProductStatus.ACTIVE,
            published_at__lte=self.now,
        )

    async def _images(self, ids: list[UUID]) -> list[list[MediaRow]]:
        rows = MediaRow.filter(shop_id=self.shop_id, product_id__in=ids, kind=MediaKind.IMAGE)
        return _by_product(ids, await rows.order_by("position", "id"))

    async def _variants(self, ids: list[UUID]) -> list[list[VariantRow]]:
        rows = VariantRow.filter(shop_id=self.shop_id, product_id__in=ids)
        return _by_product(ids, await rows.order_by("position", "id"))

    async def _options(self, ids: list[UUID]) -> list[list[OptionRow]]:
        rows = OptionRow.filter(shop_id=self.shop_id, product_id__in=ids)
        return _by_product(ids, await rows.order_by("position", "id"))


def _by_product(ids: list[UUID], rows: Sequence[Any]) -> list[list[Any]]:
    found: dict[UUID, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.product_id].append(row)
    return [found[id_] for id_ in ids]


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
        return [SelectedOption(name=option.name, value=value) for option, value in zip(options, self.row.option_values, strict=False)]


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


@strawberry.type
class PageInfo:
    """Whether there is more."""

    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class ProductConnection:
    """A page of products."""

    nodes: list[Product]
    page_info: PageInfo


@strawberry.type
class Collection:
    """A collection over its row."""

    row: strawberry.Private[CollectionRow]
    handle: str
    title: str
    description: str
    image_url: str | None

    @strawberry.field
    def id(self) -> ID:
        """Opaque."""
        return ID(encode_id("col", self.row.id))

    @strawberry.field
    async def products(self, info: Info, first: PageSize) -> ProductConnection:
        """Its products in order."""
        asking = info.context
        on_sale = Subquery(asking.on_sale().values("id"))
        places = CollectionProduct.filter(shop_id=asking.shop_id, collection_id=self.row.id, product_id__in=on_sale)
        members = await places.order_by("position", "product_id").limit(first + 1)
        rows = {row.id: row for row in await asking.on_sale().filter(id__in=[member.product_id for member in members])}
        keys = [str(member.position) for member in members]
        return _page([rows[member.product_id] for member in members], keys, first)


@strawberry.type
class Query:
    """The roots that are measured."""

    @strawberry.field
    async def products(self, info: Info, first: PageSize) -> ProductConnection:
        """Newest first."""
        rows = await info.context.on_sale().order_by("-published_at", "-id").limit(first + 1)
        keys = [str(int(row.published_at.timestamp() * 1_000_000)) for row in rows]
        return _page(rows, keys, first)

    @strawberry.field
    async def product(self, info: Info, handle: Handle) -> Product | None:
        """By its handle."""
        row = await info.context.on_sale().filter(handle=handle).first()
        return _product(row) if row else None

    @strawberry.field
    async def collection(self, info: Info, handle: Handle) -> Collection | None:
        """By its handle."""
        row = await CollectionRow.filter(shop_id=info.context.shop_id, handle=handle, published=True).first()
        if row is None:
            return None
        return Collection(row=row, handle=row.handle, title=row.title, description=row.description, image_url=row.image_url)


def _image(row: MediaRow) -> Image:
    return Image(url=row.url, alt=row.alt, width=row.width, height=row.height)


def _product(row: ProductRow) -> Product:
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


def _page(rows: Sequence[ProductRow], keys: Sequence[str], first: int) -> ProductConnection:
    shown = rows[:first]
    cursor = None
    if shown:
        payload = f"{shown[-1].id.hex}{keys[len(shown) - 1]}".encode()
        cursor = urlsafe_b64encode(sha256(payload).digest()[:12] + payload).rstrip(b"=").decode()
    return ProductConnection(nodes=[_product(row) for row in shown], page_info=PageInfo(has_next_page=len(rows) > first, end_cursor=cursor))


class Endpoint(GraphQL[Asking, None]):
    """Strawberry's own ASGI application; knows which shop a key opens for a second, as ours does."""

    def __init__(self, schema: strawberry.Schema) -> None:
        super().__init__(schema)
        self._known: dict[str, tuple[float, UUID, timedelta]] = {}

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Asking:  # noqa: ARG002 - Strawberry's hook
        """Find the shop."""
        key = request.headers["x-shop-key"]
        known = self._known.get(key)
        if known is None or known[0] <= monotonic():
            shop = await Shop.get(id=(await VisitorKey.get(key=key, revoked_at__isnull=True)).shop_id)
            offset = timedelta(milliseconds=shop.clock_offset_ms)
            known = self._known[key] = (monotonic() + _REMEMBER_SECONDS, shop.id, offset)
        return Asking(known[1], datetime.now(UTC) + known[2])


SCALARS: Final[dict[object, Any]] = {
    PageSize: strawberry.scalar(name="PageSize", serialize=int, parse_value=int),
    Handle: strawberry.scalar(name="Handle", serialize=str, parse_value=str),
    Moment: strawberry.scalar(
        name="DateTime",
        serialize=lambda value: value.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z",
        parse_value=datetime.fromisoformat,
    ),
}


def create() -> Starlette:
    """Make the application."""
    settings = load_settings()

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with database_from_settings(settings):
            settle_memory()
            yield

    schema = strawberry.Schema(Query, config=StrawberryConfig(scalar_map=SCALARS))
    return Starlette(routes=[Route("/graphql", Endpoint(schema))], lifespan=lifespan)
