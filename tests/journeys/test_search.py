"""Search, as a shopper meets it: real goods, half-remembered words, pages to the end."""

from typing import Any, Final

import pytest

from resolvers.search_text import folded
from tests.conftest import Counting
from tests.harness.asking import Asker
from tests.harness.shops import SandboxShop
from tests.journeys.test_real_catalogue import filled

MALL: Final = "mall_zh/products.csv"

SEARCH: Final = """
query Search($query: String, $first: PageSize, $after: Cursor, $sortKey: ProductSortKey, $reverse: Boolean! = false,
             $filters: [ProductFilter!]) {
  products(query: $query, first: $first, after: $after, sortKey: $sortKey, reverse: $reverse, filters: $filters) {
    totalCount
    pageInfo { hasNextPage hasPreviousPage endCursor }
    facets { id values { label count input } }
    edges { cursor }
    nodes { id handle title priceRange { min { fen } } }
  }
}"""

SAVE: Final = """
mutation ($products: [ProductUpsertInput!]!, $key: String!) {
  productsUpsert(products: $products, idempotencyKey: $key) { products { id } userErrors { code field message } }
}"""

HOSTILE: Final = (
    "'", '"', "\\", "&", "|", "!", ":*", "<->", "(", "床品' | '四件套", "床品 & !四件套", "四件:*", "四件:A",
    "四件 <2> 套",
    "'); drop table product; --", "%", "_", "$1", "{shop}", "{{t}}", "😀", "\u200b", "x" * 10_000, "四件套" * 3_000,
)  # fmt: skip


def goods(handle: str, title: str, **more: Any) -> dict[str, Any]:
    """A product on sale."""
    return {
        "handle": handle, "title": title, "status": "ACTIVE", "variants": [{"price": {"fen": 100}, "tracked": False}],
        **more,
    }  # fmt: skip


async def save(shop: SandboxShop, *products: dict[str, Any], key: str = "goods") -> None:
    """Put products into the shop as its staff does."""
    answer = await shop.staff(SAVE, {"products": list(products), "key": key})
    assert answer.refusals == []


async def found(shop: SandboxShop, query: str, **more: Any) -> list[str]:
    """The handles that a visitor finds, best first."""
    answer = await shop.visitor(SEARCH, {"query": query, "first": 100, **more})
    return [node["handle"] for node in answer["products"]["nodes"]]


