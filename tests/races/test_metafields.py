"""Staff note things on lines of a cart while it changes, is logged in with, and loses what it holds."""

import asyncio
from dataclasses import replace
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest

from tests.harness.asking import Answer, Asker
from tests.harness.carts import add, variants, wish
from tests.harness.overlap import at_once
from tests.harness.phones import phone_of
from tests.harness.shops import SandboxShop

pytestmark = pytest.mark.slow

SET: Final = """
mutation ($extras: [MetafieldSetInput!]!) { metafieldsSet(metafields: $extras) { userErrors { code field } } }
"""
DELETE: Final = """
mutation ($extras: [MetafieldNameInput!]!) { metafieldsDelete(metafields: $extras) { userErrors { code field } } }
"""
LINES: Final = "{ cart { lines { title metafields(first: 9) { key value } } } }"
TITLES: Final = tuple("abcdef")
WRITERS: Final = 12


def note(line: str, value: int) -> dict[str, Any]:
    return {"ownerId": line, "namespace": "n", "key": "k", "value": f"{value}", "visibility": "STOREFRONT"}


async def test_notes_and_changes_of_a_cart_never_wait_in_a_circle(shop: SandboxShop, second: httpx.AsyncClient) -> None:
    ids = await variants(shop, *TITLES)
    phone = phone_of(shop, uuid4().hex)
    me = await phone.logged_in()
    await add(me, *((ids[title], 1) for title in "abc"))
    device = phone.visitor.also(x_visitor_id=str(uuid4()))
    cart = await add(device, *((ids[title], 1) for title in TITLES))
    lines = {line["title"]: line["id"] for line in cart["lines"]}
    kept = [lines[title] for title in "abcde"]
    staff = [shop.staff, replace(shop.staff, http=second)]

    async def writes(number: int) -> Answer:
        order = kept if number % 2 else kept[::-1]
        return await staff[number % 2](SET, {"extras": [note(line, number) for line in order]})

    async def forgets() -> Answer:
        return await staff[0](DELETE, {"extras": [{"ownerId": lines["f"], "namespace": "n", "key": "k"}]})

    async def loses(asker: Asker) -> Answer:
        return await wish(asker, "cartLinesRemove", lineIds=[lines["f"]])

    code = await phone.code()
    login = "mutation ($c: String!) { loginWithWechat(input: {code: $c}) { userErrors { code } } }"
    answers = await at_once(
        [*(writes(number) for number in range(WRITERS)), forgets(), loses(device), device(login, {"c": code})]
    )

    codes = [{refusal.code for refusal in answer.refusals} for answer in answers]
    # The doubles are gone once the login has joined the carts: then nothing is noted, on any of them.
    assert all(found <= {"NOT_FOUND", "BUSY"} for found in codes)
    assert codes[-1] == set()
    await asyncio.gather(*(staff[0](SET, {"extras": [note(lines[title], 99)]}) for title in "de"))
    joined = {line["title"]: line["metafields"] for line in (await me(LINES))["cart"]["lines"]}
    assert set(joined) >= set("abcde")
    assert [joined[title] for title in "de"] == [[{"key": "k", "value": "99"}]] * 2
    values = {one["value"] for title in "abc" for one in joined[title]}
    assert len(values) <= 1, "all were noted by one writer, or by none"
