"""Following orders over sockets: whoever moves them, wherever; to their owner alone; and nothing lost in between."""

from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from models.staff import Role
from resolvers.outbox_delivery import deliver_outbox
from settings import Settings
from tests.harness.asking import Asker
from tests.harness.buying import on_sale
from tests.harness.paying import Payer, payer, settled
from tests.harness.processes import process_serving
from tests.harness.server import client
from tests.harness.shops import SandboxShop
from tests.harness.sockets import Talk, talking

NEWS = """cursor order { id status version }
  orders(first: 5) { id status paymentStatus version history { axis toValue } }"""
FOLLOW = f"""subscription ($id: ID, $after: String) {{
  orderUpdated(orderId: $id, after: $after) {{ {NEWS} }}
}}"""
POLL = f"query ($id: ID, $after: String) {{ orderChange(orderId: $id, after: $after) {{ {NEWS} }} }}"
CANCEL = "mutation ($id: ID!) { orderCancel(orderId: $id) { order { id } userErrors { code } } }"


def token_of(asker: Asker) -> str:
    """The token that somebody asks with."""
    return dict(asker.headers)["authorization"].removeprefix("Bearer ")


async def come(talk: Talk, person: Payer) -> None:
    await talk.initialise(shopKey=person.shop.key, token=token_of(person.ask))


async def told(talk: Talk, seconds: float = 10) -> Any:
    """What a socket hears of next."""
    message = await talk.hear(seconds)
    assert message["type"] == "next", message
    return message["payload"]["data"]["orderUpdated"]


def steps_in(news: Any) -> set[tuple[str, str, str]]:
    """What is known of orders."""
    return {(order["id"], step["axis"], step["toValue"]) for order in news["orders"] for step in order["history"]}


async def cancel(person: Payer, order: str) -> None:
    assert (await person.ask(CANCEL, {"id": order})).refusals == []


async def test_a_customer_follows_all_of_their_orders(server: str, shop: SandboxShop) -> None:
    [variant] = await on_sale(shop, "followed", 9)
    person, stranger = await payer(shop), await payer(shop, "小红")
    async with talking(server) as talk, talking(server) as there:
        await come(talk, person)
        await come(there, stranger)
        await talk.ask("f", FOLLOW)
        await there.ask("f", FOLLOW)
        first = await told(talk)
        assert (first["order"], first["orders"]) == (None, [])
        assert (await told(there))["orders"] == []

        order = (await person.places((variant, 1)))["id"]
        await deliver_outbox(shop.id)
        placed = await told(talk)
        assert placed["order"] == {"id": order, "status": "PENDING_PAYMENT", "version": 1}
        await person.has_paid(order)
        await settled(shop)
        paid = await told(talk)
        while paid["order"]["status"] != "PAID":
            paid = await told(talk)
        assert paid["orders"][0]["paymentStatus"] == "PAID"
        assert len({first["cursor"], placed["cursor"], paid["cursor"]}) == 3

        assert await there.hears_nothing(0.3)
        now = (await person.ask(POLL))["orderChange"]
        assert (now["cursor"], now["orders"]) == (paid["cursor"], paid["orders"])
        assert (await person.ask(POLL, {"after": now["cursor"]}))["orderChange"] is None
        assert (await person.ask(POLL, {"after": placed["cursor"]}))["orderChange"]["cursor"] == now["cursor"]


async def test_who_comes_back_has_missed_nothing(server: str, shop: SandboxShop) -> None:
    [variant] = await on_sale(shop, "come-back", 9)
    person = await payer(shop)
    kept, dropped = [(await person.places((variant, 1)))["id"] for _ in range(2)]
    async with talking(server) as talk:
        await come(talk, person)
        await talk.ask("f", FOLLOW)
        cursor = (await told(talk))["cursor"]
    await cancel(person, dropped)
    await deliver_outbox(shop.id)

    async with talking(server) as talk:
        await come(talk, person)
        await talk.ask("f", FOLLOW, after=cursor)
        news = await told(talk)
        assert [(one["id"], one["status"]) for one in news["orders"]] == [
            (dropped, "CANCELLED"), (kept, "PENDING_PAYMENT"),
        ]  # fmt: skip
        await talk.say("complete", "f")
        await talk.ask("f", FOLLOW, after=news["cursor"])
        assert await talk.hears_nothing(0.3)


