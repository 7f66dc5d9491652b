"""The cart while the shop changes around it: what can no longer be had, what is too much, what costs otherwise."""

from typing import Any

from ids import decode_id
from models.database import pool
from tests.harness.carts import add, changed, phone, read, short, variants
from tests.harness.shops import SandboxShop


async def execute(sql: str, *binds: Any) -> None:
    await pool().execute(sql, *binds)


async def stock(variant: str, pieces: int) -> None:
    await execute("update stock_level set on_hand = $2 where variant_id = $1", decode_id("var", variant), pieces)


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
