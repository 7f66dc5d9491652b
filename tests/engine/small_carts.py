"""Carts of the small shop: a customer's with all there may be, one that went into it, a device's, and an empty one."""

from datetime import timedelta
from uuid import UUID

import orjson

from resolvers.cart_draft import attributes_key
from tests.engine.small_people import DEVICES
from tests.engine.small_shop import AGES, NOW, SmallShop


def carted(shop: SmallShop) -> SmallShop:
    """Add them to a shop that has products, people and places, and return it."""
    first, second, _third = shop.ids("customer")
    address = shop.rows["address"][0]["id"]
    words = {"刻字": shop.word, "b": "it's"}
    full = _cart(shop, customer_id=first, address_id=address, note=shop.word, attributes=orjson.dumps(words).decode())
    _cart(shop, customer_id=first, visitor_id=DEVICES[1], merged_into=full)
    ours = _cart(shop, visitor_id=DEVICES[0], region_code="330106")
    _cart(shop, customer_id=second, region_code="999999")
    _cart(shop, visitor_id=DEVICES[2])
    for cart in (full, ours):
        _lines(shop, cart)
    return shop


def _cart(shop: SmallShop, **more: object) -> UUID:
    return shop.add("cart", **AGES, **({"note": "", "attributes": "{}"} | more))


def _lines(shop: SmallShop, cart: UUID) -> None:
    """Of every variant, sold or not: too many, at another price, with words, several put in at one moment."""
    links = shop.ids("share_link")
    for number, variant in enumerate(shop.rows["variant"]):
        words = {"刻字": shop.word} if number % 4 == 0 else {}
        shop.add(
            "cart_line", cart_id=cart, variant_id=variant["id"], quantity=(1, 2, 9_999)[number % 3],
            selected=number % 5 != 1, attributes=orjson.dumps(words).decode(), attributes_key=attributes_key(words),
            share_link_id=links[number % len(links)] if number % 2 else None,
            seen_price_fen=variant["price_fen"] + (number % 3 == 1) * 100,
            created_at=NOW - timedelta(minutes=number // 3), updated_at=NOW,
        )  # fmt: skip
