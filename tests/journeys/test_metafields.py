"""Metafields of what is bought: who may write them, who sees them, and what becomes of them."""

from typing import Any, Final

import pytest

from ids import encode_id
from models.database import transaction
from models.staff import Role
from resolvers.customer_merge import merge_customers
from tests.harness.asking import Answer, Asker, Refused
from tests.harness.buying import Buyer, buyer, on_sale
from tests.harness.carts import add, changed, phone, variants
from tests.harness.shops import SandboxShop

ERRORS: Final = "userErrors { code field message }"
SET: Final = f"""
mutation ($extras: [MetafieldSetInput!]!) {{
  metafieldsSet(metafields: $extras) {{ metafields {{ id namespace key type value visibility }} {ERRORS} }}
}}"""
DELETE: Final = f"""
mutation ($extras: [MetafieldNameInput!]!) {{
  metafieldsDelete(metafields: $extras) {{ deletedMetafieldIds {ERRORS} }}
}}"""
EXTRAS: Final = 'metafields(first: 9) { key value } one: metafield(namespace: "erp", key: "note") { value }'
CART: Final = f"{{ cart {{ {EXTRAS} lines {{ id title {EXTRAS} }} }} }}"
ORDER: Final = f"query ($id: ID) {{ order(id: $id) {{ {EXTRAS} }} }}"
VIEWER: Final = f"{{ viewer {{ {EXTRAS} cart {{ {EXTRAS} }} }} }}"
NODE: Final = "query ($id: ID!) { node(id: $id) { ... on Metafield { value } } }"


def extra(owner: str, value: str = "一", *, key: str = "note", shown: bool = False, **more: Any) -> dict[str, Any]:
    """A wish."""
    visibility = "STOREFRONT" if shown else "PRIVATE"
    return {"ownerId": owner, "namespace": "erp", "key": key, "value": value, "visibility": visibility, **more}


async def put(asker: Asker, *extras: dict[str, Any]) -> list[dict[str, Any]]:
    """Set them, which must succeed; returns them as they are told."""
    answer = await asker(SET, {"extras": list(extras)})
    assert answer.refusals == []
    made: list[dict[str, Any]] = answer["metafieldsSet"]["metafields"]
    return made


def seen(thing: Any) -> dict[str, str]:
    """Values by key."""
    return {one["key"]: one["value"] for one in thing["metafields"]}


async def an_order(shop: SandboxShop) -> tuple[Buyer, str]:
    """Somebody and an order of theirs."""
    [variant] = await on_sale(shop, "tea", 9)
    person = await buyer(shop)
    order = await person.places((variant, 1))
    return person, str(order["id"])


async def test_an_order_keeps_what_the_shop_notes_and_shows_the_customer_what_is_theirs_to_see(
    shop: SandboxShop,
) -> None:
    person, order = await an_order(shop)
    clerk = await shop.staff_with(Role.ORDERS)

    made = await put(clerk, extra(order, "7", type="INTEGER"), extra(order, "缺货", key="told", shown=True))
    assert [(one["key"], one["type"], one["visibility"]) for one in made] == [
        ("note", "INTEGER", "PRIVATE"), ("told", "STRING", "STOREFRONT"),
    ]  # fmt: skip

    own = (await person.ask(ORDER, {"id": order}))["order"]
    staff = (await clerk(ORDER, {"id": order}))["order"]
    assert (seen(own), own["one"]) == ({"told": "缺货"}, None)
    assert (seen(staff), staff["one"]) == ({"note": "7", "told": "缺货"}, {"value": "7"})

    again = await put(clerk, extra(order, "8", type="INTEGER"))
    gone = await clerk(DELETE, {"extras": [{"ownerId": order, "namespace": "erp", "key": "told"}]})
    assert again[0]["id"] == made[0]["id"]
    assert gone["metafieldsDelete"]["deletedMetafieldIds"] == [made[1]["id"]]
    assert seen((await clerk(ORDER, {"id": order}))["order"]) == {"note": "8"}


