"""Inputs of which exactly one member must be given: others are refused by name, before anything runs."""

from typing import Any

import pytest

from schema.root import graphql_schema
from tests.harness.shops import SandboxShop

QUOTE = "query ($input: QuoteInput!) { quote(input: $input) { quote { token } userErrors { code field } } }"
PLACE = "mutation ($input: PlacementInput!) { orderPlace(input: $input) { order { id } userErrors { code field } } }"
LINES: dict[str, Any] = {"lines": []}
NOT_ONE: list[dict[str, Any]] = [{}, {"lines": None}, {**LINES, "quoteToken": "q"}, {**LINES, "quoteToken": None}]


def test_the_schema_tells_clients_which_they_are() -> None:
    found = {name for name, type_ in graphql_schema.type_map.items() if getattr(type_, "is_one_of", False)}

    assert found == {"PlacementSourceInput", "DeliveryInput"}


@pytest.mark.parametrize("source", NOT_ONE, ids=str)
async def test_a_source_that_is_not_one_is_refused_by_name(source: dict[str, Any], shop: SandboxShop) -> None:
    for document, more in ((QUOTE, {}), (PLACE, {"idempotencyKey": "k"})):
        answer = await shop.visitor(document, {"input": {"source": source, **more}})

        assert answer.codes == ["BAD_USER_INPUT"]
        assert "PlacementSourceInput" in answer.errors[0]["message"]


@pytest.mark.parametrize("delivery", [{}, {"virtual": None}, {"virtual": True, "recipientLater": True}], ids=str)
async def test_a_delivery_that_is_not_one_is_refused_by_name(delivery: dict[str, Any], shop: SandboxShop) -> None:
    answer = await shop.visitor(QUOTE, {"input": {"source": LINES, "delivery": delivery}})

    assert answer.codes == ["BAD_USER_INPUT"]
    assert "DeliveryInput" in answer.errors[0]["message"]


async def test_a_document_that_says_more_than_one_is_no_valid_document(shop: SandboxShop) -> None:
    for source in ('{ lines: [], quoteToken: "q" }', "{}", "{ lines: null }"):
        answer = await shop.visitor(f"{{ quote(input: {{ source: {source} }}) {{ userErrors {{ code }} }} }}")

        assert answer.codes == ["GRAPHQL_VALIDATION_FAILED"]
        assert "PlacementSourceInput" in answer.errors[0]["message"]


async def test_a_variable_in_its_place_must_hold_something(shop: SandboxShop) -> None:
    document = "query ($t: String) { quote(input: { source: { quoteToken: $t } }) { userErrors { code } } }"
    for variables in ({}, {"t": None}):
        answer = await shop.visitor(document, variables)

        assert answer.codes in (["BAD_USER_INPUT"], ["GRAPHQL_VALIDATION_FAILED"])
        assert "PlacementSourceInput" in answer.errors[0]["message"]


async def test_one_of_them_is_asked(shop: SandboxShop) -> None:
    answer = await shop.visitor(QUOTE, {"input": {"source": LINES, "delivery": {"virtual": True}}})

    assert answer.errors == []
