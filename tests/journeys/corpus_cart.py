"""The cart: its root, and all that its owner may do to it."""

from typing import Final

from tests.journeys.corpus_write import Write, instead, open_to_all, their, write
from tests.journeys.world_cart import a_line

_LINE: Final = """id title variantTitle quantity selected variant { id title } product { title }
  attributes { key value } promoter { name } unitPrice { fen } lineTotal { fen } problems { code available limit }
  warnings { code oldPrice { fen } left } createdAt updatedAt
  metafields(first: 4) { namespace key type value visibility }
  secret: metafield(namespace: "secret", key: "margin") { id value }"""
CART: Final = f"""id totalQuantity selectedCount selectedQuantity subtotal {{ fen }} note version createdAt updatedAt
  attributes {{ key value }} metafields(first: 2) {{ id value }}
  buyer {{ address {{ id }} region {{ name }} regionCode }}
  lines {{ {_LINE} }} invalidLines {{ {_LINE} }}"""
_PAYLOAD: Final = f"cart {{ {CART} }}"


def _own(told: Write) -> Write:
    return open_to_all(told, lambda world: world.customer)


CART_WRITES: Final = (
    _own(write(
        "cartCreate", "$input: CartCreateInput!, $idempotencyKey: String!", _PAYLOAD,
        lambda of: {"input": {"lines": [a_line(of.mark, of["product.variant"], "三")]}, "idempotencyKey": "corpus"},
        instead("input.lines.0.variantId", input=lambda mine, theirs: {
            "lines": [a_line(mine.mark, theirs["product.variant"], "三")],
        }),
    )),
    _own(write(
        "cartLinesAdd", "$lines: [CartLineAddInput!]!, $cartId: ID, $idempotencyKey: String!", _PAYLOAD,
        lambda of: {
            "lines": [a_line(of.mark, of["product.variant"], "四")], "cartId": of["cart"], "idempotencyKey": "corpus",
        },
        instead("lines.0.variantId", lines=lambda mine, theirs: [a_line(mine.mark, theirs["product.variant"], "四")]),
        instead("cartId", lines=lambda *_: [], cartId=their("cart")),
    )),
    _own(write(
        "cartLinesUpdate", "$lines: [CartLineUpdateInput!]!, $cartId: ID", _PAYLOAD,
        lambda of: {
            "lines": [{"lineId": of["cart.line"], "quantity": 2, "variantId": of["sibling.variant"]}],
            "cartId": of["cart"],
        },
        instead("lines.0.lineId", lines=lambda _, theirs: [{"lineId": theirs["cart.line"], "quantity": 1}]),
        instead("lines.0.variantId", lines=lambda mine, theirs: [
            {"lineId": mine["cart.line"], "variantId": theirs["product.variant"]},
        ]),
        instead("cartId", lines=lambda *_: [], cartId=their("cart")),
    )),
    _own(write(
        "cartLinesSelect", "$selected: Boolean!, $lineIds: [ID!], $cartId: ID", _PAYLOAD,
        lambda of: {"selected": False, "lineIds": [of["cart.line"]], "cartId": of["cart"]},
        instead("lineIds.0", selected=lambda *_: True, lineIds=lambda _, theirs: [theirs["cart.line"]]),
        instead("cartId", selected=lambda *_: True, cartId=their("cart")),
    )),
    _own(write(
        "cartBuyerUpdate", "$buyer: CartBuyerInput!, $cartId: ID", _PAYLOAD,
        lambda of: {"buyer": {"addressId": of["address"]}, "cartId": of["cart"]},
        instead("buyer.addressId", buyer=lambda _, theirs: {"addressId": theirs["address"]}),
        instead("cartId", buyer=lambda *_: {}, cartId=their("cart")),
    )),
    _own(write(
        "cartNoteUpdate", "$note: String!, $cartId: ID", _PAYLOAD,
        lambda of: {"note": of.mark, "cartId": of["cart"]},
        instead("cartId", note=lambda *_: "", cartId=their("cart")),
    )),
    _own(write(
        "cartAttributesUpdate", "$attributes: [AttributeInput!]!, $cartId: ID", _PAYLOAD,
        lambda of: {"attributes": [{"key": "字", "value": of.mark}], "cartId": of["cart"]},
        instead("cartId", attributes=lambda *_: [], cartId=their("cart")),
    )),
    _own(write(
        "cartLinesRemove", "$lineIds: [ID!]!, $cartId: ID", _PAYLOAD,
        lambda of: {"lineIds": [of["cart.spareLine"]], "cartId": of["cart"]},
        instead("lineIds.0", lineIds=lambda _, theirs: [theirs["cart.line"]]),
        instead("cartId", lineIds=lambda *_: [], cartId=their("cart")),
    )),
    _own(write(
        "cartClear", "$onlyInvalid: Boolean!, $cartId: ID", _PAYLOAD,
        lambda of: {"onlyInvalid": True, "cartId": of["cart"]},
        instead("cartId", onlyInvalid=lambda *_: False, cartId=their("cart")),
    )),
)  # fmt: skip
