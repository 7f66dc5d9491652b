"""WeChat's bill of a day, held against the shop's books: what agrees, and each way in which it may not."""

from datetime import date, datetime, time, timedelta

import pytest

from models.database import pool
from resolvers.bill_check import BillFault, check_bill
from resolvers.shop_clock import shop_now
from tests.harness.accounts import provided
from tests.harness.buying import on_sale
from tests.harness.paying import later, payer, settled
from tests.harness.refunding import paid_order, piece, refunds
from tests.harness.shops import SandboxShop
from wechat.pay import CHINA
from wechat.pay_errors import PayRefused

_OFFSET = "select clock_offset_ms from shop where id = $1"


async def today(shop: SandboxShop) -> date:
    """Return the day in China on the shop's clock."""
    return shop_now(await pool().fetchval(_OFFSET, shop.id)).astimezone(CHINA).date()


async def a_day_of_trade(shop: SandboxShop) -> date:
    """Sell two, give one back, and wait until the bill is there; returns the day."""
    ming, [mug] = await payer(shop), await on_sale(shop, "mug", 5)
    # The next noon: not over midnight in between, and a day later the bill is there.
    now = shop_now(await pool().fetchval(_OFFSET, shop.id)).astimezone(CHINA)
    noon = datetime.combine(now.date() + timedelta(days=1), time(12), CHINA)
    await later(shop, timedelta(seconds=round((noon - now).total_seconds())))
    day = await today(shop)
    order = await paid_order(ming, (mug, 2))
    await refunds(shop, order["id"], lines=[piece(order["lines"][0], 1)])
    await settled(shop)
    await later(shop, timedelta(hours=24))
    return day


@pytest.mark.parametrize("is_provided", [False, True], ids=["own", "provider"])
async def test_what_was_sold_and_given_back_is_on_the_bill(shop: SandboxShop, *, is_provided: bool) -> None:
    if is_provided:
        await provided(shop, "1700000001")
    day = await a_day_of_trade(shop)

    seen = await check_bill(shop.id, day)

    assert (seen.rows, list(seen.differences)) == (2, [])


@pytest.mark.parametrize(
    ("damage", "faults"),
    [
        ("update payment set amount_fen = amount_fen + 1 where shop_id = $1", ["WRONG_AMOUNT"]),
        ("update payment set transaction_id = 'x' where shop_id = $1", ["WRONG_TRANSACTION"]),
        ("update payment set out_trade_no = 'another' where shop_id = $1", ["UNKNOWN_PAYMENT", "MISSING_PAYMENT"]),
        (
            "update refund_allocation set out_refund_no = 'other' where shop_id = $1",
            ["UNKNOWN_REFUND", "MISSING_REFUND"],
        ),
        ("update refund_allocation set amount_fen = amount_fen - 1 where shop_id = $1", ["WRONG_REFUND_AMOUNT"]),
        ("update refund_allocation set state = 'PROCESSING' where shop_id = $1", ["UNRECORDED_REFUND"]),
    ],
)
async def test_what_does_not_agree_is_named(shop: SandboxShop, damage: str, faults: list[str]) -> None:
    day = await a_day_of_trade(shop)
    await pool().execute(damage, shop.id)

    seen = await check_bill(shop.id, day)

    assert [one.fault for one in seen.differences] == [BillFault(fault) for fault in faults]


async def test_a_bill_that_is_not_made_yet_is_no_agreement(shop: SandboxShop) -> None:
    with pytest.raises(PayRefused):
        await check_bill(shop.id, await today(shop))
