"""Favourites and what a product is to who looks at it: customers' own, told to nobody else."""

import asyncio
from typing import Any

from tests.conftest import Counting
from tests.harness.asking import Refused
from tests.harness.shops import SandboxShop
from tests.journeys.test_pages import goods
from tests.journeys.test_sharing import Person, customer
from tests.journeys.test_statement_counts import asked

ADD = """
mutation ($id: ID) {
  favouriteAdd(productId: $id) {
    customer { keepsShop favourites { totalCount nodes { handle viewerContext { favourite } } } }
    userErrors { code field message }
  }
}"""
REMOVE = """
mutation ($id: ID) {
  favouriteRemove(productId: $id) {
    customer { keepsShop favourites { nodes { handle } } } userErrors { code field message }
  }
}"""
FAVOURITES = "{ viewer { keepsShop favourites { nodes { handle } } } }"
CONTEXT = """
query ($handle: Handle) {
  product(handle: $handle) { viewerContext { price { fen } favourite canBuy limitLeft } }
  landing(input: {productHandle: $handle}) {
    target { ... on ProductPage { product { viewerContext { favourite } } } }
  }
}"""


async def kept(person: Person) -> tuple[bool, list[str]]:
    viewer = (await person.ask(FAVOURITES))["viewer"]
    return viewer["keepsShop"], [product["handle"] for product in viewer["favourites"]["nodes"]]


async def context(person: Person, handle: str) -> Any:
    data = (await person.ask(CONTEXT, {"handle": handle})).data
    landed = data["landing"]["target"]["product"]["viewerContext"]
    found = data["product"]["viewerContext"]
    assert landed == (found and {"favourite": found["favourite"]})
    return found


async def test_a_customer_keeps_products_and_the_shop(shop: SandboxShop) -> None:
    ids = await goods(shop, "a", "b")
    ming, other = await customer(shop), await customer(shop, "小红")

    for handle in ("a", "b", "a"):
        assert (await ming.ask(ADD, {"id": ids[handle]})).refusals == []
    added = await ming.ask(ADD)

    assert added["favouriteAdd"]["customer"] == {
        "keepsShop": True,
        "favourites": {
            "totalCount": 2,
            "nodes": [{"handle": handle, "viewerContext": {"favourite": True}} for handle in ("b", "a")],
        },
    }
    assert await kept(other) == (False, [])
    removed = await ming.ask(REMOVE, {"id": ids["b"]})
    assert removed["favouriteRemove"]["customer"] == {"keepsShop": True, "favourites": {"nodes": [{"handle": "a"}]}}
    assert (await ming.ask(REMOVE)).refusals + (await ming.ask(REMOVE, {"id": ids["b"]})).refusals == []
    assert await kept(ming) == (False, ["a"])


async def test_twenty_taps_at_once_keep_it_once(shop: SandboxShop) -> None:
    ids = await goods(shop, "a")
    ming = await customer(shop)

    answers = await asyncio.gather(*(ming.ask(ADD, {"id": id_}) for id_ in [ids["a"], None] * 10))

    assert [answer.refusals for answer in answers] == [[]] * 20
    assert await kept(ming) == (True, ["a"])


async def test_only_customers_keep_anything(shop: SandboxShop) -> None:
    ids = await goods(shop, "a")

    for asker in (shop.visitor, shop.staff):
        for document in (ADD, REMOVE):
            answer = await asker(document, {"id": ids["a"]})
            assert answer.refusals == [Refused("LOGIN_REQUIRED")]


async def test_what_is_not_on_sale_here_cannot_be_kept(shop: SandboxShop, other_shop: SandboxShop) -> None:
    ids, theirs = await goods(shop, "draft"), await goods(other_shop, "a")
    ming = await customer(shop)

    for id_ in (ids["draft"], theirs["a"], "nonsense", "prd_"):
        assert (await ming.ask(ADD, {"id": id_})).refusals == [Refused("NOT_FOUND", "productId")], id_
    assert (await ming.ask(REMOVE, {"id": theirs["a"]})).refusals == [Refused("NOT_FOUND", "productId")]
    assert await kept(ming) == (False, [])


async def test_a_product_tells_each_customer_what_it_is_to_them(shop: SandboxShop) -> None:
    ids = await goods(shop, "a", perPersonLimit=2)
    await goods_out_of_stock(shop)
    ming, other = await customer(shop), await customer(shop, "小红")
    await ming.ask(ADD, {"id": ids["a"]})

    told = {"price": {"fen": 1990}, "favourite": True, "canBuy": True, "limitLeft": 2}
    assert await context(ming, "a") == told
    assert await context(other, "a") == {**told, "favourite": False}
    assert await context(other, "empty") == {**told, "favourite": False, "canBuy": False, "limitLeft": None}
    assert await context(Person(shop.visitor), "a") is None
    assert await context(Person(shop.staff), "a") is None


async def goods_out_of_stock(shop: SandboxShop) -> None:
    answer = await shop.staff(
        """mutation { productsUpsert(idempotencyKey: "empty", products: [{
          title: "empty", handle: "empty", status: ACTIVE, variants: [{price: {fen: 1990}, onHand: 0}]
        }]) { products { id } userErrors { code } } }"""
    )
    assert answer.refusals == []


async def test_what_is_personal_costs_no_statement_more(shop: SandboxShop, statements: Counting) -> None:
    await goods(shop, "a")
    ming = await customer(shop)

    async with statements() as seen:
        await context(ming, "a")
    assert len(asked(seen)) == 1
