"""Writes documents by walking the schema, with arguments that mean something in a real shop."""

from collections.abc import Sequence
from random import Random
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
)

from engine.cost import is_connection
from engine.sources import Sources
from engine.statement import Viewer
from tests.engine.documents_tree import DocumentTree, Field, Fragment, Given, ListOf, ObjectOf, Selection, Value
from tests.engine.documents_world import ARGUMENT_TYPES, NODE_TABLES, World

DEEPEST = 6
PAGE_SIZES = (1, 2, 3, 4)
_LANDING_TYPES = {
    "productId": "ID", "productHandle": "Handle", "collectionId": "ID", "collectionHandle": "Handle", "pageId": "ID",
    "pageHandle": "Handle", "scene": "String", "shareToken": "String",
}  # fmt: skip
_FILTER_TYPES = {
    "available": "Boolean!", "category": "ID!", "collection": "ID!", "vendor": "String!", "productType": "String!",
    "tag": "String!", "minRating": "Int!", "min": "Fen", "max": "Fen", "name": "String!", "value": "String!",
}  # fmt: skip
_ROOT_ROWS = {
    "product": ("prd", "product"), "collection": ("col", "collection"), "category": ("cat", "category"),
    "page": ("pag", "page"),
}  # fmt: skip
_LOOSE_ROOTS = {
    "landing",
    "shareLink",
    "searchSuggest",
    "catalogueChange",
    "viewerChange",
    "regions",
    "freightTemplate",
    "cart",
}
_OFTEN = {
    "products": 4,
    "product": 2,
    "collection": 2,
    "collections": 2,
    "node": 2,
    "nodes": 2,
    "landing": 3,
    "page": 2,
    "cart": 2,
}
"""Roots under which most is to be found are asked for more often than the others."""


