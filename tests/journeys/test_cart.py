"""The cart as people use it: before login and after, with what brought it, and what it costs."""

import pytest

from clock import wall_now
from models.database import pool
from resolvers.cart_merge import reap_carts
from tests.conftest import Counting
from tests.harness.asking import Refused
from tests.harness.carts import VIEWER, add, changed, document, phone, read, short, variants, wish
from tests.harness.shops import SandboxShop
from tests.journeys.test_sharing import kol
from tests.journeys.test_statement_counts import asked


async def test_a_visitor_fills_a_cart_and_finds_it_again(shop: SandboxShop) -> None:
    ids = await variants(shop, "tea", "cup", fen=1250)
    device = phone(shop).visitor
    assert await read(device) is None

    await add(device, (ids["tea"], 2))
    cart = await add(device, (ids["cup"], 1), (ids["tea"], 1))

    assert [(line["title"], line["quantity"], line["lineTotal"]["fen"]) for line in cart["lines"]] == [
        ("tea", 3, 3750), ("cup", 1, 1250),
    ]  # fmt: skip
    assert (cart["totalQuantity"], cart["selectedCount"], cart["selectedQuantity"]) == (4, 2, 4)
    assert cart["subtotal"] == {"fen": 5000, "amount": "50.00"}
    assert await read(device) == await read(device, cart["id"]) == cart


async def test_a_person_has_one_cart_however_often_they_begin_one(shop: SandboxShop) -> None:
    ids = await variants(shop, "tea")
    device = phone(shop).visitor
    wished = {"lines": [{"variantId": ids["tea"]}], "note": "送人", "attributes": [{"key": "包装", "value": "礼盒"}]}

    first = await changed(device, "cartCreate", input=wished, idempotencyKey="a")
    again = await changed(device, "cartCreate", input=wished, idempotencyKey="a")
    more = await changed(device, "cartCreate", input={"lines": [{"variantId": ids["tea"], "quantity": 4}]})

    assert again == first
    assert (first["note"], first["attributes"]) == ("送人", [{"key": "包装", "value": "礼盒"}])
    assert (more["id"], more["note"], short(more)) == (first["id"], "送人", {"tea": 5})


async def test_the_same_wish_is_carried_out_once_and_another_under_its_key_not_at_all(shop: SandboxShop) -> None:
    ids = await variants(shop, "tea")
    device = phone(shop).visitor
    lines = [{"variantId": ids["tea"], "quantity": 2}]

    for _ in range(3):
        cart = await changed(device, "cartLinesAdd", lines=lines, idempotencyKey="once")
    other = await wish(device, "cartLinesAdd", lines=[{"variantId": ids["tea"]}], idempotencyKey="once")

    assert (short(cart), cart["version"]) == ({"tea": 2}, 1)
    assert other.refusals == [Refused("IDEMPOTENCY_KEY_REUSED", "idempotencyKey")]


async def test_lines_with_other_words_are_other_lines_and_join_when_they_become_the_same(shop: SandboxShop) -> None:
    ids = await variants(shop, "pen", "ink")
    device = phone(shop).visitor
    named = [[{"key": "刻字", "value": word}] for word in ("小王", "小李")]
    lines = [{"variantId": ids["pen"], "attributes": words, "quantity": 2} for words in named]

    cart = await changed(device, "cartLinesAdd", lines=[*lines, lines[0]])
    assert [(line["quantity"], line["attributes"]) for line in cart["lines"]] == [(4, named[0]), (2, named[1])]
    wang, li = (line["id"] for line in cart["lines"])

    cart = await changed(device, "cartLinesUpdate", lines=[{"lineId": wang, "attributes": named[1], "quantity": 3}])
    assert [(line["id"], line["quantity"], line["attributes"]) for line in cart["lines"]] == [(li, 5, named[1])]

    cart = await changed(device, "cartLinesUpdate", lines=[{"lineId": li, "variantId": ids["ink"], "selected": False}])
    assert [(line["id"], line["title"], line["selected"]) for line in cart["lines"]] == [(li, "ink", False)]


async def test_two_lines_change_places_at_once(shop: SandboxShop) -> None:
    ids = await variants(shop, "a", "b")
    device = phone(shop).visitor
    cart = await add(device, (ids["a"], 1), (ids["b"], 2))
    first, second = (line["id"] for line in cart["lines"])

    cart = await changed(
        device, "cartLinesUpdate",
        lines=[{"lineId": first, "variantId": ids["b"]}, {"lineId": second, "variantId": ids["a"]}],
    )  # fmt: skip

    assert [(line["id"], line["title"], line["quantity"]) for line in cart["lines"]] == [
        (first, "b", 1), (second, "a", 2),
    ]  # fmt: skip


async def test_only_what_is_ticked_counts(shop: SandboxShop) -> None:
    ids = await variants(shop, "a", "b", fen=100)
    device = phone(shop).visitor
    cart = await add(device, (ids["a"], 1), (ids["b"], 2))
    line = cart["lines"][0]["id"]

    cart = await changed(device, "cartLinesSelect", selected=False, lineIds=[line])
    assert (cart["selectedCount"], cart["subtotal"]["fen"], cart["totalQuantity"]) == (1, 200, 3)
    cart = await changed(device, "cartLinesSelect", selected=False)
    assert (cart["selectedCount"], cart["subtotal"]["fen"]) == (0, 0)
    cart = await changed(device, "cartLinesSelect", selected=True)
    assert (cart["selectedCount"], cart["subtotal"]["fen"]) == (2, 300)