async def test_one_order_is_followed_by_its_owner_and_by_who_keeps_orders(server: str, shop: SandboxShop) -> None:
    [variant] = await on_sale(shop, "one-of-them", 9)
    person, stranger = await payer(shop), await payer(shop, "小红")
    order, other = [(await person.places((variant, 1)))["id"] for _ in range(2)]
    keeper, clerk = await shop.staff_with(Role.ORDERS), await shop.staff_with(Role.CATALOGUE)
    await deliver_outbox(shop.id)
    async with talking(server) as own, talking(server) as keeps, talking(server) as foreign, talking(server) as shelf:
        for talk, token in (
            (own, token_of(person.ask)), (keeps, token_of(keeper)), (foreign, token_of(stranger.ask)),
            (shelf, token_of(clerk)),
        ):  # fmt: skip
            await talk.initialise(shopKey=shop.key, token=token)
            await talk.ask("f", FOLLOW, id=order)
        before = await told(own)
        assert before == await told(keeps)
        assert [one["id"] for one in before["orders"]] == [order]
        await cancel(person, other)
        await deliver_outbox(shop.id)
        assert await own.hears_nothing(0.3)

        await cancel(person, order)
        await deliver_outbox(shop.id)
        for talk in (own, keeps):
            assert (await told(talk))["order"] == {"id": order, "status": "CANCELLED", "version": 2}
        assert await foreign.hears_nothing(0.3)
        assert await shelf.hears_nothing(0.1)
    for nobody in (stranger.ask, shop.visitor, clerk):
        assert (await nobody(POLL, {"id": order}))["orderChange"] is None
    assert (await keeper(POLL, {"id": order}))["orderChange"]["order"]["id"] == order
    assert (await keeper(POLL))["orderChange"] is None
    assert (await person.ask(POLL, {"id": "ord_nothing"}))["orderChange"] is None


@pytest.mark.slow
async def test_a_payment_at_one_process_is_told_at_the_other_within_a_second(
    settings: Settings, shop: SandboxShop, tmp_path: Path
) -> None:
    [variant] = await on_sale(shop, "two-processes", 99)
    person, stranger = await payer(shop), await payer(shop, "小红")
    async with (
        process_serving(settings, tmp_path / "one.log") as one,
        process_serving(settings, tmp_path / "two.log") as two,
        client(one.base_url) as http,
        talking(two.base_url) as there,
        talking(one.base_url) as here,
        talking(two.base_url) as foreign,
    ):
        for talk, who in ((there, person), (here, person), (foreign, stranger)):
            await come(talk, who)
            await talk.ask("f", FOLLOW)
            await told(talk)
        # Each step of each order, however many of them are told together.
        steps: dict[str, set[tuple[str, str, str]]] = {"there": set(), "here": set()}
        for _ in range(3):
            order = (await person.places((variant, 1)))["id"]
            request = (await person.pays(order))["requestPayment"]
            assert (await person.sheet(request))["outcome"] == "success"
            sync = await Asker(http, person.ask.headers)(
                "mutation ($id: ID!) { orderPaymentSync(orderId: $id) { order { status } userErrors { code } } }",
                {"id": order},
            )
            assert sync["orderPaymentSync"]["order"]["status"] == "PAID"
            paid_at = monotonic()
            for name, talk in (("there", there), ("here", here)):
                while (order, "PAYMENT", "PAID") not in steps[name]:
                    steps[name] |= steps_in(await told(talk))
                assert monotonic() - paid_at < 1
        assert steps["there"] == steps["here"]
        assert len(steps["here"]) == 3 * 3
        assert await foreign.hears_nothing(0.5)
