"""Shapes of variables: what of their values the text of a statement may depend on, all else being binds."""

from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
)

from engine.per_type import Function, PerType
from engine.scalars import is_planned


class Shapes(PerType):
    """Of a coerced value: presence, structure, enums and planned scalars."""

    def make(self, type_: GraphQLInputType) -> Function:
        """Return the function that tells a value's shape."""
        if isinstance(type_, GraphQLNonNull):
            return self.of(type_.of_type)
        if isinstance(type_, GraphQLList):
            bare = type_.of_type.of_type if isinstance(type_.of_type, GraphQLNonNull) else type_.of_type
            return _is_there if isinstance(bare, GraphQLScalarType) else _list(self.of(bare))
        if isinstance(type_, GraphQLInputObjectType):
            return _object({field.out_name or name: self.of(field.type) for name, field in type_.fields.items()})
        return _itself if isinstance(type_, GraphQLEnumType) or is_planned(type_.name) else _is_there


def _is_there(value: Any) -> bool | None:
    return None if value is None else True


def _itself(value: Any) -> Any:
    return value


def _list(item: Function) -> Function:
    return lambda value: None if value is None else tuple([item(one) for one in value])


def _object(fields: dict[str, Function]) -> Function:
    # Coercion puts fields into the order of the type.
    return lambda value: None if value is None else tuple([(name, fields[name](one)) for name, one in value.items()])
