"""Pages that a shop puts together: every block shows what it names, as it is now, in the shop's order."""

from typing import Any

import pytest

from tests.harness.asking import Answer, Refused
from tests.harness.shops import SandboxShop

UPSERT = """
mutation ($input: PageUpsertInput!, $key: String = "page") {
  pageUpsert(input: $input, idempotencyKey: $key) {
    page { id handle kind title version published shareTitle shareImageUrl } userErrors { code field message }
  }
}"""
DELETE = """
mutation ($id: ID!, $version: Int) {
  pageDelete(id: $id, version: $version) { deletedPageId userErrors { code field message } }
}"""
BLOCKS = """
blocks {
  __typename title
  ... on BannerBlock { url alt target product { handle } collection { handle } page { handle } }
  ... on ProductsBlock { products { handle } }
  ... on CollectionBlock { collection { handle } }
  ... on WordsBlock { text }
  ... on PictureBlock { pictureUrl: url target page { handle } }
  ... on FilmBlock { filmUrl: url }
  ... on LookBlock { lookUrl: url tags { x y product { handle } } }
}"""
PAGE = f"query ($handle: Handle) {{ page(handle: $handle) {{ id handle kind title {BLOCKS} }} }}"
PAGES = "{ pages(first: 10) { totalCount nodes { handle kind } } }"
GOODS = """
mutation ($products: [ProductUpsertInput!]!) {
  productsUpsert(products: $products, idempotencyKey: "goods") { products { id handle } userErrors { code field } }
}"""
SHELF = """
mutation ($input: CollectionCreateInput!) {
  collectionCreate(input: $input, idempotencyKey: "shelf") { collection { id } userErrors { code field } }
}"""
FILL = """
mutation ($id: ID!, $products: [ID!]!) {
  collectionProductsAdd(id: $id, productIds: $products) { collection { id } userErrors { code field } }
}"""
URL = "https://img.example/1.jpg"


async def goods(shop: SandboxShop, *handles: str, **more: Any) -> dict[str, str]:
    """Put products on sale; those that begin with `draft` are not. Ids by handle."""
    wishes = [
        {"title": name, "handle": name, "status": "DRAFT" if name.startswith("draft") else "ACTIVE",
         "variants": [{"price": {"fen": 1990}, "onHand": 9}], **more}
        for name in handles
    ]  # fmt: skip
    answer = await shop.staff(GOODS, {"products": wishes})
    assert answer.refusals == []
    return {product["handle"]: product["id"] for product in answer["productsUpsert"]["products"]}


async def shelf(shop: SandboxShop, *ids: str) -> str:
    """A collection `shelf` with these products."""
    made = await shop.staff(SHELF, {"input": {"title": "货架", "handle": "shelf", "kind": "MANUAL"}})
    assert made.refusals == []
    collection: str = made["collectionCreate"]["collection"]["id"]
    assert (await shop.staff(FILL, {"id": collection, "products": list(ids)})).refusals == []
    return collection


async def put(shop: SandboxShop, key: str = "page", **wish: Any) -> Answer:
    return await shop.staff(UPSERT, {"input": wish, "key": key})


async def put_well(shop: SandboxShop, key: str = "page", **wish: Any) -> dict[str, Any]:
    answer = await put(shop, key, **wish)
    assert answer.refusals == []
    page: dict[str, Any] = answer["pageUpsert"]["page"]
    return page


