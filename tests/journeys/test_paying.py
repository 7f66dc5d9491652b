"""Paying an order, from the pay sheet to the order that is paid, whatever gets lost on the way."""

from uuid import uuid4

import pytest

from clock import wall_now
from models.database import pool
from resolvers.payment_query import query_payments
from tests.harness.asking import Refused
from tests.harness.buying import on_sale
from tests.harness.paying import (
    SYNC,
    Payer,
    all_right,
    count,
    inside,
    mchid_of,
    payer,
    settled,
    stock_of,
    wechat_pay,
)
from tests.harness.shops import SandboxShop

FEN = 1990


@pytest.fixture
async def mug(shop: SandboxShop) -> str:
    """Five mugs, and nothing to pay for sending them."""
    [variant] = await on_sale(shop, "mug", 5, fen=FEN)
    return variant


@pytest.fixture
async def ming(shop: SandboxShop) -> Payer:
    """Somebody who buys."""
    return await payer(shop)


async def reprice(shop: SandboxShop, order_id: str, fen: int) -> None:
    """As staff change a price before it is paid."""
    await pool().execute(
        "update orders set total_fen = $3, goods_fen = $3 where shop_id = $1 and id = $2",
        shop.id,
        inside("ord", order_id),
        fen,
    )


async def test_what_was_paid_at_the_sheet_is_a_paid_order(shop: SandboxShop, ming: Payer, mug: str) -> None:
    order = await ming.places((mug, 2))
    assert await stock_of(shop, mug) == (5, 2)

    paying = await ming.pays(order["id"])
    assert paying["payment"] | {"id": "", "outTradeNo": "", "createdAt": ""} == {
        "id": "", "method": "WECHAT", "state": "PREPAID", "amount": {"fen": 2 * FEN}, "refunded": {"fen": 0},
        "isSurplus": False, "isOwn": True, "outTradeNo": "", "succeededAt": None, "closedAt": None, "createdAt": "",
    }  # fmt: skip
    assert (await ming.sheet(paying["requestPayment"]))["outcome"] == "success"
    await settled(shop)

    seen = await ming.order(order["id"])
    assert (seen["status"], seen["paymentStatus"], seen["fulfilmentStatus"]) == ("PAID", "PAID", "NOT_SHIPPED")
    assert seen["paid"] == {"fen": 2 * FEN}
    assert [(step["axis"], step["toValue"], step["actorKind"]) for step in seen["history"]][-2:] == [
        ("STATUS", "PAID", "SYSTEM"),
        ("PAYMENT", "PAID", "SYSTEM"),
    ]
    [payment] = (await ming.looks(order["id"]))["payments"]
    assert (payment["state"], payment["isSurplus"]) == ("SUCCEEDED", False)
    assert await stock_of(shop, mug) == (3, 0)
    assert await count(shop, "stock_move", "reason = 'SOLD' and delta = -2 and on_hand_after = 3") == 1
    assert await count(shop, "outbox_event", "topic = 'order.paid'") == 1
    assert await count(shop, "product", "sales_count = 2") == 1
    assert await count(shop, "customer", "paid_orders = 1 and first_paid_at is not null") == 1
    assert await all_right(shop)


async def test_asking_twice_gives_the_same_payment_and_a_new_signature(ming: Payer, mug: str) -> None:
    order = await ming.places((mug, 1))

    first, second = await ming.pays(order["id"], key="k"), await ming.pays(order["id"], key="k")
    third = await ming.pays(order["id"])

    assert first["payment"]["id"] == second["payment"]["id"] == third["payment"]["id"]
    assert len({paying["requestPayment"]["package"] for paying in (first, second, third)}) == 1
    assert len({paying["requestPayment"]["nonceStr"] for paying in (first, second, third)}) == 3
    assert (await ming.tries_to_pay(None, key="k", payToken=first["order"]["payToken"])).refusals == [
        Refused("IDEMPOTENCY_KEY_REUSED", "input.idempotencyKey")
    ]


async def test_a_lost_prepay_is_asked_for_again_under_its_number(shop: SandboxShop, ming: Payer, mug: str) -> None:
    order = await ming.places((mug, 1))
    await ming.phone.door("/switches", kind="LOST_ANSWER", call="prepay", times=1)

    paying = await ming.pays(order["id"])

    assert (await ming.sheet(paying["requestPayment"]))["outcome"] == "success"
    assert await count(shop, "payment") == 1


