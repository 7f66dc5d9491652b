"""Variables as the schema's types have them, by functions that are made once for each type.

graphql-core asks anew for every value of what kind its type is. The functions here know; they give what its
`coerce_input_value` gives, and `Undefined` for what does not fit. What is wrong with it graphql-core is asked to say.
"""

from typing import Any

from graphql import (
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLLeafType,
    GraphQLList,
    GraphQLNonNull,
    Undefined,
    is_required_input_field,
)
from graphql.pyutils import is_iterable
from graphql.utilities.coerce_input_value import coerce_default_value

from engine.per_type import Function, PerType


class Coercers(PerType):
    """Of what a client sent: the value, or Undefined."""

    def make(self, type_: GraphQLInputType) -> Function:
        """Return the function that coerces a value."""
        if isinstance(type_, GraphQLNonNull):
            inner = self.of(type_.of_type)
            return lambda value: Undefined if value is None else inner(value)
        if isinstance(type_, GraphQLList):
            return _list(self.of(type_.of_type))
        if isinstance(type_, GraphQLInputObjectType):
            fields = [_Field(name, field, self.of(field.type)) for name, field in type_.fields.items()]
            return _one_of(type_, _object(fields)) if type_.is_one_of else _made(type_, _object(fields))
        return _leaf(type_)


class _Field:
    __slots__ = ("coerce", "default", "is_required", "name", "out_name")

    def __init__(self, name: str, field: GraphQLInputField, coerce: Function) -> None:
        self.name, self.out_name, self.coerce = name, field.out_name or name, coerce
        self.is_required = is_required_input_field(field)
        self.default = coerce_default_value(field)


def _object(fields: list[_Field]) -> Function:
    known = {field.name for field in fields}

    def coerce(value: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, dict) or not value.keys() <= known:
            return Undefined
        found = {}
        for field in fields:
            if field.name in value:
                one = field.coerce(value[field.name])
                if one is Undefined:
                    return Undefined
                found[field.out_name] = one
            elif field.is_required:
                return Undefined
            elif field.default is not Undefined:
                found[field.out_name] = field.default
        return found

    return coerce


def _made(type_: GraphQLInputObjectType, coerce: Function) -> Function:
    if type_.out_type is GraphQLInputObjectType.out_type:
        return coerce

    def make(value: Any) -> Any:
        found = coerce(value)
        return found if found is None or found is Undefined else type_.out_type(found)

    return make


def _one_of(type_: GraphQLInputObjectType, coerce: Function) -> Function:
    def choose(value: Any) -> Any:
        found = coerce(value)
        if found is None or found is Undefined:
            return found
        if len(value) != 1 or len(found) != 1 or None in found.values():
            return Undefined
        return type_.out_type(found)

    return choose


def _list(item: Function) -> Function:
    def coerce(value: Any) -> Any:
        if value is None:
            return None
        # Whatever is no list stands for a list of one.
        is_list = isinstance(value, list) or is_iterable(value)
        found = [item(one) for one in value] if is_list else [item(value)]
        # Undefined equals None, but is not the same.
        return Undefined if any(one is Undefined for one in found) else found

    return coerce


def _leaf(type_: GraphQLLeafType) -> Function:
    read = type_.coerce_input_value

    def coerce(value: Any) -> Any:
        if value is None:
            return None
        try:
            return read(value)
        except Exception:  # noqa: BLE001 - a scalar says in whatever way it likes that a value is none of its own
            return Undefined

    return coerce
