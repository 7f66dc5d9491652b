"""Many hands in one cart at once, over sockets of two server processes: nothing is lost, and nothing counts twice."""

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Any
from uuid import uuid4

import httpx
import pytest

from models.database import pool
from tests.harness.asking import Answer, Asker
from tests.harness.buying import PLACE, QUOTE, buyer
from tests.harness.carts import changed, document, read, short, variants, wish
from tests.harness.overlap import at_once
from tests.harness.phones import Phone, phone_of
from tests.harness.shops import SandboxShop

pytestmark = pytest.mark.slow

RIVALS = 64


def both(asker: Asker, second: httpx.AsyncClient) -> list[Asker]:
    """The same person at either process."""
    return [asker, replace(asker, http=second)]


async def added(askers: list[Asker], wishes: list[dict[str, Any]]) -> list[Answer]:
    """Add each wish's line at the same moment, in turns at either process."""
    lines = document("cartLinesAdd", "id")
    return await at_once([askers[number % len(askers)](lines, wished) for number, wished in enumerate(wishes)])


def line(variant: str, quantity: int, key: str) -> dict[str, Any]:
    return {"lines": [{"variantId": variant, "quantity": quantity}], "idempotencyKey": key}


@pytest.fixture
def phone(shop: SandboxShop) -> Phone:
    """Somebody with a phone of their own."""
    return phone_of(shop, uuid4().hex)


async def test_64_adds_to_a_cart_that_is_not_there_yet_lose_nothing(
    shop: SandboxShop, phone: Phone, second: httpx.AsyncClient
) -> None:
    ids = await variants(shop, *(f"v{number}" for number in range(8)))
    names = list(ids)
    wishes = [line(ids[names[number % 8]], number + 1, f"k{number}") for number in range(RIVALS)]

    answers = await added(both(phone.visitor, second), wishes)

    assert [answer.refusals for answer in answers] == [[]] * RIVALS
    assert len({answer["cartLinesAdd"]["cart"]["id"] for answer in answers}) == 1
    wanted = Counter[str]()
    for number in range(RIVALS):
        wanted[names[number % 8]] += number + 1
    assert short(await read(phone.visitor)) == wanted


async def test_of_64_adds_under_one_key_one_counts(shop: SandboxShop, phone: Phone, second: httpx.AsyncClient) -> None:
    ids = await variants(shop, "a")

    answers = await added(both(phone.visitor, second), [line(ids["a"], 2, "one")] * RIVALS)

    assert [answer.refusals for answer in answers] == [[]] * RIVALS
    cart = await read(phone.visitor)
    assert (short(cart), cart["version"]) == ({"a": 2}, 1)


async def test_a_cart_never_holds_more_than_a_hundred_lines(
    shop: SandboxShop, phone: Phone, second: httpx.AsyncClient
) -> None:
    ids = await variants(shop, "a")
    wishes = [
        {
            "lines": [
                {"variantId": ids["a"], "attributes": [{"key": "n", "value": f"{number} {part}"}]} for part in range(3)
            ],
            "idempotencyKey": f"k{number}",
        }
        for number in range(RIVALS)
    ]

    answers = await added(both(phone.visitor, second), wishes)

    codes = Counter(refusal.code for answer in answers for refusal in answer.refusals)
    assert codes == {"LIMIT_REACHED": RIVALS - 33}
    assert len((await read(phone.visitor))["lines"]) == 99


