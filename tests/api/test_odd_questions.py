"""Questions that are allowed though nobody would ask them on purpose; each of them was a fault once."""

from typing import Any

import pytest

from resolvers.product import product_create, products_publish
from tests.harness.shops import SandboxShop
from tests.resolvers.drafts import tee


@pytest.fixture
async def tees(shop: SandboxShop) -> list[dict[str, Any]]:
    """Three products on show, newest first."""
    made = [await product_create(shop.caller, tee(f"tee-{number}"), f"key-{number}") for number in range(3)]
    await products_publish(shop.caller, made)
    found: list[dict[str, Any]] = (await shop.visitor("{ products { nodes { id handle } } }"))["products"]["nodes"]
    return found


@pytest.mark.parametrize("page", ["", "(first: 2)", "(last: 2)"])
async def test_a_count_needs_no_rows(shop: SandboxShop, tees: list[dict[str, Any]], page: str) -> None:
    answer = await shop.visitor(f"{{ products{page} {{ __typename totalCount }} }}")

    assert answer["products"] == {"__typename": "ProductConnection", "totalCount": 3}


async def test_page_info_without_cursors(shop: SandboxShop, tees: list[dict[str, Any]]) -> None:
    answer = await shop.visitor("{ products(first: 2) { pageInfo { hasNextPage hasPreviousPage } } }")

    assert answer["products"]["pageInfo"] == {"hasNextPage": True, "hasPreviousPage": False}


@pytest.mark.parametrize("cursor", ["startCursor", "endCursor"])
async def test_page_info_with_one_cursor(shop: SandboxShop, tees: list[dict[str, Any]], cursor: str) -> None:
    answer = await shop.visitor(f"{{ products(first: 2) {{ pageInfo {{ {cursor} }} }} }}")

    assert len(answer["products"]["pageInfo"][cursor]) > 60


async def test_nodes_of_every_kind_and_twice_the_same(shop: SandboxShop, tees: list[dict[str, Any]]) -> None:
    mine = tees[0]["id"]
    answer = await shop.staff(
        """query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Product { handle } ... on StockMove { onHandAfter }
        ... on Variant { product { id description { ... on TextBlock { text } } } } ... on Media { width } } }""",
        {"ids": [mine, "_小小", "0", "prd_" + "0" * 32, mine]},
    )

    product = {"id": mine, "handle": tees[0]["handle"]}
    assert answer["nodes"] == [product, None, None, None, product]


async def test_an_id_and_a_handle_must_both_fit(shop: SandboxShop, tees: list[dict[str, Any]]) -> None:
    first, second = tees[:2]
    document = "query ($id: ID, $handle: Handle) { product(id: $id, handle: $handle) { id } }"

    assert (await shop.visitor(document, first))["product"] == {"id": first["id"]}
    assert (await shop.visitor(document, {"id": first["id"], "handle": second["handle"]}))["product"] is None
    assert (await shop.visitor(document, {"id": None}))["product"] is None
    assert (await shop.visitor("{ product { id } }"))["product"] is None


async def test_a_null_filter_narrows_nothing(shop: SandboxShop, tees: list[dict[str, Any]]) -> None:
    answer = await shop.visitor("{ products(filters: [{ tag: null, available: null }]) { totalCount } }")

    # ProductFilter may be one thing or nothing; what is null is nothing.
    assert answer["products"]["totalCount"] == 3


@pytest.mark.parametrize("length", [60, 61, 62, 63, 64, 3000])
async def test_a_cursor_that_was_never_given_is_bad_input(shop: SandboxShop, length: int) -> None:
    answer = await shop.visitor(f'{{ products(after: "{"A" * length}") {{ nodes {{ id }} }} }}')

    assert answer.codes == ["BAD_USER_INPUT"]
    assert answer.status == 400


async def test_a_cursor_with_a_flipped_bit_is_bad_input(shop: SandboxShop, tees: list[dict[str, Any]]) -> None:
    info = (await shop.visitor("{ products(first: 1) { pageInfo { endCursor } } }"))["products"]["pageInfo"]
    cursor: str = info["endCursor"]
    document = "query ($after: Cursor) { products(first: 1, after: $after) { nodes { id } } }"

    assert (await shop.visitor(document, {"after": cursor}))["products"]["nodes"] == [{"id": tees[1]["id"]}]
    for place in range(0, len(cursor), 7):
        flipped = cursor[:place] + ("A" if cursor[place] != "A" else "B") + cursor[place + 1 :]
        assert (await shop.visitor(document, {"after": flipped})).codes == ["BAD_USER_INPUT"]
