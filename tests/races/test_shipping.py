"""Many hands at one parcel: what is sent is sent once, what goes back is not sent, what is received is so once."""

import asyncio
from collections import Counter

import pytest

from clock import wall_now
from models.database import pool, transaction
from models.refund import RefundReason
from models.refusal import Refusal
from resolvers.order_confirm import confirm_orders
from resolvers.order_step import StepBy
from resolvers.refund import request_refund
from resolvers.refund_plan import LineWish, RefundWish
from tests.harness.asking import Answer
from tests.harness.buying import on_sale
from tests.harness.paying import Payer, all_right, count, inside, payer, settled
from tests.harness.shipping import CONFIRM, bought, looks, ships, told_of_parcels, tries_to_ship
from tests.harness.shops import SandboxShop

pytestmark = pytest.mark.slow


@pytest.fixture
async def ming(shop: SandboxShop) -> Payer:
    """Somebody who buys."""
    return await payer(shop)


async def test_two_staff_send_the_same_pieces_once(shop: SandboxShop, ming: Payer) -> None:
    tee, cap = [(await on_sale(shop, name, 9))[0] for name in ("tee", "cap")]
    order = await bought(ming, (tee, 2), (cap, 3))

    answers = await asyncio.gather(*(tries_to_ship(shop, order["id"]) for _ in range(8)))

    refused = Counter(refusal.code for answer in answers for refusal in answer.refusals)
    assert refused == {"NOT_ALLOWED": 7}
    assert await count(shop, "shipment") == 1
    assert [line["shippedQuantity"] for line in (await looks(ming, order["id"]))["lines"]] == [2, 3]
    await settled(shop)
    assert len(await told_of_parcels(shop)) == 1
    assert await all_right(shop)


async def test_parcels_sent_at_once_hold_what_was_bought(shop: SandboxShop, ming: Payer) -> None:
    tee, cap = [(await on_sale(shop, name, 9))[0] for name in ("tee", "cap")]
    order = await bought(ming, (tee, 3), (cap, 3))
    one, other = [line["id"] for line in order["lines"]]

    answers = await asyncio.gather(
        *(tries_to_ship(shop, order["id"], *((one, 1), (other, 1))[:: 1 if turn % 2 else -1]) for turn in range(8))
    )

    assert Counter(len(answer.refusals) for answer in answers)[0] == 3
    seen = await looks(ming, order["id"])
    assert (seen["fulfilmentStatus"], len(seen["shipments"])) == ("SHIPPED", 3)
    assert await count(shop, "order_change", "axis = 'FULFILMENT'") == 2
    await settled(shop)
    assert (await told_of_parcels(shop))[-1]["is_all_delivered"] is True
    assert await all_right(shop)


async def test_what_goes_back_is_not_sent(shop: SandboxShop, ming: Payer) -> None:
    [tee] = await on_sale(shop, "tee", 50)
    for _ in range(4):
        order = await bought(ming, (tee, 3))
        line = order["lines"][0]["id"]

        async def give_back(order_id: str = order["id"], line: str = line) -> bool:
            wish = RefundWish(RefundReason.CANCEL, [LineWish(inside("oln", line), 2)])
            try:
                async with transaction() as sql:
                    await request_refund(sql, shop.id, inside("ord", order_id), wish, StepBy.system(wall_now()))
            except Refusal:
                return False
            return True

        answers = await asyncio.gather(
            *(tries_to_ship(shop, order["id"], (line, 2)) for _ in range(3)), give_back(), give_back()
        )

        sent = sum(not answer.refusals for answer in answers[:3] if isinstance(answer, Answer))
        row = await pool().fetchrow(
            "select shipped_quantity, refunding_quantity + refunded_quantity as back from order_line where id = $1",
            inside("oln", line),
        )
        assert row
        # What was sent first may come back; what goes back first is not sent.
        assert (row["shipped_quantity"], row["back"]) in {(2, 2), (0, 2)}
        assert sent == row["shipped_quantity"] // 2
        assert (await tries_to_ship(shop, order["id"], (line, 2))).refusals
    assert await all_right(shop)


async def test_what_is_left_is_refunded_and_the_order_is_shipped(shop: SandboxShop, ming: Payer) -> None:
    [tee] = await on_sale(shop, "tee", 9)
    order = await bought(ming, (tee, 3))
    line = order["lines"][0]["id"]
    assert (await ships(shop, order["id"], (line, 2)))["order"]["fulfilmentStatus"] == "PARTIALLY_SHIPPED"

    wish = RefundWish(RefundReason.CANCEL, [LineWish(inside("oln", line), 1)])
    async with transaction() as sql:
        await request_refund(sql, shop.id, inside("ord", order["id"]), wish, StepBy.system(wall_now()))
    await settled(shop)

    seen = await looks(ming, order["id"])
    assert seen["fulfilmentStatus"] == "SHIPPED"
    assert seen["autoConfirmAt"]
    assert [one["delivery_mode"] for one in await told_of_parcels(shop)][-1] == 1
    assert await all_right(shop)


async def test_an_order_is_received_once_by_hand_or_by_time(shop: SandboxShop, ming: Payer) -> None:
    [tee] = await on_sale(shop, "tee", 9)
    order = await bought(ming, (tee, 1))
    await ships(shop, order["id"])
    await pool().execute(
        "update orders set auto_confirm_at = $2, shipped_at = $2 where shop_id = $1", shop.id, wall_now()
    )

    await asyncio.gather(
        *(ming.ask(CONFIRM, {"id": order["id"]}) for _ in range(4)),
        *(confirm_orders(wall_now(), shop.id) for _ in range(4)),
    )

    assert (await looks(ming, order["id"]))["status"] == "COMPLETED"
    assert await count(shop, "order_change", "to_value = 'RECEIVED'") == 1
    assert await count(shop, "outbox_event", "topic = 'order.completed'") == 1
    assert await all_right(shop)