async def test_who_cannot_reach_wechat_comes_back_with_the_same_wish(shop: SandboxShop, ming: Payer, mug: str) -> None:
    order = await ming.places((mug, 1))
    await ming.phone.door("/switches", kind="LOST_ANSWER", call="prepay", times=2)

    [refusal] = (await ming.tries_to_pay(order["id"], key="k")).refusals
    assert (refusal.code, refusal.more["retryAfterMs"]) == ("BUSY", 1000)
    paying = await ming.pays(order["id"], key="k")

    assert paying["payment"]["state"] == "PREPAID"
    assert await count(shop, "payment") == 1


async def test_a_price_that_staff_changed_takes_a_new_number(shop: SandboxShop, ming: Payer, mug: str) -> None:
    order = await ming.places((mug, 1))
    old = await ming.pays(order["id"])
    await reprice(shop, order["id"], 900)

    new = await ming.pays(order["id"])

    assert (new["payment"]["amount"], new["payment"]["id"] != old["payment"]["id"]) == ({"fen": 900}, True)
    assert (await ming.sheet(old["requestPayment"]))["reason"] == "ORDER_CLOSED"
    assert (await ming.sheet(new["requestPayment"]))["outcome"] == "success"
    await settled(shop)
    assert (await ming.order(order["id"]))["paid"] == {"fen": 900}
    # What the price was made by is the order's, and staff's own command keeps it right.
    assert [one["state"] for one in (await ming.looks(order["id"]))["payments"]] == ["CLOSED", "SUCCEEDED"]


async def test_a_price_paid_while_it_changed_is_given_back(shop: SandboxShop, ming: Payer, mug: str) -> None:
    order = await ming.places((mug, 1))
    old = await ming.pays(order["id"])
    await reprice(shop, order["id"], 900)

    assert (await ming.sheet(old["requestPayment"]))["outcome"] == "success"
    await settled(shop)

    seen = await ming.looks(order["id"])
    assert (seen["status"], [one["isSurplus"] for one in seen["payments"]]) == ("PENDING_PAYMENT", [True])
    assert await count(shop, "refund", "reason = 'SURPLUS' and amount_fen = 1990") == 1
    assert (await ming.pays(order["id"]))["payment"]["amount"] == {"fen": 900}


async def test_an_order_that_costs_nothing_never_meets_wechat(shop: SandboxShop, ming: Payer, mug: str) -> None:
    order = await ming.places((mug, 1))
    await reprice(shop, order["id"], 0)

    paying = await ming.pays(order["id"])

    assert paying["requestPayment"] is None
    assert (paying["payment"]["method"], paying["payment"]["state"]) == ("FREE", "SUCCEEDED")
    assert (paying["order"]["status"], paying["order"]["paid"]) == ("PAID", {"fen": 0})
    assert await stock_of(shop, mug) == (4, 0)
    assert await wechat_pay(shop, "/payments", method="GET", mchid=await mchid_of(shop)) == []


async def test_goods_that_need_no_sending_are_theirs_at_once(shop: SandboxShop, ming: Payer) -> None:
    [course] = await on_sale(shop, "course", 3, fen=FEN)
    await pool().execute("update variant set requires_shipping = false where shop_id = $1", shop.id)
    order = await ming.places((course, 1), delivery={"virtual": True})

    await ming.has_paid(order["id"])
    await settled(shop)

    seen = await ming.order(order["id"])
    assert (seen["status"], seen["fulfilmentStatus"]) == ("COMPLETED", "RECEIVED")
    assert await count(shop, "shipping_upload") == 1


async def test_a_notification_that_never_came_is_found_by_asking(shop: SandboxShop, ming: Payer, mug: str) -> None:
    order, mchid = await ming.places((mug, 1)), await mchid_of(shop)
    await wechat_pay(shop, "/notifications/hold", mchid=mchid, hold=True)
    await ming.has_paid(order["id"])
    assert (await ming.order(order["id"]))["status"] == "PENDING_PAYMENT"

    await pool().execute("update payment set next_query_at = $2 where shop_id = $1", shop.id, wall_now())
    assert await query_payments(wall_now(), shop.id) == 1

    assert (await ming.order(order["id"]))["status"] == "PAID"
    await wechat_pay(shop, "/notifications/release", mchid=mchid)
    await settled(shop)
    assert await count(shop, "payment_notification", "outcome = 'REPEATED'") == 1
    assert await count(shop, "outbox_event", "topic = 'order.paid'") == 1
    assert await all_right(shop)


