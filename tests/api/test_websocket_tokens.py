"""A socket lives as long as its token, or longer when a ping brings the next one."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from api.app import create
from api.websocket import Patience
from clock import wall_now
from models.staff import Role, Staff
from resolvers import tokens
from resolvers.staff import revoke_tokens, staff_named
from resolvers.tokens import LEEWAY_SECONDS
from settings import Settings
from tests.harness.server import open_door, serving_app
from tests.harness.shops import SandboxShop
from tests.harness.sockets import talking

FOR_STAFF = "{ locations { name } }"


@pytest.fixture(scope="module")
async def hasty(settings: Settings, database: None) -> AsyncIterator[str]:
    """A server whose sockets look often whether the caller still stands; its base URL."""
    app = create(settings)
    app.state.socket.patience = Patience(ping=0.2)
    async with serving_app(app, open_door()) as base_url:
        yield base_url


def token_for(shop: SandboxShop, staff: Staff, seconds: int, monkeypatch: pytest.MonkeyPatch) -> str:
    """A token that is taken for so long and no longer."""
    issued = wall_now() + timedelta(seconds=seconds - LEEWAY_SECONDS) - timedelta(hours=1)
    with monkeypatch.context() as patch:
        patch.setattr(tokens, "wall_now", lambda: issued)
        return shop.token_of(staff)


async def test_a_token_ends_and_the_socket_with_it(
    hasty: str, shop: SandboxShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with talking(hasty) as talk:
        await talk.initialise(token=token_for(shop, shop.owner, 2, monkeypatch))
        await talk.ask("q", FOR_STAFF)
        assert [(await talk.hear())["type"] for _ in range(2)] == ["next", "complete"]

        assert await talk.closed(5) == (4401, "The token has expired")


async def test_a_ping_with_the_next_token_keeps_it(
    hasty: str, shop: SandboxShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with talking(hasty) as talk:
        await talk.initialise(token=token_for(shop, shop.owner, 2, monkeypatch))
        await talk.say("ping", payload={"token": shop.token_of(shop.owner)})
        pong = await talk.hear()
        assert (pong["type"], list(pong["payload"])) == ("pong", ["now"])

        assert await talk.hears_nothing(3)
        await talk.ask("q", FOR_STAFF)
        assert [(await talk.hear())["type"] for _ in range(2)] == ["next", "complete"]


async def test_only_the_same_person_renews(
    hasty: str, shop: SandboxShop, other_shop: SandboxShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = await staff_named(shop.id, "另一位", [Role.OWNER])
    async with talking(hasty) as talk:
        await talk.initialise(token=token_for(shop, shop.owner, 3, monkeypatch))
        for token in (shop.token_of(other), other_shop.token_of(other_shop.owner), "e30.e30.e30", 7, None):
            await talk.say("ping", payload={"token": token})
            pong = await talk.hear()
            assert (pong["type"], list(pong["payload"])) == ("pong", ["refused"])
            assert str(token)[-20:] not in str(pong) or token in {7, None}

        await talk.ask("q", FOR_STAFF)
        assert (await talk.hear())["type"] == "next"
        assert (await talk.closed(6))[0] == 4401


async def test_a_visitor_does_not_become_somebody(hasty: str, shop: SandboxShop) -> None:
    async with talking(hasty) as talk:
        await talk.initialise(shopKey=shop.key)
        await talk.say("ping", payload={"token": shop.token_of(shop.owner)})
        assert list((await talk.hear())["payload"]) == ["refused"]
        await talk.ask("q", FOR_STAFF)
        assert (await talk.hear())["payload"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_a_token_that_is_taken_back_ends_the_socket(hasty: str, shop: SandboxShop) -> None:
    async with talking(hasty) as talk:
        await talk.initialise(token=shop.token_of(shop.owner))
        await revoke_tokens(shop.id, shop.owner.id)

        assert await talk.closed(5) == (4401, "The token was revoked")
