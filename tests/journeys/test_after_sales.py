"""Complaining about what was bought: money back, goods back, other goods, and what happens when nobody answers."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from models.database import pool
from tests.harness.asking import Refused
from tests.harness.buying import on_sale
from tests.harness.paying import Payer, all_right, count, inside, later, payer, settled, stock_of
from tests.harness.refunding import (
    APPROVE,
    CANCEL,
    EXCHANGE_CONFIRM,
    EXCHANGE_SHIP,
    PARCEL,
    RECEIVE,
    REFUSE_RECEIPT,
    REJECT,
    RETURN_SHIP,
    complains,
    ledger,
    paid_order,
    refunds,
    seen,
    sent,
    tries_to_complain,
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


async def staff(shop: SandboxShop, document: str, complaint: Any, **more: Any) -> Any:
    """Take a step as staff, which must be possible; the after-sale as it is then."""
    answer = await shop.staff(document, {"id": complaint["id"], **more})
    assert answer.refusals == [], answer.body
    [payload] = answer.data.values()
    return payload["afterSale"]


async def customer(person: Payer, document: str, complaint: Any, **more: Any) -> Any:
    """Take a step as the customer, which must be possible."""
    answer = await person.ask(document, {"id": complaint["id"], **more})
    assert answer.refusals == [], answer.body
    [payload] = answer.data.values()
    return payload["afterSale"]


async def stands(person: Payer, complaint: Any) -> str:
    """Return where an after-sale stands."""
    look = "query ($id: ID!) { node(id: $id) { ... on AfterSale { status } } }"
    found: str = (await person.ask(look, {"id": complaint["id"]}))["node"]["status"]
    return found


async def test_money_back_for_what_was_not_sent(shop: SandboxShop, ming: Payer, mug: str) -> None:
    order = await paid_order(ming, (mug, 2))
    [line] = order["lines"]

    complaint = await complains(ming, line, quantity=1, description="尺寸不合适")
    assert complaint["afterSaleNo"].startswith("A")
    assert (complaint["status"], complaint["amount"]["fen"]) == ("APPLIED", FEN)
    assert complaint["actions"] == ["CANCEL"]
    assert complaint["timeline"] == [
        {"fromStatus": None, "toStatus": "APPLIED", "actorKind": "CUSTOMER", "note": "不想要了"}
    ]
    granted = await staff(shop, APPROVE, complaint)
    assert (granted["status"], granted["refund"]["reason"]) == ("REFUNDING", "AFTER_SALE")
    await settled(shop)

    assert await stands(ming, complaint) == "COMPLETED"
    after = await seen(ming, order["id"])
    assert (after["status"], after["refundStatus"], after["refunded"]) == ("PAID", "PARTIAL", {"fen": FEN})
    assert await stock_of(shop, mug) == (4, 0)
    assert await ledger(shop) == (FEN, 0)
    assert await all_right(shop)


async def test_goods_come_back_and_the_money_goes(shop: SandboxShop, ming: Payer, mug: str) -> None:
    order = await paid_order(ming, (mug, 2))
    [line] = order["lines"]
    too_soon = await tries_to_complain(ming, line, type="RETURN")
    assert too_soon.refusals == [Refused("NOT_ALLOWED", "input.type")]
    await sent(ming, order)

    complaint = await complains(ming, line, type="RETURN", quantity=2)
    granted = await staff(shop, APPROVE, complaint)
    assert (granted["status"], granted["refund"], granted["actions"]) == (
        "AWAITING_RETURN", None, ["CANCEL", "RETURN_SHIP"],
    )  # fmt: skip
    wrong = await ming.ask(RETURN_SHIP, {"id": complaint["id"], "by": "SF", "no": "?"})
    assert wrong.refusals == [Refused("INVALID", "trackingNo")]
    on_its_way = await customer(ming, RETURN_SHIP, complaint, **PARCEL)
    assert (on_its_way["status"], on_its_way["returnTrackingNo"]) == ("RETURN_SHIPPED", PARCEL["no"])
    assert await stock_of(shop, mug) == (3, 0)
    await staff(shop, RECEIVE, complaint)
    await settled(shop)

    assert await stands(ming, complaint) == "COMPLETED"
    after = await seen(ming, order["id"])
    assert (after["status"], after["paymentStatus"]) == ("CLOSED", "REFUNDED")
    assert await stock_of(shop, mug) == (5, 0)
    assert await count(shop, "reservation", "returned = 2") == 1
    assert await all_right(shop)


async def test_other_goods_take_the_place_of_those_that_came_back(shop: SandboxShop, ming: Payer, mug: str) -> None:
    order = await paid_order(ming, (mug, 1))
    await sent(ming, order)
    complaint = await complains(ming, order["lines"][0], type="EXCHANGE")
    assert complaint["amount"]["fen"] == 0
    await staff(shop, APPROVE, complaint)
    await customer(ming, RETURN_SHIP, complaint, **PARCEL)
    assert (await shop.staff(RECEIVE, {"id": complaint["id"]})).refusals == [Refused("NOT_ALLOWED", "id")]

    out = await staff(shop, EXCHANGE_SHIP, complaint, **PARCEL)
    assert (out["status"], out["exchangeTrackingNo"]) == ("EXCHANGE_SHIPPED", PARCEL["no"])
    done = await customer(ming, EXCHANGE_CONFIRM, complaint)

    assert (done["status"], done["deadlineAt"]) == ("COMPLETED", None)
    assert [one["toStatus"] for one in done["timeline"]] == [
        "APPLIED", "AWAITING_RETURN", "RETURN_SHIPPED", "EXCHANGE_SHIPPED", "COMPLETED",
    ]  # fmt: skip
    assert await count(shop, "refund") == 0
    assert await stock_of(shop, mug) == (4, 0)


async def test_the_shop_says_no_and_is_asked_three_times_more(shop: SandboxShop, ming: Payer, mug: str) -> None:
    order = await paid_order(ming, (mug, 1))
    [line] = order["lines"]

    for _ in range(4):
        complaint = await complains(ming, line)
        no = await staff(shop, REJECT, complaint, why="已过期")
        assert (no["status"], no["timeline"][-1]["note"]) == ("REJECTED", "已过期")

    once_more = await tries_to_complain(ming, line)
    assert [(one.code, one.more["limit"], one.more["used"]) for one in once_more.refusals] == [("LIMIT_REACHED", 3, 3)]
    assert (await shop.staff(REJECT, {"id": complaint["id"], "why": ""})).refusals == [Refused("BLANK", "reason")]
    assert (await shop.staff(APPROVE, {"id": complaint["id"]})).refusals == [Refused("NOT_ALLOWED", "id")]


async def test_what_came_back_is_not_what_was_sent(shop: SandboxShop, ming: Payer, mug: str) -> None:
    order = await paid_order(ming, (mug, 1))
    await sent(ming, order)
    complaint = await complains(ming, order["lines"][0], type="RETURN")
    await staff(shop, APPROVE, complaint)
    await customer(ming, RETURN_SHIP, complaint, **PARCEL)

    refused = await staff(shop, REFUSE_RECEIPT, complaint, why="不是本店商品")

    assert (refused["status"], refused["refund"]) == ("RECEIVE_REFUSED", None)
    assert await stock_of(shop, mug) == (4, 0)


async def test_one_wish_for_each_line_at_a_time(shop: SandboxShop, ming: Payer, mug: str) -> None:
    order = await paid_order(ming, (mug, 3))
    [line] = order["lines"]
    complaint = await complains(ming, line, key="k")
    assert (await complains(ming, line, key="k"))["id"] == complaint["id"]

    assert (await tries_to_complain(ming, line)).refusals == [Refused("TAKEN", "input.orderLineId")]
    assert (await customer(ming, CANCEL, complaint))["status"] == "CANCELLED"
    assert (await ming.ask(CANCEL, {"id": complaint["id"]})).refusals == [Refused("NOT_ALLOWED", "id")]
    assert (await tries_to_complain(ming, line, quantity=4)).refusals == [Refused("OUT_OF_RANGE", "input.quantity")]
    assert (await complains(ming, line, quantity=3))["amount"]["fen"] == 3 * FEN


async def test_less_than_was_asked_for_may_be_granted(shop: SandboxShop, ming: Payer, mug: str) -> None:
    order = await paid_order(ming, (mug, 1))
    complaint = await complains(ming, order["lines"][0])

    more = await shop.staff(APPROVE, {"id": complaint["id"], "amount": {"fen": FEN + 1}})
    assert more.refusals == [Refused("OUT_OF_RANGE", "amount")]
    granted = await staff(shop, APPROVE, complaint, amount={"fen": 990})

    assert (granted["amount"]["fen"], granted["refund"]["amount"]["fen"]) == (990, 990)
    await settled(shop)
    after = await seen(ming, order["id"])
    assert (after["status"], after["paymentStatus"], after["refundStatus"]) == ("CLOSED", "PARTIALLY_REFUNDED", "ALL")
    assert await all_right(shop)


async def test_unanswered_it_is_granted_after_three_days(shop: SandboxShop, ming: Payer, mug: str) -> None:
    order = await paid_order(ming, (mug, 1))
    complaint = await complains(ming, order["lines"][0])

    await later(shop, timedelta(hours=71))
    assert await stands(ming, complaint) == "APPLIED"
    await later(shop, timedelta(hours=2))
    await settled(shop)

    assert await stands(ming, complaint) == "COMPLETED"
    assert (await seen(ming, order["id"]))["status"] == "CLOSED"
    assert await all_right(shop)


async def test_goods_that_are_not_sent_in_a_week_stay_with_the_customer(
    shop: SandboxShop, ming: Payer, mug: str
) -> None:
    order = await paid_order(ming, (mug, 1))
    await sent(ming, order)
    complaint = await complains(ming, order["lines"][0], type="RETURN")
    granted = await staff(shop, APPROVE, complaint)
    assert datetime.fromisoformat(granted["deadlineAt"]) > datetime.fromisoformat(complaint["deadlineAt"])

    await later(shop, timedelta(days=7, hours=1))

    assert await stands(ming, complaint) == "CANCELLED"
    late = await ming.ask(RETURN_SHIP, {"id": complaint["id"], **PARCEL})
    assert late.refusals == [Refused("NOT_ALLOWED", "id")]


async def test_what_went_back_another_way_is_not_granted_again(shop: SandboxShop, ming: Payer, mug: str) -> None:
    order = await paid_order(ming, (mug, 1))
    complaint = await complains(ming, order["lines"][0])
    await refunds(shop, order["id"])

    assert (await shop.staff(APPROVE, {"id": complaint["id"]})).refusals == [Refused("OUT_OF_RANGE", "id")]
    await later(shop, timedelta(hours=73))
    await settled(shop)

    assert await stands(ming, complaint) == "CANCELLED"
    assert await ledger(shop) == (0, 0)
    assert await all_right(shop)


async def test_after_the_shops_days_it_is_too_late(shop: SandboxShop, ming: Payer, mug: str) -> None:
    order = await paid_order(ming, (mug, 1))
    await sent(ming, order, received=True)
    await later(shop, timedelta(days=7, hours=1))

    assert (await tries_to_complain(ming, order["lines"][0])).refusals == [Refused("EXPIRED", "input.orderLineId")]


async def test_what_may_not_be_complained_about(shop: SandboxShop, ming: Payer, mug: str) -> None:
    unpaid = await ming.places((mug, 1))
    assert (await tries_to_complain(ming, unpaid["lines"][0])).refusals == [Refused("NOT_ALLOWED", "input.orderLineId")]
    order = await paid_order(ming, (mug, 1))
    [line] = order["lines"]
    stranger = await payer(shop, "外人")
    assert (await tries_to_complain(stranger, line)).refusals == [Refused("NOT_FOUND", "input.orderLineId")]
    evidence = await tries_to_complain(ming, line, reason=" ", evidence=["https://elsewhere.example/a.jpg"])
    assert evidence.refusals == [Refused("BLANK", "input.reason"), Refused("INVALID", "input.evidence.0")]
    await pool().execute(
        "insert into order_hold (id, shop_id, order_id, kind, reason, created_at)"
        " select gen_random_uuid(), shop_id, id, 'GROUP_FORMING', '', created_at from orders where id = $1",
        inside("ord", order["id"]),
    )
    assert (await tries_to_complain(ming, line)).refusals == [Refused("NOT_ALLOWED", "input.orderLineId")]


async def test_everybody_finds_their_own(shop: SandboxShop, ming: Payer, mug: str) -> None:
    order = await paid_order(ming, (mug, 1))
    complaint = await complains(ming, order["lines"][0])
    mine = "{ viewer { afterSales { totalCount nodes { id order { id } orderLine { id } } } } }"

    assert (await ming.ask(mine))["viewer"]["afterSales"]["nodes"] == [
        {"id": complaint["id"], "order": {"id": order["id"]}, "orderLine": {"id": order["lines"][0]["id"]}}
    ]
    assert (await seen(ming, order["id"]))["afterSales"] == [{"id": complaint["id"], "status": "APPLIED"}]
    stranger = await payer(shop, "外人")
    assert (await stranger.ask(mine))["viewer"]["afterSales"]["totalCount"] == 0
    node = "query ($id: ID!) { node(id: $id) { id } }"
    assert (await stranger.ask(node, {"id": complaint["id"]}))["node"] is None
    waiting = "{ afterSales(status: APPLIED) { nodes { id staffActions } } }"
    assert (await shop.staff(waiting))["afterSales"]["nodes"] == [
        {"id": complaint["id"], "staffActions": ["APPROVE", "REJECT"]}
    ]
    assert (await ming.ask(waiting)).codes == ["FORBIDDEN"]
    assert (await stranger.ask(CANCEL, {"id": complaint["id"]})).refusals == [Refused("NOT_FOUND", "id")]
    assert (await ming.ask(APPROVE, {"id": complaint["id"]})).codes == ["FORBIDDEN"]
