"""Execution: an operation and a caller in, the JSON text of its data out.

Reads are one statement whose text is the answer. Everything else (mutations, introspection) goes through
graphql-core, and where that meets rows, the compiler reads them, one statement for each such field.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    default_field_resolver,
    default_type_resolver,
)

from engine.arguments import Variables
from engine.codes import ErrorCode
from engine.commands import Ref
from engine.compiler import Compiler
from engine.errors import RequestFault
from engine.executor import READ, Context, ReadingExecutor
from engine.following import Following
from engine.live import parted
from engine.plan import Demand, Inputs, Plan, Reader
from engine.rows import Order
from engine.selection import Selections
from engine.sources import Relation, Shape, Sources
from engine.statement import COMPUTED_MARK, Reading, Row, Statement, Viewer
from engine.together import Fetch, Together, for_many


class Answer(NamedTuple):
    """`data` is JSON text; `errors` are faults of single fields; `fell_back` tells that graphql-core did the work.

    `notes` are what select functions wanted told of a compiled read: names and values of arguments. `news` is of a
    subscription alone.
    """

    data: bytes
    errors: list[GraphQLError] | None
    fell_back: bool
    notes: tuple[tuple[str, Any], ...] = ()
    news: "News | None" = None


@dataclass(frozen=True, slots=True)
class News:
    """`cursor` tells one state of a subscription's answer from another, and is empty where there is nothing to tell.

    `about` is what is followed of all that `following` says; None when the subscription names nothing. `asks` is what
    of the reader it depends on: who is the same in that gets the same answer.
    """

    cursor: str
    following: Following
    about: UUID | None
    asks: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Running:
    """An operation that graphql-core has a part in."""

    reader: Reader
    plan: Plan
    caller: Viewer
    variables: Variables


class Engine:
    """Runs the operations of one schema."""

    def __init__(self, schema: GraphQLSchema, sources: Sources, fetch: Fetch, secret: bytes) -> None:
        self.schema = schema
        self.sources = sources
        self._fetch = fetch
        self._secret = secret
        self._inputs = Inputs()
        self._together = Together(fetch)
        for (type_name, name), facts in sources.fields.items():
            if schema.query_type and type_name == schema.query_type.name and facts.source is not None:
                schema.query_type.fields[name].resolve = _read_by_the_engine

    async def run(self, operation: Any, variables: Mapping[str, Any] | None, caller: Viewer) -> Answer:
        """Answer a checked operation. Raises RequestFault when none of it can be run."""
        reader = operation.plans.get(Reader)
        if reader is None:
            reader = operation.plans[Reader] = Reader(
                self.schema, self.sources, self._inputs, operation.node, operation.fragments
            )
        coerced = reader.coerced(variables)
        plan = reader.plan(coerced, keeps=caller.keeps)
        if plan.demands:
            _check_roles(plan.demands, caller)
        if not plan.sql:
            return await self._fall_back(_Running(reader, plan, caller, coerced), variables)
        reading = Reading(caller, coerced, self._secret)
        data = await self._fetch(plan.sql, tuple([bind(reading) for bind in plan.binds]))
        if data is None:
            message = "a compiled operation always has one row"
            raise RuntimeError(message)
        notes = tuple([(name, read(reading)) for name, read in plan.notes])
        news = None
        if plan.live:
            cursor, is_shared, data = parted(data)
            asks = plan.live.asks if is_shared else plan.asks
            about = plan.live.about(reading) if plan.live.about else None
            news = News(cursor, plan.live.following, about, asks)
        return Answer(_finished(data, plan.computed), None, fell_back=False, notes=notes, news=news)

    async def _read_back(
        self, running: _Running, nodes: list[FieldNode], of: GraphQLObjectType, ref: Ref | None
    ) -> bytes | None:
        """Read a field that graphql-core is answering, by its source or the rows of `ref`, as JSON."""
        viewer = running.caller
        one = what = None
        ids: tuple[UUID, ...] = ()
        if ref is not None:
            viewer = ref.viewer or viewer
            one, what = isinstance(ref.ids, UUID), ref.type_name
            ids = (ref.ids,) if isinstance(ref.ids, UUID) else ref.ids
        # Nodes are known by identity: the document that has them is kept for as long as the plans.
        key = (*map(id, nodes), of.name, what, one, viewer.keeps)
        plan = running.plan.backs.get(key)
        if plan is None:
            plan = running.plan.backs[key] = self._plan_back(running, nodes, of, ref, viewer.keeps)
        reading = Reading(viewer, running.variables, self._secret, ids)
        binds = tuple([bind(reading) for bind in plan.binds])
        data = await (self._together.fetch(plan.sql, plan.many, binds) if plan.many else self._fetch(plan.sql, binds))
        return None if data is None else _finished(data, plan.computed)

    def _plan_back(
        self, running: _Running, nodes: list[FieldNode], of: GraphQLObjectType, ref: Ref | None, keeps: frozenset[str]
    ) -> Plan:
        variables, statement = running.variables, Statement(keeps)
        selections = Selections(self.schema, running.reader.fragments, variables)
        compiler = Compiler(self.sources, selections, variables, statement)
        written = _by_id(compiler, nodes, ref) if ref else compiler.field(of, nodes, Row())
        value, binds = statement.finished(written)
        sql = f"select convert_to(({value})::text, 'UTF8')"
        return Plan(sql, binds, tuple(statement.computed), (), many=for_many(value))

    async def _fall_back(self, running: _Running, variables: Mapping[str, Any] | None) -> Answer:
        reader, commands = running.reader, running.plan.commands
        executor = ReadingExecutor(
            self.schema,
            dict(reader.fragments),
            reader.details,
            None,
            Context(running.caller, partial(self._read_back, running)),
            reader.node,
            reader.values(variables, running.variables),
            default_field_resolver,
            default_type_resolver,
            default_field_resolver,
        )
        result = await (executor.carried_out(commands) if commands else executor.executed())
        return Answer(orjson.dumps(result.data), result.errors, fell_back=True)


def _read_by_the_engine(_source: Any, _info: GraphQLResolveInfo[Any], **_arguments: Any) -> object:
    return READ


def _by_id(compiler: Compiler, nodes: list[FieldNode], ref: Ref) -> str:
    """The rows a Ref names, compiled with the selection of the field that answers with it."""
    target = compiler.selections.object_type(ref.type_name)
    is_one = isinstance(ref.ids, UUID)
    bound = compiler.statement.bind("ref", "uuid[]", lambda reading: reading.ids)
    relation = Relation(
        Shape.ONE if is_one else Shape.MANY,
        f"{{t}}.id = any({bound})",
        order=None if is_one else Order(f"array_position({bound}, {{t}}.id)"),
    )
    rows = compiler.rows(relation, target, {}, Row())
    return compiler.listed(relation, target, compiler.selections.below(nodes), rows, "")


def _check_roles(demands: tuple[Demand, ...], caller: Viewer) -> None:
    """Refuse the whole request, naming the fields, when one of them is not for this caller."""
    refused = sorted(demand.field for demand in demands if not any(caller.may(role) for role in demand.roles))
    if refused:
        message = f"Not allowed to ask for {', '.join(refused)}."
        raise RequestFault(ErrorCode.FORBIDDEN, message, fields=refused)


def _finished(data: bytes, computed: tuple[Callable[..., Any], ...]) -> bytes:
    """Put Python's own computations in their places; nothing is parsed when there are none."""
    return orjson.dumps(_computed(orjson.loads(data), computed)) if computed else data


def _computed(value: Any, computed: tuple[Callable[..., Any], ...]) -> Any:
    if isinstance(value, list):
        return [_computed(item, computed) for item in value]
    if isinstance(value, dict):
        if COMPUTED_MARK in value:
            return computed[value[COMPUTED_MARK]](value["v"])
        return {key: _computed(item, computed) for key, item in value.items()}
    return value
