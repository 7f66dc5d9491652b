"""Strawberry as its documentation shows it: types, resolvers, DataLoaders, Tortoise's objects, its own ASGI app.

Nothing is tuned and nothing is done badly: each kind of row is loaded once for a request, whatever asks for it.
"""

from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from hashlib import sha256
from time import monotonic
from typing import Any, Final
from uuid import UUID

import strawberry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.scalars import ID
from strawberry.schema.config import StrawberryConfig
from tortoise.expressions import Subquery

from bench.plain_loaders import Asking
from bench.plain_product import Handle, Info, Moment, PageSize, Product, product_of
from bench.settled import database_from_settings, settle_memory
from clock import wall_now
from ids import encode_id
from models.collection import Collection as CollectionRow
from models.collection import CollectionProduct
from models.product import Product as ProductRow
from models.shop import Shop
from models.visitor_key import VisitorKey
from settings import load_settings

_REMEMBER_SECONDS: Final = 1.0


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
        return product_of(row) if row else None

    @strawberry.field
    async def collection(self, info: Info, handle: Handle) -> Collection | None:
        """By its handle."""
        row = await CollectionRow.filter(shop_id=info.context.shop_id, handle=handle, published=True).first()
        if row is None:
            return None
        return Collection(
            row=row, handle=row.handle, title=row.title, description=row.description, image_url=row.image_url
        )


def _page(rows: Sequence[ProductRow], keys: Sequence[str], first: int) -> ProductConnection:
    shown = rows[:first]
    cursor = None
    if shown:
        payload = f"{shown[-1].id.hex}{keys[len(shown) - 1]}".encode()
        cursor = urlsafe_b64encode(sha256(payload).digest()[:12] + payload).rstrip(b"=").decode()
    page_info = PageInfo(has_next_page=len(rows) > first, end_cursor=cursor)
    return ProductConnection(nodes=[product_of(row) for row in shown], page_info=page_info)


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
        return Asking(known[1], wall_now() + known[2])


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
