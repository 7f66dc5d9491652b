"""The endpoint over the tiny schema, on real sockets, for a visitor of a real shop."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from settings import Settings
from tests.harness.server import client, serving_app
from tests.harness.shops import OpenedShop, open_shop
from tests.harness.tiny import tiny_app

NEW = "application/graphql-response+json"
OLD = "application/json"


@pytest.fixture(scope="session")
async def tiny_shop(settings: Settings, database: None) -> OpenedShop:
    """The shop whose visitor asks."""
    return await open_shop(settings)


@pytest.fixture(scope="session")
async def tiny_url(settings: Settings, database: None) -> AsyncIterator[str]:
    """Serve the tiny schema; the base URL."""
    async with serving_app(tiny_app(settings)) as base_url:
        yield base_url


@pytest.fixture(scope="session")
async def tiny(tiny_url: str, tiny_shop: OpenedShop) -> AsyncIterator[httpx.AsyncClient]:
    """A client that sends the shop's key and nothing that a test did not ask for."""
    async with client(tiny_url) as http:
        http.headers.clear()
        http.headers["x-shop-key"] = tiny_shop.key
        yield http


class Post:
    """`await post({"query": ...}, accept=NEW)`: a well-formed POST."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def __call__(self, body: Any, accept: str = NEW, **headers: str) -> httpx.Response:
        """Send JSON."""
        sent = {"accept": accept, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return await self._http.post("/graphql", json=body, headers=sent)


@pytest.fixture
def post(tiny: httpx.AsyncClient) -> Post:
    """Send a JSON body to the tiny schema."""
    return Post(tiny)
