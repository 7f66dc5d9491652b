"""A rush while servers die at any moment: what was answered is so, what was paid is sold, and nothing is sold twice."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from uuid import uuid4

import httpx
import pytest

from models.database import pool
from settings import Settings
from tests.faults.house import House, insists, leases_end, standing_house
from tests.faults.story import CANCEL
from tests.harness.buying import PLACE, on_sale
from tests.harness.paying import PAY, Payer, all_right, payer, settled, stock_of
from tests.harness.refunding import ledger
from tests.harness.shops import SandboxShop

pytestmark = pytest.mark.xdist_group("faults")

FEN = 1990


@pytest.fixture(scope="module")
async def house(
    settings: Settings, http: httpx.AsyncClient, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    """Two servers and a worker."""
    async with standing_house(settings, http, tmp_path_factory.mktemp("rush")) as found:
        yield found


@dataclass(slots=True)
class Answers:
    """What people were told: the last word on each order, and refusals by code."""

    orders: dict[str, str] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Rush:
    """One that is over: what there was, and what people were told."""

    shop: SandboxShop
    variant: str
    stock: int
    answers: Answers

    async def is_as_told(self) -> bool:
        """Whether orders, stock and WeChat's books are what people were told; fails where they are not."""
        rows = await pool().fetch(
            "select 'ord_' || replace(id::text, '-', '') as id, status from orders where shop_id = $1", self.shop.id
        )
        assert {row["id"]: row["status"] for row in rows} == self.answers.orders
        became = Counter(self.answers.orders.values())
        assert await stock_of(self.shop, self.variant) == (self.stock - became["PAID"], became["PENDING_PAYMENT"])
        assert await ledger(self.shop) == (became["PAID"] * FEN, 0)
        return await all_right(self.shop)


async def buys(house: House, ming: Payer, variant: str, chance: random.Random, answers: Answers) -> None:
    """Buy three times, and pay, cancel or forget each; whoever dies, ask again."""
    ask = house.asks(ming.ask)
    for _ in range(3):
        placed = await insists(ask, PLACE, {"input": ming.wish((variant, 1), total=FEN)})
        if placed.refusals:
            answers.refused[placed.refusals[0].code] += 1
            continue
        order = placed["orderPlace"]["order"]["id"]
        assert order not in answers.orders
        answers.orders[order] = "PENDING_PAYMENT"
        deed = chance.choice(["pay", "pay", "cancel", "forget"])
        if deed == "cancel":
            assert (await insists(ask, CANCEL, {"id": order})).refusals == []
            answers.orders[order] = "CANCELLED"
        elif deed == "pay":
            paying = await insists(ask, PAY, {"input": {"orderId": order}, "key": uuid4().hex})
            assert paying.refusals == []
            said = await ming.sheet(paying["orderPay"]["requestPayment"])
            assert said["outcome"] == "success"
            answers.orders[order] = "PAID"


async def strikes(house: House, chance: random.Random, kills: int, rush: asyncio.Future[list[None]]) -> int:
    """Kill one after the other at moments of chance, each when the one before is back, while people still buy."""
    struck = 0
    for turn in range(kills):
        await asyncio.sleep(chance.uniform(0.05, 0.6))
        if rush.done():
            break
        victim = house.places[["one", "two", "worker"][turn % 3]].process
        assert victim
        victim.kill()
        await victim.running.wait()
        struck += 1
        await house.stand(worker=True)
    return struck


async def rushes(house: House, shop: SandboxShop, seed: int, people: int, kills: int) -> Rush:
    """Let people buy more than there is while processes die."""
    chance = random.Random(seed)  # noqa: S311 - a story, not a secret
    stock = people * 2
    [variant] = await on_sale(shop, "mug", stock, fen=FEN)
    crowd = [await payer(shop, f"顾客{number}") for number in range(people)]
    await house.stand(worker=True)
    answers = Answers()

    rush = asyncio.gather(
        *(buys(house, ming, variant, random.Random(seed + n), answers) for n, ming in enumerate(crowd))  # noqa: S311 - a story
    )
    struck = await strikes(house, chance, kills, rush)
    await rush
    for _ in range(2):
        await leases_end(shop.id)
        await settled(shop)

    assert struck
    assert sum(answers.refused.values()) + len(answers.orders) == people * 3
    return Rush(shop, variant, stock, answers)


@pytest.mark.slow
async def test_a_rush_with_kills_sells_what_there_is_once(house: House, shop: SandboxShop) -> None:
    rush = await rushes(house, shop, seed=1, people=8, kills=2)

    assert set(rush.answers.refused) <= {"OUT_OF_STOCK"}
    assert await rush.is_as_told()


@pytest.mark.long
@pytest.mark.parametrize("seed", [2, 3, 5])
async def test_longer_rushes_with_kills_sell_what_there_is_once(house: House, shop: SandboxShop, seed: int) -> None:
    rush = await rushes(house, shop, seed, people=40, kills=12)

    assert set(rush.answers.refused) <= {"OUT_OF_STOCK"}
    assert await rush.is_as_told()
