"""Giving money back: before anything is sent, piece by piece, and whatever WeChat makes of it."""

from typing import Any

import pytest

from models.database import pool
from tests.harness.asking import Refused
from tests.harness.buying import on_sale
from tests.harness.paying import Payer, all_right, count, mchid_of, payer, settled, stock_of, wechat_pay
from tests.harness.refunding import (
    RETRY,
    ledger,
    paid_order,
    piece,
    refunds,
    refunds_become,
    seen,
    sent,
    tries_to_refund,
    wechat_moves,
)
from tests.harness.shops import SandboxShop

FEN = 1990


@pytest.fixture
async def mug(shop: SandboxShop) -> str:
    """Five mugs."""
    [variant] = await on_sale(shop, "mug", 5, fen=FEN)
    return variant


@pytest.fixture
async def ming(shop: SandboxShop) -> Payer:
    """Somebody who buys."""
    return await payer(shop)


async def test_what_was_not_sent_is_refunded_whole_and_is_on_the_shelf_again(
    shop: SandboxShop, ming: Payer, mug: str
) -> None:
    order = await paid_order(ming, (mug, 2))
    assert await stock_of(shop, mug) == (3, 0)

    refund = await refunds(shop, order["id"], note="缺货")

    assert (refund["reason"], refund["state"], refund["amount"]["fen"]) == ("CANCEL", "REQUESTED", 2 * FEN)
    assert (refund["restock"], refund["note"]) == (True, "缺货")
    assert (await seen(ming, order["id"]))["refunding"] == {"fen": 2 * FEN}
    await settled(shop)

    after = await seen(ming, order["id"])
    assert (after["status"], after["paymentStatus"], after["refundStatus"]) == ("CLOSED", "REFUNDED", "ALL")
    assert (after["refunding"], after["refunded"]) == ({"fen": 0}, {"fen": 2 * FEN})
    [done] = after["refunds"]
    assert (done["state"], [part["state"] for part in done["allocations"]]) == ("SUCCEEDED", ["SUCCEEDED"])
    assert done["lines"] == [{"orderLine": {"id": order["lines"][0]["id"]}, "quantity": 2, "amount": {"fen": 2 * FEN}}]
    assert [(one["axis"], one["toValue"]) for one in after["history"]][-3:] == [
        ("STATUS", "CLOSED"),
        ("PAYMENT", "REFUNDED"),
        ("REFUND", "ALL"),
    ]
    assert await stock_of(shop, mug) == (5, 0)
    assert await count(shop, "stock_move", "reason = 'RETURNED' and delta = 2 and on_hand_after = 5") == 1
    assert await ledger(shop) == (0, 0)
    for topic in ("refund.requested", "refund.succeeded", "order.refunded", "order.closed"):
        assert await count(shop, "outbox_event", f"topic = '{topic}'") == 1
    assert await all_right(shop)


async def test_piece_by_piece_everything_comes_back_to_the_fen(shop: SandboxShop, ming: Payer) -> None:
    [variant] = await on_sale(shop, "set", 9, fen=1000)
    placed = await ming.places((variant, 3))
    change = "mutation ($id: ID!) { orderPriceChange(orderId: $id, change: -1000) { userErrors { code } } }"
    await shop.staff(change, {"id": placed["id"]})
    await ming.has_paid(placed["id"])
    await settled(shop)
    [line] = placed["lines"]

    amounts = []
    for _ in range(3):
        amounts.append((await refunds(shop, placed["id"], lines=[piece(line)]))["amount"]["fen"])
        await settled(shop)
        standing = await seen(ming, placed["id"])
        amounts.append((standing["paymentStatus"], standing["refundStatus"]))

    assert amounts == [
        667, ("PARTIALLY_REFUNDED", "PARTIAL"), 667, ("PARTIALLY_REFUNDED", "PARTIAL"), 666, ("REFUNDED", "ALL"),
    ]  # fmt: skip
    assert (await seen(ming, placed["id"]))["status"] == "CLOSED"
    assert await ledger(shop) == (0, 0)
    assert await all_right(shop)


