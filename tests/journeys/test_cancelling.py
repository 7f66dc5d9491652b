"""Orders that nobody pays: cancelled by hand or by time, and what they held is free again, once."""

import asyncio
from datetime import timedelta

from models.database import pool
from tests.harness.asking import Refused
from tests.harness.buying import ORDER, buyer, on_sale
from tests.harness.paying import later
from tests.harness.shops import SandboxShop
from tests.journeys.test_placing import reserved

CANCEL = f"""
mutation ($id: ID!) {{ orderCancel(orderId: $id) {{ order {{ {ORDER} }} userErrors {{ code field }} }} }}"""
HIDE = "mutation ($id: ID!) { orderHide(orderId: $id) { order { hiddenAt } userErrors { code field } } }"
CHANGE = f"""
mutation ($id: ID!, $fen: Int!) {{
  orderPriceChange(orderId: $id, change: $fen) {{ order {{ {ORDER} }} userErrors {{ code field }} }}
}}"""
NOTE = """
mutation ($id: ID!, $text: String!, $key: String!) {
  orderNoteAdd(orderId: $id, text: $text, idempotencyKey: $key) {
    order { staffNotes { text } } userErrors { code field }
  }
}"""


async def test_a_customer_cancels_and_what_was_held_is_free_once(shop: SandboxShop) -> None:
    [tee] = await on_sale(shop, "tee", 5)
    ming, hong = await buyer(shop), await buyer(shop, "小红")
    order = await ming.places((tee, 2))

    assert (await hong.ask(CANCEL, {"id": order["id"]})).refusals == [Refused("NOT_FOUND", "orderId")]
    answers = await asyncio.gather(*(ming.ask(CANCEL, {"id": order["id"]}) for _ in range(8)))

    assert [answer.refusals for answer in answers] == [[]] * 8
    cancelled = answers[0]["orderCancel"]["order"]
    assert (cancelled["status"], cancelled["cancelReason"], cancelled["nextStates"]) == ("CANCELLED", "BUYER", [])
    assert [(step["fromValue"], step["toValue"]) for step in cancelled["history"]] == [
        (None, "PENDING_PAYMENT"),
        ("PENDING_PAYMENT", "CANCELLED"),
    ]
    assert await reserved(shop) == 0


async def test_an_order_that_is_not_paid_in_time_ends_by_itself(shop: SandboxShop) -> None:
    [tee] = await on_sale(shop, "tee", 5)
    ming = await buyer(shop)
    order = await ming.places((tee, 2))

    await later(shop, timedelta(minutes=29))
    assert (await ming.order(order["id"]))["status"] == "PENDING_PAYMENT"
    await later(shop, timedelta(minutes=2))

    ended = await ming.order(order["id"])
    assert (ended["status"], ended["cancelReason"]) == ("CANCELLED", "PAY_TIMEOUT")
    assert ended["history"][-1]["actorKind"] == "SYSTEM"
    assert await reserved(shop) == 0
    states = await pool().fetch("select state from reservation where shop_id = $1", shop.id)
    assert [row["state"] for row in states] == ["RELEASED"]


async def test_staff_take_something_off_before_payment_and_take_it_back(shop: SandboxShop) -> None:
    [tee] = await on_sale(shop, "tee", 5)
    [cap] = await on_sale(shop, "cap", 5, fen=10)
    ming = await buyer(shop)
    order = await ming.places((tee, 1), (cap, 1))

    async def change(fen: int) -> tuple[int, list[int]]:
        answer = await shop.staff(CHANGE, {"id": order["id"], "fen": fen})
        assert answer.refusals == []
        changed = answer["orderPriceChange"]["order"]
        return changed["total"]["fen"], sorted(line["total"]["fen"] for line in changed["lines"])

    assert await change(-1000) == (1000, [5, 995])
    assert await change(-500) == (1500, [8, 1492])
    assert await change(-99_999) == (0, [0, 0])
    assert await change(0) == (2000, [10, 1990])
    assert await change(300) == (2300, [11, 2289])
    seen = await ming.order(order["id"])
    assert seen["adjustments"] == [{"kind": "STAFF", "amount": {"fen": 300}}]


async def test_staff_keep_notes_and_customers_tidy_up(shop: SandboxShop) -> None:
    [tee] = await on_sale(shop, "tee", 5)
    ming = await buyer(shop)
    order = await ming.places((tee, 1))

    assert (await ming.ask(HIDE, {"id": order["id"]})).refusals == [Refused("NOT_ALLOWED", "orderId")]
    for _ in range(2):
        noted = await shop.staff(NOTE, {"id": order["id"], "text": "要发票", "key": "k"})
    assert noted["orderNoteAdd"]["order"] == {"staffNotes": [{"text": "要发票"}]}
    await ming.ask(CANCEL, {"id": order["id"]})
    assert (await ming.ask(HIDE, {"id": order["id"]})).refusals == []
    assert (await ming.ask("{ viewer { orders { nodes { id } } } }"))["viewer"]["orders"]["nodes"] == []
