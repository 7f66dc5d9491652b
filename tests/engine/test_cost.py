"""The price of an operation, worked out by hand from the published formula."""

from typing import Any

import pytest
from graphql import GraphQLSchema, build_schema

from engine.codes import ErrorCode
from engine.documents import DocumentCache, DocumentError, Operation
from engine.limits import Limits
from engine.sizes import Prices

SCHEMA = """
type Query {
  shop: Shop
  books(first: Int, last: Int, query: String): BookConnection
  shelf(first: Int = 10): BookConnection
  nodes(ids: [ID!]!): [Node]!
  newest(first: Int): [Book!]!
  tags: [Tag!]!
  any: Thing
}
type Mutation { rename(name: String): Shop, clear: Boolean }
interface Node { id: ID! }
union Thing = Book | Shop
type Shop implements Node { id: ID!, name: String, owner: Person }
type Person { name: String }
type Tag { name: String }
type Money { amount: String }
type Book implements Node { id: ID!, title: String, price: Money, tags: [Tag!]!, parts(first: Int): BookConnection }
type BookConnection { nodes: [Book!]!, edges: [BookEdge!]!, pageInfo: PageInfo!, totalCount: Int, facets: [Tag!]! }
type BookEdge { cursor: String!, node: Book! }
type PageInfo { hasNextPage: Boolean! }
"""
PRICES = Prices(bases={"Query.books.query": 5}, sizes={"Book.tags": 3})


@pytest.fixture(scope="module")
def documents() -> DocumentCache:
    schema: GraphQLSchema = build_schema(SCHEMA)
    return DocumentCache(schema, Limits(cost=10_000_000), PRICES)


def operation(documents: DocumentCache, text: str) -> Operation:
    return documents.load(text).operation(None)


@pytest.mark.parametrize(
    ("points", "text"),
    [
        # Leaves are free, an object is 1.
        (0, "{ __typename }"),
        (1, "{ shop { id name } }"),
        (2, "{ shop { name owner { name } } }"),
        # A page: 2 + n x (1 + what each node selects).
        (2 + 20 * 1, "{ books { nodes { title } } }"),
        (2 + 10 * 1, "{ shelf { nodes { title } } }"),
        (2 + 5 * 1, "{ books(first: 5) { nodes { title } } }"),
        (2 + 5 * 1, "{ books(last: 5) { edges { cursor node { title } } } }"),
        (2 + 5 * 2, "{ books(first: 5) { nodes { price { amount } } } }"),
        (2 + 5 * 2, "{ books(first: 5) { nodes { title } edges { cursor } } }"),
        (2 + 1 + 1, "{ books(first: 5) { totalCount pageInfo { hasNextPage } facets { name } } }"),
        (2 + 0, "{ books(first: 0) { nodes { title } } }"),
        (2 + 100 * 1, "{ books(first: 2000000000) { nodes { title } } }"),
        (2 + 5 * (1 + 2 + 3 * 1), "{ books(first: 5) { nodes { parts(first: 3) { nodes { title } } } } }"),
        # Lists: ids, first, declared, else 1.
        (3, '{ nodes(ids: ["a", "b", "c"]) { id } }'),
        (7, "{ newest(first: 7) { title } }"),
        (1, "{ tags { name } }"),
        (2 + 2 * (1 + 3), "{ books(first: 2) { nodes { tags { name } } } }"),
        # A search costs 5 more.
        (5 + 2 + 1, '{ books(first: 1, query: "x") { nodes { title } } }'),
        # Mutations.
        (10, 'mutation { rename(name: "x") { name } }'),
        (11, 'mutation { rename(name: "x") { owner { name } } }'),
        # An interface or a union: common parts and the dearest member.
        (1 + 1, "{ any { ... on Book { price { amount } } ... on Shop { name } } }"),
        (1 + 4, "{ any { ... on Book { price { amount } tags { name } } ... on Shop { owner { name } } } }"),
        (1 + 1, "{ any { ... on Node { ... on Shop { owner { name } } ... on Book { price { amount } } } } }"),
        # Fragments: once priced, times their spreads.
        (3, "{ shop { ...f } } fragment f on Shop { owner { name } owner { name } }"),
        (5, "{ shop { ...f ...f } } fragment f on Shop { owner { name } owner { name } }"),
        (2 + 4 * 1, "{ books(first: 4) { ...f } } fragment f on BookConnection { nodes { title } }"),
        # @skip and @include: the worst case.
        (2, "{ shop { owner @skip(if: true) { name } } }"),
    ],
)
def test_the_formula(documents: DocumentCache, points: int, text: str) -> None:
    assert operation(documents, text).cost(None) == points


@pytest.mark.parametrize(
    ("points", "variables"),
    [
        (2 + 20, None),
        (2 + 20, {}),
        (2 + 7, {"n": 7}),
        (2 + 100, {"n": 10**30}),
        (2 + 0, {"n": -1}),
        (2 + 20, {"n": None}),
        (2 + 20, {"n": "7"}),
        (2 + 20, {"n": True}),
        (2 + 20, {"n": {"a": []}}),
        (2 + 20, {"n": 7.0}),
    ],
)
def test_a_page_size_in_a_variable(documents: DocumentCache, points: int, variables: dict[str, Any] | None) -> None:
    priced = operation(documents, "query ($n: Int) { books(first: $n) { nodes { title } } }")

    assert priced.cost(variables) == points


def test_the_default_of_a_variable_counts(documents: DocumentCache) -> None:
    priced = operation(documents, "query ($n: Int = 3) { books(first: $n) { nodes { title } } }")

    assert [priced.cost(None), priced.cost({"n": 4})] == [2 + 3, 2 + 4]


def test_ids_in_a_variable_are_counted(documents: DocumentCache) -> None:
    priced = operation(documents, "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }")

    assert [priced.cost({"ids": ["a"] * n}) for n in (0, 1, 40)] == [0, 1, 40]


def test_other_variables_do_not_change_the_price(documents: DocumentCache) -> None:
    priced = operation(documents, "query ($q: String) { books(query: $q) { nodes { title } } }")

    assert priced.sized_by == ()
    assert priced.cost({"q": "x"}) == 5 + 2 + 20


def test_too_dear_is_refused_before_it_is_validated() -> None:
    documents = DocumentCache(build_schema(SCHEMA), Limits(cost=100))

    with pytest.raises(DocumentError) as caught:
        documents.load("{ books(first: 100) { nodes { title nonsense } } }")
    assert caught.value.code is ErrorCode.MAX_COST_EXCEEDED
    assert caught.value.extensions == {"cost": 102, "maxCost": 100}


def test_too_dear_by_its_variables_is_refused_when_it_is_run() -> None:
    documents = DocumentCache(build_schema(SCHEMA), Limits(cost=100))
    priced = operation(documents, "query ($n: Int) { books(first: $n) { nodes { title } } }")

    assert priced.cost({"n": 98}) == 100
    with pytest.raises(DocumentError) as caught:
        priced.cost({"n": 99})
    assert caught.value.code is ErrorCode.MAX_COST_EXCEEDED
