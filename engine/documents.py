"""Documents: text in, something that can be run out; every check is made once per text, and refusals are kept too."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    parse,
    validate,
)
from graphql.validation import specified_rules
from graphql.validation.specified_rules import recommended_rules

from engine.codes import ErrorCode
from engine.cost import CostModel
from engine.limits import DocumentRefusedError, Limits, check_document, check_text
from engine.sizes import Prices, size_of, size_variables

DOCUMENTS_KEPT = 1_000
TEXT_KEPT_BYTES = 32 * 1024 * 1024
TOKENS_KEPT = 200_000
"""A parsed token takes about 0.7 kB, so this is what really bounds the memory."""
REFUSALS_KEPT = 200
REFUSAL_TEXT_BYTES = 4_000
"""A longer refused text is refused anew each time rather than kept."""
PRICES_KEPT = 64
MESSAGE_CHARS = 200
ERRORS_SHOWN = 5

_INTROSPECTION = frozenset({"__schema", "__type"})


@dataclass(frozen=True, slots=True)
class DocumentFault:
    """One thing wrong with a document: words, and where (line, column), both from 1."""

    message: str
    locations: tuple[tuple[int, int], ...] = ()


class DocumentError(Exception):
    """The document can't be run. `code` is a code of request errors; `extensions` are added beside it."""

    def __init__(self, code: ErrorCode, errors: list[DocumentFault], **extensions: int) -> None:
        super().__init__(f"{code}: {errors[0].message}")
        self.code = code
        self.errors = errors
        self.extensions = extensions


@dataclass(slots=True, eq=False)
class Operation:
    """One operation of a document, with everything that is known before it runs."""

    name: str | None
    kind: str
    """query, mutation or subscription."""
    node: OperationDefinitionNode
    fragments: dict[str, FragmentDefinitionNode]
    introspective: bool
    """Whether it asks for `__schema` or `__type` at the root."""
    model: CostModel
    max_cost: int
    sized_by: tuple[str, ...]
    """Variables that decide the price."""
    plans: dict[Any, Any] = field(default_factory=dict)
    """Room for whoever compiles it."""
    _prices: dict[Any, int] = field(default_factory=dict)

    def cost(self, variables: Mapping[str, Any] | None) -> int:
        """Points for one run. Raises DocumentError (MAX_COST_EXCEEDED) over the limit."""
        key = tuple([size_of((variables or {}).get(name)) for name in self.sized_by])
        points = self._prices.get(key)
        if points is None:
            points = self.model.price(self.node, self.fragments, variables or {})
            if len(self._prices) >= PRICES_KEPT:
                self._prices.clear()
            self._prices[key] = points
        if points > self.max_cost:
            message = f"This operation costs {points} points; {self.max_cost} are allowed in one request."
            raise DocumentError(
                ErrorCode.MAX_COST_EXCEEDED, [DocumentFault(message)], cost=points, maxCost=self.max_cost
            )
        return points


class Document:
    """A text that passed every check."""

    def __init__(self, text: str, ast: DocumentNode, operations: list[Operation], tokens: int) -> None:
        self.text = text
        self.ast = ast
        self.tokens = tokens
        self._operations = {operation.name: operation for operation in operations}
        self._only = operations[0] if len(operations) == 1 else None

    def operation(self, name: str | None) -> Operation:
        """Return the operation to run: the one named, or the only one. Raises DocumentError, also for an empty name."""
        found = self._only if name is None else self._operations.get(name)
        if found is None:
            message = (
                "The document has several operations; operationName says which to run."
                if name is None
                else f"The document has no operation named '{name[:MESSAGE_CHARS]}'."
            )
            raise DocumentError(ErrorCode.OPERATION_RESOLUTION_FAILURE, [DocumentFault(message)])
        return found


