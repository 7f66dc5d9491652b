"""The cart of a furnished shop's customer: two lines in the customer's words."""

from typing import Any, Final

from tests.harness.asking import Asker

_BEGIN: Final = """
mutation ($input: CartCreateInput!) {
  cartCreate(input: $input, idempotencyKey: "cart") { cart { id lines { id } } userErrors { code field message } }
}"""


def a_line(mark: str, variant: str, word: str) -> dict[str, Any]:
    """A piece with the mark in its words."""
    return {"variantId": variant, "attributes": [{"key": word, "value": mark}]}


async def fill_cart(customer: Asker, mark: str, variant: str) -> dict[str, str]:
    """Begin the customer's cart, and return its id and those of its lines."""
    lines = [a_line(mark, variant, word) for word in ("一", "二")]
    wish = {"lines": lines, "note": mark, "attributes": [{"key": "字", "value": mark}]}
    answer = await customer(_BEGIN, {"input": wish})
    assert answer.refusals == []
    cart = answer["cartCreate"]["cart"]
    first, second = cart["lines"]
    return {"cart": cart["id"], "cart.line": first["id"], "cart.spareLine": second["id"]}
