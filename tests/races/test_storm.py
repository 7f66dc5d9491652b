"""Everybody does everything at once, over two processes: nobody meets a fault, and in the end all sums agree."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest

from models.database import pool, transaction
from resolvers.customer_merge import merge_customers
from tests.harness.asking import Answer
from tests.harness.buying import GOODS, PLACE, on_sale
from tests.harness.carts import document, read
from tests.harness.paying import PAY, SYNC, Payer, all_right, payer, settled
from tests.harness.refunding import APPROVE, GIVE_BACK, ledger, piece, tries_to_complain
from tests.harness.shipping import CONFIRM, tries_to_ship
from tests.harness.shops import SandboxShop
from tests.journeys.test_cancelling import CANCEL, CHANGE

STOCK: Final = 40
EXPECTED: Final = frozenset({
    "OUT_OF_STOCK", "LIMIT_REACHED", "PRICE_CHANGED", "NOT_ALLOWED", "NOT_FOUND", "OUT_OF_RANGE", "TAKEN", "BUSY",
    "BLANK", "EXPIRED", "CONFLICT", "IDEMPOTENCY_IN_PROGRESS",
})  # fmt: skip
"""What may be refused; whatever else is said is a fault."""

_RECKONED: Final = """
select coalesce((select sum(amount_fen - refunded_fen) from payment where shop_id = $1 and state = 'SUCCEEDED'), 0)
"""
_PIECES: Final = """
select coalesce(sum(level.on_hand), 0) + coalesce((
    select sum(quantity - returned) from reservation where shop_id = $1 and state = 'TAKEN'), 0)