async def paged(asker: Asker, first: int, **asked: Any) -> list[str]:
    """All that is found, page by page."""
    handles: list[str] = []
    after = None
    while True:
        answer = await asker(SEARCH, {"first": first, "after": after, **asked})
        page = answer["products"]
        handles += [node["handle"] for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            return handles
        after = page["pageInfo"]["endCursor"]


async def test_bedding_is_found_in_the_real_catalogue(shop: SandboxShop) -> None:
    rows = await filled(shop, MALL)
    said = {
        handle: " ".join(of[0][name] for name in ("Title", "Vendor", "Type", "Tags", "Product Category"))
        for handle, of in rows.items()
    }

    for query in ("床品", "四件套", "浴室", "糕点", "新品"):
        expected = {handle for handle, words in said.items() if query in words}
        assert expected
        assert set(await found(shop, query)) >= expected
    best = await found(shop, "四件套")
    in_title = [handle for handle, of in rows.items() if "四件套" in of[0]["Title"]]
    assert set(best[: len(in_title)]) == set(in_title)


async def test_any_two_neighbours_of_any_real_title_find_it(shop: SandboxShop) -> None:
    rows = await filled(shop, MALL)
    pairs: dict[str, set[str]] = {}
    for handle, of in rows.items():
        title = of[0]["Title"]
        for at in range(0, len(title) - 1, 3):
            pair = title[at : at + 2]
            if any(one.isalnum() for one in folded(pair)):
                pairs.setdefault(pair, set()).add(handle)

    for pair, handles in list(pairs.items())[::5]:
        assert handles <= set(await paged(shop.staff, 100, query=pair)), pair


async def test_a_sku_finds_its_product(shop: SandboxShop) -> None:
    rows = await filled(shop, MALL)
    handle, of = next((handle, of) for handle, of in rows.items() if of[0]["Variant SKU"])

    assert await found(shop, of[0]["Variant SKU"]) == [handle]


async def test_all_words_must_be_there_and_when_nothing_has_them_any_will_do(shop: SandboxShop) -> None:
    await save(
        shop,
        goods("both", "全棉毛巾", vendor="MUJI"),
        goods("towel", "竹纤维毛巾"),
        goods("brand", "收纳盒", vendor="MUJI"),
        goods("other", "铅笔"),
    )

    for query in ("MUJI 毛巾", "毛巾　ｍｕｊｉ", "muji毛巾", "MUJI, 毛巾!"):
        assert await found(shop, query) == ["both"]
    assert set(await found(shop, "毛巾 铅笔")) == {"both", "towel", "other"}
    assert await found(shop, "钢笔") == []


async def test_the_title_counts_most_then_brand_and_tags_then_the_rest(shop: SandboxShop) -> None:
    await save(
        shop,
        goods("sku", "甲", variants=[{"price": {"fen": 100}, "sku": "羊毛"}]),
        goods("type", "乙", productType="羊毛"),
        goods("tag", "丙", tags=["羊毛"]),
        goods("title", "羊毛围巾"),
    )

    assert await found(shop, "羊毛") == ["title", "tag", "type", "sku"]
    assert await found(shop, "羊毛", reverse=True) == ["sku", "type", "tag", "title"]


async def test_newer_goods_come_first_among_equals(shop: SandboxShop) -> None:
    await save(
        shop,
        goods("old", "羊毛围巾", publishedAt="2020-03-01T00:00:00Z"),
        goods("new", "羊毛围巾", publishedAt="2025-03-01T00:00:00Z"),
        goods("middle", "羊毛围巾", publishedAt="2022-03-01T00:00:00Z"),
    )

    assert await found(shop, "围巾") == ["new", "middle", "old"]


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_text_is_only_text(shop: SandboxShop, text: str) -> None:
    await save(shop, goods("bed", "四件套床品"), goods("odd", f"怪 {text[:40]}"))

    answer = await shop.visitor(SEARCH, {"query": text})

    assert answer.errors == []
    assert {node["handle"] for node in answer["products"]["nodes"]} <= {"bed", "odd"}


@pytest.mark.parametrize("sort_key", [None, "RELEVANCE", "PRICE", "TITLE"])
async def test_pages_of_a_search_hold_everything_once(shop: SandboxShop, sort_key: str | None) -> None:
    rows = await filled(shop, MALL)
    whole = await found(shop, "件", sortKey=sort_key)
    assert 20 < len(whole) < 100

    for first in (1, 7, 20):
        assert await paged(shop.visitor, first, query="件", sortKey=sort_key) == whole
    assert len(whole) == len(set(whole)) <= len(rows)


async def test_a_cursor_belongs_to_its_words(shop: SandboxShop) -> None:
    await save(shop, *(goods(f"towel-{number}", f"毛巾 {number}") for number in range(5)))
    page = (await shop.visitor(SEARCH, {"query": "毛巾", "first": 2}))["products"]
    cursor = page["pageInfo"]["endCursor"]

    assert (await shop.visitor(SEARCH, {"query": "毛巾", "first": 2, "after": cursor})).codes == []
    for other in ("毛 巾", "浴巾", None):
        assert (await shop.visitor(SEARCH, {"query": other, "after": cursor})).codes == ["BAD_USER_INPUT"]


async def test_facets_and_counts_are_of_what_was_found(shop: SandboxShop) -> None:
    await save(
        shop,
        goods("a", "毛巾", vendor="甲"), goods("b", "毛巾", vendor="乙"), goods("c", "铅笔", vendor="乙"),
    )  # fmt: skip

    page = (await shop.visitor(SEARCH, {"query": "毛巾"}))["products"]
    (vendor,) = [facet for facet in page["facets"] if facet["id"] == "vendor"]

    assert page["totalCount"] == 2
    assert sorted((value["label"], value["count"]) for value in vendor["values"]) == [("乙", 1), ("甲", 1)]
    assert await found(shop, "毛巾", filters=[{"vendor": "乙"}]) == ["b"]


async def test_a_collection_is_searched_like_the_shop(shop: SandboxShop) -> None:
    await save(shop, goods("in", "毛巾", tags=["浴室"]), goods("out", "毛巾"), goods("other", "牙刷", tags=["浴室"]))
    document = """
    mutation ($input: CollectionCreateInput!) {
      collectionCreate(input: $input, idempotencyKey: "c") {
        collection { handle found: products(query: "毛巾") { totalCount nodes { handle } } } userErrors { code }
      }
    }"""
    rule = {"field": "TAG", "relation": "EQUALS", "value": "浴室"}
    made = await shop.staff(document, {"input": {"title": "浴室", "kind": "RULE", "rules": [rule]}})

    assert made["collectionCreate"]["collection"]["found"] == {"totalCount": 1, "nodes": [{"handle": "in"}]}


async def test_nobody_finds_drafts_nor_another_shops_goods(shop: SandboxShop, other_shop: SandboxShop) -> None:
    await save(shop, goods("mine", "毛巾"), goods("draft", "毛巾", status="DRAFT"))
    await save(other_shop, goods("theirs", "毛巾"))

    assert await found(shop, "毛巾") == ["mine"]
    assert await found(other_shop, "毛巾") == ["theirs"]
    staff = await shop.staff(SEARCH, {"query": "毛巾"})
    assert {node["handle"] for node in staff["products"]["nodes"]} == {"mine", "draft"}


async def test_a_draft_that_has_all_words_does_not_keep_the_public_from_those_with_some(shop: SandboxShop) -> None:
    await save(shop, goods("some", "毛巾"), goods("draft", "全棉毛巾", status="DRAFT"))

    assert await found(shop, "全棉 毛巾") == ["some"]


async def test_a_change_is_found_as_soon_as_it_is_answered(shop: SandboxShop) -> None:
    await save(shop, goods("a", "毛巾"))
    await save(shop, goods("a", "浴巾"), key="again")

    assert await found(shop, "毛巾") == await found(shop, "毛") == []
    assert await found(shop, "浴巾") == ["a"]


async def test_a_search_is_one_statement(shop: SandboxShop, statements: Counting) -> None:
    await save(shop, goods("a", "毛巾"))

    async with statements() as seen:
        await found(shop, "MUJI 毛巾")

    assert len([sql for sql in seen.sql if "product_words" in sql]) == len(
        [sql for sql in seen.sql if "visitor_key" not in sql]
    ) == 1  # fmt: skip


async def test_without_words_relevance_is_the_lists_own_order(shop: SandboxShop) -> None:
    await save(
        shop,
        goods("old", "甲", publishedAt="2020-03-01T00:00:00Z"),
        goods("new", "乙", publishedAt="2021-03-01T00:00:00Z"),
    )
    listed = await shop.visitor(
        "{ a: products(sortKey: RELEVANCE) { nodes { handle } } b: products { nodes { handle } } }"
    )

    assert listed["a"] == listed["b"] == {"nodes": [{"handle": "new"}, {"handle": "old"}]}
    assert await found(shop, "!!!") == await found(shop, "") == []
