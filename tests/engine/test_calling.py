"""What a client sends reaches resolvers as graphql-core and Strawberry bring it there, whatever it is."""

import random
from typing import Any, Final

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    Undefined,
    is_required_argument,
    is_required_input_field,
)
from graphql.utilities import coerce_input_value
from strawberry.types.arguments import convert_arguments

from engine.calling import Converters, converted
from engine.coercion import Coercers
from schema.root import graphql_schema, schema

TRIES: Final = 40
VALUES: Final = (
    "", "x", "prd_018f0000000070008000000000000001", "330106", "2026-11-22T08:00:00Z", "2026-11-22", "red-shoes",
    "https://example.com/a.jpg", "zh-CN", 0, 1, 20, -5, 2**40, 1.5, True, False, {"a": [1]}, ["x", None],
)  # fmt: skip

COERCERS: Final = Coercers()
CONVERTERS: Final = Converters()


def mutations() -> dict[str, GraphQLField]:
    root = graphql_schema.mutation_type
    assert root is not None
    return {name: field for name, field in root.fields.items() if field.args}


class Wild:
    """Draws values that clients might send: most of them fit."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)  # noqa: S311 - the same each time

    def value(self, type_: GraphQLInputType) -> Any:  # noqa: PLR0911 - one way out for each kind of type
        """Draw what stands where this type is wanted."""
        if isinstance(type_, GraphQLNonNull):
            return None if self._seldom() else self.value(type_.of_type)
        if self._random.random() < 0.15:
            return None
        if self._seldom():
            return self._random.choice(VALUES)
        if isinstance(type_, GraphQLList):
            if self._seldom():
                return self.value(type_.of_type)
            return [self.value(type_.of_type) for _ in range(self._random.randrange(4))]
        if isinstance(type_, GraphQLInputObjectType):
            return self._object(type_)
        if isinstance(type_, GraphQLEnumType):
            return self._random.choice(list(type_.values))
        fitting = [value for value in VALUES if coerce_input_value(value, type_) is not Undefined]
        return self._random.choice(fitting or VALUES)

    def _object(self, type_: GraphQLInputObjectType) -> dict[str, Any]:
        names = list(type_.fields)
        if type_.is_one_of:
            names = self._random.sample(names, 2 if self._seldom() and len(names) > 1 else 1)
        found = {
            name: self.value(type_.fields[name].type)
            for name in names
            if type_.is_one_of
            or self._random.random() < 0.5
            or (is_required_input_field(type_.fields[name]) and not self._seldom())
        }
        return found | {"unknown": 1} if self._seldom() else found

    def arguments(self, field: GraphQLField) -> dict[str, Any]:
        """Draw the arguments of a field."""
        return {
            name: self.value(argument.type)
            for name, argument in field.args.items()
            if is_required_argument(argument) or self._random.random() < 0.7
        }

    def _seldom(self) -> bool:
        return self._random.random() < 0.01


@pytest.mark.parametrize("name", sorted(mutations()))
def test_arguments_are_coerced_and_converted_as_by_the_libraries(name: str) -> None:
    field, wild, reached = mutations()[name], Wild(name), 0
    declared = field.extensions["strawberry-definition"]
    parts = CONVERTERS.parts(field.args)
    for _ in range(TRIES):
        sent = wild.arguments(field)
        coerced = {key: COERCERS.of(field.args[key].type)(value) for key, value in sent.items()}
        expected = {key: coerce_input_value(value, field.args[key].type) for key, value in sent.items()}
        assert repr(coerced) == repr(expected)
        if any(value is Undefined for value in expected.values()):
            continue
        reached += 1
        registry = schema.schema_converter.scalar_registry
        assert converted(coerced, parts) == convert_arguments(coerced, declared.arguments, registry, schema.config)
    assert reached