class Generator:
    """Writes one document after the other; the same seed writes the same."""

    def __init__(self, schema: GraphQLSchema, sources: Sources, world: World, random: Random, viewer: Viewer) -> None:
        self._schema = schema
        self._sources = sources
        self._world = world
        self._random = random
        self._viewer = viewer
        self._left = 0

    def document(self) -> DocumentTree:
        """One document: one to three roots and what hangs from them."""
        self._left = self._random.choice((12, 25, 40, 60))
        root = self._schema.query_type
        assert root
        names = self._names(root)
        count = self._random.choice((1, 1, 2, 3))
        drawn = self._random.sample(names, count, counts=[_OFTEN.get(name, 1) for name in names])
        return DocumentTree([self._field(root, name, 1) for name in dict.fromkeys(drawn)])

    def along(self, way: Sequence[tuple[GraphQLObjectType, str]]) -> DocumentTree:
        """One document from the root to the field at the end of this way, with as little below it as there can be."""
        parent, name = way[-1]
        made = self._field(parent, name, DEEPEST)
        for above, through in reversed(way[:-1]):
            declared = above.fields[through]
            target = get_named_type(declared.type)
            below: list[Selection] = [Fragment(made.parent, [made]) if is_abstract_type(target) else made]
            given = self._arguments(above.name, through, declared)
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
        made = Field(parent.name, name, type_.name, arguments=self._arguments(parent.name, name, declared))
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

    def _arguments(  # noqa: PLR0911 - one way out for each kind of argument
        self, parent: str, name: str, declared: GraphQLField
    ) -> dict[str, Value]:
        if "after" in declared.args and "first" in declared.args:
            return self._paging(f"{parent}.{name}")
        if not declared.args:
            return {}
        random, ids = self._random, self._world.ids
        if parent == "Query" and name in _ROOT_ROWS:
            prefix, table = _ROOT_ROWS[name]
            handles = self._world.handles(table)
            by_id = self._one_of("id", "ID", self._ids(prefix)) if random.random() < 0.5 else None
            return {"id": by_id} if by_id else {"handle": self._one_of("handle", "Handle", handles)}
        if parent == "Query" and name in _LOOSE_ROOTS:
            return self._loose(name)
        match name:
            case "node" | "nodes":
                one = name == "node"
                return {"id": self._one_of("id", "ID!", self._node_ids(5))} if one else {"ids": self._id_list()}
            case "categories":
                return {} if random.random() < 0.5 else {"parent": self._one_of("parent", "ID", ids["cat"][:2])}
            case "url":
                return self._smaller()
            case "metafield":
                keys = {"namespace": ["care"], "key": ["k0", "k0", "k1"]}
                return {key: self._one_of(key, "String!", values) for key, values in keys.items()}
        if set(declared.args) == {"first"}:
            return {"first": self._one_of("first", "PageSize", PAGE_SIZES)} if random.random() < 0.7 else {}
        message = f"nobody has said what to ask {parent}.{name} with"
        raise NotImplementedError(message)

    def _loose(self, name: str) -> dict[str, Value]:
        """What roots are asked with that no table of ids answers."""
        match name:
            case "landing":
                return self._landing()
            case "regions":
                # The smallest provinces, a city, a district, nothing: whatever hangs from them stays readable.
                parents = ("640000", "820000", "330100", "330106", "999999", None)
                return {"parent": self._one_of("parent", "RegionCode", parents)} if self._random.random() < 0.9 else {}
            case "freightTemplate" | "cart":
                prefix, type_ = ("frt", "ID!") if name == "freightTemplate" else ("crt", "ID")
                id_ = self._one_of("id", type_, [*self._world.ids[prefix], f"{prefix}_nothing"])
                return {} if name == "cart" and self._random.random() < 0.7 else {"id": id_}
            case "shareLink":
                return {"token": self._one_of("token", "String!", self._world.tokens())}
            case "searchSuggest":
                words = [self._world.words(self._random) for _ in range(5)]
                made: dict[str, Value] = {"query": self._one_of("query", "String!", [self._world.shop.word, *words])}
                return made | (
                    {"first": self._one_of("first", "PageSize", PAGE_SIZES)} if self._random.random() < 0.5 else {}
                )
        after = self._one_of("after", "String", self._world.changes)
        return {} if self._random.random() < 0.2 else {"after": after}

    def _smaller(self) -> dict[str, Value]:
        """Perhaps a picture's address in a size, or written otherwise."""
        sides = {side: self._one_of(side, "Int", (1, 100, 750, 10_000, None)) for side in ("width", "height")}
        format_ = self._one_of("format", "ImageFormat", ("WEBP", "JPEG", None))
        format_.is_enum = True
        made: dict[str, Value] = {**sides, "format": format_}
        return {name: value for name, value in made.items() if self._random.random() < 0.4}

    def _landing(self) -> dict[str, Value]:
        """To one target at most, by what names it, and perhaps by a share link."""
        ways = [way for way in (self._world.landings(self._random) for _ in range(4)) if way]
        if not ways:
            return {}
        given, *others = ways
        parts: dict[str, Value] = {
            name: Given(_LANDING_TYPES[name], value, tuple(other[name] for other in others if name in other))
            for name, value in given.items()
        }
        return {"input": ObjectOf("LandingInput", parts, tuple(others))}

    def _one_of(self, _name: str, type_: str, values: Sequence[Any]) -> Given:
        value = self._random.choice(values)
        return Given(type_, value, tuple(self._random.sample(values, min(3, len(values)))))

    def _ids(self, prefix: str) -> list[str]:
        seen = [id_ for id_ in self._world.seen if id_.startswith(prefix)]
        return [*seen, *seen, *self._world.ids[prefix]]

    def _node_ids(self, count: int) -> list[str]:
        if self._random.random() < 0.6:
            return self._random.sample(self._world.seen, count)
        prefixes = self._random.choices(list(NODE_TABLES), k=count)
        return [self._random.choice(self._world.ids[prefix]) for prefix in prefixes]

    def _id_list(self) -> ListOf:
        ids = [*self._node_ids(3), self._random.choice(("prd_nothing", "", "shp_" + "0" * 32, self._world.seen[0]))]
        self._random.shuffle(ids)
        items: list[Value] = [Given("ID!", id_, tuple(self._node_ids(1))) for id_ in ids]
        return ListOf("[ID!]!", items, (ids[:1], [], [*reversed(ids)]))

    def _paging(self, place: str) -> dict[str, Value]:
        """Arguments of a page; cursors only with the arguments that their list had."""
        random = self._random
        choice = random.choice(self._world.lists[place])
        has_cursor = bool(choice.cursors) and random.random() < 0.45
        made = self._narrowing(place, choice.arguments if has_cursor else None)
        if random.random() < 0.9:
            side = random.choice(("first", "first", "last"))
            made[side] = Given("PageSize", random.choice(PAGE_SIZES), (1, 2, 5))
        for name in random.choice((("after",), ("before",), ("after", "before"))) if has_cursor else ():
            made[name] = self._one_of(name, "Cursor", (*choice.cursors, *choice.cursors, None))
        if random.random() < 0.1 and "last" not in made:
            made["last"] = Given("PageSize", None)
        shuffled = list(made.items())
        random.shuffle(shuffled)
        return dict(shuffled)

    def _narrowing(self, place: str, fixed: dict[str, Any] | None) -> dict[str, Value]:
        """A list's own arguments; `fixed` are those that a cursor binds."""
        world, random = self._world, self._random
        given = world.narrowing(place, random) if fixed is None else fixed
        made: dict[str, Value] = {}
        for name, value in given.items():
            ways = [world.narrowing(place, random) for _ in range(6)] if fixed is None else []
            others = tuple(way[name] for way in ways if name in way)
            type_ = ARGUMENT_TYPES[name]
            if name == "filters":
                items: list[Value] = [self._filter(one, is_free=fixed is None) for one in value]
                made[name] = ListOf(type_, items, others)
            else:
                made[name] = Given(type_, value, others, is_enum=name == "sortKey")
        return made

    def _filter(self, given: dict[str, Any], *, is_free: bool) -> ObjectOf:
        ((kind, value),) = given.items()
        others = [one for one in (self._world.filters(self._random) for _ in range(3)) if one and is_free]
        same = tuple(one[kind] for (one, *_) in others if kind in one)
        is_nested = isinstance(value, dict)
        inner = self._nested(kind, value, same) if is_nested else Given(_FILTER_TYPES[kind], value, same)
        return ObjectOf("ProductFilter!", {kind: inner}, tuple(one[0] for one in others))

    def _nested(self, kind: str, value: dict[str, Any], others: tuple[Any, ...]) -> ObjectOf:
        type_ = {"price": "PriceFilter!", "option": "OptionFilter!"}[kind]
        fields: dict[str, Value] = {
            name: Given(_FILTER_TYPES[name], one, tuple(other[name] for other in others if name in other))
            for name, one in value.items()
        }
        return ObjectOf(type_, fields, others)
