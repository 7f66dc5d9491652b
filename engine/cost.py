"""What an operation costs, in points: the published formula, one pass over the document, fragments priced once.

Leaf 0; object 1; a root field of a mutation 10 in place of 1; connection 2 + n x (1 + what each node selects), n being
`first`, `last` or the default; a list of objects n x object, n being `first`, the length of `ids`, or the declared
size (1 without one); interface and union: what is selected on all of them plus the dearest member. @skip and @include
change nothing: the worst case is priced.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    OperationDefinitionNode,
    SelectionSetNode,
    get_introspection_query,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_list_type,
    is_non_null_type,
    parse,
)

from engine.sizes import MOST_POINTS, Prices, Sizes, literal_size

MUTATION_POINTS = 10
CONNECTION_POINTS = 2
INTROSPECTION_POINTS = 200
"""The standard introspection query; any other introspection costs in proportion to it."""

Branches = dict[str, int]
"""Points that only come with one object type, by its name."""


class CostModel:
    """Prices operations of one schema. Safe on documents that are not validated: what is unknown costs nothing."""

    def __init__(self, schema: GraphQLSchema, prices: Prices) -> None:
        self.schema = schema
        self.prices = prices
        standard = parse(get_introspection_query(), no_location=True)
        fragments = {part.name.value: part for part in standard.definitions if isinstance(part, FragmentDefinitionNode)}
        (operation,) = (part for part in standard.definitions if isinstance(part, OperationDefinitionNode))
        pricing = _Pricing(self, fragments, {})
        root = schema.query_type
        self.introspection_unit = pricing.total(operation.selection_set, root) if root else 1

    def price(
        self,
        operation: OperationDefinitionNode,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Mapping[str, Any],
    ) -> int:
        """Points for one run with these variables as the client sent them, never more than MOST_POINTS."""
        root = self.schema.get_root_type(operation.operation)
        if root is None:
            return 0
        values = {
            definition.variable.name.value: literal_size(definition.default_value)
            for definition in operation.variable_definitions or ()
            if definition.default_value
        }
        values.update(variables)
        points = _Pricing(self, fragments, values).total(operation.selection_set, root)
        return min(points, MOST_POINTS)


class _Pricing:
    """One walk; memo by fragment name. Its recursion is bounded by the nesting limit and by cycles being refused."""

    def __init__(
        self, model: CostModel, fragments: Mapping[str, FragmentDefinitionNode], values: Mapping[str, Any]
    ) -> None:
        self._model = model
        self._schema = model.schema
        self._prices = model.prices
        self._fragments = fragments
        self._sizes = Sizes(model.prices, values)
        self._known: dict[str, tuple[int, Branches]] = {}

    def total(self, selection_set: SelectionSetNode | None, parent: GraphQLNamedType | None) -> int:
        if selection_set is None:
            return 0
        common, branches = self._selections(selection_set, parent)
        return common + max(branches.values(), default=0)

    def _selections(self, selection_set: SelectionSetNode, parent: GraphQLNamedType | None) -> tuple[int, Branches]:
        common, branches = 0, Branches()
        for selection in selection_set.selections:
            if isinstance(selection, FieldNode):
                common += self._field(selection, parent)
                continue
            if isinstance(selection, FragmentSpreadNode):
                fragment = self._fragments.get(selection.name.value)
                if fragment is None:
                    continue
                condition = self._schema.get_type(fragment.type_condition.name.value)
                inner = self._fragment(fragment, condition)
            else:
                named = selection.type_condition  # type: ignore[attr-defined]
                condition = self._schema.get_type(named.name.value) if named else parent
                inner = self._selections(selection.selection_set, condition)  # type: ignore[attr-defined]
            common += self._join(inner, condition, parent, branches)
        return min(common, MOST_POINTS), branches

    def _fragment(self, fragment: FragmentDefinitionNode, condition: GraphQLNamedType | None) -> tuple[int, Branches]:
        name = fragment.name.value
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = self._selections(fragment.selection_set, condition)
        return known

    def _join(
        self,
        inner: tuple[int, Branches],
        condition: GraphQLNamedType | None,
        parent: GraphQLNamedType | None,
        branches: Branches,
    ) -> int:
        """Return the points every member pays; put what only some pay into `branches`."""
        common, only = inner
        if not is_abstract_type(parent):
            return common + only.get(getattr(parent, "name", ""), 0)
        if condition is parent:
            for name, points in only.items():
                branches[name] = min(branches.get(name, 0) + points, MOST_POINTS)
            return common
        members = self._schema.get_possible_types(condition) if is_abstract_type(condition) else [condition]
        for member in members:
            name = getattr(member, "name", "")
            branches[name] = min(branches.get(name, 0) + common + only.get(name, 0), MOST_POINTS)
        return 0

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None) -> int:
        name = node.name.value
        definition = self._schema.get_field(parent, name) if parent and is_composite_type(parent) else None
        if parent is None or definition is None:
            return 0
        place = f"{parent.name}.{name}"
        points = self._base(place, node)
        result = get_named_type(definition.type)
        if not is_composite_type(result):
            return points
        if name in {"__schema", "__type"} and parent is self._schema.query_type:
            return points + self._introspection(node, result)
        if is_connection(result):
            return points + CONNECTION_POINTS + self._connection(node, definition, result)
        inner = self.total(node.selection_set, result)
        if _is_list(definition.type):
            return min(points + self._sizes.of_list(place, node, definition) * (1 + inner), MOST_POINTS)
        own = MUTATION_POINTS if parent is self._schema.mutation_type else 1
        return min(points + own + inner, MOST_POINTS)

    def _base(self, place: str, node: FieldNode) -> int:
        bases = self._prices.bases
        if not bases:
            return 0
        points = bases.get(place, 0)
        for argument in node.arguments or ():
            points += bases.get(f"{place}.{argument.name.value}", 0)
        return points

    def _introspection(self, node: FieldNode, result: GraphQLNamedType) -> int:
        raw = 1 + self.total(node.selection_set, result)
        unit = getattr(self._model, "introspection_unit", None)
        # Without a unit yet this is the standard query itself being weighed.
        return raw if unit is None else math.ceil(raw * INTROSPECTION_POINTS / unit)

    def _connection(self, node: FieldNode, definition: GraphQLField, result: GraphQLObjectType) -> int:
        """Points of the parts of a page: rows count n times, everything else once."""
        rows = self._sizes.page(node, definition)
        each = 0
        once = 0
        for part in self._flat(node.selection_set):
            name = part.name.value
            field_ = self._schema.get_field(result, name)
            if name == "nodes" and field_:
                each += 1 + self.total(part.selection_set, get_named_type(field_.type))
            elif name == "edges" and field_:
                each += max(1, self.total(part.selection_set, get_named_type(field_.type)))
            else:
                once += self._field(part, result)
        return min(once + rows * each, MOST_POINTS)

    def _flat(self, selection_set: SelectionSetNode | None) -> Iterator[FieldNode]:
        """Fields of a connection, fragments opened. A connection is an object, so conditions change nothing."""
        stack = [selection_set] if selection_set else []
        while stack:
            for selection in stack.pop().selections:
                if isinstance(selection, FieldNode):
                    yield selection
                elif isinstance(selection, FragmentSpreadNode):
                    fragment = self._fragments.get(selection.name.value)
                    if fragment:
                        stack.append(fragment.selection_set)
                else:
                    stack.append(selection.selection_set)  # type: ignore[attr-defined]


def is_connection(type_: GraphQLNamedType) -> TypeGuard[GraphQLObjectType]:
    """Whether a type is a page of rows: its name ends with Connection and it has the parts of one."""
    return (
        isinstance(type_, GraphQLObjectType)
        and type_.name.endswith("Connection")
        and "pageInfo" in type_.fields
        and ("edges" in type_.fields or "nodes" in type_.fields)
    )


def _is_list(type_: GraphQLOutputType) -> bool:
    return is_list_type(type_.of_type if is_non_null_type(type_) else type_)