from stock_level level where level.shop_id = $1
"""


@dataclass(slots=True)
class Storm:
    """What there is to fight for, and what was said."""

    shop: SandboxShop
    second: httpx.AsyncClient
    prices: dict[str, int]
    crowd: list[Payer]
    chance: random.Random
    orders: list[tuple[Payer, dict[str, Any]]] = field(default_factory=list)
    requests: list[tuple[Payer, dict[str, str]]] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)

    def hear(self, answer: Answer) -> Answer:
        """Note what is refused; a fault fails at once."""
        self.refused.update(refusal.code for refusal in answer.refusals)
        return answer

    def somebody(self) -> Payer:
        """Return a customer, at either process."""
        return self.at_either(self.chance.choice(self.crowd))

    def at_either(self, person: Payer) -> Payer:
        """Let somebody ask one process or the other."""
        if self.chance.random() < 0.5:
            return person
        return replace(person, ask=replace(person.ask, http=self.second), shop=replace(self.shop, http=self.second))

    def some_order(self) -> tuple[Payer, dict[str, Any]] | None:
        """Return an order and whose it is."""
        if not self.orders:
            return None
        person, order = self.chance.choice(self.orders[-12:])
        return self.at_either(person), order


async def put_in(storm: Storm) -> None:
    wish = {
        "lines": [{"variantId": storm.chance.choice(sorted(storm.prices)), "quantity": storm.chance.randint(1, 2)}],
        "idempotencyKey": uuid4().hex,
    }
    storm.hear(await storm.somebody().ask(document("cartLinesAdd", "id"), wish))


async def place(storm: Storm) -> None:
    person = storm.somebody()
    wishes = {one: storm.chance.randint(1, 2) for one in storm.chance.sample(sorted(storm.prices), 2)}
    asked = person.wish(*wishes.items(), total=sum(storm.prices[one] * pieces for one, pieces in wishes.items()))
    if storm.chance.random() < 0.5:
        cart = await read(person.ask)
        if cart and cart["lines"]:
            asked["source"] = {"cartLineIds": [line["id"] for line in cart["lines"]]}
            asked["expectedTotal"] = {"fen": sum(line["lineTotal"]["fen"] for line in cart["lines"])}
    answers = await asyncio.gather(*(person.ask(PLACE, {"input": asked}) for _ in range(storm.chance.randint(1, 2))))
    for answer in answers[:1]:
        if not storm.hear(answer).refusals:
            storm.orders.append((person, answer["orderPlace"]["order"]))


async def pay(storm: Storm) -> None:
    if found := storm.some_order():
        person, order = found
        answer = await person.ask(PAY, {"input": {"orderId": order["id"]}, "key": uuid4().hex})
        if not storm.hear(answer).refusals and answer["orderPay"]["requestPayment"]:
            storm.requests.append((person, answer["orderPay"]["requestPayment"]))
            await person.sheet(answer["orderPay"]["requestPayment"])


async def pay_late(storm: Storm) -> None:
    if storm.requests:
        person, request = storm.chance.choice(storm.requests)
        await person.sheet(request, afterClose=storm.chance.random() < 0.3)


async def sync(storm: Storm) -> None:
    if found := storm.some_order():
        storm.hear(await found[0].ask(SYNC, {"id": found[1]["id"]}))


async def cancel(storm: Storm) -> None:
    if found := storm.some_order():
        storm.hear(await found[0].ask(CANCEL, {"id": found[1]["id"]}))


async def change_price(storm: Storm) -> None:
    if found := storm.some_order():
        fen = storm.chance.choice([-5000, -100, 0, 50])
        storm.hear(await found[0].shop.staff(CHANGE, {"id": found[1]["id"], "fen": fen}))


async def ship(storm: Storm) -> None:
    if found := storm.some_order():
        line = storm.chance.choice(found[1]["lines"])
        storm.hear(await tries_to_ship(found[0].shop, found[1]["id"], (line["id"], 1)))


async def confirm(storm: Storm) -> None:
    if found := storm.some_order():
        storm.hear(await found[0].ask(CONFIRM, {"id": found[1]["id"]}))


async def refund(storm: Storm) -> None:
    if found := storm.some_order():
        line = storm.chance.choice(found[1]["lines"])
        wish: dict[str, Any] = {"orderId": found[1]["id"]}
        if storm.chance.random() < 0.7:
            wish["lines"] = [piece(line, 1)]
        storm.hear(await found[0].shop.staff(GIVE_BACK, {"input": wish, "key": uuid4().hex}))


async def complain(storm: Storm) -> None:
    if found := storm.some_order():
        person, order = found
        answer = storm.hear(await tries_to_complain(person, storm.chance.choice(order["lines"])))
        if not answer.refusals:
            made = answer["afterSaleApply"]["afterSale"]["id"]
            storm.hear(await person.shop.staff(APPROVE, {"id": made}))


async def edit_goods(storm: Storm) -> None:
    number = storm.chance.randrange(3)
    wish = {"handle": f"thing-{number}", "title": f"{number} {uuid4().hex}"}
    storm.hear(await storm.somebody().shop.staff(GOODS, {"products": [wish], "key": uuid4().hex}))


async def merge(storm: Storm) -> None:
    """Two turn out to be one; both tokens go on."""
    two = [person.customer_id for person in storm.chance.sample(storm.crowd, 2)]
    alive = "select array_agg(distinct coalesce(merged_into, id)) from customer where shop_id = $1 and id = any($2)"
    ids = await pool().fetchval(alive, storm.shop.id, two)
    if len(ids) == 2:
        async with transaction() as sql:
            await merge_customers(sql, storm.shop.caller, ids)


DEEDS: Final = (put_in, put_in, place, place, place, pay, pay, pay, pay_late, sync, cancel, change_price, ship, confirm,
                refund, complain, edit_goods)  # fmt: skip


async def storms(shop: SandboxShop, second: httpx.AsyncClient, seed: int, *, hands: int, deeds: int) -> Storm:
    """Let many hands do things by chance, then let it rest."""
    prices = {(await on_sale(shop, f"thing-{n}", STOCK, fen=fen))[0]: fen for n, fen in enumerate((1990, 333, 1))}
    crowd = [await payer(shop, f"顾客{number}") for number in range(6)]
    storm = Storm(shop, second, prices, crowd, random.Random(seed))  # noqa: S311 - a story, not a secret

    async def hand() -> None:
        for _ in range(deeds):
            await storm.chance.choice(DEEDS)(storm)

    async def merges() -> None:
        for _ in range(2):
            await asyncio.sleep(0.5)
            await merge(storm)

    await asyncio.gather(*(hand() for _ in range(hands)), merges())
    for _ in range(2):
        await settled(shop)
        await pool().execute(
            "update payment set next_query_at = now() where shop_id = $1 and next_query_at is not null", shop.id
        )
    await settled(shop)

    assert storm.orders
    return storm


async def all_in_its_place(storm: Storm) -> bool:
    """Whether WeChat's books, the pieces and all that the shop must be agree; fails where they do not."""
    assert await ledger(storm.shop) == (await pool().fetchval(_RECKONED, storm.shop.id), 0)
    assert await pool().fetchval(_PIECES, storm.shop.id) == STOCK * len(storm.prices)
    return await all_right(storm.shop)


@pytest.mark.slow
async def test_a_storm_leaves_everything_in_its_place(shop: SandboxShop, second: httpx.AsyncClient) -> None:
    storm = await storms(shop, second, 1, hands=8, deeds=12)

    assert set(storm.refused) <= EXPECTED
    assert await all_in_its_place(storm)


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(2, 8))
async def test_long_storms_leave_everything_in_its_place(
    shop: SandboxShop, second: httpx.AsyncClient, seed: int
) -> None:
    storm = await storms(shop, second, seed, hands=16, deeds=40)

    assert set(storm.refused) <= EXPECTED
    assert await all_in_its_place(storm)
