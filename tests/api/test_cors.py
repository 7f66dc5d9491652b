"""Browsers of other origins: let in by setting, and only those named."""

from collections.abc import AsyncIterator

import httpx
import pytest

from settings import Settings
from tests.harness.server import client, serving_app
from tests.harness.shops import OpenedShop
from tests.harness.tiny import tiny_app

FRIEND = "https://h5.example.com"
PREFLIGHT = {
    "origin": FRIEND,
    "access-control-request-method": "POST",
    "access-control-request-headers": "content-type,x-shop-key,x-visitor-id,x-visit-id,authorization",
}


@pytest.fixture
async def open_to_friend(settings: Settings, tiny_shop: OpenedShop) -> AsyncIterator[httpx.AsyncClient]:
    allowing = settings.model_copy(update={"cors_origins": (FRIEND,)})
    async with serving_app(tiny_app(allowing)) as base_url, client(base_url) as http:
        http.headers["x-shop-key"] = tiny_shop.key
        yield http


async def test_a_named_origin_may_ask(open_to_friend: httpx.AsyncClient) -> None:
    before = await open_to_friend.options("/graphql", headers=PREFLIGHT)
    answer = await open_to_friend.post("/graphql", json={"query": "{ __typename }"}, headers={"origin": FRIEND})

    assert before.status_code == 200
    assert before.headers["access-control-allow-origin"] == FRIEND
    assert "POST" in before.headers["access-control-allow-methods"]
    assert "X-Shop-Key" in before.headers["access-control-allow-headers"]
    assert answer.headers["access-control-allow-origin"] == FRIEND
    assert "X-Request-Id" in answer.headers["access-control-expose-headers"]
    assert "Origin" in answer.headers["vary"]
    assert "Accept" in answer.headers["vary"]
    assert "access-control-allow-credentials" not in answer.headers


async def test_another_origin_gets_no_leave(open_to_friend: httpx.AsyncClient) -> None:
    stranger = {**PREFLIGHT, "origin": "https://evil.example.com"}

    assert "access-control-allow-origin" not in (await open_to_friend.options("/graphql", headers=stranger)).headers


async def test_a_refusal_can_be_read_by_a_named_origin(open_to_friend: httpx.AsyncClient) -> None:
    answer = await open_to_friend.post("/graphql", content=b"5", headers={"origin": FRIEND})

    assert answer.status_code == 415
    assert answer.headers["access-control-allow-origin"] == FRIEND


async def test_nobody_is_let_in_without_the_setting(tiny: httpx.AsyncClient) -> None:
    before = await tiny.options("/graphql", headers=PREFLIGHT)

    assert "access-control-allow-origin" not in before.headers
