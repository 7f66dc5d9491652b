"""What nobody should send and somebody will: each gets the typed answer, and nothing is half done."""

import asyncio
import json
import time
from typing import Any
from uuid import uuid4

import httpx
import pytest

from resolvers.description import DESCRIPTION_CHARS_MAX, description_blocks
from tests.harness.asking import Refused
from tests.harness.shops import SandboxShop
from tests.journeys.test_catalogue import CREATE, ERRORS, change, create

NEW = "application/graphql-response+json"
ONE = [{"price": {"fen": 100}}]

UPSERT = f"""mutation ($products: [ProductUpsertInput!]!, $key: String!) {{
  productsUpsert(products: $products, idempotencyKey: $key) {{ products {{ id handle }} {ERRORS} }}
}}"""


async def total(shop: SandboxShop) -> int:
    answer = await shop.staff("{ products(first: 1) { totalCount } }")
    count: int = answer["products"]["totalCount"]
    return count


NO_IDS = [
    "", " ", "x", "prd_", "prd_" + "0" * 32, "PRD_" + "0" * 32, "prd_" + "g" * 32, "prd_" + "０" * 32, "汉", "😀",
    "'; drop table product; --", "a" * 50_000, "shp_" + "0" * 32, "-1",
]  # fmt: skip


@pytest.mark.parametrize("id_", NO_IDS, ids=lambda text: text[:12])
async def test_no_id_at_all_is_not_found(shop: SandboxShop, id_: str) -> None:
    document = """query ($id: ID!) {
      node(id: $id) { id } product(id: $id) { id } collection(id: $id) { id } category(id: $id) { id }
      categories(parent: $id) { id }
      products(first: 1, filters: [{ category: $id }, { collection: $id }]) { totalCount }
    }"""
    answer = await shop.visitor(document, {"id": id_})
    assert answer.data == {
        "node": None, "product": None, "collection": None, "category": None, "categories": [],
        "products": {"totalCount": 0},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("call", "field"),
    [
        ("$ids: [ID!]! => productsPublish(ids: $ids)", "ids"),
        ("$ids: [ID!]! => productsUnpublish(ids: $ids)", "ids"),
        ('$ids: [ID!]! => reviewsModerate(ids: $ids, status: HIDDEN, reason: "x")', "ids"),
        ("$ids: [ID!]!, $id: ID! => collectionProductsAdd(id: $id, productIds: $ids)", "productIds"),
        ("$ids: [ID!]!, $id: ID! => collectionProductsRemove(id: $id, productIds: $ids)", "productIds"),
    ],
)
async def test_two_ids_of_nothing_are_not_found_rather_than_the_same(shop: SandboxShop, call: str, field: str) -> None:
    make = '$input: CollectionCreateInput! => collectionCreate(input: $input, idempotencyKey: "k")'
    made = await change(shop, make, "collection { id }", input={"title": "架", "kind": "MANUAL"})
    variables = {"id": made["collectionCreate"]["collection"]["id"]} if "$id:" in call else {}

    answer = await change(shop, call, "__typename", ids=["x", "y"], **variables)

    assert answer.refusals == [Refused("NOT_FOUND", f"{field}.0"), Refused("NOT_FOUND", f"{field}.1")]


async def test_two_places_of_nothing_are_not_found_rather_than_the_same(shop: SandboxShop) -> None:
    product = (await create(shop))["id"]
    move = {"delta": 1, "reason": "COUNTED"}
    stock = '$moves: [StockAdjustmentInput!]! => stockAdjust(adjustments: $moves, idempotencyKey: "k")'
    extra = {"namespace": "a", "key": "b", "value": "c"}
    extras = "$extras: [MetafieldSetInput!]! => metafieldsSet(metafields: $extras)"
    gone = "$id: ID!, $ids: [ID!]! => variantsDelete(productId: $id, ids: $ids)"

    moved = await change(shop, stock, "__typename", moves=[{"variantId": "x", **move}, {"variantId": "y", **move}])
    put = await change(shop, extras, "__typename", extras=[{"ownerId": "x", **extra}, {"ownerId": "y", **extra}])
    deleted = await change(shop, gone, "__typename", id=product, ids=["x", "y"])

    assert moved.refusals == [Refused("NOT_FOUND", f"adjustments.{n}.variantId") for n in (0, 1)]
    assert put.refusals == [Refused("NOT_FOUND", f"metafields.{n}.ownerId") for n in (0, 1)]
    assert deleted.refusals == [Refused("NOT_FOUND", f"ids.{n}") for n in (0, 1)]


@pytest.mark.parametrize("first", [-1, 0, 101, 2**31, 2**63, 2**70, 1.5, "1", True, [1], {}])
async def test_a_page_has_one_to_a_hundred_items(shop: SandboxShop, first: object) -> None:
    document = "query ($first: PageSize) { products(first: $first) { totalCount } }"
    answer = await shop.visitor(document, {"first": first})
    assert (answer.status, answer.codes) == (400, ["BAD_USER_INPUT"])
    literal = json.dumps(first).replace("{}", "{x: 1}")
    answer = await shop.visitor(f"{{ products(first: {literal}) {{ totalCount }} }}")
    assert (answer.status, answer.codes) == (400, ["GRAPHQL_VALIDATION_FAILED"])


