"""Plans are made for shapes of variables: the same shape shares one, another gets its own, and all answer right."""

from random import Random
from typing import Any

import pytest

from engine.documents import DocumentError
from engine.limits import Limits
from engine.plan import PLANS_KEPT, Reader
from models.staff import Role
from tests.engine.both import Both, staff, visitor
from tests.engine.proof import variable_sets, viewpoints, written
from tests.engine.small_shop import SmallShop

LIST = """
query($filters: [ProductFilter!], $key: ProductSortKey! = PRICE, $reverse: Boolean! = false, $first: PageSize) {
    products(filters: $filters, sortKey: $key, reverse: $reverse, first: $first) { totalCount nodes { id } } }"""


@pytest.fixture
def fresh(small: SmallShop, neighbour: SmallShop) -> Both:
    """An engine that has seen nothing yet."""
    return Both(Limits())


def plans(both: Both, document: str) -> int:
    """How many plans an operation has."""
    reader: Reader = both.documents.load(document).operation(None).plans[Reader]
    return len(reader._plans)


async def test_values_share_a_plan(fresh: Both, small: SmallShop) -> None:
    """Handles, ids, lists of ids of any length, prices, texts."""
    for document, sets in (
        ("query($h: Handle) { product(handle: $h) { id } }", [{"h": row["handle"]} for row in small.rows["product"]]),
        (
            "query($i: [ID!]!) { nodes(ids: $i) { id } }",
            [{"i": [f"prd_{id_.hex}"] * n} for n, id_ in enumerate(small.ids("product"))],
        ),
        (
            LIST,
            [
                {"filters": [{"price": {"min": fen}}, {"tag": tag}]}
                for fen in (0, 1000, 5000)
                for tag in ("新品", "it's")
            ],
        ),
    ):
        for variables in [*sets, *reversed(sets)]:
            await fresh.same(document, variables, visitor(small))
        assert plans(fresh, document) == 1


async def test_shapes_get_plans_of_their_own(fresh: Both, small: SmallShop) -> None:
    """Absent, null, empty, one filter or two, of this kind or that, another order: asked in turns, answered right."""
    sets: list[dict[str, Any]] = [
        {},
        {"filters": None},
        {"filters": []},
        {"filters": [{"available": True}]},
        {"filters": [{"available": False}]},
        {"filters": [{"available": False}, {"available": True}]},
        {"filters": [{"price": {"min": 1000}}]},
        {"filters": [{"price": {"max": 1000}}]},
        {"filters": [{"price": {"min": 1000, "max": None}}]},
        {"filters": [{"price": {}}]},
        {"filters": [{"tag": "新品"}, {"tag": "绿茶"}]},
        {"filters": {"tag": "新品"}},
        {"key": "TITLE"},
        {"key": "TITLE", "reverse": True},
        {"reverse": True},
        {"first": 2},
        {"first": 3},
        {"first": None},
    ]
    first = [await fresh.same(LIST, variables, visitor(small)) for variables in sets]
    Random(1).shuffle(order := list(range(len(sets))))  # noqa: S311 - any order but the first
    for at in order:
        assert await fresh.same(LIST, sets[at], visitor(small)) == first[at]

    assert len({str(answer) for answer in first}) > 8
    assert 12 <= plans(fresh, LIST) <= len(sets)


async def test_who_sees_what_is_hidden_has_a_plan_apart(fresh: Both, small: SmallShop) -> None:
    """A visitor never runs the plan of staff, whoever came first."""
    people = [staff(small, Role.CATALOGUE), visitor(small), staff(small, Role.ORDERS), staff(small, Role.OWNER)]
    counts = [
        (await fresh.same("{ products { totalCount } }", None, who))["products"]["totalCount"]
        for who in (*people, *people)
    ]

    assert counts == [16, 12, 12, 16] * 2
    assert plans(fresh, "{ products { totalCount } }") == 4


async def test_skip_and_include_are_part_of_the_plan(fresh: Both, small: SmallShop) -> None:
    """Each truth has its own answer."""
    document = "query($a: Boolean!, $b: Boolean = true) { shop { id @skip(if: $a) name @include(if: $b) } }"
    keys = [
        list((await fresh.same(document, variables, visitor(small)))["shop"])
        for variables in (
            {"a": True},
            {"a": False},
            {"a": False, "b": False},
            {"a": True, "b": False},
            {"a": True, "b": True},
        )
    ]

    assert keys == [["name"], ["id", "name"], ["id"], [], ["name"]]


async def test_more_shapes_than_are_kept(fresh: Both, small: SmallShop) -> None:
    """Plans are dropped and made anew; nobody notices."""
    for size in range(1, 101):
        answer = await fresh.data(LIST, {"first": size}, visitor(small))
        assert len(answer["products"]["nodes"]) == min(size, 12)
    assert plans(fresh, LIST) <= PLANS_KEPT


async def test_generated_documents_in_turns(fresh: Both, small: SmallShop) -> None:
    """Each by all its sets of variables, forwards and backwards over the same plans, as an engine of its own."""
    points = await viewpoints(small)
    tried = 0
    for seed in range(9_000, 9_060):
        point = points[seed % len(points)]
        tree = written(point, seed)
        sets = variable_sets(tree, Random(seed))  # noqa: S311
        if len(sets) < 3 or not _is_allowed(fresh, tree.text(), sets):
            continue
        tried += 1
        answers = [await fresh.data(tree.text(), variables, point.viewer) for variables in sets]
        again = [await fresh.data(tree.text(), variables, point.viewer) for variables in reversed(sets)]
        alone = [await Both(Limits()).data(tree.text(), variables, point.viewer) for variables in sets]
        assert answers == [*reversed(again)] == alone, f"seed {seed}"
    assert tried > 20


def _is_allowed(both: Both, text: str, sets: list[dict[str, Any]]) -> bool:
    try:
        for variables in sets:
            both.documents.load(text).operation(None).cost(variables)
    except DocumentError:
        return False
    return True
