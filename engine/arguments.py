"""Arguments as the compiler sees them: the shape is known now, the leaves are read again for every request.

A plan is compiled once and run with many variables. So an argument is a tree whose branches (lists, input
objects, what is absent) belong to the plan, and whose leaves know where in the variables they come from.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    Undefined,
    ValueNode,
    VariableNode,
    is_leaf_type,
)
from graphql.utilities.coerce_input_value import coerce_default_value, coerce_input_literal

from engine.errors import bad_input

Variables = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value: `value` is this request's, `read` finds the next one's, equal `key`s are equal for ever."""

    value: Any
    read: Callable[[Variables], Any]
    key: object


Argument: TypeAlias = "Leaf | list[Argument] | dict[str, Argument] | None"


def arguments(field: GraphQLField, node: FieldNode, variables: Variables) -> dict[str, Argument]:
    """The arguments of one field: given, defaulted, or left out when absent without a default."""
    given = {argument.name.value: argument.value for argument in node.arguments or ()}
    found: dict[str, Argument] = {}
    for name, definition in field.args.items():
        value = given.get(name)
        if value is None or _is_absent(value, variables):
            default = coerce_default_value(definition)
            if default is not Undefined:
                found[name] = _wrapped(default, definition.type, _always(default), ("=", default))
            continue
        found[name] = _argument(value, definition.type, variables, name)
    return found


def _is_absent(node: ValueNode, variables: Variables) -> bool:
    return isinstance(node, VariableNode) and node.name.value not in variables


def _bare(type_: Any) -> Any:
    return type_.of_type if isinstance(type_, GraphQLNonNull) else type_


def _argument(node: ValueNode, type_: GraphQLInputType, variables: Variables, name: str) -> Argument:
    if isinstance(node, VariableNode):
        variable = node.name.value
        value = variables[variable]
        if value is None and isinstance(type_, GraphQLNonNull):
            message = f"Argument '{name}' must not be null."
            raise bad_input(message)
        return _wrapped(value, type_, lambda given: given[variable], ("$", variable))
    bare = _bare(type_)
    if isinstance(node, NullValueNode):
        return None
    if isinstance(bare, GraphQLInputObjectType) and isinstance(node, ObjectValueNode):
        return _object(node, bare, variables, name)
    if isinstance(bare, GraphQLList):
        items = node.values if isinstance(node, ListValueNode) else (node,)
        parts = [_argument(item, bare.of_type, variables, name) for item in items]
        return _list_leaf(parts) if is_leaf_type(_bare(bare.of_type)) else parts
    value = coerce_input_literal(node, bare)
    return Leaf(value, lambda _variables: value, ("=", type(value), value))


def _object(node: ObjectValueNode, type_: GraphQLInputObjectType, variables: Variables, name: str) -> Argument:
    given = {field.name.value: field.value for field in node.fields}
    found: dict[str, Argument] = {}
    for key, field in type_.fields.items():
        value = given.get(key)
        if value is None or _is_absent(value, variables):
            default = coerce_default_value(field)
            if default is not Undefined:
                found[key] = _wrapped(default, field.type, _always(default), ("=", default))
            continue
        found[key] = _argument(value, field.type, variables, f"{name}.{key}")
    return found


def _list_leaf(parts: list[Argument]) -> Leaf:
    """A literal list of scalars is one leaf, whatever variables stand in it, so that it is one bind."""
    leaves = [part if isinstance(part, Leaf) else _NULL for part in parts]
    return Leaf(
        [leaf.value for leaf in leaves],
        lambda variables: [leaf.read(variables) for leaf in leaves],
        ("[]", *(leaf.key for leaf in leaves)),
    )


def _always(value: Any) -> Callable[[Variables], Any]:
    return lambda _variables: value


def _part(read: Callable[[Variables], Any], at: int | str) -> Callable[[Variables], Any]:
    return lambda variables: read(variables)[at]


_NULL = Leaf(None, lambda _variables: None, ("=", None))


def _wrapped(value: Any, type_: Any, read: Callable[[Variables], Any], key: object) -> Argument:
    """A coerced value as an argument tree whose leaves are read along the same way next time."""
    bare = _bare(type_)
    if value is None:
        return None
    if isinstance(bare, GraphQLList) and not is_leaf_type(_bare(bare.of_type)):
        return [_wrapped(item, bare.of_type, _part(read, index), (key, index)) for index, item in enumerate(value)]
    if isinstance(bare, GraphQLInputObjectType):
        return {
            name: _wrapped(value[name], field.type, _part(read, name), (key, name))
            for name, field in bare.fields.items()
            if name in value
        }
    return Leaf(value, read, key)