async def test_note_attributes_buyer_and_clearing(shop: SandboxShop) -> None:
    ids = await variants(shop, "a", "b")
    device = phone(shop).visitor
    await add(device, (ids["a"], 1), (ids["b"], 2))

    await changed(device, "cartNoteUpdate", note="快一点")
    await changed(device, "cartAttributesUpdate", attributes=[{"key": "b", "value": "2"}, {"key": "a", "value": "1"}])
    cart = await changed(device, "cartBuyerUpdate", buyer={"regionCode": "330106"})
    assert cart["note"] == "快一点"
    assert [pair["key"] for pair in cart["attributes"]] == ["a", "b"]
    assert cart["buyer"] == {"address": None, "region": {"name": "西湖区"}, "regionCode": "330106"}

    assert (await changed(device, "cartBuyerUpdate", buyer={}))["buyer"]["regionCode"] is None
    removed = await changed(device, "cartLinesRemove", lineIds=[cart["lines"][0]["id"]])
    assert short(removed) == {"b": 2}
    cleared = await changed(device, "cartClear", onlyInvalid=False)
    assert (cleared["lines"], cleared["note"], cleared["id"]) == ([], "快一点", cart["id"])


async def test_a_login_makes_the_cart_the_customers(shop: SandboxShop) -> None:
    ids = await variants(shop, "a")
    someone = phone(shop)
    before = await add(someone.visitor, (ids["a"], 2))

    customer = await someone.logged_in()

    assert (await customer(VIEWER))["viewer"]["cart"]["id"] == before["id"]
    assert short(await read(customer, before["id"])) == {"a": 2}
    assert await read(someone.visitor) is None
    assert await read(someone.visitor, before["id"]) is None


async def test_a_login_joins_two_carts_and_the_old_id_answers_on(shop: SandboxShop) -> None:
    ids = await variants(shop, "a", "b", "c")
    someone = phone(shop)
    customer = await someone.logged_in()
    kept = await add(customer, (ids["a"], 2), (ids["b"], 9_990))
    visiting = await add(someone.visitor, (ids["b"], 20), (ids["c"], 1))
    await changed(someone.visitor, "cartNoteUpdate", note="before")
    assert visiting["id"] != kept["id"]

    customer = await someone.logged_in()

    cart = await read(customer)
    assert (cart["id"], short(cart), cart["note"]) == (kept["id"], {"a": 2, "b": 9_999, "c": 1}, "before")
    assert await read(customer, visiting["id"]) == cart
    assert short(await changed(customer, "cartLinesAdd", cartId=visiting["id"], lines=[{"variantId": ids["a"]}])) == {
        "a": 3, "b": 9_999, "c": 1,
    }  # fmt: skip


async def test_a_cart_left_beside_a_login_joins_at_the_next_change(shop: SandboxShop) -> None:
    ids = await variants(shop, "a", "b")
    someone = phone(shop)
    customer = await someone.logged_in()
    await add(someone.visitor, (ids["a"], 2))

    await add(customer, (ids["b"], 1))

    assert short(await read(customer)) == {"a": 2, "b": 1}
    assert await read(someone.visitor) is None


async def test_the_share_that_brought_a_line_stays_with_it(shop: SandboxShop) -> None:
    ids = await variants(shop, "a", "b")
    device = phone(shop).visitor
    link = await (await kol(shop)).shares()
    lines = [
        {"variantId": ids["a"], "shareToken": f"t={link['token']}"},
        {"variantId": ids["b"], "shareToken": "unknown000"},
    ]

    cart = await changed(device, "cartLinesAdd", lines=lines)

    assert [line["promoter"] for line in cart["lines"]] == [link["promoter"], None]


async def test_carts_of_nobody_known_go_after_ninety_days(shop: SandboxShop) -> None:
    ids = await variants(shop, "a")
    someone, nobody, fresh = phone(shop), phone(shop), phone(shop)
    customer = await someone.logged_in()
    for asker in (customer, nobody.visitor, fresh.visitor):
        await add(asker, (ids["a"], 1))
    await pool().execute(
        "update cart set updated_at = updated_at - interval '90 days 1 second' where shop_id = $1 and visitor_id <> $2",
        shop.id, fresh.visitor_id,
    )  # fmt: skip

    assert await reap_carts(wall_now()) >= 1

    assert await read(nobody.visitor) is None
    assert short(await read(fresh.visitor)) == short(await read(customer)) == {"a": 1}


@pytest.mark.parametrize("lines", [1, 50])
async def test_adding_costs_four_statements_at_most(shop: SandboxShop, statements: Counting, lines: int) -> None:
    ids = await variants(shop, "a")
    asker = await phone(shop).logged_in()
    await read(asker)
    wished = [{"variantId": ids["a"], "attributes": [{"key": "n", "value": str(n)}]} for n in range(lines)]

    async with statements() as seen:
        answer = await asker(document("cartLinesAdd"), {"lines": wished, "idempotencyKey": "k"})

    assert answer.refusals == []
    assert len(answer["cartLinesAdd"]["cart"]["lines"]) == lines
    # Hold, write, read back; who asks is looked up once a second at most, which would be the fourth.
    assert len(asked(seen)) == 3
    async with statements() as seen:
        await read(asker)
    assert len(asked(seen)) == 1
