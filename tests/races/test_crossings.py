"""Wishes that cross each other's way: each comes true as if it had come alone, or is refused."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from models.database import pool, transaction
from resolvers.customer_merge import merge_customers
from tests.harness.asking import Answer
from tests.harness.buying import PLACE, on_sale
from tests.harness.carts import add, read
from tests.harness.paying import (
    Payer,
    all_right,
    count,
    inside,
    later,
    mchid_of,
    payer,
    settled,
    stock_of,
    wechat_pay,
)
from tests.harness.refunding import ledger, paid_order, piece, refunds, seen
from tests.harness.shops import SandboxShop
from tests.journeys.test_cancelling import CANCEL, CHANGE

pytestmark = pytest.mark.slow

FEN = 1990
DELETE = "mutation ($id: ID!) { productDelete(id: $id) { userErrors { code field message } } }"
PRODUCT = "query ($handle: Handle!) { product(handle: $handle) { id } }"


@pytest.fixture
async def mug(shop: SandboxShop) -> str:
    """Five mugs."""
    [variant] = await on_sale(shop, "mug", 5, fen=FEN)
    return variant


@pytest.fixture
async def ming(shop: SandboxShop) -> Payer:
    """Somebody who buys."""
    return await payer(shop)


async def held(shop: SandboxShop) -> str:
    """Have WeChat keep what it would tell from now on; returns the merchant's number."""
    mchid = await mchid_of(shop)
    await wechat_pay(shop, "/notifications/hold", mchid=mchid, hold=True)
    return mchid


async def product_of(shop: SandboxShop, handle: str = "mug") -> str:
    found: str = (await shop.staff(PRODUCT, {"handle": handle}))["product"]["id"]
    return found


async def test_what_wechat_tells_backwards_comes_out_the_same(shop: SandboxShop, ming: Payer, mug: str) -> None:
    mchid = await held(shop)
    order = await ming.places((mug, 3))
    await ming.has_paid(order["id"])
    await ming.sync(order["id"])
    for _ in range(2):
        await refunds(shop, order["id"], lines=[piece(order["lines"][0])])
        await settled(shop)

    told = await wechat_pay(shop, "/notifications", method="GET", mchid=mchid)
    assert len(told) == 3
    await wechat_pay(shop, "/notifications/release", mchid=mchid, ids=[one["id"] for one in reversed(told)])
    await settled(shop)

    after = await seen(ming, order["id"])
    assert (after["status"], after["paid"]["fen"], after["refunded"]["fen"]) == ("PAID", 3 * FEN, 2 * FEN)
    assert await stock_of(shop, mug) == (4, 0)
    assert await ledger(shop) == (FEN, 0)
    assert await all_right(shop)


async def test_an_amount_that_was_paid_wrong_ends_with_the_order_and_comes_to_rest(
    shop: SandboxShop, ming: Payer, mug: str
) -> None:
    order = await ming.places((mug, 1))
    await ming.has_paid(order["id"], amount=1)
    await settled(shop)
    assert (await ming.order(order["id"]))["status"] == "PENDING_PAYMENT"

    await later(shop, timedelta(minutes=31))
    await settled(shop)
    await later(shop, timedelta(minutes=31))
    await settled(shop)
    assert await all_right(shop)


@pytest.mark.parametrize("head_start_ms", [0, 5, 20])
async def test_time_that_runs_out_while_somebody_pays(
    shop: SandboxShop, ming: Payer, mug: str, head_start_ms: int
) -> None:
    order = await ming.places((mug, 2))
    request = (await ming.pays(order["id"]))["requestPayment"]

    async def time() -> None:
        await asyncio.sleep(head_start_ms / 1000)
        await later(shop, timedelta(minutes=31))

    sheet, _ = await asyncio.gather(ming.sheet(request), time())
    await settled(shop)

    status = (await ming.order(order["id"]))["status"]
    if sheet["outcome"] == "success":
        assert (status, await stock_of(shop, mug), await ledger(shop)) == ("PAID", (3, 0), (2 * FEN, 0))
    else:
        assert (status, await stock_of(shop, mug), await ledger(shop)) == ("CANCELLED", (5, 0), (0, 0))
    assert await all_right(shop)


async def test_what_was_paid_in_time_and_told_too_late_is_kept(shop: SandboxShop, ming: Payer, mug: str) -> None:
    mchid = await held(shop)
    order = await ming.places((mug, 2))
    await ming.has_paid(order["id"])

    await later(shop, timedelta(minutes=31))
    await settled(shop)
    await wechat_pay(shop, "/notifications/release", mchid=mchid)
    await settled(shop)

    assert (await ming.order(order["id"]))["status"] == "PAID"
    assert await stock_of(shop, mug) == (3, 0)
    assert await all_right(shop)


