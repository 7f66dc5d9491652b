"""After payment, the goods: parcels, what WeChat is told of them, and how they come to count as received."""

from datetime import datetime, timedelta

import pytest

from clock import wall_now
from models.database import pool
from resolvers.shipping_send import ATTEMPTS_MAX, upload_shipping
from tests.harness.asking import Refused
from tests.harness.buying import on_sale
from tests.harness.paying import Payer, all_right, count, inside, later, payer, settled
from tests.harness.shipping import (
    CONFIRM,
    CORRECT,
    EXTEND,
    FAILED,
    LOOK_AS_STAFF,
    NUMBER,
    OTHER_NUMBER,
    RETRY,
    bought,
    fails,
    looks,
    ships,
    told_of_parcels,
    tries_to_ship,
)
from tests.harness.shops import SandboxShop

FEN = 1990


@pytest.fixture
async def ming(shop: SandboxShop) -> Payer:
    """Somebody who buys."""
    return await payer(shop)


async def due_now(shop: SandboxShop) -> None:
    """Let uploads that wait for their next attempt have it at once."""
    await pool().execute(
        "update shipping_upload set next_attempt_at = $2 where shop_id = $1 and state = 'WAITING'", shop.id, wall_now()
    )
    await upload_shipping(wall_now(), shop.id)


def words(upload: dict[str, str]) -> str:
    """What went wrong, without WeChat's own name of the call."""
    return " ".join(upload["lastError"].split()[:2])


async def test_a_parcel_with_everything_ships_the_order_and_wechat_is_told(shop: SandboxShop, ming: Payer) -> None:
    tee, cap = [(await on_sale(shop, name, 5, fen=FEN))[0] for name in ("tee", "cap")]
    order = await bought(ming, (tee, 2), (cap, 1))

    sent = await ships(shop, order["id"], note="易碎")
    await settled(shop)

    parcel = sent["shipment"]
    assert (parcel["carrier"], parcel["trackingNo"], parcel["note"]) == (
        {"code": "SF", "name": "顺丰速运"}, NUMBER, "易碎",
    )  # fmt: skip
    assert [(line["line"]["title"], line["quantity"]) for line in parcel["lines"]] == [("tee", 2), ("cap", 1)]
    seen = await looks(ming, order["id"])
    assert (seen["status"], seen["fulfilmentStatus"]) == ("PAID", "SHIPPED")
    assert seen["shipments"] == [parcel]
    assert ("FULFILMENT", "NOT_SHIPPED", "SHIPPED", "STAFF") in [tuple(step.values()) for step in seen["history"]]
    shipped, confirmed = (datetime.fromisoformat(seen[name]) for name in ("shippedAt", "autoConfirmAt"))
    assert confirmed - shipped == timedelta(days=10)
    [told] = await told_of_parcels(shop)
    assert told["delivery_mode"] == 1
    assert told["shipping_list"] == [
        {
            "item_desc": "tee x2; cap x1",
            "tracking_no": NUMBER,
            "express_company": "SF",
            "contact": {"receiver_contact": "138****1234"},
        }
    ]
    known = (await shop.staff(LOOK_AS_STAFF, {"id": order["id"]}))["order"]["shippingUpload"]
    assert (known["state"], known["lastError"], known["nextAttemptAt"]) == ("DONE", "", None)
    assert await count(shop, "outbox_event", "topic = 'order.shipped'") == 1
    assert await all_right(shop)


