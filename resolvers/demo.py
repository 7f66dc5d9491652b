"""The demo: a shop called 小铺 with goods, shelves, stock, freight, a group-buy, people, reviews; also for sandboxes.

Goods go in by the write path of the import, so what the demo shows is what an import gives.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from ids import new_id
from models.collection import Collection, CollectionProduct, RuleMatch
from models.customer import Customer
from models.database import Connection, transaction
from models.product import Origin, Product
from models.review import Review
from models.shop import Shop
from resolvers.aggregates import refresh_collections, refresh_products
from resolvers.caller import Caller, system_caller
from resolvers.demo_data import (
    COLLECTIONS,
    IMAGE_HOST,
    NICKNAMES,
    DemoCollection,
    DemoReview,
    demo_products,
    demo_reviews,
)
from resolvers.demo_freight import add_freight
from resolvers.demo_group_buy import add_group_buy
from resolvers.demo_page import add_home
from resolvers.product_merge import merge_products
from resolvers.product_record import ProductRecord, Source
from resolvers.rows import insert_rows
from resolvers.sandbox_shop import open_sandbox
from resolvers.visitor_key import DEMO_KEY

DEMO_HANDLE: Final = "demo"
DEMO_NAME: Final = "小铺"
DEMO_SEED: Final = 1
SOURCE: Final = "demo"
# One product that is still to come and one that will go, so that windows can be watched by moving the clock.
COMING_HANDLE: Final = "ginger-shampoo-bar"
COMING_IN: Final = timedelta(days=3)
LEAVING_HANDLE: Final = "mung-bean-cake"
LEAVING_IN: Final = timedelta(days=14)

_DESCRIBE: Final = "update shop set description = $2, logo_url = $3 where id = $1"
_HANDLES: Final = "select handle, id from product where shop_id = $1"
_WINDOW: Final = "update product set published_at = $3, unpublish_at = $4 where shop_id = $1 and handle = $2"
_OPENS_AT: Final = "select published_at from product where shop_id = $1 and handle = $2"


async def open_demo(sealing_key: bytes) -> bool:
    """Open the demo shop with all it has and the visitor key `demo`; False when it is there already.

    A demo shop that was left without goods (killed half-way) gets them now.
    """
    shop = await Shop.get_or_none(handle=DEMO_HANDLE)
    if shop is None:
        opened = await open_sandbox(
            handle=DEMO_HANDLE, name=DEMO_NAME, seed=DEMO_SEED, sealing_key=sealing_key, key=DEMO_KEY
        )
        shop = opened.shop
    elif await Product.filter(shop_id=shop.id).exists():
        return False
    await fill_with_demo(shop)
    return True


async def open_demo_when_empty(sealing_key: bytes) -> bool:
    """Open the demo shop in a database without any other; True when it was opened."""
    if await Shop.exclude(handle=DEMO_HANDLE).exists():
        return False
    return await open_demo(sealing_key)


async def fill_with_demo(shop: Shop) -> None:
    """Put the demo's goods, people, reviews, shelves, freight, group-buy and home page into an empty shop, by its seed.

    All or nothing.
    """
    caller = system_caller(shop)
    products = demo_products(shop.seed, caller.now)
    specs = {(one.namespace, one.key) for record in products for one in record.metafields}
    source = Source(name=SOURCE, origin=Origin.OWN, product_keys=tuple(sorted(specs)))
    async with transaction() as sql:
        await sql.execute(_DESCRIBE, shop.id, "好物不贵，慢慢挑。", f"{IMAGE_HOST}/logo.png")
        await merge_products(sql, shop.id, source, products, caller.now)
        product_ids = {row["handle"]: row["id"] for row in await sql.fetch(_HANDLES, shop.id)}
        await _set_windows(sql, caller)
        await _add_reviews(sql, caller, shop.seed, products, product_ids)
        await refresh_products(sql, shop.id, list(product_ids.values()))
        await add_freight(caller)
        await add_group_buy(sql, caller, product_ids)
        await add_home(sql, caller, product_ids, await _add_collections(sql, caller, product_ids))


async def _set_windows(sql: Connection, caller: Caller) -> None:
    await sql.execute(_WINDOW, caller.shop_id, COMING_HANDLE, caller.now + COMING_IN, None)
    opened_at = await sql.fetchval(_OPENS_AT, caller.shop_id, LEAVING_HANDLE)
    await sql.execute(_WINDOW, caller.shop_id, LEAVING_HANDLE, opened_at, caller.now + LEAVING_IN)


async def _add_reviews(
    sql: Connection, caller: Caller, seed: int, products: Sequence[ProductRecord], product_ids: dict[str, UUID]
) -> None:
    customer_ids = [new_id() for _ in NICKNAMES]
    customers = [
        {
            "id": id_,
            "shop_id": caller.shop_id,
            "nickname": name,
            "avatar_url": f"{IMAGE_HOST}/avatar-{number}.jpg",
            "paid_orders": 0,
            "created_at": caller.now,
        }
        for number, (id_, name) in enumerate(zip(customer_ids, NICKNAMES, strict=True), 1)
    ]
    await insert_rows(sql, Customer, customers)
    reviews = demo_reviews(seed, products, caller.now)
    rows = [
        _review_row(caller, number, review, product_ids[review.handle], customer_ids[review.customer])
        for number, review in enumerate(reviews, 1)
    ]
    await insert_rows(sql, Review, rows)


def _review_row(caller: Caller, number: int, review: DemoReview, product_id: UUID, customer_id: UUID) -> dict[str, Any]:
    return {
        "id": new_id(),
        "shop_id": caller.shop_id,
        "product_id": product_id,
        "customer_id": customer_id,
        "author_name": f"{NICKNAMES[review.customer][0]}**",
        "rating": review.rating,
        "body": review.body,
        "image_urls": review.image_urls,
        "status": review.status,
        "hidden_reason": review.hidden_reason,
        "reply": review.reply or None,
        "replied_at": caller.now if review.reply else None,
        "source": SOURCE,
        "external_id": str(number),
        "version": 1,
        "created_at": review.created_at,
    }


async def _add_collections(sql: Connection, caller: Caller, product_ids: dict[str, UUID]) -> dict[str, UUID]:
    rows = [_collection_row(caller, place, shelf) for place, shelf in enumerate(COLLECTIONS)]
    await insert_rows(sql, Collection, rows)
    members = [
        {
            "id": new_id(),
            "shop_id": caller.shop_id,
            "collection_id": row["id"],
            "product_id": product_ids[handle],
            "position": position,
        }
        for row, shelf in zip(rows, COLLECTIONS, strict=True)
        for position, handle in enumerate(shelf.handles)
    ]
    await insert_rows(sql, CollectionProduct, members)
    await refresh_collections(sql, caller.shop_id, [row["id"] for row in rows])
    return {row["handle"]: row["id"] for row in rows}


def _collection_row(caller: Caller, place: int, shelf: DemoCollection) -> dict[str, Any]:
    rule = [dict(zip(("field", "relation", "value"), shelf.rule, strict=True))] if shelf.rule else []
    return {
        "id": new_id(),
        "shop_id": caller.shop_id,
        "handle": shelf.handle,
        "title": shelf.title,
        "description": shelf.description,
        "image_url": f"{IMAGE_HOST}/shelf-{shelf.handle}.jpg",
        "kind": shelf.kind,
        "rule_match": RuleMatch.ALL,
        "rules": rule,
        "position": place,
        "published": True,
        "product_count": 0,
        "version": 1,
        "created_at": caller.now,
        "updated_at": caller.now,
    }