async def test_every_block_shows_what_it_names(shop: SandboxShop) -> None:
    ids = await goods(shop, "a", "b", "c", "draft")
    collection = await shelf(shop, ids["draft"], ids["c"], ids["a"], ids["b"])
    topic = await put_well(shop, "topic", title="春", handle="spring", published=True, blocks=[])

    page = await put_well(
        shop, title="首页", handle="home", kind="HOME", published=True, shareTitle="来看看", shareImageUrl=URL,
        blocks=[
            {"banner": {"url": URL, "alt": "春", "target": {"kind": "PAGE", "id": topic["id"]}}},
            {"banner": {"url": URL, "target": {"kind": "PRODUCT", "id": ids["a"]}}},
            {"products": {"title": "精选", "productIds": [ids["b"], ids["draft"], ids["a"]]}},
            {"products": {"collectionId": collection, "count": 2}},
            {"collection": {"collectionId": collection}},
            {"text": {"text": "你好 <b>"}},
            {"image": {"url": URL, "target": {"kind": "SHOP"}}},
            {"video": {"url": "https://img.example/1.mp4"}},
            {"look": {"url": URL, "tags": [{"x": 0, "y": 1000, "productId": ids["c"]},
                                           {"x": 5, "y": 6, "productId": ids["draft"]}]}},
        ],
    )  # fmt: skip

    assert page == {
        "id": page["id"], "handle": "home", "kind": "HOME", "title": "首页", "version": 1, "published": True,
        "shareTitle": "来看看", "shareImageUrl": URL,
    }  # fmt: skip
    seen = (await shop.visitor(PAGE, {"handle": "home"}))["page"]
    nowhere = {"product": None, "collection": None, "page": None}
    banner = {"__typename": "BannerBlock", "title": "", "url": URL, **nowhere}
    assert seen["blocks"] == [
        {**banner, "alt": "春", "target": "PAGE", "page": {"handle": "spring"}},
        {**banner, "alt": "", "target": "PRODUCT", "product": {"handle": "a"}},
        {"__typename": "ProductsBlock", "title": "精选", "products": [{"handle": "b"}, {"handle": "a"}]},
        {"__typename": "ProductsBlock", "title": "", "products": [{"handle": "c"}, {"handle": "a"}]},
        {"__typename": "CollectionBlock", "title": "", "collection": {"handle": "shelf"}},
        {"__typename": "WordsBlock", "title": "", "text": "你好 <b>"},
        {"__typename": "PictureBlock", "title": "", "pictureUrl": URL, "target": "SHOP", "page": None},
        {"__typename": "FilmBlock", "title": "", "filmUrl": "https://img.example/1.mp4"},
        {
            "__typename": "LookBlock", "title": "", "lookUrl": URL,
            "tags": [{"x": 0, "y": 1000, "product": {"handle": "c"}}, {"x": 5, "y": 6, "product": None}],
        },
    ]  # fmt: skip


async def test_what_goes_is_left_out_and_the_page_stays(shop: SandboxShop) -> None:
    ids = await goods(shop, "a", "b")
    blocks = [{"products": {"productIds": [ids["a"], ids["b"]]}}, {"look": {"url": URL, "tags": []}}]
    await put_well(shop, title="首页", handle="home", published=True, blocks=blocks)

    gone = await shop.staff(
        "mutation ($id: ID!) { productDelete(id: $id) { deletedProductId userErrors { code } } }", {"id": ids["a"]}
    )

    assert gone.refusals == []
    seen = (await shop.visitor(PAGE, {"handle": "home"}))["page"]
    assert seen["blocks"][0]["products"] == [{"handle": "b"}]


async def test_a_draft_is_seen_by_staff_only(shop: SandboxShop) -> None:
    page = await put_well(shop, title="草稿", handle="draft")

    assert (await shop.visitor(PAGE, {"handle": "draft"}))["page"] is None
    assert (await shop.visitor(PAGES))["pages"] == {"totalCount": 0, "nodes": []}
    assert (await shop.staff(PAGES))["pages"] == {"totalCount": 1, "nodes": [{"handle": "draft", "kind": "TOPIC"}]}

    await put_well(shop, "publish", id=page["id"], published=True)
    assert (await shop.visitor(PAGE, {"handle": "draft"}))["page"]["title"] == "草稿"


async def test_an_update_keeps_what_it_does_not_say(shop: SandboxShop) -> None:
    page = await put_well(
        shop, title="春", handle="spring", published=True, shareTitle="甲", blocks=[{"text": {"text": "好"}}]
    )

    changed = await put_well(shop, "again", id=page["id"], version=1, title="夏")

    assert changed == {**page, "title": "夏", "version": 2}
    seen = (await shop.visitor(PAGE, {"handle": "spring"}))["page"]
    assert seen["blocks"] == [{"__typename": "WordsBlock", "title": "", "text": "好"}]
    stale = await put(shop, "stale", id=page["id"], version=1, title="秋")
    assert stale.refusals == [Refused("CONFLICT", "input.version")]


async def test_the_same_wish_twice_is_one_page(shop: SandboxShop) -> None:
    first = await put_well(shop, title="春", blocks=[{"text": {"text": "好"}}])
    second = await put_well(shop, title="春", blocks=[{"text": {"text": "好"}}])

    assert first == second
    assert (await shop.staff(PAGES))["pages"]["totalCount"] == 1