async def test_an_order_goes_in_several_parcels_and_never_more_than_was_bought(shop: SandboxShop, ming: Payer) -> None:
    [tee] = await on_sale(shop, "tee", 9, fen=FEN)
    order = await bought(ming, (tee, 3))
    [line] = [line["id"] for line in order["lines"]]

    refused = await tries_to_ship(shop, order["id"], (line, 4))
    assert refused.refusals == [Refused("OUT_OF_RANGE", "lines.0.quantity")]
    first = await ships(shop, order["id"], (line, 1))
    assert (first["order"]["fulfilmentStatus"], first["order"]["autoConfirmAt"]) == ("PARTIALLY_SHIPPED", None)
    assert (await ming.ask(CONFIRM, {"id": order["id"]})).refusals == [Refused("NOT_ALLOWED", "orderId")]
    await settled(shop)
    last = await ships(shop, order["id"], number=OTHER_NUMBER)
    await settled(shop)

    assert last["order"]["fulfilmentStatus"] == "SHIPPED"
    assert [parcel["lines"][0]["quantity"] for parcel in last["order"]["shipments"]] == [1, 2]
    assert (await tries_to_ship(shop, order["id"])).refusals == [Refused("NOT_ALLOWED", "lines")]
    told = await told_of_parcels(shop)
    assert [(one["is_all_delivered"], len(one["shipping_list"])) for one in told] == [(False, 1), (True, 2)]
    assert told[0]["upload_time"] < told[1]["upload_time"]
    assert await all_right(shop)


async def test_what_can_not_be_sent_is_refused(shop: SandboxShop, ming: Payer) -> None:
    [tee] = await on_sale(shop, "tee", 9, fen=FEN)
    waiting, order = await ming.places((tee, 1)), await bought(ming, (tee, 1))
    strange = "oln_" + "0" * 32

    async def refusals(order_id: str = order["id"], **more: object) -> list[Refused]:
        return (await tries_to_ship(shop, order_id, **more)).refusals  # type: ignore[arg-type]

    assert await refusals(waiting["id"]) == [Refused("NOT_ALLOWED", "orderId")]
    assert await refusals("ord_" + "0" * 32) == [Refused("NOT_FOUND", "orderId")]
    assert await refusals(carrier=None, number=None) == [Refused("BLANK", "carrierCode")]
    assert await refusals(number="") == [Refused("BLANK", "trackingNo")]
    assert await refusals(carrier="NOBODY") == [Refused("NOT_FOUND", "carrierCode")]
    assert await refusals(number="12") == [Refused("INVALID", "trackingNo")]
    assert (await tries_to_ship(shop, order["id"], (strange, 1))).refusals == [Refused("NOT_FOUND", "lines.0.lineId")]
    await pool().execute(
        "insert into order_hold (id, shop_id, order_id, kind, reason, created_at)"
        " values (gen_random_uuid(), $1, $2, 'RISK_REVIEW', '', $3)",
        shop.id,
        inside("ord", order["id"]),
        wall_now(),
    )
    assert await refusals() == [Refused("NOT_ALLOWED", "orderId")]
    assert await count(shop, "shipment") == 0


async def test_one_key_sends_one_parcel(shop: SandboxShop, ming: Payer) -> None:
    [tee] = await on_sale(shop, "tee", 9, fen=FEN)
    order = await bought(ming, (tee, 3))
    [line] = [line["id"] for line in order["lines"]]

    parcels = [(await ships(shop, order["id"], (line, 1), key="k"))["shipment"]["id"] for _ in range(2)]

    assert parcels[0] == parcels[1]
    assert await count(shop, "shipment") == 1
    answer = await tries_to_ship(shop, order["id"], (line, 2), key="k")
    assert answer.refusals == [Refused("IDEMPOTENCY_KEY_REUSED", "idempotencyKey")]


async def test_a_number_is_corrected_once_and_wechat_hears_of_it(shop: SandboxShop, ming: Payer) -> None:
    [tee] = await on_sale(shop, "tee", 9, fen=FEN)
    order = await bought(ming, (tee, 1))
    parcel = (await ships(shop, order["id"]))["shipment"]
    await settled(shop)
    asked = {"id": parcel["id"], "carrier": "SF", "number": OTHER_NUMBER}

    assert (await shop.staff(CORRECT, asked | {"number": "x"})).refusals == [Refused("INVALID", "trackingNo")]
    corrected = (await shop.staff(CORRECT, asked))["shipmentCorrect"]["shipment"]
    await settled(shop)

    assert corrected["trackingNo"] == OTHER_NUMBER
    assert corrected["correctedAt"]
    assert [one["shipping_list"][0]["tracking_no"] for one in await told_of_parcels(shop)] == [NUMBER, OTHER_NUMBER]
    assert (await shop.staff(CORRECT, asked)).refusals == [Refused("NOT_ALLOWED", "shipmentId")]
    assert await all_right(shop)