async def test_a_difference_of_price_lessens_what_can_go_back_and_returns_no_piece(
    shop: SandboxShop, ming: Payer, mug: str
) -> None:
    order = await paid_order(ming, (mug, 2))
    [line] = order["lines"]

    cheaper = await refunds(shop, order["id"], lines=[piece(line, 0, 980)])
    await settled(shop)

    assert (cheaper["reason"], cheaper["restock"]) == ("PRICE_DIFFERENCE", False)
    after = await seen(ming, order["id"])
    assert (after["status"], after["paymentStatus"], after["refundStatus"]) == ("PAID", "PARTIALLY_REFUNDED", "NONE")
    too_much = await tries_to_refund(shop, order["id"], lines=[piece(line, 2, 3001)])
    assert too_much.refusals == [Refused("OUT_OF_RANGE", "input.lines.0.amount")]
    assert (await refunds(shop, order["id"], lines=[piece(line)]))["amount"]["fen"] == 1500
    assert (await refunds(shop, order["id"], lines=[piece(line)]))["amount"]["fen"] == 1500
    await settled(shop)
    assert (await seen(ming, order["id"]))["status"] == "CLOSED"
    assert await stock_of(shop, mug) == (5, 0)
    assert await all_right(shop)


async def test_nothing_goes_back_beyond_what_was_paid(shop: SandboxShop, ming: Payer, mug: str) -> None:
    order = await paid_order(ming, (mug, 2))
    [line] = order["lines"]
    unpaid = await ming.places((mug, 1))

    async def refused(order_id: str, **more: Any) -> list[Refused]:
        return (await tries_to_refund(shop, order_id, **more)).refusals

    assert await refused(order["id"], lines=[piece(line, 3)]) == [Refused("OUT_OF_RANGE", "input.lines.0.quantity")]
    assert await refused(order["id"], lines=[piece(line, 1, 2 * FEN + 1)]) == [
        Refused("OUT_OF_RANGE", "input.lines.0.amount")
    ]
    assert await refused(order["id"], lines=[piece(line, 0)]) == [Refused("BLANK", "input.lines.0")]
    assert await refused(order["id"], lines=[piece(line), piece(line)]) == [
        Refused("DUPLICATE", "input.lines.1.orderLineId")
    ]
    assert await refused(order["id"], lines=[piece(unpaid["lines"][0])]) == [
        Refused("NOT_FOUND", "input.lines.0.orderLineId")
    ]
    assert await refused(order["id"], lines=[], freight={"fen": 1}) == [Refused("OUT_OF_RANGE", "input.freight")]
    assert await refused(order["id"], lines=[]) == [Refused("BLANK", "input.lines")]
    assert await refused(unpaid["id"]) == [Refused("NOT_ALLOWED", "input.orderId")]
    assert await refused("ord_" + "0" * 32) == [Refused("NOT_FOUND", "input.orderId")]
    await refunds(shop, order["id"])
    assert await refused(order["id"]) == [Refused("BLANK", "input.lines")]
    await settled(shop)
    assert await refused(order["id"]) == [Refused("NOT_ALLOWED", "input.orderId")]
    assert await count(shop, "refund") == 1


async def test_one_key_is_one_refund(shop: SandboxShop, ming: Payer, mug: str) -> None:
    order = await paid_order(ming, (mug, 2))
    lines = [piece(order["lines"][0])]

    first = await refunds(shop, order["id"], lines=lines, key="k")
    again = await refunds(shop, order["id"], lines=lines, key="k")

    assert first["id"] == again["id"]
    assert await count(shop, "refund") == 1