class DocumentCache:
    """Loads documents of one schema: the least recently used are forgotten, by number, bytes and tokens."""

    def __init__(
        self, schema: GraphQLSchema, limits: Limits, prices: Prices | None = None, keep: int = DOCUMENTS_KEPT
    ) -> None:
        self._schema = schema
        self._limits = limits
        self._keep_most = keep
        self._model = CostModel(schema, prices or Prices())
        self._kept: OrderedDict[str, Document] = OrderedDict()
        self._kept_bytes = 0
        self._kept_tokens = 0
        self._refused: OrderedDict[str, DocumentError] = OrderedDict()

    def load(self, text: str) -> Document:
        """Return the document for `text`, from memory when it was seen. Raises DocumentError."""
        document = self._kept.get(text)
        if document is not None:
            self._kept.move_to_end(text)
            return document
        refused = self._refused.get(text)
        if refused is not None:
            self._refused.move_to_end(text)
            raise DocumentError(refused.code, refused.errors, **refused.extensions)
        try:
            document = self._read(text)
        except DocumentError as error:
            self._keep_refusal(text, error)
            raise
        self._keep(document)
        return document

    def _read(self, text: str) -> Document:
        size_bytes = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
        try:
            tokens = check_text(text, size_bytes, self._limits)
            ast = parse(text, max_tokens=self._limits.tokens)
            check_document(ast, self._limits)
            operations = self._operations(ast)
        except DocumentRefusedError as refused:
            raise DocumentError(refused.code, [DocumentFault(refused.message)]) from None
        except GraphQLSyntaxError as error:
            raise DocumentError(ErrorCode.GRAPHQL_PARSE_FAILED, [_fault(error)]) from None
        errors = validate(self._schema, ast, [*specified_rules, *recommended_rules], max_errors=ERRORS_SHOWN)
        if errors:
            raise DocumentError(ErrorCode.GRAPHQL_VALIDATION_FAILED, [_fault(error) for error in errors])
        return Document(text, ast, operations, tokens)

    def _operations(self, ast: DocumentNode) -> list[Operation]:
        """Every operation, priced where the price depends on no variable, so that a dear one is never validated."""
        fragments = {part.name.value: part for part in ast.definitions if isinstance(part, FragmentDefinitionNode)}
        found = []
        for node in ast.definitions:
            if not isinstance(node, OperationDefinitionNode):
                continue
            operation = Operation(
                name=node.name.value if node.name else None,
                kind=node.operation.value,
                node=node,
                fragments=fragments,
                introspective=_asks_for_schema(node, fragments),
                model=self._model,
                max_cost=self._limits.cost,
                sized_by=tuple(size_variables(node, fragments)),
            )
            if not operation.sized_by:
                operation.cost(None)
            found.append(operation)
        return found

    def _keep(self, document: Document) -> None:
        self._kept[document.text] = document
        self._kept_bytes += len(document.text)
        self._kept_tokens += document.tokens
        while (
            len(self._kept) > self._keep_most or self._kept_bytes > TEXT_KEPT_BYTES or self._kept_tokens > TOKENS_KEPT
        ):
            _, oldest = self._kept.popitem(last=False)
            self._kept_bytes -= len(oldest.text)
            self._kept_tokens -= oldest.tokens

    def _keep_refusal(self, text: str, error: DocumentError) -> None:
        if len(text) > REFUSAL_TEXT_BYTES:
            return
        # Without its traceback, which would hold the whole document.
        self._refused[text] = DocumentError(error.code, error.errors, **error.extensions)
        if len(self._refused) > REFUSALS_KEPT:
            self._refused.popitem(last=False)


def _fault(error: GraphQLError) -> DocumentFault:
    """Cut what echoes the document: a 100 kB literal would come back as it is."""
    message = error.message if len(error.message) <= MESSAGE_CHARS else f"{error.message[:MESSAGE_CHARS]}…"
    return DocumentFault(message, tuple((place.line, place.column) for place in error.locations or ()))


def _asks_for_schema(node: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]) -> bool:
    if node.operation is not OperationType.QUERY:
        return False
    stack = [node.selection_set]
    while stack:
        for selection in stack.pop().selections:
            kind = selection.kind
            if kind == "field":
                if selection.name.value in _INTROSPECTION:  # type: ignore[attr-defined]
                    return True
            elif kind == "fragment_spread":
                fragment = fragments.get(selection.name.value)  # type: ignore[attr-defined]
                if fragment:
                    stack.append(fragment.selection_set)
            else:
                stack.append(selection.selection_set)  # type: ignore[attr-defined]
    return False
