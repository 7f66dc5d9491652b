"""The cart in wrong hands and with wrong words: nobody finds another's, and what is refused changes nothing."""

from typing import Any

import pytest

from tests.harness.asking import Refused
from tests.harness.carts import READ, add, changed, phone, read, variants, wish
from tests.harness.shops import SandboxShop


async def test_nobody_else_finds_a_cart(shop: SandboxShop, other_shop: SandboxShop) -> None:
    ids = await variants(shop, "a")
    theirs = await variants(other_shop, "a")
    someone, stranger, abroad = phone(shop), phone(shop), phone(other_shop)
    customer = await someone.logged_in()
    cart = await add(customer, (ids["a"], 1))
    line = cart["lines"][0]["id"]
    foreign = await add(abroad.visitor, (theirs["a"], 1))

    for asker in (stranger.visitor, await stranger.logged_in(), someone.visitor, abroad.visitor, shop.staff):
        assert await read(asker, cart["id"]) is None
        assert (await asker("query ($id: ID!) { node(id: $id) { id } }", {"id": cart["id"]}))["node"] is None
    for asker in (stranger.visitor, await stranger.logged_in()):
        for name, more in (
            ("cartLinesAdd", {"lines": [{"variantId": ids["a"]}]}),
            ("cartLinesSelect", {"selected": False}),
            ("cartNoteUpdate", {"note": "mine"}),
            ("cartClear", {"onlyInvalid": False}),
        ):
            for id_ in (cart["id"], foreign["id"], "nonsense"):
                assert (await wish(asker, name, cartId=id_, **more)).refusals == [Refused("NOT_FOUND", "cartId")]
        assert (await wish(asker, "cartLinesRemove", lineIds=[line])).refusals == [Refused("NOT_FOUND", "lineIds.0")]
        changes = [{"lineId": line, "quantity": 1}, {"lineId": "?", "quantity": 1}]
        assert [one.field for one in (await wish(asker, "cartLinesUpdate", lines=changes)).refusals] == [
            "lines.0.lineId", "lines.1.lineId",
        ]  # fmt: skip
    assert await read(customer) == cart


async def test_all_lines_go_in_or_none(shop: SandboxShop, other_shop: SandboxShop) -> None:
    ids, theirs = await variants(shop, "a"), await variants(other_shop, "b")
    draft = await variants(shop, "draft", status="DRAFT")
    device = phone(shop).visitor
    lines = [{"variantId": id_} for id_ in (ids["a"], theirs["b"], draft["draft"], "nonsense")]

    answer = await wish(device, "cartLinesAdd", lines=lines)

    assert answer.refusals == [Refused("NOT_FOUND", f"lines.{index}.variantId") for index in (1, 2, 3)]
    assert await read(device) is None
    begun = await wish(device, "cartCreate", input={"lines": lines[3:]})
    assert begun.refusals == [Refused("NOT_FOUND", "input.lines.0.variantId")]


@pytest.mark.parametrize("quantity", [0, -1, 10_000, 2**31 - 1])
async def test_no_line_holds_nothing_or_too_much(shop: SandboxShop, quantity: int) -> None:
    ids = await variants(shop, "a")
    device = phone(shop).visitor
    cart = await add(device, (ids["a"], 1))

    added = await wish(device, "cartLinesAdd", lines=[{"variantId": ids["a"], "quantity": quantity}])
    updated = await wish(device, "cartLinesUpdate", lines=[{"lineId": cart["lines"][0]["id"], "quantity": quantity}])

    assert added.refusals == updated.refusals == [Refused("OUT_OF_RANGE", "lines.0.quantity")]


async def test_a_cart_is_full_at_a_hundred_lines_and_a_line_at_9999_pieces(shop: SandboxShop) -> None:
    ids = await variants(shop, "a")
    device = phone(shop).visitor

    def worded(first: int, lines: int) -> list[Any]:
        return [
            {"variantId": ids["a"], "attributes": [{"key": "n", "value": str(n)}]} for n in range(first, first + lines)
        ]

    await changed(device, "cartLinesAdd", lines=worded(0, 99))
    [refused] = (await wish(device, "cartLinesAdd", lines=worded(98, 3))).refusals
    assert (refused.code, refused.field, refused.more["limit"], refused.more["used"]) == (
        "LIMIT_REACHED", "lines", 100, 101,
    )  # fmt: skip
    assert len((await changed(device, "cartLinesAdd", lines=worded(98, 2)))["lines"]) == 100
    # What is there already may grow.
    more = [{**worded(0, 1)[0], "quantity": 9_998}]
    await changed(device, "cartLinesAdd", lines=more)
    [refused] = (await wish(device, "cartLinesAdd", lines=more)).refusals
    assert (refused.code, refused.field) == ("LIMIT_REACHED", "lines.0.quantity")
    assert (refused.more["limit"], refused.more["used"]) == (9_999, 19_997)


HOSTILE: list[tuple[str, dict[str, Any], Refused]] = [
    ("cartNoteUpdate", {"note": "长" * 501}, Refused("TOO_LONG", "note")),
    (
        "cartAttributesUpdate",
        {"attributes": [{"key": str(n), "value": ""} for n in range(21)]},
        Refused("TOO_LONG", "attributes"),
    ),
    ("cartAttributesUpdate", {"attributes": [{"key": " ", "value": ""}]}, Refused("BLANK", "attributes.0.key")),
    (
        "cartAttributesUpdate",
        {"attributes": [{"key": "k", "value": "长" * 256}]},
        Refused("TOO_LONG", "attributes.0.value"),
    ),
    ("cartBuyerUpdate", {"buyer": {"regionCode": "999999"}}, Refused("NOT_FOUND", "buyer.regionCode")),
    ("cartBuyerUpdate", {"buyer": {"addressId": "adr_"}}, Refused("NOT_FOUND", "buyer.addressId")),
    ("cartBuyerUpdate", {"buyer": {"addressId": "adr_", "regionCode": "330106"}}, Refused("INVALID", "buyer")),
    ("cartLinesAdd", {"lines": [], "idempotencyKey": ""}, Refused("INVALID", "idempotencyKey")),
    ("cartLinesAdd", {"lines": [{"variantId": "var_"}] * 101}, Refused("TOO_LONG", "lines")),
    ("cartLinesUpdate", {"lines": [{"lineId": "'; drop table cart"}]}, Refused("NOT_FOUND", "lines.0.lineId")),
    ("cartCreate", {"input": {"note": "长" * 501}}, Refused("TOO_LONG", "input.note")),
]


@pytest.mark.parametrize(("name", "asked_for", "refused"), HOSTILE)
async def test_what_makes_no_sense_is_refused_and_changes_nothing(
    shop: SandboxShop, name: str, asked_for: dict[str, Any], refused: Refused
) -> None:
    device = phone(shop).visitor

    answer = await wish(device, name, **asked_for)

    assert answer.refusals == [refused]
    assert answer[name]["cart"] is None
    assert await read(device) is None


async def test_who_names_neither_a_customer_nor_a_device_has_no_cart(shop: SandboxShop) -> None:
    assert (await wish(shop.visitor, "cartNoteUpdate", note="?")).refusals == [Refused("INVALID")]
    assert (await shop.visitor(READ))["cart"] is None