async def test_a_page_goes_for_good(shop: SandboxShop) -> None:
    page = await put_well(shop, title="春", handle="spring", published=True)

    refused = await shop.staff(DELETE, {"id": page["id"], "version": 7})
    assert refused.refusals == [Refused("CONFLICT", "version")]
    assert (await shop.staff(DELETE, {"id": page["id"], "version": 1}))["pageDelete"]["deletedPageId"] == page["id"]
    assert (await shop.staff(PAGE, {"handle": "spring"}))["page"] is None
    assert (await shop.staff(DELETE, {"id": page["id"]})).refusals == [Refused("NOT_FOUND", "id")]


@pytest.mark.parametrize(
    ("block", "refused"),
    [
        ({"text": {"text": " "}}, [Refused("BLANK", "input.blocks.0.text.text")]),
        ({"text": {"text": "好" * 5001}}, [Refused("TOO_LONG", "input.blocks.0.text.text")]),
        ({"video": {"url": URL, "title": "好" * 256}}, [Refused("TOO_LONG", "input.blocks.0.video.title")]),
        ({}, [Refused("INVALID", "input.blocks.0")]),
        ({"text": {"text": "一"}, "video": {"url": "https://x.example/a.mp4"}}, [Refused("INVALID", "input.blocks.0")]),
        ({"products": {}}, [Refused("INVALID", "input.blocks.0.products.productIds")]),
        ({"products": {"productIds": ["prd_x"]}}, [Refused("NOT_FOUND", "input.blocks.0.products.productIds.0")]),
        (
            {"products": {"collectionId": "col_x", "count": 0}},
            [Refused("OUT_OF_RANGE", "input.blocks.0.products.count")],
        ),
        ({"collection": {"collectionId": "col_x"}}, [Refused("NOT_FOUND", "input.blocks.0.collection.collectionId")]),
        (
            {"banner": {"url": URL, "target": {"kind": "SHOP", "id": "x"}}},
            [Refused("INVALID", "input.blocks.0.banner.target.id")],
        ),
        (
            {"image": {"url": URL, "target": {"kind": "PAGE"}}},
            [Refused("INVALID", "input.blocks.0.image.target.id")],
        ),
        (
            {"look": {"url": URL, "tags": [{"x": 1001, "y": -1, "productId": "prd_x"}]}},
            [Refused("OUT_OF_RANGE", "input.blocks.0.look.tags.0.x"),
             Refused("OUT_OF_RANGE", "input.blocks.0.look.tags.0.y")],
        ),
    ],
    ids=lambda part: next(iter(part), "") if isinstance(part, dict) else "",
)  # fmt: skip
async def test_what_no_block_can_be(shop: SandboxShop, block: dict[str, Any], refused: list[Refused]) -> None:
    answer = await put(shop, title="首页", blocks=[block])

    assert answer.refusals == refused
    assert answer["pageUpsert"]["page"] is None
    assert (await shop.staff(PAGES))["pages"]["totalCount"] == 0


async def test_a_block_names_nothing_of_another_shop(shop: SandboxShop, other_shop: SandboxShop) -> None:
    theirs = await goods(other_shop, "a")
    page = await put_well(other_shop, title="春", published=True)

    answer = await put(
        shop, title="首页", blocks=[
            {"products": {"productIds": [theirs["a"]]}},
            {"banner": {"url": URL, "target": {"kind": "PAGE", "id": page["id"]}}},
        ],
    )  # fmt: skip

    assert answer.refusals == [
        Refused("NOT_FOUND", "input.blocks.0.products.productIds.0"),
        Refused("NOT_FOUND", "input.blocks.1.banner.target.id"),
    ]
    assert (await put(shop, id=page["id"], title="首页")).refusals == [Refused("NOT_FOUND", "input.id")]


async def test_a_handle_and_the_home_are_had_once(shop: SandboxShop) -> None:
    await put_well(shop, title="首页", handle="home", kind="HOME")

    assert (await put(shop, "2", title="二", handle="home")).refusals == [Refused("TAKEN", "input.handle")]
    assert (await put(shop, "3", title="三", kind="HOME")).refusals == [Refused("TAKEN", "input.kind")]
    assert (await put(shop, "4")).refusals == [Refused("BLANK", "input.title")]
