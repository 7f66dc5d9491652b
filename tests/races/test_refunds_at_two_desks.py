"""Many give the same money back at once, over sockets of two server processes: each fen and each piece goes back once.

So many want, so many are there: exactly those are served, everybody else is told why not, and nobody meets a fault.
"""

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Any

import httpx
import pytest

from models.database import pool
from tests.harness.asking import Answer
from tests.harness.buying import on_sale
from tests.harness.overlap import at_once
from tests.harness.paying import Payer, all_right, count, inside, payer, settled, stock_of
from tests.harness.refunding import (
    APPROVE,
    CANCEL,
    complains,
    ledger,
    paid_order,
    piece,
    seen,
    tries_to_complain,
    tries_to_refund,
)
from tests.harness.shipping import tries_to_ship
from tests.harness.shops import SandboxShop

pytestmark = pytest.mark.slow

FEN = 1990
Desks = tuple[SandboxShop, SandboxShop]


@pytest.fixture
def desks(shop: SandboxShop, second: httpx.AsyncClient) -> Desks:
    """The same shop at either process."""
    return shop, replace(shop, http=second)


@pytest.fixture
async def mug(shop: SandboxShop) -> str:
    """A hundred mugs."""
    [variant] = await on_sale(shop, "mug", 100, fen=FEN)
    return variant


@pytest.fixture
async def ming(shop: SandboxShop) -> Payer:
    """Somebody who buys."""
    return await payer(shop)


def told(answers: list[Answer]) -> Counter[str]:
    """What became of them: served, or the code of the refusal; a fault fails."""
    return Counter(answer.refusals[0].code if answer.refusals else "served" for answer in answers)


async def refunded(desks: Desks, order: Any, wishes: list[dict[str, Any]], **more: Any) -> list[Answer]:
    """Ask for a refund of each line at the same moment, in turns at either process."""
    return await at_once(
        [tries_to_refund(desks[number % 2], order["id"], lines=[wish], **more) for number, wish in enumerate(wishes)]
    )


async def gone_back(shop: SandboxShop) -> None:
    """Wait until WeChat has made every refund: nobody else waits for one that the other worker has in hand."""
    async with asyncio.timeout(60):
        while True:
            await settled(shop)
            if not await count(shop, "refund_allocation", "state in ('REQUESTED', 'PROCESSING')"):
                break
            await asyncio.sleep(0.05)
    await settled(shop)


async def test_of_fifty_who_want_one_of_thirty_pieces_thirty_are_served(
    desks: Desks, shop: SandboxShop, ming: Payer, mug: str
) -> None:
    order = await paid_order(ming, (mug, 30))

    answers = await refunded(desks, order, [piece(order["lines"][0])] * 50)
    await gone_back(shop)

    assert told(answers) == {"served": 30, "OUT_OF_RANGE": 20}
    after = await seen(ming, order["id"])
    assert (after["status"], after["refunded"]["fen"], after["lines"][0]["refundedQuantity"]) == (
        "CLOSED",
        30 * FEN,
        30,
    )
    assert await ledger(shop) == (0, 0)
    assert await stock_of(shop, mug) == (100, 0)
    assert await all_right(shop)


async def test_refunds_of_uneven_pieces_never_give_back_more_than_was_paid(
    desks: Desks, shop: SandboxShop, ming: Payer, mug: str
) -> None:
    order = await paid_order(ming, (mug, 30))
    [line] = order["lines"]

    answers = await refunded(desks, order, [piece(line, 1 + number % 3) for number in range(50)])
    await gone_back(shop)

    assert set(told(answers)) == {"served", "OUT_OF_RANGE"}
    given = [answer["orderRefund"]["refund"] for answer in answers if not answer.refusals]
    pieces = sum(one["lines"][0]["quantity"] for one in given)
    after = await seen(ming, order["id"])
    assert pieces == after["lines"][0]["refundedQuantity"] >= 28
    assert after["refunded"]["fen"] == sum(one["amount"]["fen"] for one in given) == pieces * FEN
    assert await ledger(shop) == ((30 - pieces) * FEN, 0)
    assert await stock_of(shop, mug) == (70 + pieces, 0)
    assert await all_right(shop)


async def test_fifty_amounts_at_once_stop_at_the_last_fen(
    desks: Desks, shop: SandboxShop, ming: Payer, mug: str
) -> None:
    order = await paid_order(ming, (mug, 1))

    answers = await refunded(desks, order, [piece(order["lines"][0], 0, 100)] * 50)
    await gone_back(shop)

    assert told(answers) == {"served": 19, "OUT_OF_RANGE": 31}
    assert await ledger(shop) == (90, 0)
    assert (await seen(ming, order["id"]))["refunded"] == {"fen": 1900}
    assert await all_right(shop)


