"""Placing orders: stock is held, prices are frozen, and every no is told with its reason."""

from models.database import pool
from tests.harness.buying import PLACE, buyer, on_sale
from tests.harness.shops import SandboxShop


async def test_an_order_is_placed_at_the_quoted_price_and_holds_its_stock(shop: SandboxShop) -> None:
    small, large = await on_sale(shop, "tee", 5, 5)
    ming = await buyer(shop)

    order = await ming.places((small, 2), (large, 1))

    assert order["status"] == "PENDING_PAYMENT"
    assert order["total"] == {"fen": 5970}
    assert [(line["title"], line["quantity"], line["total"]["fen"]) for line in order["lines"]] == [
        ("tee", 2, 3980),
        ("tee", 1, 1990),
    ]
    assert order["deliveries"][0]["recipient"]["name"] == "王小明"
    levels = await pool().fetch("select reserved, on_hand from stock_level where shop_id = $1 order by id", shop.id)
    assert sorted(tuple(level) for level in levels) == [(1, 5), (2, 5)]
    assert await ming.order(order["id"]) == order
    assert await (await buyer(shop, "小红")).order(order["id"]) is None