async def test_a_phone_that_heard_nothing_asks_for_itself(shop: SandboxShop, ming: Payer, mug: str) -> None:
    order, mchid = await ming.places((mug, 1)), await mchid_of(shop)
    await wechat_pay(shop, "/notifications/hold", mchid=mchid, hold=True)
    await ming.has_paid(order["id"])

    answer = await ming.sync(order["id"])

    assert answer["orderPaymentSync"]["order"]["status"] == "PAID"
    stranger = await payer(shop, "外人")
    assert (await stranger.sync(order["id"])).refusals == [Refused("NOT_FOUND", "orderId")]
    assert (await shop.staff(SYNC, {"id": order["id"]}))["orderPaymentSync"]["order"]["status"] == "PAID"


async def test_wechat_is_asked_once_in_two_seconds(shop: SandboxShop, ming: Payer, mug: str) -> None:
    order = await ming.places((mug, 1))
    await ming.pays(order["id"])

    for _ in range(5):
        assert (await ming.sync(order["id"]))["orderPaymentSync"]["order"]["status"] == "PENDING_PAYMENT"

    assert await pool().fetchval("select queries from payment where shop_id = $1", shop.id) == 1


async def test_who_thinks_better_of_it_may_pay_later(shop: SandboxShop, ming: Payer, mug: str) -> None:
    order = await ming.places((mug, 1))
    request = (await ming.pays(order["id"]))["requestPayment"]

    assert (await ming.sheet(request, outcome="cancel"))["outcome"] == "cancel"
    assert (await ming.order(order["id"]))["status"] == "PENDING_PAYMENT"

    await ming.has_paid(order["id"])
    await settled(shop)
    assert (await ming.order(order["id"]))["status"] == "PAID"


async def test_what_cannot_be_paid_says_why(shop: SandboxShop, ming: Payer, mug: str) -> None:
    order, other = await ming.places((mug, 1)), await ming.places((mug, 1))
    await ming.has_paid(order["id"])
    await settled(shop)

    assert (await ming.tries_to_pay(order["id"])).refusals == [Refused("NOT_ALLOWED", "input.orderId")]
    assert (await ming.tries_to_pay("ord_" + "0" * 32)).refusals == [Refused("NOT_FOUND", "input.orderId")]
    assert (await ming.tries_to_pay()).refusals == [Refused("BLANK", "input.orderId")]
    await pool().execute(
        "update orders set created_at = created_at - interval '1 h', expires_at = expires_at - interval '1 h'"
        " where shop_id = $1 and id = $2",
        shop.id,
        inside("ord", other["id"]),
    )
    assert (await ming.tries_to_pay(other["id"])).refusals == [Refused("EXPIRED", "input.orderId")]
    anybody = await shop.visitor.also(x_visitor_id=str(uuid4()))(
        'mutation { orderPay(input: {orderId: "ord_1"}, idempotencyKey: "k") { userErrors { code field } } }'
    )
    assert anybody.refusals == [Refused("LOGIN_REQUIRED", "input")]


async def test_a_shop_without_an_account_says_so(shop: SandboxShop, ming: Payer, mug: str) -> None:
    order = await ming.places((mug, 1))
    await pool().execute("delete from merchant_account_app where shop_id = $1", shop.id)

    assert [one.code for one in (await ming.tries_to_pay(order["id"])).refusals] == ["NOT_CONFIGURED"]


async def test_what_wechat_does_not_accept_is_not_tried_again_under_its_number(
    shop: SandboxShop, ming: Payer, mug: str
) -> None:
    order = await ming.places((mug, 1))
    await pool().execute(
        "update wechat_sandbox.pay_merchant set appids = '{}' where mchid = $1", mchid := await mchid_of(shop)
    )
    assert [one.code for one in (await ming.tries_to_pay(order["id"], key="k")).refusals] == ["WECHAT_APP_REJECTED"]

    await pool().execute(
        "update wechat_sandbox.pay_merchant set appids = array[$2] where mchid = $1", mchid, shop.app.appid
    )
    assert (await ming.pays(order["id"], key="k"))["payment"]["state"] == "PREPAID"
    states = [one["state"] for one in (await ming.looks(order["id"]))["payments"]]
    assert states == ["FAILED", "PREPAID"]
