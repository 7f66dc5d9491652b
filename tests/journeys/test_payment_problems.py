"""Money that came otherwise than it was asked for: it holds its order until somebody of the shop gives it back."""

import asyncio
from datetime import timedelta
from typing import Any, Final
from uuid import uuid4

import pytest

from models.database import pool
from tests.harness.asking import Answer, Refused
from tests.harness.buying import on_sale
from tests.harness.paying import Payer, all_right, count, inside, later, mchid_of, payer, settled, stock_of, wechat_pay
from tests.harness.refunding import ledger, refunds_become
from tests.harness.shops import SandboxShop

FEN: Final = 1990

_WRONG: Final = """id state problem told { fen } amount { fen } refunded { fen } isSurplus transactionId"""
WAITING: Final = f"""{{
  orders(task: PAYMENT) {{ totalCount nodes {{ id status tasks payments {{ {_WRONG} }} refunds {{ id state }} }} }}
}}"""
ORDER: Final = f"""query ($id: ID!) {{
  order(id: $id) {{ id status cancelReason tasks payments {{ {_WRONG} }} refunds {{ id reason state note }} }}
}}"""
GIVE_BACK: Final = f"""mutation ($id: ID!, $key: String!) {{
  paymentRefund(id: $id, idempotencyKey: $key) {{
    payment {{ {_WRONG} }} refund {{ id reason state amount {{ fen }} allocations {{ amount {{ fen }} }} }}
    userErrors {{ code field message }}
  }}
}}"""
CANCEL: Final = "mutation ($id: ID!) { orderCancel(orderId: $id) { order { status } userErrors { code field } } }"


@pytest.fixture
async def mug(shop: SandboxShop) -> str:
    """Five mugs."""
    [variant] = await on_sale(shop, "mug", 5, fen=FEN)
    return variant


@pytest.fixture
async def ming(shop: SandboxShop) -> Payer:
    """Somebody who buys."""
    return await payer(shop)


async def paid_wrong(shop: SandboxShop, ming: Payer, mug: str, fen: int = 1) -> str:
    """Place an order and have another amount paid for it; returns the order."""
    order = await ming.places((mug, 2))
    await ming.has_paid(order["id"], amount=fen)
    await settled(shop)
    assert (await ming.sync(order["id"])).refusals == []
    found: str = order["id"]
    return found


async def gives_back(shop: SandboxShop, payment_id: str, key: str | None = None) -> Answer:
    return await shop.staff(GIVE_BACK, {"id": payment_id, "key": uuid4().hex if key is None else key})


async def waiting(shop: SandboxShop) -> list[Any]:
    found: list[Any] = (await shop.staff(WAITING))["orders"]["nodes"]
    return found


@pytest.mark.parametrize("fen", [1, 2 * FEN + 5])
async def test_staff_see_what_came_wrong_and_give_it_back(shop: SandboxShop, ming: Payer, mug: str, fen: int) -> None:
    order_id = await paid_wrong(shop, ming, mug, fen)

    [stuck] = await waiting(shop)
    [payment] = stuck["payments"]
    assert (stuck["id"], stuck["status"], stuck["tasks"]) == (order_id, "PENDING_PAYMENT", ["PAYMENT"])
    assert (payment["problem"], payment["told"], payment["amount"]) == ("WRONG_AMOUNT", {"fen": fen}, {"fen": 2 * FEN})
    assert payment["state"] == "PREPAID"
    assert payment["transactionId"]
    assert await count(shop, "outbox_event", "topic = 'payment.abnormal'") == 1
    assert await stock_of(shop, mug) == (5, 2)

    answer = await gives_back(shop, payment["id"])
    assert answer.refusals == []
    given = answer["paymentRefund"]
    assert (given["payment"]["state"], given["payment"]["isSurplus"]) == ("SUCCEEDED", True)
    assert (given["payment"]["amount"], given["payment"]["problem"]) == ({"fen": fen}, "WRONG_AMOUNT")
    assert (given["refund"]["reason"], given["refund"]["amount"]) == ("SURPLUS", {"fen": fen})
    await settled(shop)

    assert await waiting(shop) == []
    assert await ledger(shop) == (0, 0)
    after = (await shop.staff(ORDER, {"id": order_id}))["order"]
    assert (after["tasks"], [one["state"] for one in after["refunds"]]) == ([], ["SUCCEEDED"])
    assert after["payments"][0]["refunded"] == {"fen": fen}
    assert await all_right(shop)

    # The order waits as before, and can still be paid as it should be.
    assert after["status"] == "PENDING_PAYMENT"
    await ming.has_paid(order_id)
    await settled(shop)
    assert (await ming.order(order_id))["status"] == "PAID"
    assert await stock_of(shop, mug) == (3, 0)
    assert await ledger(shop) == (2 * FEN, 0)
    assert await all_right(shop)


async def test_what_was_given_back_lets_its_order_expire_and_sets_its_stock_free(
    shop: SandboxShop, ming: Payer, mug: str
) -> None:
    order_id = await paid_wrong(shop, ming, mug)
    await later(shop, timedelta(minutes=31))
    await settled(shop)
    assert (await ming.order(order_id))["status"] == "PENDING_PAYMENT"
    refusals = (await ming.ask(CANCEL, {"id": order_id})).refusals
    assert [one.code for one in refusals] == ["BUSY"]
    [stuck] = await waiting(shop)

    assert (await gives_back(shop, stuck["payments"][0]["id"])).refusals == []
    await settled(shop)

    seen = (await shop.staff(ORDER, {"id": order_id}))["order"]
    assert (seen["status"], seen["cancelReason"]) == ("CANCELLED", "PAY_TIMEOUT")
    assert await stock_of(shop, mug) == (5, 0)
    assert await ledger(shop) == (0, 0)
    assert await all_right(shop)


