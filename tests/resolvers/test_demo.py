"""The demo shop is a believable shop, the same for the same seed, and there in a moment."""

import time
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from ids import encode_id
from models.database import pool
from models.product import ProductStatus
from resolvers.demo import fill_with_demo, open_demo
from resolvers.demo_data import demo_products, demo_reviews
from resolvers.shop import delete_shop
from settings import Settings
from tests.harness.buying import QUOTE
from tests.harness.shops import OpenedShop, SandboxShop, open_shop

HOME = """{
  landing { target { __typename ... on HomePage { page { handle blocks {
    __typename ... on BannerBlock { collection { handle } } ... on ProductsBlock { products { handle } }
    ... on LookBlock { tags { product { handle } } }
    ... on CollectionBlock { collection { products(first: 4) { nodes { handle } } } }
  } } } } }
}"""
# On sale, and no heavier than the first kilo that freight is taken for.
LIGHT = """
    select variant.id from variant join product on product.id = product_id
    where variant.shop_id = $1 and product.status = 'ACTIVE' and product.published_at <= now() and unpublish_at is null
      and requires_shipping and weight_grams between 1 and 1000 and available > 0
"""
MOMENT = datetime(2026, 5, 1, tzinfo=UTC)


async def rows(shop: OpenedShop, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await pool().fetch(sql, shop.id)]


def test_the_same_seed_gives_the_same_goods_and_reviews() -> None:
    goods, others = demo_products(1, MOMENT), demo_products(2, MOMENT)

    assert goods == demo_products(1, MOMENT)
    assert goods != others
    assert [product.title for product in goods] == [product.title for product in others]
    assert demo_reviews(1, goods, MOMENT) == demo_reviews(1, goods, MOMENT)


def test_there_is_something_of_everything() -> None:
    goods = demo_products(1, MOMENT)
    variants = [variant for product in goods for variant in product.variants]

    assert 38 <= len(goods) <= 45
    assert len({product.handle for product in goods}) == len(goods)
    assert {product.status for product in goods} == set(ProductStatus)
    assert all(len(product.images) >= 3 and product.tags and product.metafields for product in goods)
    assert {len(product.options) for product in goods} == {0, 1, 2}
    assert any(not variant.tracked for variant in variants)
    assert any(variant.tracked and variant.quantity == 0 for variant in variants)
    assert all(variant.price_fen > (variant.cost_fen or 0) for variant in variants)
    assert all((variant.compare_at_price_fen or variant.price_fen + 1) > variant.price_fen for variant in variants)
    assert 120 <= len(demo_reviews(1, goods, MOMENT)) <= 180


async def test_a_sandbox_is_filled_in_less_than_a_second(opened: OpenedShop) -> None:
    start = time.perf_counter()
    await fill_with_demo(opened.shop)

    assert time.perf_counter() - start < 1
    goods = len(demo_products(opened.shop.seed, MOMENT))
    assert await rows(
        opened, "select count(*), count(*) filter (where rating_count > 0) > 20 from product where shop_id = $1"
    ) == [(goods, True)]
    shelves = await rows(
        opened, "select title, kind, product_count from collection where shop_id = $1 order by position"
    )
    assert len(shelves) == 6
    assert {kind for _, kind, _ in shelves} == {"MANUAL", "RULE"}
    assert all(count >= 4 for *_, count in shelves)
    assert await rows(opened, "select count(*) from category where shop_id = $1 and parent_id is null") == [(7,)]
    assert await rows(opened, "select count(*) from customer where shop_id = $1") == [(24,)]


async def test_stored_figures_of_the_demo_are_true(opened: OpenedShop) -> None:
    await fill_with_demo(opened.shop)

    wrong = """
        select handle from product where shop_id = $1 and (
            rating_count <> (select count(*) from review
                             where product_id = product.id and status = 'PUBLISHED')
            or image_count <> (select count(*) from media where product_id = product.id)
            or min_price_fen <> (select min(price_fen) from variant where product_id = product.id))
    """
    assert await rows(opened, wrong) == []


async def test_two_shops_of_one_seed_show_the_same(opened: OpenedShop, settings: Settings) -> None:
    twin = await open_shop(settings, "双生")
    seen = """
        select handle, variant.title, position, sku, price_fen, available
        from variant join product on product.id = product_id where variant.shop_id = $1 order by 1, 3
    """
    for shop in (opened, twin):
        await pool().execute("update shop set seed = 5 where id = $1", shop.id)
        await shop.shop.refresh_from_db()
        await fill_with_demo(shop.shop)

    assert await rows(opened, seen) == await rows(twin, seen)


async def test_its_home_page_shows_something_of_every_block(demo: SandboxShop) -> None:
    answer = await demo.visitor(HOME)

    target, blocks = answer["landing"]["target"], answer["landing"]["target"]["page"]["blocks"]
    assert (target["__typename"], target["page"]["handle"]) == ("HomePage", "home")
    assert [block["__typename"] for block in blocks] == [
        "BannerBlock", "WordsBlock", "ProductsBlock", "ProductsBlock", "LookBlock", "CollectionBlock",
    ]  # fmt: skip
    assert blocks[0]["collection"]["handle"] == "new"
    assert [len(block.get("products", ())) for block in blocks] == [0, 0, 3, 6, 0, 0]
    assert len(blocks[4]["tags"]) == 2
    assert len(blocks[5]["collection"]["products"]["nodes"]) == 4


@pytest.mark.parametrize(
    ("region", "fen", "reason", "freight"),
    [
        ("330000", "< 9900", "BELOW_THRESHOLD", 800),
        ("330000", ">= 9900", "FREE", 0),
        ("650000", ">= 9900", "APPLIED", 1800),
        ("810000", "< 9900", "NOT_DELIVERABLE", 0),
    ],
)
async def test_freight_is_taken_for_what_is_light_or_far_or_not_sent(
    demo: SandboxShop, region: str, fen: str, reason: str, freight: int
) -> None:
    variant = await pool().fetchval(f"{LIGHT} and price_fen {fen} order by variant.id limit 1", demo.id)
    line = {"variantId": encode_id("var", variant), "quantity": 1}

    answer = await demo.visitor.also(x_visitor_id=str(uuid4()))(
        QUOTE, {"input": {"source": {"lines": [line]}, "region": region}}
    )

    assert answer.refusals == []
    quote = answer["quote"]["quote"]
    [said] = quote["priceExplanation"]
    assert (said["kind"], said["reason"], quote["freight"]["fen"]) == ("FREIGHT", reason, freight)


async def test_the_demo_shop_is_opened_once(demo: SandboxShop) -> None:
    assert not await open_demo(b"k" * 32)

    assert await pool().fetchval("select key from visitor_key where shop_id = $1", demo.id) == "demo"


@pytest.mark.parametrize("table", ["product", "variant", "review", "collection", "customer", "stock_move"])
async def test_a_filled_sandbox_can_be_thrown_away(opened: OpenedShop, table: str) -> None:
    await fill_with_demo(opened.shop)
    await delete_shop(opened.id)

    assert await rows(opened, f"select count(*) from {table} where shop_id = $1") == [(0,)]