async def test_logins_while_adds_run_lose_nothing(shop: SandboxShop, phone: Phone, second: httpx.AsyncClient) -> None:
    ids = await variants(shop, "a", "b")
    customer = await phone.logged_in()
    await changed(customer, "cartLinesAdd", lines=[{"variantId": ids["b"], "quantity": 1}])
    askers = [*both(phone.visitor, second), *both(customer, second)]

    async def log_in_again() -> None:
        for _ in range(4):
            await phone.login()

    adds = added(askers, [line(ids["ab"[number % 2]], 1, f"k{number}") for number in range(RIVALS)])
    answers, _ = await asyncio.gather(adds, log_in_again())
    await phone.login()

    assert [answer.refusals for answer in answers] == [[]] * RIVALS
    assert short(await read(customer)) == {"a": RIVALS // 2, "b": RIVALS // 2 + 1}
    assert await read(phone.visitor) is None


async def test_edits_of_all_kinds_at_once_meet_no_fault(
    shop: SandboxShop, phone: Phone, second: httpx.AsyncClient
) -> None:
    ids = await variants(shop, "a", "b", "c")
    begun = await changed(phone.visitor, "cartLinesAdd", lines=[{"variantId": ids[name]} for name in ("a", "b")])
    first, other = (found["id"] for found in begun["lines"])
    edits: list[tuple[str, dict[str, Any]]] = [
        ("cartLinesUpdate", {"lines": [{"lineId": first, "quantity": 3}, {"lineId": other, "quantity": 4}]}),
        ("cartLinesUpdate", {"lines": [{"lineId": other, "quantity": 4}, {"lineId": first, "quantity": 3}]}),
        ("cartLinesSelect", {"selected": False, "lineIds": [other, first]}),
        ("cartLinesAdd", {"lines": [{"variantId": ids["c"]}]}),
        ("cartNoteUpdate", {"note": "?"}),
    ]
    askers = both(phone.visitor, second)

    answers = await asyncio.gather(
        *(wish(askers[number % 2], name, **asked) for number in range(8) for name, asked in edits)
    )

    assert [answer.refusals for answer in answers] == [[]] * 40
    assert short(await read(phone.visitor)) == {"a": 3, "b": 4, "c": 8}


async def test_orders_placed_from_a_cart_that_others_change_take_each_piece_once(
    shop: SandboxShop, second: httpx.AsyncClient
) -> None:
    ming = await buyer(shop)
    await pool().execute("update shop set unpaid_orders_max = 1000 where id = $1", shop.id)
    ids = await variants(shop, "a", "b", stock=9_000)
    askers = both(ming.ask, second)

    async def buy(asker: Asker) -> None:
        """Place whatever is in the cart this moment, until somebody's change does not come between."""
        for _ in range(8):
            lines = [found["id"] for found in (await read(asker) or {"lines": []})["lines"]]
            wished = {"source": {"cartLineIds": lines}, "delivery": {"address": {"addressId": ming.address}}}
            quoted = (await asker(QUOTE, {"input": wished}))["quote"]["quote"]
            if not lines or not quoted or not quoted["token"]:
                continue
            wished |= {"expectedTotal": {"fen": quoted["total"]["fen"]}, "idempotencyKey": uuid4().hex}
            answer = await asker(PLACE, {"input": wished})
            assert {refusal.code for refusal in answer.refusals} <= {"NOT_FOUND", "PRICE_CHANGED"}
            if not answer.refusals:
                return

    async def put_in(asker: Asker, number: int) -> None:
        pair = [ids["a"], ids["b"]] if number % 2 else [ids["b"], ids["a"]]
        await changed(asker, "cartLinesAdd", lines=[{"variantId": variant, "quantity": 1} for variant in pair])

    await asyncio.gather(
        *(put_in(askers[number % 2], number) for number in range(RIVALS)),
        *(buy(askers[number % 2]) for number in range(RIVALS // 2)),
    )

    left = sum(short(await read(ming.ask)).values())
    ordered = await pool().fetchval("select coalesce(sum(quantity), 0) from order_line where shop_id = $1", shop.id)
    assert ordered > 0
    assert left + ordered == 2 * RIVALS


async def test_one_line_of_a_cart_is_bought_once_however_many_tap(shop: SandboxShop, second: httpx.AsyncClient) -> None:
    ming = await buyer(shop)
    ids = await variants(shop, "a")
    cart = await changed(ming.ask, "cartLinesAdd", lines=[{"variantId": ids["a"], "quantity": 2}])
    wished = {
        "source": {"cartLineIds": [cart["lines"][0]["id"]]},
        "delivery": {"address": {"addressId": ming.address}},
        "expectedTotal": {"fen": cart["subtotal"]["fen"]},
    }
    askers = both(ming.ask, second)

    answers = await asyncio.gather(
        *(askers[tap % 2](PLACE, {"input": wished | {"idempotencyKey": f"tap {tap}"}}) for tap in range(16))
    )

    codes = Counter(refusal.code for answer in answers for refusal in answer.refusals)
    assert codes == {"NOT_FOUND": 15}
    assert (await read(ming.ask))["lines"] == []
