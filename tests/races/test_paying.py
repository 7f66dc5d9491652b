"""Many pay at once, and WeChat tells the same many times: money counts once, and too much of it goes back once."""

import asyncio
from collections import Counter

import pytest

from models.database import pool
from tests.harness.buying import on_sale
from tests.harness.paying import Payer, all_right, count, mchid_of, payer, settled, stock_of, wechat_pay
from tests.harness.shops import SandboxShop

pytestmark = pytest.mark.slow

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


async def test_eight_pays_of_one_order_are_one_payment(shop: SandboxShop, ming: Payer, mug: str) -> None:
    order = await ming.places((mug, 1))

    answers = await asyncio.gather(*(ming.pays(order["id"]) for _ in range(8)))

    assert len({answer["payment"]["id"] for answer in answers}) == 1
    assert len({answer["requestPayment"]["package"] for answer in answers}) == 1
    assert await count(shop, "payment") == 1
    sheets = await asyncio.gather(*(ming.sheet(answer["requestPayment"]) for answer in answers))
    assert Counter(sheet["reason"] for sheet in sheets) == {None: 1, "ORDER_PAID": 7}
    await settled(shop)
    assert (await ming.order(order["id"]))["status"] == "PAID"
    assert await all_right(shop)


async def test_eight_pays_under_one_key_are_one_payment(shop: SandboxShop, ming: Payer, mug: str) -> None:
    order = await ming.places((mug, 1))

    answers = await asyncio.gather(*(ming.pays(order["id"], key="k") for _ in range(8)))

    assert len({answer["requestPayment"]["package"] for answer in answers}) == 1
    assert await count(shop, "payment") == 1


async def test_one_notification_told_twenty_times_at_once_has_one_effect(
    shop: SandboxShop, ming: Payer, mug: str
) -> None:
    order, mchid = await ming.places((mug, 2)), await mchid_of(shop)
    await wechat_pay(shop, "/notifications/hold", mchid=mchid, hold=True)
    number = (await ming.has_paid(order["id"]))["notification"]

    answers = await wechat_pay(shop, f"/notifications/{number}/send", times=20, parallel=True)
    await settled(shop)

    assert Counter(answer["status"] for answer in answers["answers"]) == {204: 20}
    assert await count(shop, "payment_notification", "outcome = 'PAID'") == 1
    assert await count(shop, "payment_notification") == 1
    assert await count(shop, "outbox_event", "topic = 'order.paid'") == 1
    assert await count(shop, "order_change", "to_value = 'PAID' and axis = 'STATUS'") == 1
    assert await count(shop, "customer", "paid_orders = 1") == 1
    assert await stock_of(shop, mug) == (3, 0)
    paid_at = (await ming.looks(order["id"]))["paidAt"]
    await wechat_pay(shop, f"/notifications/{number}/send", times=3)
    await settled(shop)
    assert (await ming.looks(order["id"]))["paidAt"] == paid_at
    assert await all_right(shop)


async def test_what_two_paid_at_once_is_given_back_once_to_one(shop: SandboxShop, ming: Payer, mug: str) -> None:
    order, friend = await ming.places((mug, 1)), await payer(shop, "小红")
    token = (await ming.looks(order["id"]))["payToken"]
    own, gift = await asyncio.gather(ming.pays(order["id"]), friend.pays(payToken=token))
    assert own["payment"]["id"] != gift["payment"]["id"]

    sheets = await asyncio.gather(ming.sheet(own["requestPayment"]), friend.sheet(gift["requestPayment"]))
    await settled(shop)

    assert [sheet["outcome"] for sheet in sheets] == ["success", "success"]
    payments = (await ming.looks(order["id"]))["payments"]
    assert sorted((one["state"], one["isSurplus"]) for one in payments) == [("SUCCEEDED", False), ("SUCCEEDED", True)]
    assert await count(shop, "refund", f"reason = 'SURPLUS' and amount_fen = {FEN}") == 1
    assert await count(shop, "refund_allocation") == 1
    assert await count(shop, "outbox_event", "topic = 'refund.requested'") == 1
    assert (await ming.order(order["id"]))["paid"] == {"fen": FEN}
    assert await stock_of(shop, mug) == (4, 0)
    assert await all_right(shop)


async def test_when_one_has_paid_the_other_sheet_is_closed(shop: SandboxShop, ming: Payer, mug: str) -> None:
    order, friend = await ming.places((mug, 1)), await payer(shop, "小红")
    gift = await friend.pays(payToken=(await ming.looks(order["id"]))["payToken"])
    await ming.has_paid(order["id"])
    await settled(shop)

    assert (await friend.sheet(gift["requestPayment"]))["reason"] == "ORDER_CLOSED"
    states = sorted(one["state"] for one in (await ming.looks(order["id"]))["payments"])
    assert states == ["CLOSED", "SUCCEEDED"]