async def test_a_busy_wechat_is_told_again_and_one_that_refuses_waits_for_a_person(
    shop: SandboxShop, ming: Payer
) -> None:
    [tee] = await on_sale(shop, "tee", 9, fen=FEN)
    order = await bought(ming, (tee, 1))
    await fails(shop, -1, times=1)
    await fails(shop, 10060005, times=1)

    await ships(shop, order["id"])
    await settled(shop)
    first = (await shop.staff(LOOK_AS_STAFF, {"id": order["id"]}))["order"]["shippingUpload"]
    assert (first["state"], words(first)) == ("WAITING", "SystemBusy -1")
    assert first["nextAttemptAt"]
    await due_now(shop)

    assert await told_of_parcels(shop) == []
    [failed] = (await shop.staff(FAILED))["failedShippingUploads"]["nodes"]
    assert (failed["order"]["id"], words(failed)) == (order["id"], "ShippingInvalid 10060005")
    assert (await shop.staff(RETRY, {"id": failed["id"]})).refusals == []
    await settled(shop)
    assert len(await told_of_parcels(shop)) == 1
    assert (await shop.staff(FAILED))["failedShippingUploads"]["nodes"] == []
    assert (await shop.staff(RETRY, {"id": failed["id"]})).refusals == [Refused("NOT_FOUND", "id")]
    assert await all_right(shop)


async def test_a_wechat_that_is_never_ready_is_given_up_for_a_person(shop: SandboxShop, ming: Payer) -> None:
    [tee] = await on_sale(shop, "tee", 9, fen=FEN)
    order = await bought(ming, (tee, 1))
    await fails(shop, 10060012, times=ATTEMPTS_MAX)
    await ships(shop, order["id"])
    await settled(shop)

    for _ in range(ATTEMPTS_MAX):
        await due_now(shop)

    [failed] = (await shop.staff(FAILED))["failedShippingUploads"]["nodes"]
    assert failed["attempts"] == ATTEMPTS_MAX


async def test_an_answer_that_got_lost_uses_up_no_correction(shop: SandboxShop, ming: Payer) -> None:
    [tee] = await on_sale(shop, "tee", 9, fen=FEN)
    order = await bought(ming, (tee, 1))
    await ships(shop, order["id"])
    await settled(shop)
    # As after an answer that never came: WeChat has it, and we do not know.
    await pool().execute(
        "update shipping_upload set state = 'WAITING', uploaded_revision = 0, next_attempt_at = $2 where shop_id = $1",
        shop.id,
        wall_now(),
    )

    await due_now(shop)

    known = (await shop.staff(LOOK_AS_STAFF, {"id": order["id"]}))["order"]["shippingUpload"]
    assert (known["state"], words(known)) == ("DONE", "ShippingKnown 10060023")
    assert len(await told_of_parcels(shop)) == 1


async def test_virtual_goods_are_told_as_virtual_and_free_ones_not_at_all(shop: SandboxShop, ming: Payer) -> None:
    [song] = await on_sale(shop, "song", 9, fen=FEN, variant={"requiresShipping": False})
    order = await bought(ming, (song, 1))

    [told] = await told_of_parcels(shop)
    assert told["logistics_type"] == 3
    assert (await looks(ming, order["id"]))["fulfilmentStatus"] == "RECEIVED"
    [gift] = await on_sale(shop, "gift", 9, fen=0)
    free = await ming.places((gift, 1))
    assert (await ming.pays(free["id"]))["requestPayment"] is None
    await ships(shop, free["id"])
    await settled(shop)
    assert len(await told_of_parcels(shop)) == 1
    assert await all_right(shop)


