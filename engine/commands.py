"""Mutations, prepared: what each root field is called with and what its payload is asked for, found once for a shape.

A payload is nearly always one row by its id (a `Ref`), with nulls and empty lists beside it. Then it is answered here;
whatever else it holds goes to graphql-core's executor, which knows all the rules, as does every fault.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLField,
    GraphQLObjectType,
    ListValueNode,
    ObjectValueNode,
    ValueNode,
    VariableNode,
    get_argument_values,
    is_non_null_type,
)
from graphql.execution.collect_fields import FieldDetails, FieldDetailsList
from graphql.execution.values import VariableValues
from strawberry.types.field import StrawberryField

from engine.selection import Selections
from engine.statement import Viewer


@dataclass(frozen=True, slots=True)
class Ref:
    """A resolver's way to answer with rows it knows by id, in the order of the ids; the engine reads them.

    `viewer` is who reads, when that is not the caller any more: somebody who has just become another.
    """

    type_name: str
    ids: UUID | tuple[UUID, ...]
    viewer: Viewer | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One answer key of a payload; its value is that attribute of it, or without one the `constant`."""

    key: str
    attribute: str
    constant: str
    type: Any
    nodes: list[FieldNode]
    details: FieldDetailsList


@dataclass(frozen=True, slots=True)
class Plain:
    """What a payload comes to; where `found` names rows, they are yet to be read and put there."""

    answer: dict[str, Any]
    of: GraphQLObjectType
    found: tuple[Part, Ref] | None


@dataclass(frozen=True, slots=True)
class Command:
    """One root field of a mutation."""

    key: str
    root: GraphQLObjectType
    field: GraphQLField
    resolve: Callable[..., Awaitable[Any]]
    nodes: list[FieldNode]
    details: FieldDetailsList
    given: Mapping[str, Any] | None
    """Arguments that every request of this shape has; None where a literal holds a variable."""
    variables: tuple[tuple[str, str], ...]
    """Arguments with the variables that they are."""
    payload: GraphQLObjectType | None
    """The payload's type; None where graphql-core must look at each."""
    parts: tuple[Part, ...]
    """What the payload is asked for."""

    def arguments(self, values: VariableValues) -> dict[str, Any]:
        """Return what the field is called with. Raises GraphQLError for a null that may not be."""
        if self.given is None:
            return get_argument_values(self.field, self.nodes[0], values)
        coerced = values.coerced
        return {**self.given, **{name: coerced[variable] for name, variable in self.variables}}

    def plain(self, payload: Any) -> Plain | None:
        """Return the answer a payload comes to, None where graphql-core must look at it."""
        if payload is None or self.payload is None:
            return None
        answer: dict[str, Any] = {}
        found: tuple[Part, Ref] | None = None
        for part in self.parts:
            if not part.attribute:
                answer[part.key] = part.constant
                continue
            value = answer[part.key] = getattr(payload, part.attribute)
            if value is None:
                if is_non_null_type(part.type):
                    return None
            elif isinstance(value, Ref) and found is None:
                found = part, value
            elif value != []:
                return None
        return Plain(answer, self.payload, found)


def commands_of(
    selections: Selections, root: GraphQLObjectType, fields: Mapping[str, list[FieldNode]], values: VariableValues
) -> tuple[Command, ...]:
    """Prepare the root fields of a mutation; none where one is no field of its own (`__typename`)."""
    found = []
    for key, nodes in fields.items():
        field = root.fields.get(nodes[0].name.value)
        if field is None or field.resolve is None:
            return ()
        found.append(_command(selections, root, key, nodes, values))
    return tuple(found)


def _command(
    selections: Selections, root: GraphQLObjectType, key: str, nodes: list[FieldNode], values: VariableValues
) -> Command:
    field = root.fields[nodes[0].name.value]
    written = {argument.name.value: argument.value for argument in nodes[0].arguments or ()}
    variables = tuple(
        (name, value.name.value)
        for name, value in written.items()
        if isinstance(value, VariableNode) and value.name.value in values.coerced
    )
    given: dict[str, Any] | None = None
    if not any(_holds_variable(value) for value in written.values() if not isinstance(value, VariableNode)):
        try:
            given = get_argument_values(field, nodes[0], values)
        except GraphQLError:
            # It is said anew each time it is asked so.
            given = None
    payload, parts = _payload(selections, field, nodes)
    resolve = cast("Callable[..., Awaitable[Any]]", field.resolve)
    return Command(key, root, field, resolve, nodes, _details(nodes), given, variables, payload, parts)


def _payload(
    selections: Selections, field: GraphQLField, nodes: list[FieldNode]
) -> tuple[GraphQLObjectType | None, tuple[Part, ...]]:
    """The payload's type and what is asked of it; no type when something of it is more than an attribute."""
    payload = field.type.of_type if is_non_null_type(field.type) else field.type
    if not isinstance(payload, GraphQLObjectType) or payload.is_type_of:
        return None, ()
    parts = []
    for key, below in selections.fields(payload, selections.below(nodes)).items():
        declared = payload.fields.get(below[0].name.value)
        if declared is None:
            parts.append(Part(key, "", payload.name, None, below, _details(below)))
            continue
        written = declared.extensions.get("strawberry-definition")
        if not isinstance(written, StrawberryField) or not written.is_basic_field:
            return None, ()
        parts.append(Part(key, written.python_name, "", declared.type, below, _details(below)))
    return payload, tuple(parts)


def _details(nodes: Iterable[FieldNode]) -> FieldDetailsList:
    return [FieldDetails(node, None) for node in nodes]


def _holds_variable(value: ValueNode) -> bool:
    if isinstance(value, ListValueNode):
        return any(_holds_variable(item) for item in value.values)
    if isinstance(value, ObjectValueNode):
        return any(_holds_variable(field.value) for field in value.fields)
    return isinstance(value, VariableNode)