async def test_what_is_paid_after_the_end_goes_back_when_told_and_when_asked(
    shop: SandboxShop, ming: Payer, mug: str
) -> None:
    order = await ming.places((mug, 2))
    request = (await ming.pays(order["id"]))["requestPayment"]
    await ming.ask(CANCEL, {"id": order["id"]})
    await held(shop)
    assert (await ming.sheet(request, afterClose=True))["outcome"] == "success"

    await asyncio.gather(*(ming.sync(order["id"]) for _ in range(4)))
    await pool().execute("update payment set next_query_at = created_at where shop_id = $1", shop.id)
    await settled(shop)
    mchid = await mchid_of(shop)
    await wechat_pay(shop, "/notifications/release", mchid=mchid)
    await settled(shop)

    assert (await ming.order(order["id"]))["status"] == "CANCELLED"
    assert await count(shop, "refund") == 1
    assert (await stock_of(shop, mug), await ledger(shop)) == ((5, 0), (0, 0))
    assert await all_right(shop)


async def test_two_orders_one_cancelled_while_the_other_is_placed(shop: SandboxShop, ming: Payer, mug: str) -> None:
    for _ in range(4):
        order = await ming.places((mug, 5))
        wish = ming.wish((mug, 5), total=5 * FEN)

        placed, cancelled = await asyncio.gather(
            ming.ask(PLACE, {"input": wish}), ming.ask(CANCEL, {"id": order["id"]})
        )

        assert cancelled.refusals == []
        again = await ming.ask(PLACE, {"input": wish})
        assert again.refusals == []
        if not placed.refusals:
            assert placed["orderPlace"]["order"]["id"] == again["orderPlace"]["order"]["id"]
        assert await stock_of(shop, mug) == (5, 5)
        await ming.ask(CANCEL, {"id": again["orderPlace"]["order"]["id"]})
    await settled(shop)
    assert await stock_of(shop, mug) == (5, 0)
    assert await all_right(shop)


@pytest.mark.parametrize("head_start_ms", [0, 5, 15, 40])
async def test_a_price_that_changes_while_it_is_paid(
    shop: SandboxShop, ming: Payer, mug: str, head_start_ms: int
) -> None:
    order = await ming.places((mug, 1))
    request = (await ming.pays(order["id"]))["requestPayment"]

    async def change() -> Answer:
        await asyncio.sleep(head_start_ms / 1000)
        return await shop.staff(CHANGE, {"id": order["id"], "fen": -990})

    async def pay() -> dict[str, Any]:
        return await ming.sheet(request)

    sheet, changed = await asyncio.gather(pay(), change())
    await settled(shop)

    after = await seen(ming, order["id"])
    if sheet["outcome"] == "success":
        assert [one.code for one in changed.refusals] in (["NOT_ALLOWED"], ["BUSY"])
        assert (after["status"], after["paid"]["fen"], await ledger(shop)) == ("PAID", FEN, (FEN, 0))
    else:
        assert changed.refusals == []
        await ming.has_paid(order["id"])
        await settled(shop)
        assert ((await seen(ming, order["id"]))["paid"]["fen"], await ledger(shop)) == (1000, (1000, 0))
    assert await count(shop, "refund") == 0
    assert await all_right(shop)


async def test_a_product_that_goes_while_it_is_bought_is_sold_or_gone(shop: SandboxShop, ming: Payer) -> None:
    for turn in range(6):
        [variant] = await on_sale(shop, f"mug-{turn}", 5, fen=FEN)
        product = await product_of(shop, f"mug-{turn}")
        wish = ming.wish((variant, 1), total=FEN)

        placed, gone = await asyncio.gather(ming.ask(PLACE, {"input": wish}), shop.staff(DELETE, {"id": product}))

        refused = ([one.code for one in placed.refusals], [one.code for one in gone.refusals])
        assert Counter(map(bool, refused)) == {True: 1, False: 1}, refused
        if not placed.refusals:
            assert await stock_of(shop, variant) == (5, 1)
            await ming.ask(CANCEL, {"id": placed["orderPlace"]["order"]["id"]})
    await settled(shop)
    assert await all_right(shop)