async def test_freight_goes_back_with_the_last_piece_that_was_not_sent(shop: SandboxShop, ming: Payer) -> None:
    freight = """mutation { freightTemplateCreate(input: {name: "std", chargeBy: COUNT, makeDefault: true,
      rules: [{firstFee: {fen: 800}}]}, idempotencyKey: "f") { userErrors { code field } } }"""
    assert (await shop.staff(freight)).refusals == []
    [variant] = await on_sale(shop, "jar", 9, fen=1000)
    order = await paid_order(ming, (variant, 2))
    [line] = order["lines"]
    assert order["paid"] == {"fen": 2800}

    first = await refunds(shop, order["id"], lines=[piece(line)])
    last = await refunds(shop, order["id"], lines=[piece(line)])
    await settled(shop)

    assert [(one["amount"]["fen"], one["freight"]["fen"]) for one in (first, last)] == [(1000, 0), (1800, 800)]
    assert (await seen(ming, order["id"]))["paymentStatus"] == "REFUNDED"
    other = await paid_order(ming, (variant, 1))
    await sent(ming, other)
    back = await refunds(shop, other["id"])
    assert (back["reason"], back["amount"]["fen"], back["freight"]["fen"]) == ("AFTER_SALE", 1000, 0)
    assert back["restock"] is False
    await settled(shop)
    assert (await seen(ming, other["id"]))["paymentStatus"] == "PARTIALLY_REFUNDED"
    assert (await seen(ming, other["id"]))["status"] == "CLOSED"


async def test_what_cost_nothing_is_refunded_at_once(shop: SandboxShop, ming: Payer) -> None:
    [variant] = await on_sale(shop, "gift", 3, fen=0)
    placed = await ming.places((variant, 1))
    await ming.pays(placed["id"])
    assert await stock_of(shop, variant) == (2, 0)

    refund = await refunds(shop, placed["id"])

    assert (refund["state"], refund["allocations"]) == ("SUCCEEDED", [])
    after = await seen(ming, placed["id"])
    assert (after["status"], after["paymentStatus"], after["refundStatus"]) == ("CLOSED", "REFUNDED", "ALL")
    assert await stock_of(shop, variant) == (3, 0)
    assert await all_right(shop)


async def test_a_refund_under_way_is_asked_about_until_it_has_ended(shop: SandboxShop, ming: Payer, mug: str) -> None:
    order = await paid_order(ming, (mug, 1))
    await refunds_become(shop, "PROCESSING")
    refund = await refunds(shop, order["id"])
    await settled(shop)
    assert [one["state"] for one in (await seen(ming, order["id"]))["refunds"]] == ["PROCESSING"]
    mchid = await mchid_of(shop)
    await wechat_pay(shop, "/notifications/hold", mchid=mchid, hold=True)

    await wechat_moves(shop, refund, "SUCCESS")
    await pool().execute("update refund_allocation set next_attempt_at = created_at where shop_id = $1", shop.id)
    await settled(shop)

    assert (await seen(ming, order["id"]))["status"] == "CLOSED"
    await wechat_pay(shop, "/notifications/release", mchid=mchid)
    await settled(shop)
    assert await count(shop, "payment_notification", "event_type = 'REFUND.SUCCESS' and outcome = 'REPEATED'") == 1
    assert await count(shop, "outbox_event", "topic = 'refund.succeeded'") == 1
    assert await ledger(shop) == (0, 0)


