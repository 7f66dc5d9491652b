"""Sockets that are badly treated: not read, broken, thrown things at. The server goes on, and keeps nothing of them."""

import asyncio
import json
from collections.abc import AsyncIterator
from random import Random
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from api.app import create
from api.websocket import Patience
from api.websocket_record import CLOSED
from resolvers.event_feed import event_feed
from settings import Settings
from tests.harness.server import open_door, serving_app
from tests.harness.shops import SandboxShop
from tests.harness.sockets import talking

FOLLOW = "subscription { catalogueUpdated { cursor } }"


@pytest.fixture(scope="module")
async def hasty(settings: Settings, database: None) -> AsyncIterator[str]:
    """A server that waits half a second for a message to be taken; its base URL."""
    app = create(settings)
    app.state.socket.patience = Patience(send=0.5)
    async with serving_app(app, open_door()) as base_url:
        yield base_url


async def test_who_does_not_read_is_cut(hasty: str, shop: SandboxShop) -> None:
    cut = CLOSED.labels("too_slow")
    before = cut._value.get()
    async with talking(hasty) as talk:
        await talk.initialise(shopKey=shop.key)
        talk.connection.transport.pause_reading()

        with pytest.raises(ConnectionClosed):
            # Far more than the machine's own buffers hold.
            await asyncio.gather(*(talk.say("ping", payload={"a": "x" * 60_000}) for _ in range(2_000)))
    assert cut._value.get() == before + 1


async def test_nothing_is_left_of_who_came_and_went(server: str, shop: SandboxShop) -> None:
    waiting = event_feed()._listeners
    for kind_of_end in ("closed", "refused", "broken"):
        async with talking(server) as talk:
            await talk.initialise(shopKey=shop.key)
            for _ in range(50):
                await talk.ask("same", FOLLOW)
                await talk.say("complete", "same")
            for number in range(20):
                await talk.ask(str(number), FOLLOW)
            await talk.say("ping")
            while (await talk.hear())["type"] != "pong":
                pass
            # One whose read is just being broken off leaves a moment later.
            assert len(waiting[shop.id]) <= 22
            if kind_of_end == "refused":
                await talk.send("[]")
                await talk.closed()
            elif kind_of_end == "broken":
                talk.connection.transport.abort()
        async with asyncio.timeout(5):
            while shop.id in waiting:  # noqa: ASYNC110 - the feed tells nobody who left
                await asyncio.sleep(0.01)


async def test_whatever_is_sent_the_server_has_an_answer(server: str, shop: SandboxShop) -> None:
    random = Random(7)  # noqa: S311 - the same frames every time
    parts: list[Any] = [
        "type",
        "id",
        "payload",
        "query",
        "subscribe",
        "ping",
        "complete",
        FOLLOW,
        "",
        None,
        1,
        [],
        {},
        "x" * 200,
    ]
    for _ in range(30):
        async with talking(server) as talk:
            await talk.initialise(shopKey=shop.key)
            try:
                for _ in range(20):
                    names = ["type", "id", "payload", *random.choices(["query", "variables"], k=random.randint(0, 2))]
                    body: Any = {name: random.choice(parts) for name in names}
                    if random.random() < 0.5:
                        body["type"] = random.choice(["subscribe", "complete", "ping", "pong"])
                        body["payload"] = {name: random.choice(parts) for name in ("query", "variables")}
                    await talk.send(json.dumps(body))
            except ConnectionClosed:
                continue
            finally:
                if talk.connection.close_code is None:
                    await talk.send("null")
                assert (await talk.closed())[0] in {4400, 4409}