@pytest.mark.parametrize("stars", [-(2**31), -1, 0, 6, 100_000_000, 2**31 - 1])
async def test_any_number_of_stars_can_be_asked_for(shop: SandboxShop, stars: int) -> None:
    document = "query ($stars: Int!) { products(filters: [{ minRating: $stars }]) { totalCount facets { id } } }"
    assert (await shop.visitor(document, {"stars": stars})).errors == []


async def test_at_most_250_ids_are_asked_for_at_once(shop: SandboxShop) -> None:
    document = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename } }"
    assert (await shop.visitor(document, {"ids": ["x"] * 250}))["nodes"] == [None] * 250
    assert (await shop.visitor(document, {"ids": ["x"] * 251})).codes == ["BAD_USER_INPUT"]


@pytest.mark.parametrize("bad", ["\0", "a\0b", "\ud800", "\udc00a"])
async def test_text_that_no_database_holds_is_refused_wherever_it_stands(shop: SandboxShop, bad: str) -> None:
    product = {"title": bad, "variants": ONE}
    escaped = json.dumps(bad)
    asked: list[tuple[str, Any]] = [
        ("query ($text: String) { products(filters: [{ tag: $text }]) { totalCount } }", {"text": bad}),
        ("query ($text: Handle) { product(handle: $text) { id } }", {"text": bad}),
        ("query ($id: ID!) { node(id: $id) { id } }", {"id": bad}),
        (CREATE, {"input": product, "key": "k"}),
        (CREATE, {"input": {"title": "x", "variants": ONE, "tags": [bad]}, "key": "k"}),
        (CREATE, {"input": {"title": "x", "variants": ONE}, "key": bad}),
        (f"{{ products(filters: [{{ tag: {escaped} }}]) {{ totalCount }} }}", None),
        (f"{{ product(handle: {escaped}) {{ id }} }}", None),
        (f"{{ node(id: {escaped}) {{ id }} }}", None),
    ]
    for document, variables in asked:
        # Escaped, as JavaScript sends what UTF-8 has no bytes for.
        body = json.dumps({"query": document, "variables": variables})
        headers = {**shop.staff.headers, "content-type": "application/json", "accept": NEW}
        response = await shop.http.post("/graphql", content=body, headers=headers)
        assert response.status_code == 400, (document, response.text)
        code = response.json()["errors"][0]["extensions"]["code"]
        assert code in {"BAD_USER_INPUT", "BAD_REQUEST", "GRAPHQL_PARSE_FAILED"}
    assert await total(shop) == 0


@pytest.mark.parametrize(
    "moment",
    [
        "2026-02-30T00:00:00Z", "2026-01-01", "2026-01-01T00:00:00", "2026-01-01T25:00:00Z", "2026-01-01T00:00:60Z",
        "2026-01-01T00:00:00+99:99", "0001-01-01T00:00:00+14:00", "1000-01-01T00:00:00+14:00",
        "9998-12-31T23:59:59-14:00", "9999-12-31T23:59:59Z", "now", 1767225600,
    ],
)  # fmt: skip
async def test_a_moment_that_is_none_is_refused_in_words_of_ours(shop: SandboxShop, moment: object) -> None:
    answer = await shop.staff(CREATE, {"input": {"title": "x", "variants": ONE, "publishedAt": moment}, "key": "k"})
    assert answer.codes == ["BAD_USER_INPUT"]
    assert "DateTime is ISO 8601 with a zone" in answer.errors[0]["message"]


async def test_prices_go_as_far_as_numbers_are_exact(shop: SandboxShop) -> None:
    most = 2**53 - 1
    product = await create(shop, options=[], variants=[{"price": {"fen": most}}])
    assert product["priceRange"]["max"]["fen"] == most
    assert product["priceRange"]["min"]["amount"] == "90071992547409.91"
    for fen in (most + 1, -1, 1.5, "100"):
        answer = await shop.staff(CREATE, {"input": {"title": "x", "variants": [{"price": {"fen": fen}}]}, "key": "k"})
        assert answer.codes == ["BAD_USER_INPUT"]
        assert ".variants[0].price.fen" in answer.errors[0]["message"]


async def test_one_bad_product_of_250_leaves_the_shop_as_it_was(shop: SandboxShop) -> None:
    goods: list[dict[str, Any]] = [
        {"title": f"批 {n}", "handle": f"bulk-{n}", "variants": [{"price": {"fen": n}}]} for n in range(250)
    ]
    goods[137]["variants"] = [{}]

    refused = await shop.staff(UPSERT, {"products": goods, "key": "k"})
    assert refused.refusals == [Refused("BLANK", "products.137.variants.0.price")]
    assert await total(shop) == 0

    goods[137]["variants"] = ONE
    done = await shop.staff(UPSERT, {"products": goods, "key": "k"})
    assert len(done["productsUpsert"]["products"]) == await total(shop) == 250


