"""How a resolver is called: what its arguments become is worked out once for each type, not for each request.

Strawberry finds out anew for every value of every argument what type it has and how its fields are called; here that is
a row of functions, made from graphql-core's types, which know all of it. What resolvers are given is the same.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
)
from strawberry import Info
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.base import StrawberryMaybe, StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

Convert = Callable[[Any], Any]
"""From a value as graphql-core has coerced it, never null, to what a resolver takes."""

Parts = Mapping[str, tuple[str, Convert | None]]
"""By the schema's name of an argument or a field: Python's name, and the converter unless values are taken as is."""

_DEFINITION = "strawberry-definition"


def call_directly(schema: GraphQLSchema) -> None:
    """Let every resolver of the schema that does its own work be called without Strawberry in between.

    Raises TypeError where one asks for more than Strawberry's plain ways.
    """
    converters = Converters()
    for type_ in schema.type_map.values():
        if not isinstance(type_, GraphQLObjectType):
            continue
        for declared in type_.fields.values():
            field = declared.extensions.get(_DEFINITION)
            # What is not async merely stands for a column or a relation.
            if isinstance(field, StrawberryField) and field.base_resolver and field.is_async:
                declared.resolve = _caller(field, converters.parts(declared.args))


def _caller(field: StrawberryField, parts: Parts) -> Callable[..., Any]:
    resolver = field.base_resolver
    if resolver is None or resolver.parent_parameter or resolver.root_parameter or field.extensions:
        message = f"{field.name} has extensions or asks for its parent, of which only Strawberry knows"
        raise TypeError(message)
    function: Any = resolver.wrapped_func
    own = resolver.self_parameter is not None
    info_name = resolver.info_parameter.name if resolver.info_parameter else None

    def call(source: Any, info: GraphQLResolveInfo[Any], **given: Any) -> Any:
        arguments = converted(given, parts)
        if info_name:
            arguments[info_name] = Info(_raw_info=info, _field=field)
        return function(source, **arguments) if own else function(**arguments)

    return call


def converted(given: Mapping[str, Any], parts: Parts) -> dict[str, Any]:
    """Return arguments, or the fields of an input object, as Python takes them."""
    found = {}
    for key, value in given.items():
        name, convert = parts[key]
        found[name] = value if convert is None or value is None else convert(value)
    return found


class Converters:
    """Makes the converter of each type of a schema once."""

    def __init__(self) -> None:
        self._objects: dict[str, Convert] = {}

    def parts(self, declared: Mapping[str, GraphQLArgument] | Mapping[str, GraphQLInputField]) -> Parts:
        """Return how arguments, or the fields of an input object, are named and converted."""
        return {name: (_python_name(one), self._of(one.type)) for name, one in declared.items()}

    def _of(self, type_: GraphQLInputType) -> Convert | None:
        if isinstance(type_, GraphQLNonNull):
            return self._of(type_.of_type)
        if isinstance(type_, GraphQLList):
            return _list(self._of(type_.of_type))
        if isinstance(type_, GraphQLInputObjectType):
            return self._objects.get(type_.name) or self._object(type_)
        return None

    def _object(self, type_: GraphQLInputObjectType) -> Convert:
        definition = type_.extensions[_DEFINITION]
        if not isinstance(definition, StrawberryObjectDefinition) or definition.from_input is not None:
            message = f"{type_.name} is made in a way of its own"
            raise TypeError(message)
        origin: Callable[..., Any] = definition.origin
        # What may be left out, and says not what it is then, is null.
        absent = {
            field.python_name: None
            for field in definition.fields
            if field.default is MISSING and field.default_factory is MISSING
        }
        parts: dict[str, tuple[str, Convert | None]] = {}
        made = self._objects[type_.name] = lambda given: origin(**(absent | converted(given, parts)))
        # Only now: a type may hold itself.
        parts |= self.parts(type_.fields)
        return made


def _list(item: Convert | None) -> Convert:
    if item is None:
        # A copy: a default is one list for all requests that leave it out.
        return list
    return lambda values: [None if value is None else item(value) for value in values]


def _python_name(declared: GraphQLArgument | GraphQLInputField) -> str:
    definition = declared.extensions[_DEFINITION]
    if not isinstance(definition, StrawberryArgument | StrawberryField) or isinstance(definition.type, StrawberryMaybe):
        message = f"{definition} is neither an argument nor a field of an input"
        raise TypeError(message)
    return definition.python_name
