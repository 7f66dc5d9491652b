"""Many refund at once, and WeChat tells the same many times: what was paid goes back once, and no fen more."""

import asyncio
from collections import Counter

import pytest

from models.database import pool
from tests.harness.buying import on_sale
from tests.harness.paying import Payer, all_right, count, mchid_of, payer, settled, stock_of, wechat_pay
from tests.harness.refunding import (
    APPROVE,
    CANCEL,
    RETRY,
    complains,
    ledger,
    paid_order,
    piece,
    refunds,
    refunds_become,
    seen,
    tries_to_complain,
    tries_to_refund,
    wechat_moves,
)
from tests.harness.shipping import tries_to_ship
from tests.harness.shops import SandboxShop

pytestmark = pytest.mark.slow

FEN = 1990


@pytest.fixture
async def mug(shop: SandboxShop) -> str:
    """A hundred mugs."""
    [variant] = await on_sale(shop, "mug", 100, fen=FEN)
    return variant


@pytest.fixture
async def ming(shop: SandboxShop) -> Payer:
    """Somebody who buys."""
    return await payer(shop)


async def test_fifty_refunds_at_once_never_give_back_more_than_was_paid(
    shop: SandboxShop, ming: Payer, mug: str
) -> None:
    order = await paid_order(ming, (mug, 30))
    [line] = order["lines"]

    answers = await asyncio.gather(
        *(tries_to_refund(shop, order["id"], lines=[piece(line, 1 + number % 3)]) for number in range(50))
    )
    await settled(shop)

    given = [answer["orderRefund"]["refund"] for answer in answers if not answer.refusals]
    assert {one.code for answer in answers for one in answer.refusals} <= {"OUT_OF_RANGE"}
    pieces = sum(one["lines"][0]["quantity"] for one in given)
    after = await seen(ming, order["id"])
    assert pieces == after["lines"][0]["refundedQuantity"] >= 28
    assert after["refunded"]["fen"] == sum(one["amount"]["fen"] for one in given) == pieces * FEN
    assert await ledger(shop) == ((30 - pieces) * FEN, 0)
    assert await stock_of(shop, mug) == (70 + pieces, 0)
    assert await all_right(shop)


async def test_fifty_amounts_at_once_stop_at_the_last_fen(shop: SandboxShop, ming: Payer, mug: str) -> None:
    order = await paid_order(ming, (mug, 1))
    [line] = order["lines"]

    answers = await asyncio.gather(
        *(tries_to_refund(shop, order["id"], lines=[piece(line, 0, 100)]) for _ in range(50))
    )
    await settled(shop)

    outcomes = Counter(answer.refusals[0].code if answer.refusals else "given" for answer in answers)
    assert outcomes == {"given": 19, "OUT_OF_RANGE": 31}
    assert await ledger(shop) == (90, 0)
    assert (await seen(ming, order["id"]))["refunded"] == {"fen": 1900}
    assert await all_right(shop)


async def test_one_key_twenty_times_is_one_refund(shop: SandboxShop, ming: Payer, mug: str) -> None:
    order = await paid_order(ming, (mug, 2))
    lines = [piece(order["lines"][0])]

    answers = await asyncio.gather(*(tries_to_refund(shop, order["id"], lines=lines, key="k") for _ in range(20)))
    await settled(shop)

    assert len({answer["orderRefund"]["refund"]["id"] for answer in answers if not answer.refusals}) == 1
    assert await ledger(shop) == (FEN, 0)


async def test_one_notification_told_twenty_times_at_once_has_one_effect(
    shop: SandboxShop, ming: Payer, mug: str
) -> None:
    order, mchid = await paid_order(ming, (mug, 2)), await mchid_of(shop)
    await refunds_become(shop, "PROCESSING")
    await wechat_pay(shop, "/notifications/hold", mchid=mchid, hold=True)
    refund = await refunds(shop, order["id"])
    await settled(shop)
    await wechat_moves(shop, refund, "SUCCESS")
    number = refund["allocations"][0]["outRefundNo"]
    [told] = await wechat_pay(shop, "/notifications", method="GET", mchid=mchid, order=number)

    answers = await wechat_pay(shop, f"/notifications/{told['id']}/send", times=20, parallel=True)
    await pool().execute(
        "update refund_allocation set next_attempt_at = created_at where shop_id = $1 and state = 'PROCESSING'", shop.id
    )
    await settled(shop)

    assert Counter(answer["status"] for answer in answers["answers"]) == {204: 20}
    assert (await seen(ming, order["id"]))["status"] == "CLOSED"
    assert await count(shop, "outbox_event", "topic = 'refund.succeeded'") == 1
    assert await count(shop, "order_change", "to_value = 'CLOSED'") == 1
    assert await count(shop, "stock_move", "reason = 'RETURNED'") == 1
    assert await stock_of(shop, mug) == (100, 0)
    assert await ledger(shop) == (0, 0)
    assert await all_right(shop)