async def test_the_money_goes_back_once_however_often_and_by_whomever_it_is_asked_for(
    shop: SandboxShop, ming: Payer, mug: str
) -> None:
    order_id = await paid_wrong(shop, ming, mug)
    [stuck] = await waiting(shop)
    id_ = stuck["payments"][0]["id"]
    key = uuid4().hex

    answers = await asyncio.gather(*(gives_back(shop, id_, key if number % 2 else None) for number in range(8)))
    first = await gives_back(shop, id_, key)
    await settled(shop)
    mchid = await mchid_of(shop)
    await wechat_pay(shop, "/notifications/hold", mchid=mchid, hold=False)

    done = [answer for answer in answers if not answer.refusals]
    assert {answer["paymentRefund"]["refund"]["id"] for answer in done} == {
        (await shop.staff(ORDER, {"id": order_id}))["order"]["refunds"][0]["id"]
    }
    codes = {refusal.code for answer in answers for refusal in answer.refusals}
    assert codes <= {"NOT_ALLOWED"}
    assert [one.code for one in first.refusals] in ([], ["NOT_ALLOWED"])
    assert len(await wechat_pay(shop, "/refunds", method="GET", mchid=mchid)) == 1
    assert await count(shop, "refund") == 1
    assert await ledger(shop) == (0, 0)
    assert await all_right(shop)


async def test_only_a_problem_that_waits_is_given_back(
    shop: SandboxShop, other_shop: SandboxShop, ming: Payer, mug: str
) -> None:
    order = await ming.places((mug, 1))
    payment = (await ming.pays(order["id"]))["payment"]["id"]
    assert (await gives_back(shop, payment)).refusals == [Refused("NOT_ALLOWED", "id")]
    await ming.has_paid(order["id"])
    await settled(shop)
    assert (await gives_back(shop, payment)).refusals == [Refused("NOT_ALLOWED", "id")]
    assert (await gives_back(shop, "pay_" + "0" * 32)).refusals == [Refused("NOT_FOUND", "id")]
    assert (await gives_back(other_shop, payment)).refusals == [Refused("NOT_FOUND", "id")]
    assert (await gives_back(shop, payment, "")).refusals == [Refused("INVALID", "idempotencyKey")]
    assert (await ming.ask(GIVE_BACK, {"id": payment, "key": "k"})).errors
    # Nor may who pays ask for what only the shop has to do with.
    assert (await ming.ask(ORDER, {"id": order["id"]})).status == 403


async def test_an_app_that_is_not_ours_is_a_problem_and_a_right_word_ends_it(
    shop: SandboxShop, ming: Payer, mug: str
) -> None:
    order = await ming.places((mug, 1))
    await wechat_pay(shop, "/notifications/hold", mchid=await mchid_of(shop), hold=True)
    await ming.has_paid(order["id"])
    moved = "update wechat_sandbox.pay_transaction set appid = $2 where appid = $1"
    other = f"wx{uuid4().hex[:16]}"
    await pool().execute(moved, shop.app.appid, other)
    await ming.sync(order["id"])
    [stuck] = await waiting(shop)
    [payment] = stuck["payments"]
    assert (payment["problem"], payment["told"]) == ("WRONG_APP", {"fen": FEN})

    await pool().execute(moved, other, shop.app.appid)
    await pool().execute("update payment set next_query_at = created_at where shop_id = $1", shop.id)
    await settled(shop)

    assert await waiting(shop) == []
    seen = (await shop.staff(ORDER, {"id": order["id"]}))["order"]
    assert (seen["status"], seen["payments"][0]["problem"]) == ("PAID", None)
    assert (await gives_back(shop, payment["id"])).refusals == [Refused("NOT_ALLOWED", "id")]
    assert await all_right(shop)


async def test_wrong_money_for_what_was_closed_is_found_and_waits_too(shop: SandboxShop, ming: Payer, mug: str) -> None:
    order = await ming.places((mug, 1))
    request = (await ming.pays(order["id"]))["requestPayment"]
    assert (await ming.ask(CANCEL, {"id": order["id"]})).refusals == []
    assert await waiting(shop) == []

    assert (await ming.sheet(request, amount=7, afterClose=True))["outcome"] == "success"
    await settled(shop)

    [stuck] = await waiting(shop)
    assert (stuck["status"], stuck["payments"][0]["told"]) == ("CANCELLED", {"fen": 7})
    await refunds_become(shop, "ABNORMAL")
    assert (await gives_back(shop, stuck["payments"][0]["id"])).refusals == []
    await settled(shop)
    seen = (await shop.staff(ORDER, {"id": order["id"]}))["order"]
    assert (seen["tasks"], seen["refunds"][0]["reason"]) == (["REFUND"], "CANCEL")
    assert await count(shop, "refund", f"staff_id is not null and order_id = '{inside('ord', order['id'])}'") == 1
    assert await all_right(shop)
