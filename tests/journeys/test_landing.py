"""Landing: one answer by one statement, whatever brought the visitor; what is gone leads home with a warning."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from clock import wall_now
from models.database import pool
from resolvers.sandbox_shop import KOL_NAME
from tests.conftest import Counting
from tests.harness.shops import SandboxShop
from tests.journeys.test_pages import PAGES, goods, put_well, shelf
from tests.journeys.test_sharing import customer, kol
from tests.journeys.test_statement_counts import asked

LANDING = """
query ($input: LandingInput) {
  landing(input: $input) {
    shop { name }
    promoter { name }
    share { token }
    target {
      __typename title
      ... on ProductPage {
        product { handle variants(first: 1) { nodes { price { fen } } } reviews(first: 1) { totalCount } }
        promises { title text } related(first: 2) { handle } sameCollection { handle }
      }
      ... on CollectionPage { collection { handle products(first: 1) { nodes { handle } } } }
      ... on HomePage { home: page { handle } }
      ... on TopicPage { topic: page { handle blocks { __typename } } }
    }
    offers { __typename id title price { fen } }
    warnings { code }
  }
}"""
SHOP_UPDATE = """
mutation ($input: ShopUpdateInput!) {
  shopUpdate(input: $input) { shop { servicePromises { title text } } userErrors { code field } }
}"""
CATEGORY = """
mutation { categoryCreate(input: {name: "茶"}, idempotencyKey: "c") { category { id } userErrors { code } } }
"""
HOME = {"__typename": "HomePage", "title": "小铺", "home": None}


async def land(shop: SandboxShop, **where: Any) -> dict[str, Any]:
    answer = await shop.visitor(LANDING, {"input": where})
    landing: dict[str, Any] = answer["landing"]
    return landing


def codes(landing: dict[str, Any]) -> list[str]:
    return [warning["code"] for warning in landing["warnings"]]


async def test_a_visitor_without_an_address_lands_at_home(shop: SandboxShop) -> None:
    assert (await shop.visitor(LANDING))["landing"] == {
        "shop": {"name": "小铺"}, "promoter": None, "share": None, "target": HOME, "offers": [], "warnings": [],
    }  # fmt: skip

    await put_well(shop, title="首页", handle="home", kind="HOME", published=True)

    assert (await land(shop))["target"] == {**HOME, "home": {"handle": "home"}}


async def test_a_product_page_comes_whole(shop: SandboxShop) -> None:
    category = (await shop.staff(CATEGORY))["categoryCreate"]["category"]["id"]
    ids = await goods(shop, "a", "b", "c", "d", "draft", categoryId=category)
    await shelf(shop, ids["d"], ids["draft"], ids["a"], ids["b"])
    promises = [{"title": "七天无理由退货", "text": "签收后七天内"}, {"title": "正品", "text": ""}]
    told = await shop.staff(SHOP_UPDATE, {"input": {"version": 1, "servicePromises": promises}})
    assert told["shopUpdate"]["shop"]["servicePromises"] == promises
    await pool().execute(
        "update product set sales_count = case handle when 'c' then 9 when 'b' then 5 else 0 end where shop_id = $1",
        shop.id,
    )

    for where in ({"productId": ids["a"]}, {"productHandle": "a"}):
        landing = await land(shop, **where)

        assert landing["target"] == {
            "__typename": "ProductPage", "title": "a",
            "product": {"handle": "a", "variants": {"nodes": [{"price": {"fen": 1990}}]}, "reviews": {"totalCount": 0}},
            "promises": promises, "related": [{"handle": "c"}, {"handle": "b"}],
            "sameCollection": [{"handle": "d"}, {"handle": "b"}],
        }  # fmt: skip
        assert landing["warnings"] == []


async def test_collections_and_topics_open_by_what_names_them(shop: SandboxShop) -> None:
    ids = await goods(shop, "a")
    collection = await shelf(shop, ids["a"])
    page = await put_well(shop, title="春", handle="spring", published=True, blocks=[{"text": {"text": "好"}}])

    for where in ({"collectionId": collection}, {"collectionHandle": "shelf"}):
        assert (await land(shop, **where))["target"] == {
            "__typename": "CollectionPage", "title": "货架",
            "collection": {"handle": "shelf", "products": {"nodes": [{"handle": "a"}]}},
        }  # fmt: skip
    for where in ({"pageId": page["id"]}, {"pageHandle": "spring"}):
        assert (await land(shop, **where))["target"] == {
            "__typename": "TopicPage", "title": "春",
            "topic": {"handle": "spring", "blocks": [{"__typename": "WordsBlock"}]},
        }  # fmt: skip


async def test_a_code_leads_to_what_was_shared_and_says_who_brought_it(shop: SandboxShop) -> None:
    ids = await goods(shop, "a", "b")
    page = await put_well(shop, title="春", handle="spring", published=True)
    home = await put_well(shop, "home", title="首页", handle="home", kind="HOME", published=True)
    collection = await shelf(shop, ids["a"])
    promoter = await kol(shop)
    kinds = {
        "ProductPage": {"productId": ids["b"]}, "CollectionPage": {"collectionId": collection},
        "TopicPage": {"pageId": page["id"]}, "HomePage": {"pageId": home["id"]},
    }  # fmt: skip

    for kind, target in [*kinds.items(), ("HomePage", {"shop": True})]:
        link = await promoter.shares(f"{target}", target=target)

        for scene in (link["scene"], quote(link["scene"], safe=""), f"{link['scene']}&c=618"):
            landing = await land(shop, scene=scene)
            assert landing["target"]["__typename"] == kind
            assert landing["promoter"] == {"name": KOL_NAME}
            assert (landing["share"], landing["warnings"]) == ({"token": link["token"]}, [])
        assert (await land(shop, shareToken=link["token"]))["target"]["__typename"] == kind


async def test_a_card_of_a_product_keeps_its_own_target(shop: SandboxShop) -> None:
    await goods(shop, "a")
    link = await (await customer(shop)).shares()

    landing = await land(shop, productHandle="a", shareToken=link["token"])

    assert landing["target"]["product"]["handle"] == "a"
    assert (landing["share"], landing["promoter"]) == ({"token": link["token"]}, None)


async def test_an_expired_token_lands_home_with_a_warning(shop: SandboxShop) -> None:
    ids = await goods(shop, "a")
    ends = (wall_now() + timedelta(hours=1)).isoformat()
    link = await (await kol(shop)).shares(target={"productId": ids["a"]}, expiresAt=ends)
    assert (await land(shop, scene=link["scene"]))["target"]["__typename"] == "ProductPage"

    await shop.http.post(f"/sandbox/shops/{shop.global_id}/clock", json={"by": 7200})

    landing = await land(shop, scene=link["scene"])
    assert (landing["target"], codes(landing)) == (HOME, ["SHARE_EXPIRED"])
    assert (landing["share"], landing["promoter"]) == (None, None)


@pytest.mark.parametrize("scene", ["t=aB3dE5gH1j", "nonsense", "t=", "%%%", "t=' or 1=1 --"])
async def test_an_unknown_token_lands_home_with_a_warning(shop: SandboxShop, scene: str) -> None:
    landing = await land(shop, scene=scene)

    assert (landing["target"], landing["share"], codes(landing)) == (HOME, None, ["SHARE_UNKNOWN"])


async def test_an_empty_scene_is_none(shop: SandboxShop) -> None:
    assert (await land(shop, scene="", shareToken=None))["warnings"] == []


async def test_what_is_not_shown_leads_home_with_a_warning(shop: SandboxShop) -> None:
    ids = await goods(shop, "draft")
    page = await put_well(shop, title="草稿", handle="draft")
    link = await (await kol(shop)).shares(target={"productId": ids["draft"]})

    for where in (
        {"productId": ids["draft"]}, {"productHandle": "draft"}, {"productId": "nonsense"}, {"pageId": page["id"]},
        {"pageHandle": "draft"}, {"collectionHandle": "nothing"}, {"scene": link["scene"]},
    ):  # fmt: skip
        landing = await land(shop, **where)
        assert (landing["target"], codes(landing)) == (HOME, ["TARGET_GONE"]), where
    for where in ({"productId": ids["draft"]}, {"pageHandle": "draft"}):
        assert (await shop.staff(LANDING, {"input": where}))["landing"]["warnings"] == []


async def test_nothing_of_another_shop_opens(shop: SandboxShop, other_shop: SandboxShop) -> None:
    ids = await goods(other_shop, "a")
    page = await put_well(other_shop, title="春", handle="spring", published=True)
    link = await (await kol(other_shop)).shares(target={"productId": ids["a"]})

    for where, warning in (
        ({"productId": ids["a"]}, "TARGET_GONE"), ({"productHandle": "a"}, "TARGET_GONE"),
        ({"pageId": page["id"]}, "TARGET_GONE"), ({"scene": link["scene"]}, "SHARE_UNKNOWN"),
        ({"shareToken": link["token"]}, "SHARE_UNKNOWN"),
    ):  # fmt: skip
        landing = await land(shop, **where)
        assert (landing["target"], landing["share"], codes(landing)) == (HOME, None, [warning]), where
    assert (await shop.visitor(PAGES))["pages"]["totalCount"] == 0


async def test_of_two_targets_at_once_the_first_of_the_input_counts(shop: SandboxShop) -> None:
    await goods(shop, "a")

    both = await land(shop, pageHandle="nowhere", productHandle="a")

    assert both == await land(shop, productHandle="a")
    assert both["warnings"] == []


async def test_every_landing_is_one_statement(shop: SandboxShop, statements: Counting) -> None:
    ids = await goods(shop, "a", "draft")
    await put_well(shop, title="首页", kind="HOME", published=True, blocks=[{"products": {"productIds": [ids["a"]]}}])
    link = await (await kol(shop)).shares(target={"productId": ids["a"]})

    for where in (
        {}, {"productId": ids["a"]}, {"scene": link["scene"]}, {"scene": "t=aB3dE5gH1j"}, {"productHandle": "draft"},
    ):  # fmt: skip
        async with statements() as seen:
            await land(shop, **where)
        assert len(asked(seen)) == 1, seen.sql