async def test_what_is_paid_after_the_order_ended_goes_back_exactly_once(
    shop: SandboxShop, ming: Payer, mug: str
) -> None:
    order, mchid = await ming.places((mug, 1)), await mchid_of(shop)
    await wechat_pay(shop, "/notifications/hold", mchid=mchid, hold=True)
    request = (await ming.pays(order["id"]))["requestPayment"]
    cancel = "mutation ($id: ID!) { orderCancel(orderId: $id) { order { status } userErrors { code } } }"
    assert (await ming.ask(cancel, {"id": order["id"]}))["orderCancel"]["order"]["status"] == "CANCELLED"
    paid = await ming.sheet(request, afterClose=True)

    await wechat_pay(shop, f"/notifications/{paid['notification']}/send", times=20, parallel=True)
    await wechat_pay(shop, "/notifications/release", mchid=mchid)
    await wechat_pay(shop, "/notifications/hold", mchid=mchid, hold=False)
    await settled(shop)

    after = await seen(ming, order["id"])
    assert (after["status"], after["paymentStatus"], after["refunded"]) == ("CANCELLED", "UNPAID", {"fen": 0})
    assert [(one["reason"], one["state"]) for one in after["refunds"]] == [("CANCEL", "SUCCEEDED")]
    assert len(await wechat_pay(shop, "/refunds", method="GET", mchid=mchid)) == 1
    assert await ledger(shop) == (0, 0)
    assert await stock_of(shop, mug) == (100, 0)
    assert await all_right(shop)


async def test_a_piece_is_sent_or_refunded_never_both(shop: SandboxShop, ming: Payer, mug: str) -> None:
    for _ in range(4):
        order = await paid_order(ming, (mug, 1))
        sending, refunding = await asyncio.gather(
            tries_to_ship(shop, order["id"]), tries_to_refund(shop, order["id"], restock=False)
        )
        await settled(shop)
        line = await pool().fetchrow(
            "select shipped_quantity, refunded_quantity from order_line where shop_id = $1 order by id desc limit 1",
            shop.id,
        )
        assert line
        assert not refunding.refusals
        assert line["refunded_quantity"] == 1
        reason = refunding["orderRefund"]["refund"]["reason"]
        # Who came first decides: what was refunded first is never sent.
        assert (bool(sending.refusals), reason) in {(True, "CANCEL"), (False, "AFTER_SALE")}
        assert line["shipped_quantity"] == (0 if sending.refusals else 1)
    assert await all_right(shop)


async def test_granting_and_taking_back_at_once_is_one_of_them(shop: SandboxShop, ming: Payer, mug: str) -> None:
    for _ in range(4):
        order = await paid_order(ming, (mug, 1))
        complaint = await complains(ming, order["lines"][0])
        granted, *_more, cancelled = await asyncio.gather(
            *(shop.staff(APPROVE, {"id": complaint["id"]}) for _ in range(4)),
            ming.ask(CANCEL, {"id": complaint["id"]}),
        )
        await settled(shop)
        went_back = await count(shop, "refund", f"order_id = '{_bare(order)}'")
        assert went_back == (0 if not cancelled.refusals else 1), granted.body
    assert await all_right(shop)


async def test_one_line_is_complained_about_once_at_a_time(shop: SandboxShop, ming: Payer, mug: str) -> None:
    order = await paid_order(ming, (mug, 2))

    answers = await asyncio.gather(*(tries_to_complain(ming, order["lines"][0]) for _ in range(10)))

    outcomes = Counter(answer.refusals[0].code if answer.refusals else "open" for answer in answers)
    assert outcomes == {"open": 1, "TAKEN": 9}


async def test_trying_a_closed_refund_again_at_once_gives_it_one_new_number(
    shop: SandboxShop, ming: Payer, mug: str
) -> None:
    order = await paid_order(ming, (mug, 1))
    await refunds_become(shop, "CLOSED")
    refund = await refunds(shop, order["id"])
    await settled(shop)
    await refunds_become(shop, "SUCCESS")

    answers = await asyncio.gather(*(shop.staff(RETRY, {"id": refund["id"]}) for _ in range(8)))
    await settled(shop)

    outcomes = Counter(answer.refusals[0].code if answer.refusals else "tried" for answer in answers)
    assert outcomes == {"tried": 1, "NOT_ALLOWED": 7}
    assert await count(shop, "refund_allocation") == 3
    assert await ledger(shop) == (0, 0)
    assert await all_right(shop)


def _bare(order: dict[str, str]) -> str:
    return order["id"].removeprefix("ord_")
