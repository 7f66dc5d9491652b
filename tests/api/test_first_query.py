"""The first thing anybody does: ask a shop its name."""

import json
import re
from pathlib import Path

from main import FIRST_QUERY
from tests.conftest import Asking, Counting
from tests.harness.shops import SandboxShop

SHOP = "query Shop { shop { name } }"


async def test_a_visitor_reads_the_shop_in_one_statement(shop: SandboxShop, statements: Counting) -> None:
    async with statements() as seen:
        answer = await shop.visitor(SHOP)

    assert answer.data == {"shop": {"name": "小铺"}}
    # Who asks is looked up once a second at most; what is asked is one statement.
    assert len([sql for sql in seen.sql if "visitor_key" not in sql]) == 1


async def test_each_shop_answers_for_itself(shop: SandboxShop, other_shop: SandboxShop) -> None:
    assert (await other_shop.visitor(SHOP))["shop"]["name"] == "隔壁"
    assert (await shop.staff(SHOP))["shop"]["name"] == "小铺"


async def test_nobody_asks_without_saying_which_shop(gql: Asking) -> None:
    answer = await gql(SHOP)

    assert answer.codes == ["UNAUTHENTICATED"]


async def test_the_demo_shows_its_goods_to_whoever_knows_its_key(demo: SandboxShop) -> None:
    answer = await demo.visitor("{ products(first: 3) { nodes { title variants(first: 1) { nodes { title } } } } }")

    assert len(answer["products"]["nodes"]) == 3
    assert all(product["title"] and product["variants"]["nodes"] for product in answer["products"]["nodes"])


async def test_the_readme_shows_the_query_and_its_answer(demo: SandboxShop) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    shown = re.search(r"```json\n(.*?)```", readme, re.DOTALL)
    assert shown
    assert FIRST_QUERY in readme

    answer = await demo.visitor(json.loads(FIRST_QUERY)["query"])

    assert answer.data == json.loads(shown[1])
