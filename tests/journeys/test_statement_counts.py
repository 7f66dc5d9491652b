"""What each operation costs the database, counted in its own log: one statement a read, a pinned number a write."""

from collections.abc import Mapping
from typing import Any, Final

import httpx
import pytest

from settings import Settings
from tests.conftest import Counting
from tests.harness.asking import Asker
from tests.harness.shops import SandboxShop, open_shop, over_http
from tests.harness.statements import Statements
from tests.journeys.corpus import CARD, COLLECTION, FACETS, PAGE, PRODUCT, READS, Read
from tests.journeys.corpus_write import Write
from tests.journeys.corpus_writes import WRITES
from tests.journeys.world import World, furnish

OF_A_WRITE: Final[Mapping[str, int]] = {
    "orderPlace": 7,
    "orderPriceChange": 11,
    "orderNoteAdd": 6,
    "orderCancel": 10,
    "orderHide": 3,
    "shopUpdate": 3,
    "productCreate": 18,
    "productUpdate": 13,
    "productsUpsert": 20,
    "productsPublish": 9,
    "productsUnpublish": 9,
    "productMediaSet": 15,
    "mediaUploadCreate": 1,
    "variantsUpsert": 19,
    "variantsDelete": 13,
    "stockAdjust": 11,
    "locationCreate": 9,
    "locationUpdate": 7,
    "collectionCreate": 12,
    "collectionUpdate": 8,
    "collectionDelete": 5,
    "collectionProductsAdd": 10,
    "collectionProductsRemove": 10,
    "collectionProductsMove": 11,
    "categoryCreate": 14,
    "categoryUpdate": 15,
    "categoryDelete": 9,
    "reviewsModerate": 8,
    "reviewReply": 6,
    "metafieldsSet": 7,
    "metafieldsDelete": 6,
    "promoterCreate": 6,
    "promoterUpdate": 4,
    "shareCreate": 9,
    "visitTrack": 0,
    "searchHistoryClear": 1,
    "loginWithWechat": 9,
    "sessionRefresh": 4,
    "sessionRevoke": 1,
    "phoneBind": 7,
    "profileUpdate": 5,
    "consentSet": 5,
    "staffInvite": 4,
    "sessionSelectShop": 3,
    "pageUpsert": 10,
    "pageDelete": 5,
    "favouriteAdd": 2,
    "favouriteRemove": 2,
    "addressCreate": 9,
    "addressUpdate": 5,
    "addressSetDefault": 4,
    "addressDelete": 4,
    "freightTemplateCreate": 10,
    "freightTemplateUpdate": 9,
    "freightTemplateSetDefault": 7,
    "freightTemplateDelete": 5,
    "shippingUploadRetry": 2,
    "orderShip": 18,
    "shipmentCorrect": 8,
    "orderConfirmExtend": 4,
    "orderConfirm": 5,
    "orderReview": 14,
    "outboxReplay": 2,
    "merchantAccountUpsert": 9,
    "refundRetry": 6,
    "refundAbnormalApply": 15,
    "orderRefund": 19,
    "afterSaleApply": 10,
    "afterSaleCancel": 5,
    "afterSaleReturnShip": 7,
    "afterSaleExchangeConfirm": 5,
    "afterSaleApprove": 20,
    "afterSaleReject": 7,
    "afterSaleReceive": 20,
    "afterSaleRefuseReceipt": 7,
    "afterSaleExchangeShip": 9,
    "orderPay": 11,
    "orderPaymentSync": 8,
    "paymentRefund": 13,
    "cartCreate": 3,
    "cartLinesAdd": 3,
    "cartLinesUpdate": 4,
    "cartLinesSelect": 4,
    "cartBuyerUpdate": 4,
    "cartNoteUpdate": 4,
    "cartAttributesUpdate": 4,
    "cartLinesRemove": 4,
    "cartClear": 4,
    "messageTemplateUpsert": 6,
    "messagePushUpsert": 4,
    "messageOptInRecord": 8,
    "groupBuyTeamStart": 11,
    "groupBuyTeamJoin": 12,
    "groupBuyTeamLeave": 22,
    "groupBuyCreate": 11,
    "groupBuyUpdate": 12,
    "groupBuyPublish": 9,
    "groupBuyEnd": 6,
    "productDelete": 8,
}
"""Statements of each mutation of the corpus, with reading back what the client selected."""

OF_A_READ: Final[Mapping[str, int]] = {"payPreview": 2, "quote": 4}
"""Statements of reads that resolvers answer."""

SHELF: Final = """
mutation ($input: CollectionCreateInput!) {
  collectionCreate(input: $input, idempotencyKey: "by category") { userErrors { code field } }
}"""


@pytest.fixture(scope="module")
async def world(http: httpx.AsyncClient, settings: Settings) -> World:
    """A furnished shop with a shelf by category, which writes to the tree have to fill anew whoever made it first."""
    made = await furnish(over_http(await open_shop(settings), http, settings))
    rule = {"field": "CATEGORY", "relation": "EQUALS", "value": made["category"]}
    answer = await made.shop.staff(SHELF, {"input": {"title": "by category", "kind": "RULE", "rules": [rule]}})
    assert answer.refusals == []
    return made


# Who is asking, looked up once a second at most; what the driver asks of a connection that has just been opened; and
# the visits of everybody, written together behind all answers. Nor what WeChat's sandbox does in the same database.
_ASIDE: Final = (
    "typeinfo_tree",
    "wechat_sandbox.",
    "visitor_key",
    "set_config('jit'",
    "select $1::uuid[], $2::text[]",
    "as told (",
    "as owed (",
)


def asked(seen: Statements) -> list[str]:
    """What was asked for the operation itself."""
    return [sql for sql in seen.sql if not any(word in sql for word in _ASIDE)]


