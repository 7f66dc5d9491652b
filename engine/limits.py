"""What a document may ask for before anyone validates it: size, tokens, depth, aliases, breadth. One linear pass.

graphql-core's own rules are quadratic in places (directives of one node, fields of one name), and a chain of doubling
fragments makes a naive walk exponential. So every document is measured first, each definition once, and what is over a
limit never reaches validation.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    ListValueNode,
    Node,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    StringValueNode,
    ValueNode,
)

from engine.codes import ErrorCode
from engine.merging import Pairs

_INTROSPECTION = frozenset({"__schema", "__type"})
TOO_MANY = 1_000_000
"""Counts stop growing here: a doubling chain of fragments would make numbers of a million digits."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one document. The defaults are what production publishes."""

    document_bytes: int = 100_000
    tokens: int = 4_000
    depth: int = 14
    aliases: int = 40
    root_fields: int = 20
    directives_per_node: int = 5
    list_items: int = 250
    operations: int = 20
    fragments: int = 60
    variables: int = 100
    selections: int = 4_000
    """Fields and fragments after every spread is written out."""
    nesting: int = 100
    """Depth that counts fragments too; it bounds the recursion of everything that walks the document later."""
    same_name_pairs: int = 8_000
    """Pairs of fields that share a place in the answer; validation compares each pair."""
    cost: int = 1_000


class DocumentRefusedError(Exception):
    """A document is not worth validating: over a limit, or such that walking it would not end.

    The message is written for the client; `code` is one of the codes of request errors.
    """

    def __init__(self, message: str, code: ErrorCode = ErrorCode.GRAPHQL_VALIDATION_FAILED) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


# One alternative per token kind of the GraphQL grammar; ignored characters match nothing and are skipped in C.
_TOKENS = re.compile(
    r'"""(?:[^"\\]|\\"""|\\|"(?!""))*"""|"(?:[^"\\\n\r]|\\.)*"|#[^\n\r]*'
    r"|\.\.\.|[_A-Za-z][_0-9A-Za-z]*|-?[0-9][0-9.eE+-]*|[!$&()\[\]{}:=@|]"
)


def check_text(text: str, size_bytes: int, limits: Limits) -> int:
    """Return roughly how many tokens there are, counted in a few ms where a parser needs hundreds.

    Raises DocumentRefusedError.
    """
    if size_bytes > limits.document_bytes:
        message = f"The document has {size_bytes} bytes; {limits.document_bytes} are allowed."
        raise DocumentRefusedError(message)
    tokens = 0
    for _ in _TOKENS.finditer(text):
        tokens += 1
        if tokens > limits.tokens:
            message = f"The document has more than {limits.tokens} tokens."
            raise DocumentRefusedError(message)
    return tokens


@dataclass(slots=True)
class _Measure:
    """One definition by itself: its own numbers, and where it spreads others (name, depth, nesting, at the root)."""

    depth: int = 0
    nesting: int = 0
    selections: int = 0
    root_fields: int = 0
    spreads: list[tuple[str, int, int, bool]] = field(default_factory=list)


def check_document(document: DocumentNode, limits: Limits) -> None:
    """Measure the document; safe on anything that parses, valid or not. Raises DocumentRefusedError."""
    fragments: dict[str, FragmentDefinitionNode] = {}
    operations: list[OperationDefinitionNode] = []
    for definition in document.definitions:
        if isinstance(definition, FragmentDefinitionNode):
            name = definition.name.value
            if name in fragments:
                message = f"There can be only one fragment named '{name[:50]}'."
                raise DocumentRefusedError(message)
            fragments[name] = definition
        elif isinstance(definition, OperationDefinitionNode):
            operations.append(definition)
        else:
            message = "The document defines types; only operations and fragments can be executed."
            raise DocumentRefusedError(message)
    _allow(len(operations), limits.operations, "operations")
    _allow(len(fragments), limits.fragments, "fragments")

    walk = _Walk(limits)
    own = {name: walk.measure(fragment) for name, fragment in fragments.items()}
    whole: dict[str, _Measure] = {}
    for name in own:
        _add_spreads(name, own, whole)
    for operation in operations:
        _allow(len(operation.variable_definitions or ()), limits.variables, "variables")
        total = _sum(walk.measure(operation), whole)
        _allow(total.depth, limits.depth, "levels of fields")
        _allow(total.nesting, limits.nesting, "levels of fields and fragments")
        _allow(total.root_fields, limits.root_fields, "root fields")
        _allow(total.selections, limits.selections, "fields, fragments written out")
    for total in whole.values():
        # A fragment nobody uses is walked by validation all the same.
        _allow(total.nesting, limits.nesting, "levels of fields and fragments")
        _allow(total.selections, limits.selections, "fields, fragments written out")
    pairs = Pairs(fragments, limits.same_name_pairs)
    for definition in (*operations, *fragments.values()):
        pairs.count([definition.selection_set])
        _allow(pairs.found, limits.same_name_pairs, "fields of one name in one place")


