"""A document as a tree that is easily rewritten, and its text."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

Json = Any


@dataclass(slots=True)
class Given:
    """A value that an argument, or a part of one, is given; `others` would do as well in its place."""

    type: str
    value: Json
    others: tuple[Json, ...] = ()
    is_enum: bool = False

    def plain(self) -> Json:
        """The value as a variable's JSON."""
        return self.value

    def text(self) -> str:
        """The value as a literal."""
        return str(self.value) if self.is_enum and self.value is not None else _literal(self.value)


@dataclass(slots=True)
class ObjectOf:
    """An input object."""

    type: str
    fields: dict[str, "Value"]
    others: tuple[Json, ...] = ()

    def plain(self) -> Json:
        """The object as a variable's JSON."""
        return {name: value.plain() for name, value in self.fields.items()}

    def text(self) -> str:
        """The object as a literal."""
        return "{" + ", ".join(f"{name}: {value.text()}" for name, value in self.fields.items()) + "}"


@dataclass(slots=True)
class ListOf:
    """A list."""

    type: str
    items: list["Value"]
    others: tuple[Json, ...] = ()

    def plain(self) -> Json:
        """The list as a variable's JSON."""
        return [item.plain() for item in self.items]

    def text(self) -> str:
        """The list as a literal."""
        return "[" + ", ".join(item.text() for item in self.items) + "]"


@dataclass(slots=True)
class Variable:
    """A variable of the operation, wherever it stands. `default` is a literal, empty for none."""

    name: str
    type: str
    value: Json
    others: tuple[Json, ...]
    default: str = ""
    is_left_out: bool = False
    """Whether the first set of variables leaves it to its default."""

    def plain(self) -> Json:
        """What it is worth."""
        return self.value

    def text(self) -> str:
        """How it stands in the document."""
        return f"${self.name}"


Value = Given | ObjectOf | ListOf | Variable


@dataclass(slots=True)
class Field:
    """A field of `parent`; `selections` are None for a leaf and `type` is the named type it answers with."""

    parent: str
    name: str
    type: str
    alias: str = ""
    arguments: dict[str, Value] = field(default_factory=dict)
    selections: list["Selection"] | None = None
    directives: list[tuple[str, Value]] = field(default_factory=list)

    @property
    def key(self) -> str:
        """The key of the answer."""
        return self.alias or self.name


@dataclass(slots=True)
class Fragment:
    """An inline fragment, or the spread of a named one; without a condition it only groups."""

    condition: str
    selections: list["Selection"]
    name: str = ""
    directives: list[tuple[str, Value]] = field(default_factory=list)


Selection = Field | Fragment


@dataclass(slots=True)
class DocumentTree:
    """An operation and the variables it declares."""

    selections: list[Selection]
    variables: list[Variable] = field(default_factory=list)
    note: str = ""
    """What reproduces it."""

    def text(self) -> str:
        """The document."""
        named: dict[str, Fragment] = {}
        body = _set(self.selections, named)
        written: dict[str, str] = {}
        while len(written) < len(named):
            for name, fragment in list(named.items()):
                if name not in written:
                    written[name] = f"fragment {name} on {fragment.condition} {_set(fragment.selections, named)}"
        declared = ", ".join(f"${one.name}: {one.type}{one.default and ' = ' + one.default}" for one in self.variables)
        return "\n".join([f"query Generated({declared}) {body}" if declared else body, *written.values()])

    def values(self, choose: Callable[[Variable], Json]) -> dict[str, Json]:
        """One set of variables."""
        return {one.name: choose(one) for one in self.variables}

    def first_values(self) -> dict[str, Json]:
        """The set of variables that the document was written with."""
        return {one.name: one.value for one in self.variables if not one.is_left_out}


def all_fields(selections: list[Selection]) -> Iterator[Field]:
    """Every field, however deep."""
    for selection in selections:
        if isinstance(selection, Field):
            yield selection
        yield from all_fields(selection.selections or [])


def all_sets(selections: list[Selection]) -> Iterator[list[Selection]]:
    """Every selection set that is an object's own, however deep."""
    yield selections
    for selection in selections:
        if selection.selections is not None:
            yield from all_sets(selection.selections)


def _set(selections: list[Selection], named: dict[str, Fragment]) -> str:
    return "{ " + " ".join(_selection(one, named) for one in selections) + " }"


def _selection(one: Selection, named: dict[str, Fragment]) -> str:
    directives = "".join(f" @{name}(if: {value.text()})" for name, value in one.directives)
    if isinstance(one, Fragment):
        if one.name:
            named.setdefault(one.name, one)
            return f"...{one.name}{directives}"
        condition = f" on {one.condition}" if one.condition else ""
        return f"...{condition}{directives} {_set(one.selections, named)}"
    alias = f"{one.alias}: " if one.alias else ""
    arguments = ", ".join(f"{name}: {value.text()}" for name, value in one.arguments.items())
    below = "" if one.selections is None else f" {_set(one.selections, named)}"
    return f"{alias}{one.name}{arguments and f'({arguments})'}{directives}{below}"


def _literal(value: Json) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_literal, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_literal(one)}" for name, one in value.items()) + "}"
    # JSON's escapes are GraphQL's too.
    return json.dumps(value, ensure_ascii=False)