async def count(
    statements: Counting, asker: Asker, document: str, variables: Mapping[str, Any] | None = None
) -> list[str]:
    async with statements() as seen:
        answer = await asker(document, variables)
    assert answer.data
    return asked(seen)


@pytest.mark.parametrize("read", [read for read in READS if read.is_compiled], ids=lambda read: read.root)
async def test_a_read_is_one_statement(read: Read, world: World, statements: Counting) -> None:
    for asker in [world.shop.staff] + [world.shop.visitor] * (not read.staff_only):
        assert len(await count(statements, asker, read.document, read.variables(world))) == 1


@pytest.mark.parametrize("read", [read for read in READS if not read.is_compiled], ids=lambda read: read.root)
async def test_a_read_by_a_resolver_is_a_fixed_number(read: Read, world: World, statements: Counting) -> None:
    found = await count(statements, read.sender(world), read.document, read.variables(world))

    assert len(found) == OF_A_READ[read.root], "\n".join(found)


async def test_all_roots_in_one_document_are_one_statement(world: World, statements: Counting) -> None:
    document = f"""query All($id: ID!, $ids: [ID!]!, $handle: Handle, $category: ID, $after: Cursor) {{
      shop {{ name catalogueVersion }}
      product(id: $id) {{ ...Whole more: variants(first: 2) {{ nodes {{ cost {{ fen }} stockMoves(first: 2) {{ totalCount }} }} }} }}
      again: product(handle: $handle) {{ {CARD} }}
      products(first: 2, sortKey: PRICE) {{ {PAGE} {FACETS} nodes {{ {CARD} }} }}
      next: products(first: 2, sortKey: TITLE, after: $after) {{ {PAGE} edges {{ cursor }} }}
      last: products(last: 2, sortKey: RATING) {{ nodes {{ {CARD} }} }}
      collections(first: 3) {{ nodes {{ {COLLECTION} rules products(first: 2) {{ {FACETS} nodes {{ title }} }} }} }}
      category(id: $category) {{ name ancestors {{ name }} }}
      categories {{ name children {{ name }} }}
      locations {{ name }}
      node(id: $id) {{ __typename ... on Product {{ title }} }}
      nodes(ids: $ids) {{ id ... on Variant {{ title }} ... on Review {{ body }} ... on Collection {{ title }} }}
    }}
    fragment Whole on Product {{ {PRODUCT} }}"""  # noqa: E501 - a document reads better whole
    variables = {
        "id": world["product"], "handle": world["sibling.handle"], "category": world["child"],
        "after": world.cursors["products"],
        "ids": [world[name] for name in ("product", "product.variant", "review", "collection")] + ["nonsense"],
    }  # fmt: skip

    assert len(await count(statements, world.shop.staff, document, variables)) == 1


@pytest.mark.parametrize(
    "document",
    [
        "{ __typename }",
        "{ products(first: 1) { __typename } }",
        "{ shop { name @skip(if: true) __typename } }",
        "query ($no: Boolean = false) { shop @include(if: $no) { name } products(first: 1) { totalCount } }",
    ],
)
async def test_a_document_never_costs_more_than_one(document: str, world: World, statements: Counting) -> None:
    assert len(await count(statements, world.shop.visitor, document)) <= 1


async def test_every_page_to_the_end_is_one_statement(world: World, statements: Counting) -> None:
    document = f"""query ($after: Cursor) {{
      products(first: 1, sortKey: TITLE, after: $after) {{ {PAGE} nodes {{ {CARD} }} }}
    }}"""
    after: str | None = None
    titles: list[str] = []
    while True:
        async with statements() as seen:
            page = (await world.shop.visitor(document, {"after": after}))["products"]
        assert len(asked(seen)) == 1
        titles += [node["title"] for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert len(titles) == page["totalCount"] == len(set(titles))


async def test_nothing_found_is_one_statement_too(shop: SandboxShop, world: World, statements: Counting) -> None:
    for read in READS:
        if not read.staff_only and read.is_compiled and "cursor" not in read.document and "after" not in read.document:
            assert len(await count(statements, shop.visitor, read.document, read.variables(world))) == 1


async def test_what_is_refused_before_it_runs_asks_nothing(world: World, statements: Counting) -> None:
    async with statements() as seen:
        for document in ("{ locations { name } }", "{ nothing }", "{ products(first: 0) { totalCount } }", "{"):
            assert (await world.shop.visitor(document)).errors
    assert asked(seen) == []


@pytest.mark.parametrize("write", WRITES, ids=lambda write: write.root)
async def test_a_write_is_a_fixed_number_of_statements(write: Write, world: World, statements: Counting) -> None:
    found = await count(statements, write.sender(world), write.document, write.variables(world))

    assert (write.root, len(found)) == (write.root, OF_A_WRITE[write.root]), "\n".join(found)


async def test_a_bulk_of_250_costs_no_more_statements_than_one_of_two(shop: SandboxShop, statements: Counting) -> None:
    document = """mutation ($products: [ProductUpsertInput!]!, $key: String!) {
      productsUpsert(products: $products, idempotencyKey: $key) { userErrors { code field } }
    }"""

    def goods(count: int) -> list[dict[str, Any]]:
        return [
            {"title": f"批量 {count} {number}", "options": [{"name": "色", "values": ["红", "蓝"]}],
             "media": [{"url": f"https://img.example/{number}.jpg"}],
             "variants": [{"optionValues": [value], "price": {"fen": 100}, "onHand": 1} for value in ("红", "蓝")]}
            for number in range(count)
        ]  # fmt: skip

    few = await count(statements, shop.staff, document, {"products": goods(2), "key": "few"})
    many = await count(statements, shop.staff, document, {"products": goods(250), "key": "many"})

    assert len(many) == len(few)