def _allow(count: int, limit: int, what: str) -> None:
    if count > limit:
        message = f"The document has too many {what}; {limit} are allowed."
        raise DocumentRefusedError(message)


class _Walk:
    """Visits every node of a definition once, without recursion; aliases are counted over the whole document."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._aliases = 0

    def measure(self, definition: OperationDefinitionNode | FragmentDefinitionNode) -> _Measure:
        found = _Measure()
        self._check_directives(definition)
        for variable in definition.variable_definitions or ():
            self._check_directives(variable)
            if variable.default_value:
                self._check_value(variable.default_value)
        # Introspection is as deep as the list of types it wraps; its own rule and its price bound it, not the depth.
        first = 0 if isinstance(definition, FragmentDefinitionNode) and _is_about_types(definition) else 1
        stack: list[tuple[SelectionSetNode, int, int, int]] = [(definition.selection_set, 1, 1, first)]
        while stack:
            selection_set, depth, nesting, step = stack.pop()
            found.depth = max(found.depth, depth)
            found.nesting = max(found.nesting, nesting)
            found.selections += len(selection_set.selections)
            for selection in selection_set.selections:
                if selection.directives:
                    self._check_directives(selection)
                if isinstance(selection, FragmentSpreadNode):
                    found.spreads.append((selection.name.value, depth, nesting, depth == 1))
                elif isinstance(selection, FieldNode):
                    self._check_field(selection)
                    found.root_fields += depth == 1
                    if selection.selection_set:
                        below = 0 if selection.name.value in _INTROSPECTION else step
                        stack.append((selection.selection_set, depth + step, nesting + 1, below))
                else:
                    inner: SelectionSetNode = selection.selection_set  # type: ignore[attr-defined]
                    stack.append((inner, depth, nesting + 1, step))
        return found

    def _check_field(self, node: FieldNode) -> None:
        if node.alias:
            self._aliases += 1
            _allow(self._aliases, self._limits.aliases, "aliases")
        arguments = node.arguments or ()
        _allow(len(arguments), self._limits.list_items, "arguments on one field")
        for argument in arguments:
            self._check_value(argument.value)

    def _check_directives(self, node: Node) -> None:
        directives = getattr(node, "directives", None) or ()
        _allow(len(directives), self._limits.directives_per_node, "directives in one place")
        for directive in directives:
            for argument in directive.arguments or ():
                self._check_value(argument.value)

    def _check_value(self, value: ValueNode) -> None:
        stack = [value]
        while stack:
            node = stack.pop()
            if isinstance(node, StringValueNode):
                if "\0" in node.value:
                    message = "A string holds the character NUL, which can't be stored."
                    raise DocumentRefusedError(message, ErrorCode.BAD_USER_INPUT)
            elif isinstance(node, ListValueNode):
                _allow(len(node.values), self._limits.list_items, "items in one list")
                stack.extend(node.values)
            elif isinstance(node, ObjectValueNode):
                _allow(len(node.fields), self._limits.list_items, "fields in one input object")
                stack.extend(part.value for part in node.fields)


def _is_about_types(fragment: FragmentDefinitionNode) -> bool:
    return fragment.type_condition.name.value.startswith("__")


def _add_spreads(root: str, own: dict[str, _Measure], whole: dict[str, _Measure]) -> None:
    """Fill `whole` for `root` and all it spreads, deepest first, without recursion. Cycles are refused here."""
    if root in whole:
        return
    path: list[tuple[str, Iterator[str]]] = [(root, _spread_names(own[root]))]
    on_path = {root}
    while path:
        name, names = path[-1]
        for spread in names:
            if spread in on_path:
                message = f"Cannot spread fragment '{spread[:50]}' within itself."
                raise DocumentRefusedError(message)
            if spread in own and spread not in whole:
                path.append((spread, _spread_names(own[spread])))
                on_path.add(spread)
                break
        else:
            path.pop()
            on_path.remove(name)
            whole[name] = _sum(own[name], whole)


def _spread_names(measure: _Measure) -> Iterator[str]:
    return (spread[0] for spread in measure.spreads)


def _sum(own: _Measure, whole: dict[str, _Measure]) -> _Measure:
    total = _Measure(own.depth, own.nesting, own.selections, own.root_fields, own.spreads)
    for name, depth, nesting, at_root in own.spreads:
        inner = whole.get(name)
        if inner is None:
            continue
        total.depth = max(total.depth, depth - 1 + inner.depth)
        total.nesting = max(total.nesting, nesting + inner.nesting)
        total.selections = min(TOO_MANY, total.selections + inner.selections)
        if at_root:
            total.root_fields = min(TOO_MANY, total.root_fields + inner.root_fields)
    return total
