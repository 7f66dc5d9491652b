"""How many objects a field may bring, as its price counts them: page sizes, lists of ids, declared sizes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLField,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    OperationDefinitionNode,
    Undefined,
    ValueNode,
    VariableNode,
)
from graphql.utilities.coerce_input_value import coerce_default_value

MOST_POINTS = 1_000_000_000
"""Prices stop growing here."""

# How many of each a schema typically has; only the proportion between introspection queries follows from it.
_INTROSPECTION_SIZES = {
    "__Schema.types": 100,
    "__Schema.directives": 6,
    "__Type.fields": 8,
    "__Type.inputFields": 3,
    "__Type.enumValues": 2,
    "__Field.args": 2,
    "__Directive.args": 2,
}


@dataclass(frozen=True, slots=True)
class Prices:
    """What a schema adds to the formula.

    `bases`: extra points of a field ("Type.field") or of a given argument ("Type.field.argument").
    `sizes`: how many objects a plain list usually has ("Type.field").
    """

    bases: Mapping[str, int] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    page_default: int = 20
    page_most: int = 100
    list_most: int = 250


class Sizes:
    """Reads sizes for one run: `values` are the variables as the client sent them, with their defaults."""

    def __init__(self, prices: Prices, values: Mapping[str, Any]) -> None:
        self._prices = prices
        self._values = values

    def page(self, node: FieldNode, definition: GraphQLField) -> int:
        """Rows of one page: `first`, `last`, the schema's default for `first`, or the general default."""
        for name in ("first", "last"):
            size = self._count(_argument(node, name))
            if size is not None:
                return min(size, self._prices.page_most)
        argument = definition.args.get("first")
        default = coerce_default_value(argument) if argument else Undefined
        return default if isinstance(default, int) else self._prices.page_default

    def of_list(self, place: str, node: FieldNode, definition: GraphQLField) -> int:
        """Objects of a plain list at `place` ("Type.field")."""
        if "ids" in definition.args:
            return min(self._length(_argument(node, "ids")), self._prices.list_most)
        if "first" in definition.args:
            return self.page(node, definition)
        return self._prices.sizes.get(place) or _INTROSPECTION_SIZES.get(place, 1)

    def _count(self, value: ValueNode | None) -> int | None:
        found = self._values.get(value.name.value) if isinstance(value, VariableNode) else literal_size(value)
        # bool is an int to Python; to the schema it is an error that coercion will name.
        return max(found, 0) if isinstance(found, int) and not isinstance(found, bool) else None

    def _length(self, value: ValueNode | None) -> int:
        if isinstance(value, VariableNode):
            found = self._values.get(value.name.value)
            return len(found) if isinstance(found, list) else 1
        return len(value.values) if isinstance(value, ListValueNode) else 1


def size_variables(definition: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]) -> list[str]:
    """Names of the variables that decide a price: given as `first`, `last` or `ids` somewhere in the document."""
    found: set[str] = set()
    stack = [definition.selection_set, *(fragment.selection_set for fragment in fragments.values())]
    while stack:
        for selection in stack.pop().selections:
            inner = getattr(selection, "selection_set", None)
            if inner:
                stack.append(inner)
            for argument in getattr(selection, "arguments", None) or ():
                if isinstance(argument.value, VariableNode) and argument.name.value in {"first", "last", "ids"}:
                    found.add(argument.value.name.value)
    return sorted(found)


def size_of(value: object) -> object:
    """Return what a price sees of a variable: a number, or the length of a list. It is hashable."""
    if isinstance(value, list):
        return ("list", len(value))
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def literal_size(value: ValueNode | None) -> int | list[ValueNode] | None:
    """Return a constant as a price needs it: a number, a list of the right length, or None for all else."""
    if isinstance(value, IntValueNode):
        # More digits than any page size has; int() refuses beyond 4,300 and takes quadratic time before.
        return int(value.value) if len(value.value) <= 10 else MOST_POINTS  # noqa: PLR2004 - digits of a 32-bit number
    return list(value.values) if isinstance(value, ListValueNode) else None


def _argument(node: FieldNode, name: str) -> ValueNode | None:
    for argument in node.arguments or ():
        if argument.name.value == name and not isinstance(argument.value, NullValueNode):
            return argument.value
    return None
