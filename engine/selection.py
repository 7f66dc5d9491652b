"""Which fields a selection asks for, after fragments, type conditions, @skip and @include; merged by answer key."""

from collections.abc import Iterable, Mapping
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLAbstractType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    is_abstract_type,
)

from engine.arguments import Variables

Fragments = Mapping[str, FragmentDefinitionNode]


class Selections:
    """Collects fields for one operation with one set of variables."""

    def __init__(self, schema: GraphQLSchema, fragments: Fragments, variables: Variables) -> None:
        self._schema = schema
        self._fragments = fragments
        self._variables = variables

    def fields(self, type_: GraphQLObjectType, sets: Iterable[SelectionSetNode]) -> dict[str, list[FieldNode]]:
        """The fields to answer for an object of `type_`, in the order of first appearance."""
        found: dict[str, list[FieldNode]] = {}
        for selection_set in sets:
            self._collect(type_, selection_set.selections, found, set())
        return found

    def below(self, nodes: Iterable[FieldNode]) -> list[SelectionSetNode]:
        """The selection sets under fields that share an answer key."""
        return [node.selection_set for node in nodes if node.selection_set is not None]

    def object_type(self, name: str) -> GraphQLObjectType:
        """The object type of a name."""
        found = self._schema.type_map[name]
        if not isinstance(found, GraphQLObjectType):
            message = f"{name} is not an object type"
            raise TypeError(message)
        return found

    def possible(self, type_: GraphQLAbstractType) -> list[GraphQLObjectType]:
        """The object types behind an interface or union."""
        return list(self._schema.get_possible_types(type_))

    def _collect(
        self,
        type_: GraphQLObjectType,
        selections: Iterable[SelectionNode],
        found: dict[str, list[FieldNode]],
        seen: set[str],
    ) -> None:
        for selection in selections:
            if selection.directives and not self._is_included(selection):
                continue
            if isinstance(selection, FieldNode):
                key = selection.alias.value if selection.alias else selection.name.value
                found.setdefault(key, []).append(selection)
            elif isinstance(selection, InlineFragmentNode):
                if self._applies(selection.type_condition, type_):
                    self._collect(type_, selection.selection_set.selections, found, seen)
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in seen:
                seen.add(selection.name.value)
                fragment = self._fragments[selection.name.value]
                if self._applies(fragment.type_condition, type_):
                    self._collect(type_, fragment.selection_set.selections, found, seen)

    def _applies(self, condition: Any, type_: GraphQLObjectType) -> bool:
        if condition is None or condition.name.value == type_.name:
            return True
        named = self._schema.type_map[condition.name.value]
        return is_abstract_type(named) and self._schema.is_sub_type(named, type_)

    def _is_included(self, node: SelectionNode) -> bool:
        for directive in node.directives or ():
            if directive.name.value in {"skip", "include"}:
                value = (directive.arguments or ())[0].value
                flag = self._variables[value.name.value] if isinstance(value, VariableNode) else value.value  # type: ignore[attr-defined]
                if flag is (directive.name.value == "skip"):
                    return False
        return True
