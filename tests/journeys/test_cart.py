"""The cart as people use it: before login and after, in many hands, and while the shop changes around it."""

from typing import Any
from uuid import uuid4

import pytest

from clock import wall_now
from ids import decode_id
from models.database import pool
from resolvers.cart_merge import reap_carts
from tests.conftest import Counting
from tests.harness.asking import Refused
from tests.harness.carts import READ, VIEWER, add, changed, document, read, short, variants, wish
from tests.harness.phones import Phone, phone_of
from tests.harness.shops import SandboxShop
from tests.journeys.test_sharing import kol
from tests.journeys.test_statement_counts import asked


def phone(shop: SandboxShop) -> Phone:
    """Somebody with a phone of their own."""
    return phone_of(shop, uuid4().hex)


async def execute(sql: str, *binds: Any) -> None:
    await pool().execute(sql, *binds)


async def stock(variant: str, pieces: int) -> None:
    await execute("update stock_level set on_hand = $2 where variant_id = $1", decode_id("var", variant), pieces)


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


async def test_what_can_no_longer_be_had_stands_apart(shop: SandboxShop) -> None:
    ids = await variants(shop, "gone", "empty", "few", "fine", stock=9)
    device = phone(shop).visitor
    await add(device, *((ids[name], 5) for name in ("gone", "empty", "few", "fine")))
    await execute("update product set status = 'ARCHIVED' where shop_id = $1 and handle = 'gone'", shop.id)
    await stock(ids["empty"], 0)
    await stock(ids["few"], 3)

    cart = await read(device)

    told = {line["title"]: line["problems"] for line in cart["lines"] + cart["invalidLines"]}
    assert told == {
        "gone": [{"code": "NO_LONGER_SOLD", "available": None, "limit": None}],
        "empty": [{"code": "OUT_OF_STOCK", "available": 0, "limit": None}],
        "few": [{"code": "NOT_ENOUGH_STOCK", "available": 3, "limit": None}],
        "fine": [],
    }
    assert [line["title"] for line in cart["lines"]] == ["few", "fine"]
    gone, empty = cart["invalidLines"]
    assert (gone["product"], gone["variant"], empty["product"]["handle"]) == (None, None, "empty")
    assert (cart["selectedCount"], cart["totalQuantity"], cart["subtotal"]["fen"]) == (2, 10, 19900)
    cleared = await changed(device, "cartClear", onlyInvalid=True)
    assert (short(cleared), cleared["invalidLines"]) == ({"few": 5, "fine": 5}, [])


async def test_prices_that_changed_and_pieces_that_run_out_are_told(shop: SandboxShop) -> None:
    ids = await variants(shop, "tea", fen=1000)
    device = phone(shop).visitor
    await add(device, (ids["tea"], 2))
    await execute("update variant set price_fen = 1200 where id = $1", decode_id("var", ids["tea"]))
    await stock(ids["tea"], 4)

    [line] = (await read(device))["lines"]
    assert (line["unitPrice"]["fen"], line["lineTotal"]["fen"], line["problems"]) == (1200, 2400, [])
    assert line["warnings"] == [
        {"code": "PRICE_CHANGED", "oldPrice": {"fen": 1000}, "left": None},
        {"code": "LOW_STOCK", "oldPrice": None, "left": 4},
    ]

    # Who changes the line has seen the price.
    cart = await changed(device, "cartLinesUpdate", lines=[{"lineId": line["id"], "quantity": 3}])
    assert [warning["code"] for warning in cart["lines"][0]["warnings"]] == ["LOW_STOCK"]


async def test_more_than_is_there_or_allowed_may_be_put_in_and_is_told(shop: SandboxShop) -> None:
    ids = await variants(shop, "scarce", stock=3)
    limited = await variants(shop, "limited", perOrderLimit=2)
    device = phone(shop).visitor

    cart = await add(device, (ids["scarce"], 4), (limited["limited"], 3))

    assert [line["problems"] for line in cart["lines"]] == [
        [{"code": "NOT_ENOUGH_STOCK", "available": 3, "limit": None}],
        [{"code": "LIMIT_EXCEEDED", "available": None, "limit": 2}],
    ]


async def test_lines_of_one_variant_share_what_is_there(shop: SandboxShop) -> None:
    ids = await variants(shop, "tea", stock=5)
    device = phone(shop).visitor
    words = [{"key": "k", "value": "v"}]
    lines = [{"variantId": ids["tea"], "quantity": 3}, {"variantId": ids["tea"], "quantity": 3, "attributes": words}]

    cart = await changed(device, "cartLinesAdd", lines=lines)
    assert [len(line["problems"]) for line in cart["lines"]] == [1, 1]
    cart = await changed(device, "cartLinesSelect", selected=False, lineIds=[cart["lines"][0]["id"]])
    assert [len(line["problems"]) for line in cart["lines"]] == [1, 0]


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


async def test_carts_of_nobody_known_go_after_ninety_days(shop: SandboxShop) -> None:
    ids = await variants(shop, "a")
    someone, nobody, fresh = phone(shop), phone(shop), phone(shop)
    customer = await someone.logged_in()
    for asker in (customer, nobody.visitor, fresh.visitor):
        await add(asker, (ids["a"], 1))
    await execute(
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