async def test_what_is_paid_after_the_order_ended_is_given_back_once(shop: SandboxShop, ming: Payer, mug: str) -> None:
    order, mchid = await ming.places((mug, 1)), await mchid_of(shop)
    await wechat_pay(shop, "/notifications/hold", mchid=mchid, hold=True)
    number = (await ming.has_paid(order["id"]))["notification"]
    await pool().execute(
        "update orders set status = 'CANCELLED', cancel_reason = 'BUYER', cancelled_at = created_at where shop_id = $1",
        shop.id,
    )

    await wechat_pay(shop, f"/notifications/{number}/send", times=20, parallel=True)
    await settled(shop)

    seen = await ming.looks(order["id"])
    assert (seen["status"], seen["paymentStatus"]) == ("CANCELLED", "UNPAID")
    assert [(one["state"], one["isSurplus"]) for one in seen["payments"]] == [("SUCCEEDED", True)]
    assert await count(shop, "refund", f"reason = 'CANCEL' and amount_fen = {FEN}") == 1
    assert await count(shop, "refund_allocation") == 1


async def test_a_shipped_order_never_goes_back_to_paid(shop: SandboxShop, ming: Payer, mug: str) -> None:
    order = await ming.places((mug, 1))
    number = (await ming.has_paid(order["id"]))["notification"]
    await settled(shop)
    await pool().execute(
        "update orders set status = 'COMPLETED', fulfilment_status = 'RECEIVED' where shop_id = $1", shop.id
    )
    await pool().execute("delete from payment_notification where shop_id = $1", shop.id)

    await wechat_pay(shop, f"/notifications/{number}/send", times=5, parallel=True)
    await settled(shop)

    assert (await ming.order(order["id"]))["status"] == "COMPLETED"
    assert await count(shop, "payment_notification", "outcome = 'REPEATED'") == 1
    assert await count(shop, "refund") == 0


CANCEL = "mutation ($id: ID!) { orderCancel(orderId: $id) { order { status } userErrors { code field message } } }"


@pytest.mark.parametrize("head_start_ms", [0, 3, 10, 30])
async def test_of_paying_and_cancelling_at_once_one_stands(
    shop: SandboxShop, ming: Payer, mug: str, head_start_ms: int
) -> None:
    order = await ming.places((mug, 2))
    request = (await ming.pays(order["id"]))["requestPayment"]

    async def cancel() -> list[str]:
        await asyncio.sleep(head_start_ms / 1000)
        return [one.code for one in (await ming.ask(CANCEL, {"id": order["id"]})).refusals]

    sheet, refused = await asyncio.gather(ming.sheet(request), cancel())
    await settled(shop)

    seen = await ming.looks(order["id"])
    if sheet["outcome"] == "success":
        assert seen["status"] == "PAID"
        assert refused == ["NOT_ALLOWED"]
        assert await stock_of(shop, mug) == (3, 0)
    else:
        assert (seen["status"], refused) == ("CANCELLED", [])
        assert await stock_of(shop, mug) == (5, 0)
    assert await count(shop, "refund") == 0
    assert await all_right(shop)


@pytest.mark.parametrize("name", ["order.paid.before_commit", "notification.stored"])
async def test_a_fault_half_way_is_made_good_and_nothing_is_doubled(
    shop: SandboxShop, ming: Payer, mug: str, name: str
) -> None:
    order = await ming.places((mug, 1))
    await shop.http.post("/sandbox/failpoints", json={"name": name, "action": "ERROR", "times": 1})
    number = (await ming.has_paid(order["id"]))["notification"]
    await pool().execute(
        "update payment_notification set next_attempt_at = created_at where shop_id = $1 and handled_at is null",
        shop.id,
    )

    await settled(shop)

    assert (await ming.order(order["id"]))["status"] == "PAID"
    assert number
    assert await count(shop, "payment_notification", "outcome = 'PAID'") == 1
    assert await count(shop, "outbox_event", "topic = 'order.paid'") == 1
    assert await stock_of(shop, mug) == (4, 0)
    assert await all_right(shop)


async def test_a_prepay_that_nobody_kept_is_asked_for_again(shop: SandboxShop, ming: Payer, mug: str) -> None:
    order = await ming.places((mug, 1))
    await shop.http.post("/sandbox/failpoints", json={"name": "order.pay.after_prepay", "action": "ERROR", "times": 1})

    assert (await ming.tries_to_pay(order["id"], key="k")).codes == ["INTERNAL_SERVER_ERROR"]
    await ming.sheet((await ming.pays(order["id"], key="k"))["requestPayment"])
    await settled(shop)

    assert await count(shop, "payment", "state = 'SUCCEEDED'") == 1
    assert await count(shop, "payment") == 1
