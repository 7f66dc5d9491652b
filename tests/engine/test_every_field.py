"""Every field that can be read is asked for along its shortest way: answers are equal, and at last hold something."""

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from graphql import GraphQLObjectType, get_named_type, is_abstract_type, is_object_type

from engine.limits import Limits
from models.staff import Role
from schema.root import graphql_schema, sources
from tests.engine.both import Both, customer, staff, visitor
from tests.engine.documents_generator import Generator
from tests.engine.documents_world import world
from tests.engine.proof import Viewpoint
from tests.engine.small_shop import SmallShop

pytestmark = pytest.mark.slow

NOT_THEIRS = {("GroupBuySeat", name) for name in ("customerName", "share", "isVirtual")}
"""The shortest way to a seat is a customer's to their own, where these are not to be asked for or never true."""

Way = tuple[tuple[GraphQLObjectType, str], ...]

TRIES = 240


def ways() -> Iterator[Way]:
    """The shortest way to each field of each type that the engine reads.

    Ids lead anywhere, so `node` and `nodes` lead nowhere further.
    """
    root = graphql_schema.query_type
    assert root
    reached = {root.name}
    queue: list[tuple[GraphQLObjectType, Way]] = [(root, ())]
    for type_, before in queue:
        for name, field in type_.fields.items():
            facts = sources.fields.get((type_.name, name))
            if type_ is root and not (facts and facts.source):
                continue
            way: Way = (*before, (type_, name))
            yield way
            target: Any = get_named_type(field.type)
            nexts = graphql_schema.get_possible_types(target) if is_abstract_type(target) else [target]
            for one in nexts if name not in {"node", "nodes"} else ():
                if is_object_type(one) and one.name not in reached:
                    reached.add(one.name)
                    queue.append((one, way))


WAYS = list(ways())


@pytest.fixture(scope="module")
async def points(small: SmallShop) -> list[Viewpoint]:
    """Between them they may ask for everything."""
    both = Both(Limits(cost=1_000_000))
    people = (staff(small, Role.OWNER), customer(small), visitor(small))
    return [Viewpoint(viewer, await world(both, small, viewer)) for viewer in people]


@pytest.mark.timeout(600)
async def test_every_field_gets_an_equal_answer(points: list[Viewpoint]) -> None:
    """With other arguments, and by somebody else, until there is something in it."""
    both = Both(Limits(cost=1_000_000))
    nothing = [way[-1] for way in WAYS if not await _is_filled(both, points, way)]

    assert len(WAYS) > 300
    assert {(type_.name, name) for type_, name in nothing} == NOT_THEIRS


async def _is_filled(both: Both, points: list[Viewpoint], way: Way) -> bool:
    for number in range(TRIES):
        point = points[number % len(points)]
        if not all(_may(point, type_, name) for type_, name in way):
            continue
        random = Random(number)  # noqa: S311 - a failing way must be the same again
        tree = Generator(graphql_schema, sources, point.world, random, point.viewer).along(way)
        answer = await both.same(tree.text(), tree.first_values(), point.viewer)
        if _is_found(answer, [name for _type, name in way]):
            return True
    return False


def _is_found(value: Any, names: list[str]) -> bool:
    """Whether at the end of the names there is anything but null, false and empty lists."""
    if isinstance(value, list):
        return any(_is_found(one, names) for one in value)
    if names and value is not None:
        return _is_found(value.get(names[0]), names[1:])
    return value is not None and value is not False


def _may(point: Viewpoint, type_: GraphQLObjectType, name: str) -> bool:
    facts = sources.fields.get((type_.name, name))
    return facts is None or not facts.roles or any(map(point.viewer.may, facts.roles))
