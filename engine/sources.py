"""Declared sources: where each type and field of the schema is read from. Said once; everything reads it here.

Templates are SQL with words in braces: {t} the row's alias, {p} its parent's, {m} a link table's, {0} {1} ..
the inputs of a value object, {shop} and {now} the viewer's, {viewer} who that is (null for nobody known), {rows} the
rows a connection pages through, {visitor} what the client calls itself, {staff} who of the house asks, {keeps} and
{keeps NAME} whether the reader is that keeper.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from graphql import FieldNode, GraphQLField, GraphQLNamedType, GraphQLSchema, is_object_type

from engine.rows import Order


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the row; by the field's own name when `name` is empty."""

    name: str = ""


@dataclass(frozen=True, slots=True)
class GlobalId:
    """The row's id as an opaque global id, under the type's prefix."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A scalar computed by SQL from the row."""

    sql: str


@dataclass(frozen=True, slots=True)
class Written:
    """A scalar computed by SQL from the row and the field's arguments: `write` is given both and returns a template."""

    write: Callable[..., str]


@dataclass(frozen=True, slots=True)
class Value:
    """A value object (no table of its own): its type's templates read these inputs. Null when the first is."""

    inputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Computed:
    """A Python computation over one SQL value, for the rare thing that SQL says badly."""

    needs: str
    compute: Callable[[Any], Any]


class Shape(Enum):
    """How the rows of a relation are answered."""

    ONE = auto()
    MANY = auto()
    PAGE = auto()


@dataclass(frozen=True, slots=True)
class Link:
    """A table between two others: `near` holds the parent's id, `far` the row's."""

    table: str
    near: str
    far: str


@dataclass(frozen=True, slots=True)
class Relation:
    """Rows that hang from a row, or from the root. `select` reads the field's arguments and narrows them."""

    shape: Shape
    match: str = ""
    link: Link | None = None
    rows: str = ""
    """A derived row set (a select), for types without a table."""
    order: Order | None = None
    select: Callable[..., None] | None = None
    size: int = 20
    is_public: bool = False
    """Whether rows found from a row that may be seen may be seen too, so that their guard need not be asked."""


@dataclass(frozen=True, slots=True)
class ByIds:
    """Whatever the given global ids name: root fields node and nodes."""

    many: bool


FieldSource = Column | GlobalId | Expression | Written | Value | Computed | Relation | ByIds


@dataclass(frozen=True, slots=True)
class Table:
    """Where a type's rows are. `guard` holds for rows the public may see; `prefix` makes its global ids.

    `keeper` names who sees them all: readers who are one read without the guard; with None nobody does, and the guard
    itself says by {keeps NAME} who sees what.
    """

    table: str = ""
    prefix: str = ""
    scope: str = "{t}.shop_id = {shop}"
    guard: str = ""
    keeper: str | None = ""


@dataclass(frozen=True, slots=True)
class Kinds:
    """An interface or union over one row set: the value of `kind` names the object type."""

    kind: str
    types: Mapping[str, str]


TypeSource = Table | Kinds

type_sources: dict[type, TypeSource] = {}
"""Filled by the decorators of `engine.declare` as the schema's classes are defined."""


@dataclass(frozen=True, slots=True)
class FieldFacts:
    """One field of the schema: its source (None: not read by the engine), who may ask, its arguments' names."""

    source: FieldSource | None
    roles: frozenset[Any]
    argument_names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Asked:
    """A field of an operation that answers with rows: its place (Type.field) in the schema, and how it is asked."""

    place: str
    facts: FieldFacts
    relation: Relation
    declared: GraphQLField
    nodes: list[FieldNode]


class Sources:
    """All declarations, found by the names the schema gives them."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.types: dict[str, TypeSource] = {}
        self.fields: dict[tuple[str, str], FieldFacts] = {}
        self.prefixes: dict[str, str] = {}
        for type_ in schema.type_map.values():
            self._add_type(type_)

    def table(self, name: str) -> Table:
        """The table of an object type; a value object has an empty one."""
        found = self.types.get(name)
        return found if isinstance(found, Table) else Table()

    def _add_type(self, type_: GraphQLNamedType) -> None:
        definition = type_.extensions.get("strawberry-definition")
        origin = getattr(definition, "origin", None)
        source = type_sources.get(origin) if origin else None
        if source is not None:
            self.types[type_.name] = source
            if isinstance(source, Table) and source.prefix:
                self.prefixes[source.prefix] = type_.name
        if is_object_type(type_):
            for name, field in type_.fields.items():
                declared = field.extensions.get("strawberry-definition")
                if declared is not None:
                    self.fields[type_.name, name] = _facts(declared, is_read=source is not None)


def _facts(declared: Any, *, is_read: bool) -> FieldFacts:
    metadata = declared.metadata or {}
    source = metadata.get("source")
    if source is None and is_read:
        source = Column()
    if isinstance(source, Column) and not source.name:
        source = Column(declared.python_name)
    names = {
        argument.graphql_name or _camel(argument.python_name): argument.python_name for argument in declared.arguments
    }
    return FieldFacts(source, frozenset(metadata.get("roles", ())), names)


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)
