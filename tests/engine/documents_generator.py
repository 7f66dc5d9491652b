"""Writes documents by walking the schema, with arguments that mean something in a real shop."""

from collections.abc import Sequence
from random import Random
from typing import Any

from graphql import (
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
)

from engine.cost import is_connection
from engine.sources import Sources
from engine.statement import Viewer
from tests.engine.documents_arguments import Arguments
from tests.engine.documents_tree import DocumentTree, Field, Fragment, Selection
from tests.engine.documents_world import World

DEEPEST = 6
_OFTEN = {
    "products": 4,
    "product": 2,
    "collection": 2,
    "collections": 2,
    "node": 2,
    "nodes": 2,
    "landing": 4,
    "page": 8,
    "cart": 2,
    "orders": 2,
    "refunds": 4,
    "groupBuys": 4,
    "groupBuyTeam": 4,
    "groupBuyTeams": 2,
    "merchantAccounts": 4,
}
"""Roots under which most is to be found are asked for more often than the others."""
_OFTEN_OWN = {"order": 5, "orderChange": 2, "viewer": 4}
"""The same for who has orders to look at."""


class Generator:
    """Writes one document after the other; the same seed writes the same."""

    def __init__(self, schema: GraphQLSchema, sources: Sources, world: World, random: Random, viewer: Viewer) -> None:
        self._schema = schema
        self._sources = sources
        self._random = random
        self._given = Arguments(world, random)
        self._viewer = viewer
        self._left = 0

    def document(self) -> DocumentTree:
        """One document: one to three roots and what hangs from them."""
        self._left = self._random.choice((12, 25, 40, 60))
        root = self._schema.query_type
        assert root
        names = self._names(root)
        count = self._random.choice((1, 1, 2, 3))
        drawn = self._random.sample(names, count, counts=[self._often(name) for name in names])
        return DocumentTree([self._field(root, name, 1) for name in dict.fromkeys(drawn)])

    def _often(self, name: str) -> int:
        has_orders = self._viewer.viewer_id is not None or (name != "viewer" and "ORDERS" in self._viewer.keeps)
        return _OFTEN.get(name) or (_OFTEN_OWN.get(name, 1) if has_orders else 1)

    def along(self, way: Sequence[tuple[GraphQLObjectType, str]]) -> DocumentTree:
        """One document from the root to the field at the end of this way, with as little below it as there can be."""
        parent, name = way[-1]
        made = self._field(parent, name, DEEPEST)
        for above, through in reversed(way[:-1]):
            declared = above.fields[through]
            target = get_named_type(declared.type)
            below: list[Selection] = [Fragment(made.parent, [made]) if is_abstract_type(target) else made]
            given = self._given.of(above.name, through, declared)
            made = Field(above.name, through, target.name, arguments=given, selections=below)
        return DocumentTree([made])

    def _names(self, type_: GraphQLObjectType) -> list[str]:
        """The fields that this viewer may ask for and that the engine reads."""
        found = []
        for name, field in type_.fields.items():
            facts = self._sources.fields.get((type_.name, name))
            allowed = facts is None or not facts.roles or any(map(self._viewer.may, facts.roles))
            is_read = type_ is not self._schema.query_type or (facts is not None and facts.source is not None)
            if allowed and is_read and not field.deprecation_reason:
                found.append(name)
        return found

    def _field(self, parent: GraphQLObjectType, name: str, depth: int) -> Field:
        self._left -= 1
        declared = parent.fields[name]
        type_ = get_named_type(declared.type)
        made = Field(parent.name, name, type_.name, arguments=self._given.of(parent.name, name, declared))
        if not is_leaf_type(type_):
            made.selections = self._selections(type_, depth + 1)
        return made

    def _selections(self, type_: Any, depth: int) -> list[Selection]:
        if is_abstract_type(type_):
            return self._of_abstract(type_, depth)
        names = self._names(type_)
        leaves = [name for name in names if is_leaf_type(get_named_type(type_.fields[name].type))]
        others = [name for name in names if name not in leaves]
        if is_connection(type_) or type_.name.endswith("Edge"):
            leaves, others = [], names
        count = self._random.choice((1, 2, 2, 3))
        chosen = self._random.sample(leaves, min(count, len(leaves)))
        if depth < DEEPEST and self._left > 0:
            chosen += self._random.sample(others, min(self._random.choice((0, 1, 1, 2, 3)), len(others)))
        if is_connection(type_) and depth < DEEPEST and not {"nodes", "edges"} & set(chosen):
            chosen.append(self._random.choice(("nodes", "nodes", "edges")))
        if not chosen and type_.name == "PriceRange":
            chosen = self._random.sample(others, 1)
        self._random.shuffle(chosen)
        made = [self._field(type_, name, depth) for name in chosen]
        return list(made) or [self._cheap(type_)]

    def _cheap(self, type_: GraphQLObjectType) -> Field:
        """A part that costs nothing, where nothing else was chosen."""
        for name in ("totalCount", "cursor", "id"):
            if name in type_.fields:
                return Field(type_.name, name, get_named_type(type_.fields[name].type).name)
        return Field(type_.name, "__typename", "String")

    def _of_abstract(self, type_: Any, depth: int) -> list[Selection]:
        """A fragment for some of the possible types; keys differ, for the types of equal names may."""
        own: list[Selection] = [
            Field(type_.name, name, get_named_type(field.type).name)
            for name, field in type_.fields.items()
            if is_leaf_type(get_named_type(field.type))
        ]
        possible = list(self._schema.get_possible_types(type_))
        chosen = self._random.sample(possible, min(len(possible), self._random.choice((1, 2, 4))))
        if "Product" in {one.name for one in possible} and self._random.random() < 0.7:
            chosen = [*{one.name: one for one in (*chosen, self._schema.type_map["Product"])}.values()]  # type: ignore[list-item]
        made: list[Selection] = []
        for one in chosen:
            below = self._selections(one, max(depth, DEEPEST - 2))
            for selection in below:
                if isinstance(selection, Field) and selection.name not in type_.fields:
                    selection.alias = f"{one.name[0].lower()}{one.name[1:]}_{selection.name.strip('_')}"
            made.append(Fragment(one.name, below))
        return [*(own if self._random.random() < 0.7 or not made else []), *made]
