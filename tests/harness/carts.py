"""What tests of carts ask and how they read the answer: goods to put in, and a cart told in short."""

from itertools import count
from typing import Any, Final
from uuid import uuid4

from tests.harness.asking import Answer, Asker
from tests.harness.phones import Phone, phone_of
from tests.harness.shops import SandboxShop

MONEY: Final = "{ fen }"
ERRORS: Final = "userErrors { code field message ... on LimitUserError { limit used } }"
LINE: Final = f"""id title variantTitle quantity selected variant {{ id }} product {{ handle }}
  attributes {{ key value }} promoter {{ name }} unitPrice {MONEY} lineTotal {MONEY} createdAt updatedAt
  problems {{ code available limit }} warnings {{ code oldPrice {MONEY} left }}"""
CART: Final = f"""id totalQuantity selectedCount selectedQuantity subtotal {{ fen amount }} note version
  createdAt updatedAt attributes {{ key value }} buyer {{ address {{ id }} region {{ name }} regionCode }}
  lines {{ {LINE} }} invalidLines {{ {LINE} }}"""

READ: Final = f"query ($id: ID) {{ cart(id: $id) {{ {CART} }} }}"
VIEWER: Final = f"{{ viewer {{ cart {{ {CART} }} }} }}"

_PRODUCTS: Final = """
mutation ($products: [ProductUpsertInput!]!, $key: String!) {
  productsUpsert(products: $products, idempotencyKey: $key) {
    products { id handle variants(first: 5) { nodes { id } } } userErrors { code field }
  }
}"""
_WISHES: Final = {
    "cartCreate": "$input: CartCreateInput!, $idempotencyKey: String!",
    "cartLinesAdd": "$lines: [CartLineAddInput!]!, $idempotencyKey: String!, $cartId: ID",
    "cartLinesUpdate": "$lines: [CartLineUpdateInput!]!, $cartId: ID",
    "cartLinesRemove": "$lineIds: [ID!]!, $cartId: ID",
    "cartLinesSelect": "$selected: Boolean!, $lineIds: [ID!], $cartId: ID",
    "cartBuyerUpdate": "$buyer: CartBuyerInput!, $cartId: ID",
    "cartNoteUpdate": "$note: String!, $cartId: ID",
    "cartAttributesUpdate": "$attributes: [AttributeInput!]!, $cartId: ID",
    "cartClear": "$onlyInvalid: Boolean!, $cartId: ID",
}
_KEYED: Final = {"cartCreate", "cartLinesAdd"}
_numbers = count()


def document(name: str, selection: str = CART) -> str:
    """Return the mutation of this name with all its arguments as variables."""
    declared = _WISHES[name]
    names = [part.partition(":")[0] for part in declared.split(", ")]
    given = ", ".join(f"{name.removeprefix('$')}: {name}" for name in names)
    return f"mutation ({declared}) {{ {name}({given}) {{ cart {{ {selection} }} {ERRORS} }} }}"


async def wish(asker: Asker, name: str, **asked: Any) -> Answer:
    """Send a mutation of the cart; one that takes a key gets a new one unless it is named."""
    if name in _KEYED:
        asked.setdefault("idempotencyKey", f"wish {next(_numbers)}")
    return await asker(document(name), asked)


async def changed(asker: Asker, name: str, **asked: Any) -> Any:
    """Do the same, which must succeed, and return the cart."""
    answer = await wish(asker, name, **asked)
    assert answer.refusals == []
    return answer[name]["cart"]


async def add(asker: Asker, *lines: tuple[str, int], **more: Any) -> Any:
    """Put pieces of variants into the cart, which must succeed, and return the cart."""
    wished = [{"variantId": variant, "quantity": quantity} for variant, quantity in lines]
    return await changed(asker, "cartLinesAdd", lines=wished, **more)


async def read(asker: Asker, cart_id: str | None = None) -> Any:
    """Return the asker's cart, or the one of this id as far as they may see it."""
    return (await asker(READ, {"id": cart_id}))["cart"]


def short(cart: Any) -> dict[str, int]:
    """Return pieces by title, of the lines that can be bought."""
    return {line["title"]: line["quantity"] for line in cart["lines"]}


async def variants(shop: SandboxShop, *titles: str, stock: int = 50, fen: int = 1990, **more: Any) -> dict[str, str]:
    """Put products with one variant on sale; the variants' ids by title."""
    made = [
        {"title": title, "handle": title, "status": "ACTIVE", "variants": [{"price": {"fen": fen}, "onHand": stock}]}
        | more
        for title in titles
    ]
    answer = await shop.staff(_PRODUCTS, {"products": made, "key": f"goods {next(_numbers)}"})
    assert answer.refusals == []
    products = answer["productsUpsert"]["products"]
    return {product["handle"]: product["variants"]["nodes"][0]["id"] for product in products}


def phone(shop: SandboxShop) -> Phone:
    """Give somebody nobody else is a phone."""
    return phone_of(shop, uuid4().hex)