async def test_nobody_else_finds_them_by_id(shop: SandboxShop) -> None:
    person, order = await an_order(shop)
    shown, private = await put(shop.staff, extra(order, shown=True), extra(order, "二", key="secret"))
    goods, stranger = await shop.staff_with(Role.CATALOGUE), await buyer(shop, "小红")

    async def found(asker: Asker) -> list[Any]:
        return [(await asker(NODE, {"id": one["id"]}))["node"] for one in (shown, private)]

    assert await found(person.ask) == [{"value": "一"}, None]
    assert await found(await shop.staff_with(Role.ORDERS)) == [{"value": "一"}, {"value": "二"}]
    for nobody in (goods, stranger.ask, shop.visitor, await shop.staff_with(Role.KOL)):
        assert await found(nobody) == [None, None]


async def test_who_keeps_goods_writes_of_goods_and_who_keeps_orders_of_what_is_bought(shop: SandboxShop) -> None:
    person, order = await an_order(shop)
    product = (await shop.staff("{ products(first: 1) { nodes { id } } }"))["products"]["nodes"][0]["id"]
    goods, orders = await shop.staff_with(Role.CATALOGUE), await shop.staff_with(Role.ORDERS)
    bought, sold = [extra(order), extra(encode_id("cus", person.customer_id))], [extra(product)]

    async def tried(asker: Asker, *extras: dict[str, Any]) -> Answer:
        return await asker(SET, {"extras": list(extras)})

    assert (await tried(goods, *sold)).refusals == (await tried(orders, *bought)).refusals == []
    assert (await tried(orders, *bought, *sold)).refusals == [Refused("NOT_ALLOWED", "metafields.2.ownerId")]
    assert (await tried(goods, *sold, *bought)).refusals == [
        Refused("NOT_ALLOWED", f"metafields.{number}.ownerId") for number in (1, 2)
    ]
    for nobody in (person.ask, shop.visitor, await shop.staff_with(Role.KOL, Role.ANALYTICS)):
        assert (await tried(nobody, *bought)).codes == ["FORBIDDEN"]
    named = [{"ownerId": order, "namespace": "erp", "key": "note"}]
    assert (await goods(DELETE, {"extras": named})).refusals == [Refused("NOT_ALLOWED", "metafields.0.ownerId")]


async def test_of_what_is_not_there_nothing_is_noted(shop: SandboxShop, other_shop: SandboxShop) -> None:
    _person, theirs = await an_order(other_shop)
    for id_ in (theirs, encode_id("crt", shop.id), encode_id("cln", shop.id), encode_id("cus", shop.id), "ord_x", "x"):
        answer = await shop.staff(SET, {"extras": [extra(id_)]})
        assert answer.refusals == [Refused("NOT_FOUND", "metafields.0.ownerId")]


async def test_lines_of_a_cart_carry_theirs_through_the_login_and_lose_them_when_they_become_another(
    shop: SandboxShop,
) -> None:
    ids = await variants(shop, "tea", "cup", "pot")
    person = phone(shop)
    me = await person.logged_in()
    await add(me, (ids["tea"], 1))
    [tea] = (await me(CART))["cart"]["lines"]
    # Another device of the same person, which nobody knows yet.
    device = person.visitor.also(x_visitor_id="0b9b3a3e-6a1a-4f7e-9f55-0d3a1c6f5a11")
    await add(device, (ids["tea"], 2), (ids["cup"], 1))
    cart = await shop_cart(device)
    same, cup = (line["id"] for line in cart["lines"])
    await put(
        shop.staff, extra(tea["id"], "mine", shown=True), extra(same, "theirs", shown=True),
        extra(same, "only theirs", key="more", shown=True), extra(cup, "cup", shown=True), extra(cart["id"], "cart"),
        extra(cart["id"], "gift", key="wrap", shown=True),
    )  # fmt: skip

    code = await person.code()
    login = await device(_LOGIN, {"code": code})
    assert login.refusals == []

    joined = (await me(CART))["cart"]
    assert seen(joined) == {"wrap": "gift"}
    assert {line["title"]: seen(line) for line in joined["lines"]} == {
        "tea": {"note": "mine", "more": "only theirs"}, "cup": {"note": "cup"},
    }  # fmt: skip
    assert [line["id"] for line in joined["lines"]] == [tea["id"], cup]

    await changed(
        me, "cartLinesUpdate",
        lines=[{"lineId": tea["id"], "quantity": 5}, {"lineId": cup, "variantId": ids["pot"]}],
    )  # fmt: skip
    after = (await me(CART))["cart"]["lines"]
    assert {line["title"]: seen(line) for line in after} == {"tea": {"note": "mine", "more": "only theirs"}, "pot": {}}