async def test_the_buyer_says_that_it_came(shop: SandboxShop, ming: Payer) -> None:
    [tee] = await on_sale(shop, "tee", 9, fen=FEN)
    hong, order = await payer(shop, "小红"), await bought(ming, (tee, 1))
    await ships(shop, order["id"])

    assert (await hong.ask(CONFIRM, {"id": order["id"]})).refusals == [Refused("NOT_FOUND", "orderId")]
    assert (await shop.visitor(CONFIRM, {"id": order["id"]})).refusals == [Refused("LOGIN_REQUIRED")]
    for _ in range(2):
        answer = await ming.ask(CONFIRM, {"id": order["id"]})
        assert answer.refusals == []

    received = answer["orderConfirm"]["order"]
    assert (received["status"], received["fulfilmentStatus"]) == ("COMPLETED", "RECEIVED")
    assert [tuple(step.values()) for step in received["history"]][-2:] == [
        ("FULFILMENT", "SHIPPED", "RECEIVED", "CUSTOMER"),
        ("STATUS", "PAID", "COMPLETED", "CUSTOMER"),
    ]
    assert await count(shop, "outbox_event", "topic = 'order.completed'") == 1
    assert await all_right(shop)


async def test_an_order_counts_as_received_after_ten_days(shop: SandboxShop, ming: Payer) -> None:
    [tee] = await on_sale(shop, "tee", 9, fen=FEN)
    order = await bought(ming, (tee, 1))
    await ships(shop, order["id"])

    await later(shop, timedelta(days=9, hours=23))
    assert (await looks(ming, order["id"]))["status"] == "PAID"
    await later(shop, timedelta(hours=1))

    seen = await looks(ming, order["id"])
    completed, planned = (datetime.fromisoformat(seen[name]) for name in ("completedAt", "autoConfirmAt"))
    assert seen["status"] == "COMPLETED"
    assert timedelta(0) <= completed - planned < timedelta(seconds=1)
    assert seen["history"][-1]["actorKind"] == "SYSTEM"
    assert await all_right(shop)


async def test_the_buyer_asks_for_as_much_time_again_once(shop: SandboxShop, ming: Payer) -> None:
    [tee] = await on_sale(shop, "tee", 9, fen=FEN)
    order = await bought(ming, (tee, 1))
    assert (await ming.ask(EXTEND, {"id": order["id"]})).refusals == [Refused("NOT_ALLOWED", "orderId")]
    await ships(shop, order["id"])

    extended = (await ming.ask(EXTEND, {"id": order["id"]}))["orderConfirmExtend"]["order"]
    assert extended["isConfirmExtended"]
    assert (await ming.ask(EXTEND, {"id": order["id"]})).refusals == [Refused("LIMIT_REACHED", "orderId")]
    await later(shop, timedelta(days=19))
    assert (await looks(ming, order["id"]))["status"] == "PAID"
    await later(shop, timedelta(days=1))
    assert (await looks(ming, order["id"]))["status"] == "COMPLETED"


async def test_time_stands_still_while_somebody_complains(shop: SandboxShop, ming: Payer) -> None:
    [tee] = await on_sale(shop, "tee", 9, fen=FEN)
    order = await bought(ming, (tee, 1))
    await ships(shop, order["id"])
    shipped = datetime.fromisoformat((await looks(ming, order["id"]))["shippedAt"])
    await pool().execute(
        """
        insert into after_sale (id, shop_id, after_sale_no, order_id, order_line_id, customer_id, type, status,
                                quantity, amount_fen, reason, description, version, created_at, updated_at)
        select gen_random_uuid(), shop_id, 'A1', order_id, id, $2, 'RETURN', 'APPLIED', 1, 100, '', '', 1, $3, $3
        from order_line where shop_id = $1
        """,
        shop.id,
        ming.customer_id,
        shipped + timedelta(days=2),
    )

    await later(shop, timedelta(days=12))
    assert (await looks(ming, order["id"]))["status"] == "PAID"
    await pool().execute(
        "update after_sale set status = 'CANCELLED', updated_at = $2 where shop_id = $1",
        shop.id,
        shipped + timedelta(days=12),
    )
    seen = await looks(ming, order["id"])
    assert datetime.fromisoformat(seen["autoConfirmAt"]) - shipped == timedelta(days=20)
    await later(shop, timedelta(days=7))
    assert (await looks(ming, order["id"]))["status"] == "PAID"
    await later(shop, timedelta(days=1))
    assert (await looks(ming, order["id"]))["status"] == "COMPLETED"
