"""One run of the proof: documents by seed, each by several sets of variables, through both executors."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from engine.codes import ErrorCode
from engine.documents import DocumentError
from engine.limits import Limits
from models.staff import Role
from resolvers.caller import Caller
from schema.root import graphql_schema, sources
from tests.engine.both import Both, customer, staff, visitor
from tests.engine.documents_generator import Generator
from tests.engine.documents_rewriter import Rewriter
from tests.engine.documents_tree import DocumentTree
from tests.engine.documents_world import World, world
from tests.engine.small_shop import SmallShop


@dataclass(slots=True)
class Viewpoint:
    """Somebody who asks, and what there is to ask for as they find it."""

    viewer: Caller
    world: World


@dataclass(slots=True)
class Tally:
    """What a run has seen."""

    documents: int = 0
    filled: int = 0
    runs: int = 0
    features: Counter[str] = field(default_factory=Counter)


async def viewpoints(shop: SmallShop) -> list[Viewpoint]:
    """A visitor, a customer, staff that keeps the catalogue, or the orders, or neither, and who may do everything."""
    both = Both(Limits(cost=1_000_000))
    roles = (Role.CATALOGUE, Role.ORDERS, Role.ANALYTICS, Role.OWNER)
    people = (visitor(shop), customer(shop), *(staff(shop, role) for role in roles))
    return [Viewpoint(viewer, await world(both, shop, viewer)) for viewer in people]


def written(point: Viewpoint, seed: int) -> DocumentTree:
    """The document of a seed."""
    random = Random(seed)  # noqa: S311 - a failing seed must write the same again
    generator = Generator(graphql_schema, sources, point.world, random, point.viewer)
    tree = Rewriter(graphql_schema, random).rewrite(generator.document())
    tree.note = f"seed {seed}"
    return tree


def variable_sets(tree: DocumentTree, random: Random) -> list[dict[str, Any]]:
    """The set that the document was written with, and one or two where others stand in."""
    sets = [tree.first_values()]
    if tree.variables:
        sets += [tree.values(lambda one: random.choice((one.value, *one.others))) for _ in range(2)]
    return sets


async def prove(both: Both, points: list[Viewpoint], seeds: range, ask: Callable[..., Any] | None = None) -> Tally:
    """Compare the documents of these seeds. Raises DifferentError with the seed, the document and the place."""
    tally = Tally()
    for seed in seeds:
        point = points[seed % len(points)]
        attempt = 0
        while not await _document(both, point, seed + 1_000_003 * attempt, tally, ask or both.same):
            attempt += 1
    return tally


async def _document(both: Both, point: Viewpoint, seed: int, tally: Tally, ask: Callable[..., Any]) -> bool:
    """Compare one document; False when it is beyond the limits of documents and another has to be written."""
    tree = written(point, seed)
    text = tree.text()
    answers = []
    for number, variables in enumerate(variable_sets(tree, Random(seed))):  # noqa: S311
        try:
            both.documents.load(text).operation(None).cost(variables)
        except DocumentError as error:
            if error.code != ErrorCode.MAX_COST_EXCEEDED and "too many" not in str(error):
                raise
            if number == 0:
                return False
            continue
        try:
            answers.append(await ask(text, variables, point.viewer))
        except Exception as error:
            error.add_note(f"seed {seed}\n{text}\n{variables}")
            raise
    tally.documents += 1
    tally.runs += len(answers)
    tally.filled += is_filled(answers[0])
    _count(tally.features, tree, text)
    return True


def is_filled(value: Any) -> bool:
    """Whether there is something in an answer beside nulls, empty lists and names of types."""
    if isinstance(value, dict):
        return any(is_filled(one) for key, one in value.items() if not key.startswith(("type", "__typename")))
    if isinstance(value, list):
        return any(map(is_filled, value))
    return value is not None and value is not False


def _count(features: Counter[str], tree: DocumentTree, text: str) -> None:
    marks = (
        "@skip",
        "@include",
        "__typename",
        "fragment ",
        "... on Node",
        "after:",
        "before:",
        "last:",
        "filters:",
        "... {",
        "facets",
    )
    features.update(mark for mark in marks if mark in text)
    features.update(["variables"] * bool(tree.variables))