async def test_an_abnormal_refund_waits_for_somebody(shop: SandboxShop, ming: Payer, mug: str) -> None:
    order = await paid_order(ming, (mug, 1))
    await refunds_become(shop, "ABNORMAL")
    refund = await refunds(shop, order["id"])
    await settled(shop)

    [stuck] = (await seen(ming, order["id"]))["refunds"]
    assert stuck["state"] == "ABNORMAL"
    assert await count(shop, "outbox_event", "topic = 'refund.abnormal'") == 1
    waiting = await shop.staff("{ refunds(state: ABNORMAL) { nodes { id order { orderNo } } } }")
    assert [one["id"] for one in waiting["refunds"]["nodes"]] == [refund["id"]]
    assert (await shop.staff(RETRY, {"id": refund["id"]}))["refundRetry"]["refund"]["state"] == "ABNORMAL"
    await settled(shop)
    await wechat_moves(shop, stuck, "SUCCESS")
    await settled(shop)

    assert (await seen(ming, order["id"]))["status"] == "CLOSED"
    assert (await shop.staff(RETRY, {"id": refund["id"]})).refusals == [Refused("NOT_ALLOWED", "id")]
    assert await ledger(shop) == (0, 0)
    assert await all_right(shop)


async def test_a_closed_refund_is_asked_for_once_more_under_a_new_number(
    shop: SandboxShop, ming: Payer, mug: str
) -> None:
    order = await paid_order(ming, (mug, 1))
    await refunds_become(shop, "CLOSED")
    refund = await refunds(shop, order["id"])
    await settled(shop)

    [stuck] = (await seen(ming, order["id"]))["refunds"]
    assert (stuck["state"], [part["state"] for part in stuck["allocations"]]) == ("ABNORMAL", ["CLOSED", "CLOSED"])
    assert len({part["outRefundNo"] for part in stuck["allocations"]}) == 2
    assert (await seen(ming, order["id"]))["refunding"] == {"fen": FEN}
    await refunds_become(shop, "SUCCESS")
    assert (await shop.staff(RETRY, {"id": refund["id"]})).refusals == []
    await settled(shop)

    after = await seen(ming, order["id"])
    assert [part["state"] for part in after["refunds"][0]["allocations"]] == ["CLOSED", "CLOSED", "SUCCEEDED"]
    assert (after["status"], after["refunded"]) == ("CLOSED", {"fen": FEN})
    assert await ledger(shop) == (0, 0)
    assert await all_right(shop)


@pytest.mark.parametrize("kind", ["LOST_ANSWER", "ERROR"])
async def test_a_lost_answer_never_refunds_twice(shop: SandboxShop, ming: Payer, mug: str, kind: str) -> None:
    order, mchid = await paid_order(ming, (mug, 2)), await mchid_of(shop)
    how = {"kind": kind, "code": "SYSTEM_ERROR"} if kind == "ERROR" else {"kind": kind}
    await wechat_pay(shop, "/switches", mchid=mchid, call="refund", times=1, **how)

    await refunds(shop, order["id"], lines=[piece(order["lines"][0])])
    await settled(shop)
    await pool().execute(
        "update refund_allocation set next_attempt_at = created_at where shop_id = $1 and next_attempt_at is not null",
        shop.id,
    )
    await settled(shop)

    after = await seen(ming, order["id"])
    assert [one["state"] for one in after["refunds"]] == ["SUCCEEDED"]
    assert len(await wechat_pay(shop, "/refunds", method="GET", mchid=mchid)) == 1
    assert await ledger(shop) == (FEN, 0)
    assert await all_right(shop)


async def test_an_empty_account_is_asked_again(shop: SandboxShop, ming: Payer, mug: str) -> None:
    order, mchid = await paid_order(ming, (mug, 1)), await mchid_of(shop)
    await wechat_pay(shop, "/switches", mchid=mchid, call="refund", times=1, kind="ERROR", code="NOT_ENOUGH")

    await refunds(shop, order["id"])
    await settled(shop)

    assert [one["state"] for one in (await seen(ming, order["id"]))["refunds"]] == ["REQUESTED"]
    assert await count(shop, "refund_allocation", "last_error = 'NOT_ENOUGH'") == 1
    await pool().execute("update refund_allocation set next_attempt_at = created_at where shop_id = $1", shop.id)
    await settled(shop)
    assert (await seen(ming, order["id"]))["status"] == "CLOSED"


