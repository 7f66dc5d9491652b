"""The pages of a mini-program, each one document: what they need is there, within the price of one request."""

from typing import Any, Final

import pytest

from tests.conftest import Counting
from tests.harness.asking import Answer
from tests.harness.shops import SandboxShop
from tests.journeys.test_catalogue import change, create

COST_MOST: Final = 1000

HOME: Final = """query Home($filters: [ProductFilter!], $sortKey: ProductSortKey! = PUBLISHED, $after: Cursor) {
  shop { name logoUrl }
  categories { id handle name imageUrl }
  collections(first: 6) { nodes { id handle title imageUrl } }
  products(first: 20, after: $after, filters: $filters, sortKey: $sortKey) {
    totalCount
    pageInfo { hasNextPage endCursor }
    facets { id label type values { id label count input } }
    nodes {
      id handle title tags inStock salesCount
      priceRange { min { amount fen } max { fen } }
      rating { average count }
      featuredImage { url alt width height }
      variants(first: 1) { nodes { id compareAtPrice { amount } } }
    }
  }
}"""

DETAIL: Final = """query Detail($handle: Handle) {
  product(handle: $handle) {
    id handle title vendor tags inStock salesCount seoTitle seoDescription perPersonLimit perOrderLimit unpublishAt
    category { id name ancestors { id name } }
    collections(first: 3) { id title }
    description {
      __typename html
      ... on TextBlock { text } ... on ImageBlock { url alt } ... on VideoBlock { url } ... on ProductBlock { handle }
    }
    priceRange { min { amount fen } max { amount fen } }
    options { name values }
    media(first: 20) { nodes { kind url alt width height } }
    variants(first: 100) {
      nodes {
        id title availableForSale stockLeft selectedOptions { name value } image { url }
        price { amount fen } compareAtPrice { amount fen } lowestPriceOf7Days { fen }
      }
    }
    rating { average count }
    reviews(first: 3) { totalCount nodes { id authorName rating body imageUrls reply createdAt } }
    metafields(first: 20) { namespace key type value }
  }
}"""

COLLECTION: Final = """query Shelf($handle: Handle, $filters: [ProductFilter!], $after: Cursor) {
  collection(handle: $handle) {
    id title description imageUrl
    products(first: 20, after: $after, filters: $filters) {
      totalCount
      pageInfo { hasNextPage endCursor }
      facets { id label type values { label count input } }
      nodes { id handle title inStock priceRange { min { amount } } featuredImage { url } rating { average } }
    }
  }
}"""

TREE: Final = """query Tree {
  categories { id handle name imageUrl children { id handle name imageUrl children { id handle name imageUrl } } }
}"""

REVIEWS: Final = """query Reviews($id: ID, $after: Cursor) {
  product(id: $id) {
    title
    rating { average count }
    reviews(first: 20, after: $after) {
      totalCount
      pageInfo { hasNextPage endCursor }
      nodes { id authorName rating body imageUrls reply repliedAt createdAt }
    }
  }
}"""


async def first_of_demo(demo: SandboxShop) -> dict[str, Any]:
    """A reviewed product and a collection that the demo shows."""
    answer = await demo.visitor(
        "{ products(first: 1, sortKey: RATING) { nodes { id handle } } collections(first: 1) { nodes { handle } } }"
    )
    return {"product": answer["products"]["nodes"][0], "shelf": answer["collections"]["nodes"][0]["handle"]}


def cost(answer: Answer) -> int:
    assert answer.errors == []
    points: int = answer.extensions["cost"]["requestedQueryCost"]
    return points


@pytest.mark.parametrize("page", ["home", "detail", "collection", "tree", "reviews"])
async def test_a_page_is_one_document_and_one_statement(page: str, demo: SandboxShop, statements: Counting) -> None:
    first = await first_of_demo(demo)
    document, variables = {
        "home": (HOME, {}),
        "detail": (DETAIL, {"handle": first["product"]["handle"]}),
        "collection": (COLLECTION, {"handle": first["shelf"]}),
        "tree": (TREE, {}),
        "reviews": (REVIEWS, {"id": first["product"]["id"]}),
    }[page]
    async with statements() as seen:
        answer = await demo.visitor(document, variables)

    assert all(value is not None for value in answer.data.values())
    assert cost(answer) < COST_MOST
    assert len([sql for sql in seen.sql if "visitor_key" not in sql]) == 1


async def test_the_home_page_narrows_by_what_its_facets_gave_and_reads_on(demo: SandboxShop) -> None:
    home = (await demo.visitor(HOME))["products"]
    facets = {facet["id"]: facet["values"] for facet in home["facets"]}

    narrowed = await demo.visitor(HOME, {"filters": [facets["tag"][0]["input"], facets["available"][0]["input"]]})
    following = await demo.visitor(HOME, {"after": home["pageInfo"]["endCursor"]})

    assert 0 < narrowed["products"]["totalCount"] <= facets["tag"][0]["count"]
    assert not {node["id"] for node in home["nodes"]} & {node["id"] for node in following["products"]["nodes"]}


async def test_extras_are_listed_and_the_private_ones_for_staff_only(shop: SandboxShop) -> None:
    product = (await create(shop))["id"]
    extras = [
        {"ownerId": product, "namespace": "shop", "key": "care", "value": "手洗", "visibility": "STOREFRONT"},
        {"ownerId": product, "namespace": "import", "key": "margin", "value": "30"},
    ]
    call = "$extras: [MetafieldSetInput!]! => metafieldsSet(metafields: $extras)"
    await change(shop, call, "__typename", extras=extras)
    document = "query ($id: ID) { product(id: $id) { metafields(first: 5) { key } } }"

    assert (await shop.visitor(document, {"id": product}))["product"]["metafields"] == [{"key": "care"}]
    staff = (await shop.staff(document, {"id": product}))["product"]["metafields"]
    assert staff == [{"key": "margin"}, {"key": "care"}]