_LOGIN: Final = """
mutation ($code: String!) { loginWithWechat(input: {code: $code}) { customer { id } userErrors { code field } } }
"""


async def shop_cart(device: Asker) -> Any:
    """The cart with the ids of its lines."""
    return (await device("{ cart { id lines { id title } } }"))["cart"]


async def test_a_device_sees_what_is_noted_on_its_own_cart_and_no_other_does(shop: SandboxShop) -> None:
    ids = await variants(shop, "tea")
    mine, other = phone(shop).visitor, phone(shop).visitor
    await add(mine, (ids["tea"], 1))
    await add(other, (ids["tea"], 1))
    cart = await shop_cart(mine)
    [shown, _private] = await put(
        shop.staff, extra(cart["lines"][0]["id"], shown=True), extra(cart["lines"][0]["id"], "二", key="secret")
    )

    assert [seen((await asker(CART))["cart"]["lines"][0]) for asker in (mine, other)] == [{"note": "一"}, {}]
    found = [(await asker(NODE, {"id": shown["id"]}))["node"] for asker in (mine, other, shop.visitor)]
    assert found == [{"value": "一"}, None, None]


async def test_the_survivor_of_a_merge_has_what_both_had(shop: SandboxShop) -> None:
    older, younger = await buyer(shop), await buyer(shop, "小红")
    first, second = (encode_id("cus", person.customer_id) for person in (older, younger))
    await put(shop.staff, extra(first, "older", shown=True), extra(second, "younger", shown=True))
    await put(shop.staff, extra(second, "gold", key="level", shown=True))

    async with transaction() as sql:
        await merge_customers(sql, shop.caller, [older.customer_id, younger.customer_id])

    assert seen((await older.ask(VIEWER))["viewer"]) == {"note": "older", "level": "gold"}
    await put(shop.staff, extra(second, "by the old name", shown=True))
    assert seen((await older.ask(VIEWER))["viewer"])["note"] == "by the old name"
    twice = await shop.staff(SET, {"extras": [extra(first), extra(second)]})
    assert twice.refusals == [Refused("DUPLICATE", "metafields.1.key")]


@pytest.mark.parametrize("what", ["line", "variant"])
async def test_a_line_that_goes_takes_its_own_along(shop: SandboxShop, what: str) -> None:
    ids = await variants(shop, "tea")
    device = phone(shop).visitor
    cart = await add(device, (ids["tea"], 1))
    [line] = cart["lines"]
    [made] = await put(shop.staff, extra(line["id"]))

    if what == "line":
        await changed(device, "cartLinesRemove", lineIds=[line["id"]])
    else:
        gone = "mutation ($id: ID!) { productDelete(id: $id) { userErrors { code } } }"
        product = (await shop.staff("{ products(first: 1) { nodes { id } } }"))["products"]["nodes"][0]["id"]
        assert (await shop.staff(gone, {"id": product})).refusals == []

    assert (await shop.staff(NODE, {"id": made["id"]}))["node"] is None