async def test_a_no_of_wechats_waits_for_somebody_and_keeps_its_number(
    shop: SandboxShop, ming: Payer, mug: str
) -> None:
    order, mchid = await paid_order(ming, (mug, 1)), await mchid_of(shop)
    await wechat_pay(shop, "/switches", mchid=mchid, call="refund", times=1, kind="ERROR", code="NO_AUTH")

    refund = await refunds(shop, order["id"])
    await settled(shop)
    [stuck] = (await seen(ming, order["id"]))["refunds"]
    assert stuck["state"] == "ABNORMAL"

    assert (await shop.staff(RETRY, {"id": refund["id"]})).refusals == []
    await settled(shop)
    after = await seen(ming, order["id"])
    assert (after["status"], len(after["refunds"][0]["allocations"])) == ("CLOSED", 1)


async def test_what_a_notification_says_is_held_against_what_was_asked(
    shop: SandboxShop, ming: Payer, mug: str
) -> None:
    order, mchid = await paid_order(ming, (mug, 1)), await mchid_of(shop)
    await wechat_pay(shop, "/notifications/hold", mchid=mchid, hold=True)
    await refunds_become(shop, "PROCESSING")
    refund = await refunds(shop, order["id"])
    await settled(shop)
    await wechat_moves(shop, refund, "SUCCESS")
    number = refund["allocations"][0]["outRefundNo"]
    [told] = await wechat_pay(shop, "/notifications", method="GET", mchid=mchid, order=number)
    for forge in ("AMOUNT", "MCHID", "SIGNATURE", "BODY"):
        await wechat_pay(shop, f"/notifications/{told['id']}/send", forge=forge)
        await settled(shop)
        assert (await seen(ming, order["id"]))["refunds"][0]["state"] == "PROCESSING"

    await wechat_pay(shop, f"/notifications/{told['id']}/send", times=3)
    await settled(shop)

    assert (await seen(ming, order["id"]))["refunds"][0]["state"] == "SUCCEEDED"
    assert await all_right(shop)


async def test_a_payment_too_much_goes_back_and_the_order_does_not_notice(
    shop: SandboxShop, ming: Payer, mug: str
) -> None:
    order, friend = await ming.places((mug, 1)), await payer(shop, "小红")
    gift = await friend.pays(payToken=(await ming.looks(order["id"]))["payToken"])
    own = await ming.pays(order["id"])
    await ming.sheet(own["requestPayment"])
    await friend.sheet(gift["requestPayment"])
    await settled(shop)

    after = await seen(ming, order["id"])
    assert (after["status"], after["paymentStatus"], after["refundStatus"]) == ("PAID", "PAID", "NONE")
    assert [(one["reason"], one["state"], one["lines"]) for one in after["refunds"]] == [("SURPLUS", "SUCCEEDED", [])]
    assert (after["refunding"], after["refunded"]) == ({"fen": 0}, {"fen": 0})
    assert await stock_of(shop, mug) == (4, 0)
    assert await ledger(shop) == (FEN, 0)
    assert await all_right(shop)


async def test_customers_see_their_refunds_and_nobody_elses(shop: SandboxShop, ming: Payer, mug: str) -> None:
    order = await paid_order(ming, (mug, 1))
    refund = await refunds(shop, order["id"], note="内部")
    node = "query ($id: ID!) { node(id: $id) { ... on Refund { amount { fen } } } }"

    assert (await ming.ask(node, {"id": refund["id"]}))["node"] == {"amount": {"fen": FEN}}
    stranger = await payer(shop, "外人")
    assert (await stranger.ask(node, {"id": refund["id"]}))["node"] is None
    assert (await ming.ask("{ refunds { totalCount } }")).codes == ["FORBIDDEN"]
    notes = "query ($id: ID!) { order(id: $id) { refunds { note } } }"
    assert (await ming.ask(notes, {"id": order["id"]})).codes == ["FORBIDDEN"]