async def test_a_repeated_wish_in_a_bulk_is_refused_by_its_place(shop: SandboxShop) -> None:
    product = await create(shop, handle="tee")
    twice = [{"id": product["id"], "title": "甲"}, {"handle": "tee", "title": "乙"}]
    stale = [{"id": product["id"], "title": "甲", "version": 9}]

    assert (await shop.staff(UPSERT, {"products": twice, "key": "1"})).refusals == [Refused("DUPLICATE", "products.1")]
    refused = await shop.staff(UPSERT, {"products": stale, "key": "2"})
    assert refused.refusals == [Refused("CONFLICT", "products.0.version")]
    assert refused.refusals[0].more["version"] == 1


async def test_twenty_at_once_with_one_key_make_one(shop: SandboxShop) -> None:
    variables = {"input": {"title": "一件", "variants": ONE}, "key": uuid4().hex}

    answers = await asyncio.gather(*(shop.staff(CREATE, variables) for _ in range(20)))

    assert {answer["productCreate"]["product"]["id"] for answer in answers if not answer.refusals}
    assert {refusal.code for answer in answers for refusal in answer.refusals} <= {"IDEMPOTENCY_IN_PROGRESS"}
    assert await total(shop) == 1


NESTED = ["<div>", "<ul><li>", "<div></b>", "<b><div></b>", "<div><p>", "<blockquote>", "<font><p>", "<DIV x=1>"]


@pytest.mark.parametrize("unit", NESTED)
def test_no_description_holds_the_process_up(unit: str) -> None:
    html = (unit * DESCRIPTION_CHARS_MAX)[: DESCRIPTION_CHARS_MAX - 1000] + "<p>末尾</p>"
    began = time.process_time()
    blocks = description_blocks(html)
    assert time.process_time() - began < 2
    assert "末尾" in "".join(block.get("text", "") for block in blocks) or unit.startswith("<b>")


SCRIPTS = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<a href='javascript:alert(1)'>x</a>",
    "<svg/onload=alert(1)>", "<style>*{}</style>", "<p style='background:url(javascript:x)' onclick=x>x</p>",
    "<iframe src='javascript:alert(1)'></iframe>", "<img src='data:text/html,<script>x</script>'>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>", "<!--><script>x</script>-->",
    "<a href='java&#10;script:alert(1)'>x</a>", "<base href='https://evil'>", "<form action=//evil><input>",
]  # fmt: skip


@pytest.mark.parametrize("html", SCRIPTS)
async def test_nothing_that_runs_comes_back(shop: SandboxShop, html: str) -> None:
    product = await create(shop, descriptionHtml=f"<p>前</p>{html}<p>后</p>")
    kept = product["descriptionHtml"].lower()
    assert "<p>前</p>" in kept
    for word in ("<script", "onerror", "onload", "onclick", "javascript:", "<style", "<iframe", "data:", "<form"):
        assert word not in kept


BODIES: list[tuple[bytes, int]] = [
    (b'{"query":"{shop{name}}"' + b" " * 1_000_000 + b"}", 413),
    (b'{"query":"query($f:[ProductFilter!]){products(filters:$f){totalCount}}","variables":{"f":'
     + b"[" * 5000 + b"]" * 5000 + b"}}", 400),
    (b'[{"query":"{shop{name}}"}]', 400),
    (b'{"query":"{shop{name}}","variables":[]}', 400),
    (b'{"query":"{shop{name}}","variables":{"x":NaN}}', 400),
    (b'{"query":"query{...A} fragment A on Query{...B} fragment B on Query{...A}"}', 400),
    (b'{"query":"query A{shop{name}} query B{shop{name}}"}', 400),
    (b'{"query":"query A{shop{name}}","operationName":"B"}', 400),
    (b'{"query":"{products(sortKey:NOPE){totalCount}}"}', 400),
    (b'{"query":"subscription{shop{name}}"}', 400),
]  # fmt: skip


@pytest.mark.parametrize(("body", "status"), BODIES, ids=range(len(BODIES)))
async def test_a_body_that_makes_no_sense_is_refused(
    shop: SandboxShop, http: httpx.AsyncClient, body: bytes, status: int
) -> None:
    headers = {
        "x-shop-key": shop.key,
        "content-type": "application/json",
        "accept": "application/graphql-response+json",
    }
    response = await http.post("/graphql", content=body, headers=headers)
    assert response.status_code == status
    assert "data" not in response.json()
    assert response.json()["errors"][0]["message"]


async def test_a_mutation_is_not_for_get(shop: SandboxShop, http: httpx.AsyncClient) -> None:
    product = await create(shop)
    document = f'mutation {{ productDelete(id: "{product["id"]}") {{ deletedProductId }} }}'
    response = await http.get("/graphql", params={"query": document}, headers=dict(shop.staff.headers))
    assert (response.status_code, response.headers["allow"]) == (405, "POST, OPTIONS")
    assert await total(shop) == 1