async def test_one_key_twenty_times_is_one_refund(desks: Desks, shop: SandboxShop, ming: Payer, mug: str) -> None:
    order = await paid_order(ming, (mug, 2))

    answers = await refunded(desks, order, [piece(order["lines"][0])] * 20, key="k")
    await gone_back(shop)

    assert told(answers) == {"served": 20}
    assert len({answer["orderRefund"]["refund"]["id"] for answer in answers}) == 1
    assert await ledger(shop) == (FEN, 0)
    assert await all_right(shop)


async def test_an_after_sale_and_refunds_of_the_same_pieces_share_them(
    desks: Desks, shop: SandboxShop, ming: Payer, mug: str
) -> None:
    for _ in range(4):
        order = await paid_order(ming, (mug, 3))
        [line] = order["lines"]
        complaint = await complains(ming, line, quantity=2)

        answers = await at_once(
            [
                desks[number % 2].staff(APPROVE, {"id": complaint["id"]})
                if number % 3 == 0
                else tries_to_refund(desks[number % 2], order["id"], lines=[piece(line)])
                for number in range(12)
            ]
        )
        await gone_back(shop)

        granting, giving = told(answers[::3]), told([one for number, one in enumerate(answers) if number % 3])
        # Either the two pieces go back by the after-sale and one beside it, or all three one by one.
        if granting["served"]:
            assert granting == {"served": 1, "NOT_ALLOWED": 3}
            assert giving == {"served": 1, "OUT_OF_RANGE": 7}
        else:
            assert granting == {"OUT_OF_RANGE": 4}
            assert giving == {"served": 3, "OUT_OF_RANGE": 5}
        after = await seen(ming, order["id"])
        assert (after["status"], after["refunded"]["fen"]) == ("CLOSED", 3 * FEN)
    assert await ledger(shop) == (0, 0)
    assert await stock_of(shop, mug) == (100, 0)
    assert await all_right(shop)


async def test_a_piece_is_sent_or_refunded_never_both(desks: Desks, shop: SandboxShop, ming: Payer, mug: str) -> None:
    for turn in range(4):
        order = await paid_order(ming, (mug, 1))
        sending, refunding = await at_once(
            [
                tries_to_ship(desks[turn % 2], order["id"]),
                tries_to_refund(desks[(turn + 1) % 2], order["id"], restock=False),
            ]
        )
        await gone_back(shop)
        line = await pool().fetchrow(
            "select shipped_quantity, refunded_quantity from order_line where shop_id = $1 and order_id = $2",
            shop.id,
            inside("ord", order["id"]),
        )
        assert line
        assert not refunding.refusals
        assert line["refunded_quantity"] == 1
        reason = refunding["orderRefund"]["refund"]["reason"]
        # Who came first decides: what was refunded first is never sent.
        assert (bool(sending.refusals), reason) in {(True, "CANCEL"), (False, "AFTER_SALE")}
        assert line["shipped_quantity"] == (0 if sending.refusals else 1)
    assert await all_right(shop)


async def test_granting_and_taking_back_at_once_is_one_of_them(
    desks: Desks, shop: SandboxShop, ming: Payer, mug: str
) -> None:
    for turn in range(4):
        order = await paid_order(ming, (mug, 1))
        complaint = await complains(ming, order["lines"][0])
        taking_back = replace(ming.ask, http=desks[turn % 2].http)
        *granted, cancelled = await at_once(
            [
                *(desks[number % 2].staff(APPROVE, {"id": complaint["id"]}) for number in range(4)),
                taking_back(CANCEL, {"id": complaint["id"]}),
            ]
        )
        await gone_back(shop)

        assert told([*granted, cancelled]) == {"served": 1, "NOT_ALLOWED": 4}
        went_back = await count(shop, "refund", f"order_id = '{inside('ord', order['id'])}'")
        assert went_back == (1 if cancelled.refusals else 0)
    assert await all_right(shop)


async def test_one_line_is_complained_about_once_at_a_time(desks: Desks, ming: Payer, mug: str) -> None:
    order = await paid_order(ming, (mug, 2))
    people = [replace(ming, ask=replace(ming.ask, http=desk.http)) for desk in desks]

    answers = await at_once([tries_to_complain(people[number % 2], order["lines"][0]) for number in range(10)])

    assert told(answers) == {"served": 1, "TAKEN": 9}
