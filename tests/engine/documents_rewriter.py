"""Says the same in another way: variables, aliases, repeated fields, fragments, @skip and @include, __typename."""

import copy
from collections.abc import Iterator
from random import Random
from typing import Any

from graphql import GraphQLObjectType, GraphQLSchema, get_named_type, is_leaf_type

from tests.engine.documents_tree import (
    DocumentTree,
    Field,
    Fragment,
    Given,
    ListOf,
    ObjectOf,
    Selection,
    Value,
    Variable,
    all_fields,
    all_sets,
)

LONG = "a_name_that_is_longer_than_what_postgresql_takes_for_a_column_name"


class Rewriter:
    """Rewrites in place; every pass leaves a valid document."""

    def __init__(self, schema: GraphQLSchema, random: Random) -> None:
        self._schema = schema
        self._random = random
        self._made = 0

    def rewrite(self, tree: DocumentTree) -> DocumentTree:
        """Apply every pass; order matters: what is repeated repeats its variables and aliases."""
        self._made = 0
        self._name_types(tree)
        self._alias(tree)
        self._put_variables(tree)
        self._repeat(tree)
        self._interfaces(tree)
        self._fragments(tree)
        self._directives(tree)
        return tree

    def _chance(self, of: float) -> bool:
        return self._random.random() < of

    def _new(self, word: str) -> str:
        self._made += 1
        return f"{word}{self._made}"

    def _name_types(self, tree: DocumentTree) -> None:
        for set_ in list(all_sets(tree.selections)):
            if self._chance(0.2):
                alias = self._new("type") if self._chance(0.2) else ""
                set_.insert(self._random.randint(0, len(set_)), Field("", "__typename", "String", alias))

    def _alias(self, tree: DocumentTree) -> None:
        fields = list(all_fields(tree.selections))
        for one in fields:
            if not one.alias and self._chance(0.12):
                one.alias = self._new("a")
        if self._chance(0.3):
            self._random.choice(fields).alias = self._new(LONG)

    def _put_variables(self, tree: DocumentTree) -> None:
        for one in all_fields(tree.selections):
            for name, value in one.arguments.items():
                one.arguments[name] = self._varied(value, tree)

    def _varied(self, value: Value, tree: DocumentTree) -> Value:
        """The value itself, or a variable in its place or in that of a part of it."""
        if isinstance(value, Variable):
            return value
        if self._chance(0.35):
            return self._variable(value, tree)
        if isinstance(value, ListOf):
            value.items = [self._varied(item, tree) for item in value.items]
        elif isinstance(value, ObjectOf):
            value.fields = {name: self._varied(one, tree) for name, one in value.fields.items()}
        return value

    def _variable(self, value: Given | ListOf | ObjectOf, tree: DocumentTree) -> Variable:
        made = Variable(self._new("v"), value.type, value.plain(), value.others)
        is_enum = isinstance(value, Given) and value.is_enum
        if made.value is not None and self._chance(0.35):
            made.default = value.text()
            made.is_left_out = self._chance(0.5)
            if not made.is_left_out and value.others and not isinstance(value, ListOf | ObjectOf):
                other = self._random.choice(value.others)
                made.default = Given(value.type, other, is_enum=is_enum).text() if other is not None else made.default
            # With a default a variable may be null and stand where null may not; but not in a oneOf object.
        elif made.value is not None and not made.type.endswith("!") and None not in value.others and self._chance(0.3):
            made.type += "!"
        tree.variables.append(made)
        return made

    def _repeat(self, tree: DocumentTree) -> None:
        """Ask for a field twice, each time for a part of what is below it."""
        for set_ in list(all_sets(tree.selections)):
            for one in [one for one in set_ if isinstance(one, Field)]:
                if not self._chance(0.12):
                    continue
                again = copy.copy(one)
                again.directives = []
                if one.selections and len(one.selections) > 1:
                    cut = self._random.randint(1, len(one.selections) - 1)
                    part = one.selections[self._random.randint(0, cut) :]
                    again.selections = copy.deepcopy(part, _keep_variables(tree))
                    # In place: the set is still to be visited.
                    del one.selections[cut:]
                elif one.selections:
                    again.selections = copy.deepcopy(one.selections, _keep_variables(tree))
                set_.insert(self._random.randint(0, len(set_)), again)

    def _interfaces(self, tree: DocumentTree) -> None:
        """Ask by an interface for what the object has anyway."""
        for set_, type_ in _typed_sets(self._schema, tree):
            for interface in type_.interfaces:
                if self._chance(0.15):
                    names = [name for name, one in interface.fields.items() if is_leaf_type(get_named_type(one.type))]
                    below: list[Selection] = [Field(interface.name, name, "") for name in names]
                    set_.insert(self._random.randint(0, len(set_)), Fragment(interface.name, below))

    def _fragments(self, tree: DocumentTree) -> None:
        """Move runs of selections into fragments, some of them named, some inside others, some spread twice."""
        for _round in range(2):
            for set_, type_ in _typed_sets(self._schema, tree):
                if not self._chance(0.3):
                    continue
                start = self._random.randint(0, len(set_) - 1)
                end = self._random.randint(start + 1, len(set_))
                made = self._fragment(type_, set_[start:end])
                set_[start:end] = [made]
                if made.name and self._chance(0.3):
                    set_.append(Fragment(made.condition, made.selections, made.name))

    def _fragment(self, type_: GraphQLObjectType, run: list[Selection]) -> Fragment:
        kind = self._random.choice(("named", "named", "inline", "bare", "interface"))
        if kind == "named":
            return Fragment(type_.name, run, self._new("F"))
        if kind == "interface" and type_.interfaces:
            interface = self._random.choice(type_.interfaces)
            name = self._new("F") if self._chance(0.5) else ""
            return Fragment(interface.name, [Fragment(type_.name, run)], name)
        return Fragment("" if kind == "bare" else type_.name, run)

    def _directives(self, tree: DocumentTree) -> None:
        seen: set[int] = set()
        for set_ in list(all_sets(tree.selections)):
            for one in set_:
                if id(one) in seen or not self._chance(0.1):
                    continue
                seen.add(id(one))
                for name in self._random.choice((("skip",), ("include",), ("skip", "include"))):
                    # Mostly kept, or there would be nothing to compare.
                    value = Given("Boolean!", self._chance(0.8) == (name == "include"), (True, False))
                    one.directives.append((name, self._variable(value, tree) if self._chance(0.5) else value))


def _keep_variables(tree: DocumentTree) -> dict[int, Any]:
    """A memo for deepcopy by which a variable stays the same variable."""
    return {id(one): one for one in tree.variables}


def _typed_sets(schema: GraphQLSchema, tree: DocumentTree) -> Iterator[tuple[list[Selection], GraphQLObjectType]]:
    """Every selection set whose object type is known from where it stands."""
    root = schema.query_type
    assert root
    yield tree.selections, root
    done: set[int] = set()
    for set_ in list(all_sets(tree.selections)):
        for one in list(set_):
            name = one.type if isinstance(one, Field) else one.condition
            type_ = schema.type_map.get(name)
            if one.selections and isinstance(type_, GraphQLObjectType) and id(one.selections) not in done:
                done.add(id(one.selections))
                yield one.selections, type_
