"""Many hands on the same seats at once, over two processes: the last seat is sold once, all money accounted for."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from models.database import pool
from tests.harness.asking import Answer
from tests.harness.buying import Buyer, buyer, on_sale
from tests.harness.overlap import at_once
from tests.harness.paying import Payer, all_right, count, later, payer, settled
from tests.harness.refunding import ledger
from tests.harness.shops import SandboxShop
from tests.harness.teams import JOIN, LEAVE, START, begun, joined, leaves, open_group_buy, seat_wish, team_of

pytestmark = pytest.mark.slow

RIVALS = 50


async def people(shop: SandboxShop, count: int) -> list[Buyer]:
    """Let customers come who have not paid yet and need not."""
    return list(await asyncio.gather(*(buyer(shop, f"顾客 {number}") for number in range(count))))


async def all_at_once(second: httpx.AsyncClient, document: str, wishes: list[tuple[Buyer, Any]]) -> list[Answer]:
    """Ask everything at the same moment, in turns at either process."""
    askers = [
        replace(person.ask, http=second) if number % 2 else person.ask for number, (person, _) in enumerate(wishes)
    ]
    return await at_once([ask(document, {"input": wish}) for ask, (_, wish) in zip(askers, wishes, strict=True)])


def told(answers: list[Answer]) -> Counter[str]:
    """What became of them: SEATED, or the code of the refusal."""
    found = Counter[str]()
    for answer in answers:
        [payload] = answer.data.values()
        found[payload["userErrors"][0]["code"] if payload["userErrors"] else "SEATED"] += 1
    return found


async def forming(shop: SandboxShop, offer: str, variant: str) -> tuple[Payer, str]:
    """Let somebody start a team and pay; returns them and the team."""
    leader = await payer(shop)
    return leader, await begun(shop, leader, offer, variant)


async def test_of_fifty_rivals_one_has_the_last_seat(shop: SandboxShop, second: httpx.AsyncClient) -> None:
    [shirt] = await on_sale(shop, "shirt", 100, fen=5000)
    offer = await open_group_buy(shop, {shirt: [3000]}, sizes=[2])
    leader, team = await forming(shop, offer, shirt)
    rivals = await people(shop, RIVALS)

    wishes = [(person, seat_wish(person, offer, shirt, team, total=3000)) for person in rivals]
    answers = await all_at_once(second, JOIN, wishes)

    assert told(answers) == {"SEATED": 1, "TEAM_FULL": RIVALS - 1}
    assert (await team_of(leader, team))["seatsLeft"] == 0
    await settled(shop)
    assert await all_right(shop)


async def test_a_person_has_one_seat_however_often_they_ask(shop: SandboxShop, second: httpx.AsyncClient) -> None:
    [shirt] = await on_sale(shop, "shirt", 100, fen=5000)
    offer = await open_group_buy(shop, {shirt: [3000]}, sizes=[10])
    _, team = await forming(shop, offer, shirt)
    ming = await buyer(shop)

    many = await all_at_once(second, JOIN, [(ming, seat_wish(ming, offer, shirt, team, total=3000)) for _ in range(20)])
    hong = await buyer(shop, "小红")
    wish = seat_wish(hong, offer, shirt, team, total=3000, key="one")
    same = await all_at_once(second, JOIN, [(hong, wish) for _ in range(20)])

    assert told(many) == {"SEATED": 1, "ALREADY_JOINED": 19}
    assert told(same) == {"SEATED": 20}
    assert len({answer["groupBuyTeamJoin"]["order"]["id"] for answer in same}) == 1
    assert await count(shop, "group_buy_seat", "state = 'RESERVED'") == 2
    assert await all_right(shop)


async def test_the_stock_of_an_offer_is_sold_once(shop: SandboxShop, second: httpx.AsyncClient) -> None:
    [shirt] = await on_sale(shop, "shirt", 100, fen=5000)
    offer = await open_group_buy(shop, {shirt: [3000]}, sizes=[2], stock=5)
    crowd = await people(shop, 30)

    wishes = [(person, seat_wish(person, offer, shirt, None, total=3000)) for person in crowd]
    answers = await all_at_once(second, START, wishes)

    assert told(answers) == {"SEATED": 5, "OUT_OF_STOCK": 25}
    assert await count(shop, "group_buy_variant", "taken = 5") == 1
    assert await all_right(shop)


async def test_a_limit_per_person_holds_from_the_first_order_on(shop: SandboxShop, second: httpx.AsyncClient) -> None:
    [shirt] = await on_sale(shop, "shirt", 100, fen=5000)
    offer = await open_group_buy(shop, {shirt: [3000]}, sizes=[2], per_person=2)
    ming = await buyer(shop)

    wishes = [(ming, seat_wish(ming, offer, shirt, None, total=3000)) for _ in range(10)]
    answers = await all_at_once(second, START, wishes)

    assert told(answers) == {"SEATED": 2, "LIMIT_REACHED": 8}
    assert await all_right(shop)


@pytest.mark.parametrize("head_start", [0.0, 0.03, 0.1])
async def test_the_end_of_a_team_and_its_last_payment_have_one_winner(
    shop: SandboxShop, second: httpx.AsyncClient, head_start: float
) -> None:
    [shirt] = await on_sale(shop, "shirt", 100, fen=5000)
    offer = await open_group_buy(shop, {shirt: [3000]}, sizes=[2], hours=1)
    _, team = await forming(shop, offer, shirt)
    hong = await payer(shop, "小红")
    await later(shop, timedelta(minutes=50))
    wish = seat_wish(hong, offer, shirt, team, total=3000)
    order = (await hong.ask(JOIN, {"input": wish}))["groupBuyTeamJoin"]["order"]
    request = (await hong.pays(order["id"]))["requestPayment"]

    async def pay() -> None:
        await asyncio.sleep(head_start)
        await hong.sheet(request)

    elsewhere = replace(shop, http=second)
    await asyncio.gather(later(elsewhere, timedelta(minutes=10)), pay())
    await settled(shop)

    state = (await team_of(hong, team))["state"]
    kept, refunded = await count(shop, "orders", "status = 'PAID'"), await count(shop, "refund", "state = 'SUCCEEDED'")
    assert (state, kept) in {("SUCCEEDED", 2), ("FAILED", 0)}
    assert await ledger(shop) == (3000 * kept, 0)
    assert refunded == await count(shop, "payment", "state = 'SUCCEEDED'") - kept
    assert await all_right(shop)


async def test_leaving_and_the_last_payment_have_one_winner(shop: SandboxShop, second: httpx.AsyncClient) -> None:
    [shirt] = await on_sale(shop, "shirt", 100, fen=5000)
    offer = await open_group_buy(shop, {shirt: [3000]}, sizes=[2])
    for _ in range(3):
        leader, team = await forming(shop, offer, shirt)
        hong = await payer(shop, "小红")
        wish = seat_wish(hong, offer, shirt, team, total=3000)
        order = (await hong.ask(JOIN, {"input": wish}))["groupBuyTeamJoin"]["order"]
        request = (await hong.pays(order["id"]))["requestPayment"]
        leaving = replace(leader, ask=replace(leader.ask, http=second))

        left, _ = await asyncio.gather(leaves(leaving, team), hong.sheet(request))
        await settled(shop)

        now = await team_of(hong, team)
        has_left = not left.refusals
        assert (has_left, now["state"]) in {(False, "SUCCEEDED"), (True, "FORMING"), (True, "FAILED")}
        assert await all_right(shop)


async def test_many_leaves_of_one_seat_give_the_money_back_once(shop: SandboxShop, second: httpx.AsyncClient) -> None:
    [shirt] = await on_sale(shop, "shirt", 100, fen=5000)
    offer = await open_group_buy(shop, {shirt: [3000]}, sizes=[3], stock=9)
    leader, team = await forming(shop, offer, shirt)
    await joined(shop, await payer(shop, "小红"), offer, shirt, team)
    askers = [replace(leader.ask, http=second) if number % 2 else leader.ask for number in range(20)]

    answers = await at_once([ask(LEAVE, {"id": team, "key": uuid4().hex}) for ask in askers])
    await settled(shop)

    assert [answer.refusals for answer in answers] == [[]] * 20
    assert await count(shop, "refund", "state = 'SUCCEEDED' and amount_fen = 3000") == 1
    assert await count(shop, "group_buy_variant", "taken = 1") == 1
    assert await ledger(shop) == (3000, 0)
    assert await all_right(shop)


class Crowd:
    """People who join, pay and leave as they like, at either process."""

    def __init__(self, shop: SandboxShop, second: httpx.AsyncClient, offer: str, variant: str) -> None:
        self.shop, self.second, self.offer, self.variant = shop, second, offer, variant
        self.refused = Counter[str]()

    def at(self, person: Payer, number: int) -> Payer:
        """Let somebody ask one process or the other."""
        return replace(person, ask=replace(person.ask, http=self.second)) if number % 2 else person

    async def starts(self, person: Payer, number: int) -> str:
        """Start a team and pay."""
        wish = seat_wish(person, self.offer, self.variant, None, total=3000)
        made = (await self.at(person, number).ask(START, {"input": wish}))["groupBuyTeamStart"]
        assert made["userErrors"] == [], made
        await person.has_paid(made["order"]["id"])
        team: str = made["team"]["id"]
        return team

    async def joins(self, person: Payer, team: str, number: int) -> None:
        """Join a team; then pay, or leave, or forget about it."""
        who = self.at(person, number)
        wish = seat_wish(who, self.offer, self.variant, team, total=3000)
        answer = await who.ask(JOIN, {"input": wish})
        self.refused.update(refusal.code for refusal in answer.refusals)
        if answer.refusals:
            return
        if number % 10 < 6:
            request = (await who.tries_to_pay(answer["groupBuyTeamJoin"]["order"]["id"]))["orderPay"]["requestPayment"]
            if request:
                await who.sheet(request)
        if number % 10 in {5, 6}:
            said = await who.ask(LEAVE, {"id": team, "key": uuid4().hex})
            self.refused.update(refusal.code for refusal in said.refusals)


async def crowded(shop: SandboxShop, second: httpx.AsyncClient, *, teams: int, joins: int, heads: int) -> Crowd:
    """Let many join many teams, and all teams end."""
    await pool().execute("update shop set unpaid_orders_max = 1000 where id = $1", shop.id)
    [shirt] = await on_sale(shop, "shirt", joins + teams, fen=5000)
    offer = await open_group_buy(shop, {shirt: [3000]}, sizes=[3])
    crowd = Crowd(shop, second, offer, shirt)
    heads_ = [await payer(shop, f"顾客{number}") for number in range(heads)]
    opened = [await crowd.starts(heads_[number % heads], number) for number in range(teams)]
    await settled(shop)
    hands = asyncio.Semaphore(32)

    async def hand(number: int) -> None:
        async with hands:
            await crowd.joins(heads_[number * 7 % heads], opened[number * 13 % teams], number)

    await asyncio.gather(*(hand(number) for number in range(joins)))
    await settled(shop)
    await later(shop, timedelta(hours=25))
    await settled(shop)
    return crowd


async def all_accounted_for(shop: SandboxShop) -> bool:
    """Whether everybody in a team that failed got their money back once, by the books of WeChat's sandbox."""
    assert await count(shop, "group_buy_team", "state in ('OPENING', 'FORMING')") == 0
    assert await count(shop, "group_buy_seat", "state in ('RESERVED', 'JOINED', 'REFUNDING')") == 0
    kept = await count(shop, "group_buy_seat", "state = 'FULFILLING'")
    refunded = await count(shop, "group_buy_seat", "state = 'REFUNDED'")
    assert await count(shop, "refund", "reason in ('GROUP_FAILED', 'CANCEL') and state = 'SUCCEEDED'") >= refunded
    assert await ledger(shop) == (3000 * kept, 0)
    return await all_right(shop)


EXPECTED = {"TEAM_FULL", "TEAM_ENDED", "ALREADY_JOINED", "NOT_ALLOWED", "BUSY", "NOT_FOUND"}


async def test_a_crowd_over_many_teams_leaves_every_fen_accounted_for(
    shop: SandboxShop, second: httpx.AsyncClient
) -> None:
    crowd = await crowded(shop, second, teams=8, joins=120, heads=12)

    assert set(crowd.refused) <= EXPECTED
    assert await all_accounted_for(shop)


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_two_thousand_joins_over_a_hundred_teams(shop: SandboxShop, second: httpx.AsyncClient) -> None:
    crowd = await crowded(shop, second, teams=100, joins=2000, heads=40)

    assert set(crowd.refused) <= EXPECTED
    assert await all_accounted_for(shop)
