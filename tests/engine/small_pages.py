"""What the small shop puts together and passes on: pages of every kind of block, links to everything, visits."""

from datetime import timedelta
from uuid import UUID

import orjson

from ids import new_id
from tests.engine.small_shop import AGES, NOW, SmallShop


def furnished(shop: SmallShop) -> SmallShop:
    """Add them to a shop, and return it."""
    promises = [{"title": shop.word, "text": ""}, {"title": "正品", "text": shop.word}]
    shop.rows["shop"][0]["service_promises"] = orjson.dumps(promises).decode()
    _pages(shop)
    _shares(shop)
    return shop


def _pages(shop: SmallShop) -> None:
    """A home with every kind of block, a topic that leads on, one that nobody has published, one that is empty."""
    products, collections, word = shop.ids("product"), shop.ids("collection"), shop.word
    pages = [shop.new_id() for _ in range(4)]
    picture = {"url": f"https://img.example/{word}.jpg", "alt": word}
    home = [
        {"kind": "BANNER", "title": "", **picture, "target": {"kind": "PAGE", "id": pages[1]}},
        {"kind": "BANNER", "title": "", **picture, "target": {"kind": "PRODUCT", "id": products[3]}},
        {"kind": "BANNER", "title": "", **picture, "target": {"kind": "COLLECTION", "id": collections[0]}},
        {"kind": "PRODUCTS", "title": word, "productIds": [products[index] for index in (4, 3, 0, 2)]},
        {"kind": "PRODUCTS", "title": word, "collectionId": collections[1], "count": 3},
        {"kind": "COLLECTION", "title": word, "collectionId": collections[0]},
        {"kind": "TEXT", "title": "", "text": f"{word} '好' \u2028"},
        {"kind": "GROUP_BUYS", "title": word, "count": 2},
        {"kind": "VIDEO", "title": "", "url": f"https://img.example/{word}.mp4"},
        {"kind": "LOOK", "title": word, **picture, "tags": [
            {"x": 1, "y": 1000, "productId": products[1]}, {"x": 2, "y": 3, "productId": products[5]},
        ]},
    ]  # fmt: skip
    topic = [
        {"kind": "IMAGE", "title": "", **picture, "target": {"kind": "COLLECTION", "id": collections[2]}},
        {"kind": "IMAGE", "title": "", **picture, "target": {"kind": "SHOP", "id": None}},
        {"kind": "IMAGE", "title": "", **picture, "target": {"kind": "PAGE", "id": pages[0]}},
        {"kind": "IMAGE", "title": "", **picture, "target": {"kind": "PRODUCT", "id": products[0]}},
        {"kind": "IMAGE", "title": "", **picture, "target": None},
        {"kind": "PRODUCTS", "title": "", "productIds": []},
        {"kind": "PRODUCTS", "title": "", "collectionId": collections[1], "count": 1},
    ]
    for page, blocks, published in zip(pages, (home, topic, home, []), (True, True, False, True), strict=True):
        index = pages.index(page)
        shop.rows.setdefault("page", []).append(
            {
                "id": page, "shop_id": shop.id, "handle": f"{word}-p{index}", "title": f"{word}{index}",
                "kind": "TOPIC" if index else "HOME", "blocks": orjson.dumps(blocks, default=str).decode(),
                "published": published, "share_title": word,
                "share_image_url": None if index else picture["url"], **AGES,
            }
        )  # fmt: skip


def _shares(shop: SmallShop) -> None:
    """Links to everything there is, one that is over and one of nobody's, and visits by some of them."""
    word, made = shop.word, NOW - timedelta(days=5)
    promoters = [
        shop.add(
            "promoter", kind="KOL", name=f"{word}{index}", avatar_url=None, staff_id=None, customer_id=None,
            active=index == 0, **AGES,
        )
        for index in range(2)
    ]  # fmt: skip
    products, collections, pages = shop.ids("product"), shop.ids("collection"), shop.ids("page")
    targets = [
        ("PRODUCT", products[0]), ("PRODUCT", products[3]), ("COLLECTION", collections[0]), ("PAGE", pages[1]),
        ("PAGE", pages[0]), ("SHOP", None), ("PRODUCT", products[1]), ("COLLECTION", new_id()),
    ]  # fmt: skip
    links: list[UUID] = []
    for index, (kind, target) in enumerate(targets):
        links.append(
            shop.add(
                "share_link", token=f"{shop.id.hex[-8:]}{index}x", parent_id=links[0] if index == 1 else None,
                depth=int(index == 1), promoter_id=(*promoters, None)[index % 3], customer_id=None, visitor_id=None,
                target_kind=kind, target_id=target, channel=word if index % 2 else None, campaign=None,
                expires_at=NOW if index == 6 else NOW + timedelta(days=1) if index % 2 else None, created_at=made,
            )
        )  # fmt: skip
    for index in range(4):
        shop.add(
            "visit", visit_id=new_id(), visitor_id=new_id(), path=word, query=None, counts=True,
            scene_value=1007 if index else None, scene_group="CHAT_CARD" if index else None,
            share_link_id=links[index % 2], client_time=None, arrived_at=made + timedelta(hours=index // 2),
            source="SHARE", promoter_id=promoters[0] if index == 0 else None, is_self_share=False,
        )  # fmt: skip
