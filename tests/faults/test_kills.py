"""Processes are killed at named places, come back, and nothing is lost and nothing doubled.

A phone asks again, word for word and under the same key, at whichever server lives. What was answered is there
afterwards; orders, payments and refunds are counted here and in the books of the sandbox's WeChat.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest

from settings import Settings
from tests.faults.house import House, standing_house
from tests.faults.story import Life, life_in
from tests.harness.shops import SandboxShop

pytestmark = pytest.mark.xdist_group("faults")


@dataclass(frozen=True, slots=True)
class Kill:
    """Who dies where, and in which chapter of the story."""

    point: str
    victim: str
    chapter: str

    def __str__(self) -> str:
        return f"{self.victim}-{self.point}-{self.chapter}"


SERVERS = (
    Kill("cart.added.before_commit", "one", "fill_cart"),
    Kill("cart.added.after_commit", "one", "fill_cart"),
    Kill("order.placed.before_commit", "one", "place"),
    Kill("order.placed.after_commit", "one", "place"),
    Kill("command.before_commit", "one", "pay"),
    Kill("command.after_commit", "one", "pay"),
    Kill("order.pay.after_prepay", "one", "pay"),
    Kill("notification.stored", "one", "sheet"),
    Kill("order.paid.before_commit", "one", "sheet"),
    Kill("command.before_commit", "one", "refund"),
    Kill("command.after_commit", "one", "refund"),
    Kill("command.before_commit", "one", "ship"),
    Kill("command.after_commit", "one", "ship"),
    Kill("order.cancel.closed", "one", "let_go"),
)
WORKERS = (
    Kill("outbox.claimed", "worker", "place"),
    Kill("outbox.told", "worker", "place"),
    Kill("stock.figured", "worker", "place"),
    Kill("order.paid.before_commit", "worker", "sheet"),
    Kill("message.before_call", "worker", "sheet"),
    Kill("message.after_call", "worker", "sheet"),
    Kill("refund.before_call", "worker", "refund"),
    Kill("refund.after_call", "worker", "refund"),
    Kill("shipping.before_call", "worker", "ship"),
    Kill("shipping.after_call", "worker", "ship"),
    Kill("order.cancel.closed", "worker", "let_go"),
)
WORST = (
    Kill("order.placed.after_commit", "one", "place"),
    Kill("order.pay.after_prepay", "one", "pay"),
    Kill("notification.stored", "one", "sheet"),
    Kill("order.paid.before_commit", "worker", "sheet"),
    Kill("refund.after_call", "worker", "refund"),
)
"""Where most would be lost or doubled."""


@pytest.fixture(scope="module")
async def house(
    settings: Settings, http: httpx.AsyncClient, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    """Two servers and, when it is wanted, a worker."""
    async with standing_house(settings, http, tmp_path_factory.mktemp("house")) as found:
        yield found


async def dies(house: House, shop: SandboxShop, kill: Kill, seed: int) -> Life:
    """Live through the story, with one death in it; returns the life that was led."""
    is_worker = kill.victim == "worker"
    await house.stand(worker=is_worker)
    life = await life_in(house, shop, seed, lost=is_worker)

    async def before(chapter: str) -> None:
        if chapter == kill.chapter:
            await house.strike(kill.point)

    async def after(chapter: str) -> None:
        if chapter == kill.chapter:
            await life.hurry()
            await house.fell(kill.victim)
            await house.stand(worker=is_worker)

    try:
        await life.lived(before, after)
    finally:
        # A kill that nobody met must not strike this process.
        await house.calm()
    return life


@pytest.mark.slow
@pytest.mark.parametrize("kill", WORST, ids=str)
async def test_a_kill_loses_nothing_and_doubles_nothing(house: House, shop: SandboxShop, kill: Kill) -> None:
    life = await dies(house, shop, kill, seed=1)

    assert await life.holds()


@pytest.mark.long
@pytest.mark.parametrize("seed", [2, 3, 5])
@pytest.mark.parametrize("kill", [*SERVERS, *WORKERS], ids=str)
async def test_no_kill_loses_or_doubles_anything(house: House, shop: SandboxShop, kill: Kill, seed: int) -> None:
    life = await dies(house, shop, kill, seed)

    assert await life.holds()