async def test_a_product_that_goes_leaves_the_cart_and_not_the_orders(shop: SandboxShop, ming: Payer, mug: str) -> None:
    order = await paid_order(ming, (mug, 2))
    await add(ming.ask, (mug, 1))

    assert (await shop.staff(DELETE, {"id": await product_of(shop)})).refusals == []
    cart = await read(ming.ask)
    assert (cart["lines"], cart["invalidLines"]) == ([], [])

    await refunds(shop, order["id"], lines=[piece(order["lines"][0])])
    await settled(shop)
    await refunds(shop, order["id"])
    await settled(shop)
    after = await seen(ming, order["id"])
    assert (after["status"], after["refunded"]["fen"]) == ("CLOSED", 2 * FEN)
    assert await ledger(shop) == (0, 0)
    assert await all_right(shop)


async def test_an_answer_lost_in_a_merge_is_given_again_by_its_key(shop: SandboxShop, mug: str) -> None:
    older, younger = await payer(shop, "大明"), await payer(shop, "小明")
    wish = younger.wish((mug, 1), total=FEN)
    first = await younger.ask(PLACE, {"input": wish})

    async with transaction() as sql:
        await merge_customers(sql, shop.caller, [older.customer_id, younger.customer_id])
    await asyncio.sleep(1.2)  # processes remember for a second who stands behind a token
    again = await younger.ask(PLACE, {"input": wish})

    assert again.refusals == []
    assert again["orderPlace"]["order"]["id"] == first["orderPlace"]["order"]["id"]
    assert await count(shop, "orders") == 1


async def test_a_merge_while_orders_are_placed_and_paid_loses_none(shop: SandboxShop) -> None:
    [tee] = await on_sale(shop, "tee", 50, fen=FEN)
    older, younger = await payer(shop, "大明"), await payer(shop, "小明")
    orders = [await younger.places((tee, 1)) for _ in range(3)]
    requests = [(await younger.pays(order["id"]))["requestPayment"] for order in orders]

    async def merge() -> None:
        await asyncio.sleep(0.01)
        async with transaction() as sql:
            await merge_customers(sql, shop.caller, [older.customer_id, younger.customer_id])

    answers, *_ = await asyncio.gather(
        asyncio.gather(*(younger.tries((tee, 1), total=FEN, key=uuid4().hex) for _ in range(2))),
        merge(),
        *(younger.sheet(request) for request in requests),
    )
    await settled(shop)
    await pool().execute("update payment_notification set next_attempt_at = created_at where handled_at is null")
    await settled(shop)

    assert [answer.refusals for answer in answers] == [[], []]
    mine = await pool().fetchval("select count(*) from orders where shop_id = $1 and status = 'PAID'", shop.id)
    assert mine == 3
    assert await ledger(shop) == (3 * FEN, 0)
    assert await all_right(shop)


async def test_two_shops_of_one_merchant_never_take_each_others_money(
    shop: SandboxShop, other_shop: SandboxShop, ming: Payer, mug: str
) -> None:
    mchid, others = await mchid_of(shop), await mchid_of(other_shop)
    await pool().execute(
        """
        update merchant_account theirs set mchid = ours.mchid, api_v3_key_sealed = ours.api_v3_key_sealed,
            private_key_sealed = ours.private_key_sealed, serial_no = ours.serial_no,
            platform_keys = ours.platform_keys
        from merchant_account ours where ours.shop_id = $1 and theirs.shop_id = $2
        """,
        shop.id,
        other_shop.id,
    )
    assert mchid != others
    appids = [shop.app.appid, other_shop.app.appid]
    await wechat_pay(shop, "/merchants", mchid=mchid, appids=appids)
    [cup] = await on_sale(other_shop, "cup", 5, fen=FEN)
    hong = await payer(other_shop, "小红")
    mine, theirs = await ming.places((mug, 1)), await hong.places((cup, 2))

    await asyncio.gather(ming.has_paid(mine["id"]), hong.has_paid(theirs["id"]))
    await settled(shop)
    await settled(other_shop)
    await asyncio.gather(
        refunds(shop, mine["id"]), refunds(other_shop, theirs["id"], lines=[piece(theirs["lines"][0])])
    )
    await settled(shop)
    await settled(other_shop)

    assert (await seen(ming, mine["id"]))["status"] == "CLOSED"
    after = await seen(hong, theirs["id"])
    assert (after["status"], after["paid"]["fen"], after["refunded"]["fen"]) == ("PAID", 2 * FEN, FEN)
    assert await ledger(shop) == (FEN, 0)
    assert await all_right(shop)
    assert await all_right(other_shop)
    assert inside("ord", mine["id"]) != inside("ord", theirs["id"])
