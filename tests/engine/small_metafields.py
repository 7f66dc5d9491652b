"""What the small shop's staff noted on those who buy, on their carts with the lines, and on their orders."""

from itertools import cycle

from tests.engine.small_shop import NOW, SmallShop

OWNERS = {"customer": "customer_id", "cart": "cart_id", "cart_line": "cart_line_id", "orders": "order_id"}


def noted(shop: SmallShop) -> SmallShop:
    """Add them to a shop that has carts and orders, and return it: for the owner to see, for staff only, both, none."""
    for table, column in OWNERS.items():
        ways = cycle((("STOREFRONT",), ("STOREFRONT", "PRIVATE"), ("PRIVATE",), ()))
        for id_ in shop.ids(table):
            for number, visibility in enumerate(next(ways)):
                shop.add(
                    "metafield", **{column: id_}, namespace="care", key=f"k{number}", type="STRING", value=shop.word,
                    visibility=visibility, updated_at=NOW,
                )  # fmt: skip
    return shop
