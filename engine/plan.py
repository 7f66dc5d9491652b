"""Plans: what compiling an operation gives, kept for every later request of the same shape."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from graphql import (
    FieldNode,
    GraphQLInputType,
    GraphQLObjectType,
    GraphQLSchema,
    NonNullTypeNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    Undefined,
    get_named_type,
    is_abstract_type,
    is_object_type,
    type_from_ast,
)
from graphql.execution.collect_fields import FragmentDetails
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource, get_variable_values

from engine.arguments import Variables
from engine.codes import ErrorCode
from engine.coercion import Coercers
from engine.commands import Command, commands_of
from engine.compiler import Compiler
from engine.errors import RequestFault, bad_input
from engine.live import Live, live_read
from engine.selection import Fragments, Selections
from engine.shapes import Shapes
from engine.sources import Sources
from engine.statement import Bind, Statement

PLANS_KEPT = 64
"""Shapes of variables one operation may have before its plans are dropped and made anew."""


@dataclass(frozen=True, slots=True)
class Demand:
    """A field that only some roles may ask for."""

    field: str
    roles: frozenset[Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """One statement with its binds; `sql` is empty when some root field is not read by the engine."""

    sql: str
    binds: tuple[Bind, ...]
    computed: tuple[Callable[..., Any], ...]
    demands: tuple[Demand, ...]
    notes: tuple[tuple[str, Bind], ...] = ()
    live: Live | None = None
    """Of a subscription only."""
    asks: frozenset[str] = frozenset()
    """What of the reader the answer depends on."""
    backs: "dict[object, Plan]" = field(default_factory=dict)
    """What mutations of this shape answer with: plans of single fields, by whatever else these depend on."""
    many: str = ""
    """The statement that answers many at once, where there is one."""
    commands: tuple[Command, ...] = ()
    """The root fields of a mutation; empty where graphql-core must look at it whole."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What is known of the types of one schema's variables."""

    coercers: Coercers = field(default_factory=Coercers)
    shapes: Shapes = field(default_factory=Shapes)


class Reader:
    """What is known of one operation before any variables: kept with it, and holding its plans."""

    def __init__(
        self,
        schema: GraphQLSchema,
        sources: Sources,
        inputs: Inputs,
        node: OperationDefinitionNode,
        fragments: Fragments,
    ) -> None:
        self._schema = schema
        self._sources = sources
        self._node = node
        self.fragments = fragments
        self.details = {name: FragmentDetails(fragment) for name, fragment in fragments.items()}
        self._root = schema.get_root_type(node.operation)
        self._types = {
            definition.variable.name.value: cast("GraphQLInputType", type_from_ast(schema, definition.type))
            for definition in node.variable_definitions or ()
        }
        # May be left out, and then are: nullable, and without a default.
        self._omitted = {
            definition.variable.name.value
            for definition in node.variable_definitions or ()
            if definition.default_value is None and not isinstance(definition.type, NonNullTypeNode)
        }
        self._shapes = [(name, inputs.shapes.of(type_)) for name, type_ in self._types.items()]
        self._coerce = {name: inputs.coercers.of(type_) for name, type_ in self._types.items()}
        self._signatures = [
            signature
            for definition in node.variable_definitions or ()
            if isinstance(signature := get_variable_signature(schema, definition), GraphQLVariableSignature)
        ]
        self._plans: dict[object, Plan] = {}

    @property
    def node(self) -> OperationDefinitionNode:
        """The operation."""
        return self._node

    def coerced(self, given: Mapping[str, Any] | None) -> Variables:
        """The variables as the schema's types have them. Refused as BAD_USER_INPUT.

        The usual case costs a tenth of what graphql-core takes, which reads the types of the document anew each time.
        """
        asked = given or {}
        coerced: dict[str, Any] = {}
        for name, coerce in self._coerce.items():
            if name in asked:
                value = coerce(asked[name])
                if value is Undefined:
                    return self._coerced_at_length(given)
                coerced[name] = value
            elif name not in self._omitted:
                return self._coerced_at_length(given)
        return coerced

    def _coerced_at_length(self, given: Mapping[str, Any] | None) -> Variables:
        """Coerce as graphql-core does: with defaults, and with words for what is wrong."""
        values = get_variable_values(
            self._schema, self._node.variable_definitions or (), dict(given or {}), max_errors=5
        )
        if isinstance(values, list):
            raise bad_input(" ".join(error.message[:200] for error in values))
        return values.coerced

    def values(self, given: Mapping[str, Any] | None, coerced: Variables) -> VariableValues:
        """The variables as graphql-core passes them on."""
        asked = given or {}
        sources = {
            one.name: VariableValueSource(one, asked[one.name]) if one.name in asked else VariableValueSource(one)
            for one in self._signatures
        }
        return VariableValues(sources, dict(coerced))

    def plan(self, variables: Variables, *, keeps: frozenset[str]) -> Plan:
        """The plan for variables of this shape."""
        key = (keeps, *[shape(variables[name]) if name in variables else Undefined for name, shape in self._shapes])
        plan = self._plans.get(key)
        if plan is None:
            if len(self._plans) >= PLANS_KEPT:
                self._plans.clear()
            plan = self._plans[key] = self._made(variables, keeps=keeps)
        return plan

    def _made(self, variables: Variables, *, keeps: frozenset[str]) -> Plan:
        selections = Selections(self._schema, self.fragments, variables)
        root = self._root
        if not isinstance(root, GraphQLObjectType):
            message = f"There is no {self._node.operation.value} to be had."
            raise RequestFault(ErrorCode.GRAPHQL_VALIDATION_FAILED, message)
        sets = [self._node.selection_set]
        demands = tuple({demand.field: demand for demand in demanded(self._sources, selections, root, sets)}.values())
        fields = selections.fields(root, sets)
        if not all(is_read(self._sources, root, nodes) for nodes in fields.values()):
            commands: tuple[Command, ...] = ()
            if self._node.operation is OperationType.MUTATION:
                commands = commands_of(selections, root, fields, VariableValues({}, dict(variables)))
            return Plan("", (), (), demands, commands=commands)
        statement = Statement(keeps)
        compiler = Compiler(self._sources, selections, variables, statement)
        live = None
        if self._node.operation is OperationType.SUBSCRIPTION:
            live = live_read(compiler, root, sets)
        sql = live.sql if live else compiler.operation(root, sets)
        notes = tuple((name, read) for (name, _key), read in statement.notes.items())
        computed = tuple(statement.computed)
        return Plan(*statement.finished(sql), computed, demands, notes, live, statement.asks)


def is_read(sources: Sources, type_: GraphQLObjectType, nodes: list[FieldNode]) -> bool:
    """Whether the engine reads a field itself: it has a declared source, or is __typename."""
    name = nodes[0].name.value
    facts = sources.fields.get((type_.name, name))
    return name == "__typename" or (facts is not None and facts.source is not None)


def demanded(sources: Sources, selections: Selections, type_: Any, sets: list[SelectionSetNode]) -> Iterator[Demand]:
    """Every field below that asks for a role, for whatever type an abstract one may turn out to be."""
    possible = selections.possible(type_) if is_abstract_type(type_) else [type_]
    for one in possible:
        for nodes in selections.fields(one, sets).values():
            name = nodes[0].name.value
            facts = sources.fields.get((one.name, name))
            if facts is not None and facts.roles:
                yield Demand(f"{one.name}.{name}", facts.roles)
            if name in one.fields:
                below = get_named_type(one.fields[name].type)
                if is_object_type(below) or is_abstract_type(below):
                    yield from demanded(sources, selections, below, selections.below(nodes))
