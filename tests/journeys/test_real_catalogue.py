"""Real catalogues, imported and read back over HTTP: every product, price and picture is the file's."""

import csv
import os
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from resolvers.product_import import import_products
from tests.conftest import Counting
from tests.harness.shops import SandboxShop

SHARED = Path(os.environ.get("XIAOPU_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))
FILES = ["mall_zh/products.csv", "shopify/apparel.csv", "shopify/home-and-garden.csv"]

PAGE = """
query Page($after: Cursor, $sortKey: ProductSortKey!, $filters: [ProductFilter!]) {
  products(first: 20, after: $after, sortKey: $sortKey, filters: $filters) {
    totalCount
    pageInfo { hasNextPage endCursor }
    nodes {
      handle title vendor tags
      priceRange { min { fen } max { fen } }
      images(first: 8) { url }
      variants(first: 6) {
        nodes { sku price { amount fen } compareAtPrice { fen } tracked stockLeft selectedOptions { name value } }
      }
    }
  }
}
"""


def rows_of(name: str) -> dict[str, list[dict[str, str]]]:
    """The file's rows by handle, read by nothing of ours."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"{name} is not here; XIAOPU_SHARED_DATA names where it is")
    with path.open(encoding="utf-8-sig", newline="") as file:
        found = defaultdict(list)
        for row in csv.DictReader(file):
            found[row["Handle"]].append(row)
    return found


async def filled(shop: SandboxShop, name: str) -> dict[str, list[dict[str, str]]]:
    """Import a file into the shop and give its rows."""
    rows = rows_of(name)
    await import_products(shop.caller, SHARED / name)
    return rows


async def all_products(shop: SandboxShop, sort_key: str = "TITLE", filters: Any = None) -> list[dict[str, Any]]:
    """Page to the end, as staff, who see drafts too."""
    found: list[dict[str, Any]] = []
    after = None
    while True:
        answer = await shop.staff(PAGE, {"after": after, "sortKey": sort_key, "filters": filters})
        page = answer["products"]
        found += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            assert len(found) == page["totalCount"]
            return found
        after = page["pageInfo"]["endCursor"]


def fen(yuan: str) -> int:
    return int(Decimal(yuan) * 100)


def is_variant(row: dict[str, str]) -> bool:
    return bool(row["Variant Price"])


@pytest.mark.parametrize("name", FILES)
async def test_every_product_is_listed_once_with_its_words(shop: SandboxShop, name: str) -> None:
    rows = await filled(shop, name)

    listed = await all_products(shop)

    assert {product["handle"]: (product["title"], product["vendor"]) for product in listed} == {
        handle: (of[0]["Title"].strip(), of[0]["Vendor"].strip()) for handle, of in rows.items()
    }
    assert len(listed) == len(rows)


@pytest.mark.parametrize("name", FILES)
async def test_every_variant_has_the_prices_of_the_file(shop: SandboxShop, name: str) -> None:
    rows = await filled(shop, name)

    for product in await all_products(shop):
        expected = [
            (
                fen(row["Variant Price"]),
                fen(row["Variant Compare At Price"]) if row["Variant Compare At Price"] else None,
            )
            for row in rows[product["handle"]]
            if is_variant(row)
        ]
        got = [
            (variant["price"]["fen"], variant["compareAtPrice"] and variant["compareAtPrice"]["fen"])
            for variant in product["variants"]["nodes"]
        ]
        prices = [price for price, _ in expected]
        assert got == expected, product["handle"]
        assert product["priceRange"] == {"min": {"fen": min(prices)}, "max": {"fen": max(prices)}}


@pytest.mark.parametrize("name", FILES)
async def test_every_picture_is_there_in_its_place(shop: SandboxShop, name: str) -> None:
    rows = await filled(shop, name)

    for product in await all_products(shop):
        pictures = [row for row in rows[product["handle"]] if row["Image Src"]]
        pictures.sort(key=lambda row: int(row["Image Position"] or 0))
        assert [image["url"] for image in product["images"]] == [row["Image Src"] for row in pictures]


async def test_options_are_named_as_in_the_file(shop: SandboxShop) -> None:
    rows = await filled(shop, "mall_zh/products.csv")

    for product in await all_products(shop):
        of = rows[product["handle"]]
        names = [of[0][f"Option{n} Name"] for n in (1, 2, 3) if of[0][f"Option{n} Name"]]
        expected = [
            [{"name": name, "value": row[f"Option{n} Value"].strip()} for n, name in enumerate(names, 1)]
            for row in of
            if is_variant(row)
        ]
        assert [variant["selectedOptions"] for variant in product["variants"]["nodes"]] == expected


async def test_a_row_without_a_tracker_is_not_a_stock_of_one(shop: SandboxShop) -> None:
    await filled(shop, "shopify/apparel.csv")

    variants = [variant for product in await all_products(shop) for variant in product["variants"]["nodes"]]

    assert {(variant["tracked"], variant["stockLeft"]) for variant in variants} == {(False, None)}


@pytest.mark.parametrize("sort_key", ["PRICE", "TITLE", "CREATED", "UPDATED", "PUBLISHED", "BEST_SELLING", "RATING"])
async def test_every_order_reaches_every_product(shop: SandboxShop, sort_key: str) -> None:
    rows = await filled(shop, "shopify/home-and-garden.csv")

    assert sorted(product["handle"] for product in await all_products(shop, sort_key)) == sorted(rows)


async def test_the_cheapest_come_first(shop: SandboxShop) -> None:
    await filled(shop, "mall_zh/products.csv")

    prices = [product["priceRange"]["min"]["fen"] for product in await all_products(shop, "PRICE")]

    assert prices == sorted(prices)


async def test_a_span_of_prices_holds_what_the_file_has_in_it(shop: SandboxShop) -> None:
    rows = await filled(shop, "mall_zh/products.csv")
    cheapest = {handle: min(fen(row["Variant Price"]) for row in of if is_variant(row)) for handle, of in rows.items()}

    found = await all_products(shop, filters=[{"price": {"min": 5_000, "max": 10_000}}])

    assert {product["handle"] for product in found} == {
        handle for handle, price in cheapest.items() if 5_000 <= price <= 10_000
    }


async def test_alternatives_within_a_kind_and_conditions_across_kinds(shop: SandboxShop) -> None:
    rows = await filled(shop, "mall_zh/products.csv")
    tagged = {handle: {tag.strip() for tag in of[0]["Tags"].split(",")} for handle, of in rows.items()}

    either = await all_products(shop, filters=[{"tag": "热卖"}, {"tag": "新品"}])
    and_cheap = await all_products(shop, filters=[{"tag": "热卖"}, {"tag": "新品"}, {"price": {"max": 10_000}}])

    assert {product["handle"] for product in either} == {h for h, tags in tagged.items() if tags & {"热卖", "新品"}}
    assert {p["handle"] for p in and_cheap} == {p["handle"] for p in either if p["priceRange"]["min"]["fen"] <= 10_000}


async def test_a_category_holds_its_whole_branch(shop: SandboxShop) -> None:
    rows = await filled(shop, "mall_zh/products.csv")
    answer = await shop.staff("{ categories { id name children { id name } } }")
    home = next(category for category in answer["categories"] if category["name"] == "居家")

    found = await all_products(shop, filters=[{"category": home["id"]}])

    assert {product["handle"] for product in found} == {
        handle for handle, of in rows.items() if of[0]["Product Category"].startswith("居家")
    }


async def test_every_value_of_a_facet_brings_as_many_products_as_it_says(shop: SandboxShop) -> None:
    await filled(shop, "mall_zh/products.csv")
    answer = await shop.staff("{ products(first: 1) { facets { id values { label count input } } } }")
    facets = answer["products"]["facets"]

    for facet in facets:
        for value in facet["values"][:4]:
            counted = await shop.staff(
                "query ($filters: [ProductFilter!]) { products(first: 1, filters: $filters) { totalCount } }",
                {"filters": [value["input"]]},
            )
            assert counted["products"]["totalCount"] == value["count"], (facet["id"], value)
    assert {facet["id"] for facet in facets} >= {"available", "price", "category", "tag", "option.规格"}


async def test_drafts_of_the_file_are_for_staff_only(shop: SandboxShop) -> None:
    rows = await filled(shop, "mall_zh/products.csv")
    draft = next(handle for handle, of in rows.items() if of[0]["Status"] == "draft")
    document = "query ($handle: Handle) { product(handle: $handle) { handle } }"

    assert (await shop.visitor(document, {"handle": draft}))["product"] is None
    assert (await shop.staff(document, {"handle": draft}))["product"] == {"handle": draft}


async def test_a_page_of_real_products_is_one_statement(shop: SandboxShop, statements: Counting) -> None:
    await filled(shop, "mall_zh/products.csv")
    variables = {"after": None, "sortKey": "PRICE", "filters": [{"available": True}]}
    await shop.visitor(PAGE.replace("tracked", ""), variables)

    async with statements() as seen:
        answer = await shop.visitor(PAGE.replace("tracked", ""), variables)

    assert len(answer["products"]["nodes"]) == 20
    assert len(seen) == 1
