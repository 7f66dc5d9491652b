"""Many refund at once, and WeChat tells the same many times: what was paid goes back once, and no fen more."""

import asyncio
from collections import Counter

import pytest

from models.database import pool
from tests.harness.buying import on_sale
from tests.harness.paying import Payer, all_right, count, mchid_of, payer, settled, stock_of, wechat_pay
from tests.harness.refunding import (
    RETRY,
    ledger,
    paid_order,
    refunds,
    refunds_become,
    seen,
    wechat_moves,
)
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
