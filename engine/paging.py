"""Connections: one page of rows by keyset, with its edges, cursors and page info, as one SQL expression.

The page is read in layers: (a) the rows of the page and one more, to know whether there is a next page;
(b) their numbers; (c) the JSON of each; and around them the aggregate. Columns nobody selects are dropped by
the planner, and the JSON of the extra row is never made.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import orjson
from graphql import FieldNode, GraphQLObjectType, SelectionSetNode, get_named_type

from engine.arguments import Argument, Leaf, Variables
from engine.errors import bad_input
from engine.keyset import mac_key, opened, payload_by_sql, sealed_by_sql
from engine.objects import Fields, object_of, selected
from engine.rows import Order, Rows, ordered
from engine.selection import Selections
from engine.sources import Asked, Relation, Sources
from engine.statement import Reading, Row, Statement

MOST_COUNTED = 10_000
"""totalCount stops one above this, and fields derived from a list's rows look at no more of them."""


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of a list is asked for; `backward` counts from its end."""

    size: int
    after: Leaf | None
    before: Leaf | None
    backward: bool


def window(given: dict[str, Argument], size: int) -> Window:
    """Take the paging arguments out of a field's arguments. Refused when `first` comes with `last`."""
    first, last, after, before = (given.pop(name, None) for name in ("first", "last", "after", "before"))
    if first is not None and last is not None:
        message = "Give first or last, not both."
        raise bad_input(message)
    asked = last if last is not None else first
    return Window(
        int(asked.value) if isinstance(asked, Leaf) else size,
        after if isinstance(after, Leaf) else None,
        before if isinstance(before, Leaf) else None,
        last is not None,
    )


class CursorKey:
    """The key that the cursors of one list are sealed with: its place and order, and this request's filters."""

    def __init__(self, head: bytes, filters: Mapping[str, Argument]) -> None:
        self._head = head
        self._filters = {name: value for name, value in filters.items() if value is not None}
        self.identity = (head, repr(_keys(self._filters)))

    def of(self, reading: Reading) -> bytes:
        """The key for one request."""
        filters = orjson.dumps(_read(self._filters, reading.variables), default=str, option=orjson.OPT_SORT_KEYS)
        return mac_key(reading.secret, reading.viewer.shop_id, self._head + filters)

    def bind(self, statement: Statement) -> str:
        """The key as a placeholder; only statements that make cursors have one."""
        return statement.bind(("cursor mac", self.identity), "bytea", self.of)


class Walker(Protocol):
    """What a page needs of the compiler: to read the things inside it."""

    sources: Sources
    selections: Selections
    statement: Statement

    def json(self, type_: Any, sets: Sequence[SelectionSetNode], row: Row) -> str:
        """One object."""

    def rows(self, relation: Relation, target: Any, given: Mapping[str, Argument], parent: Row) -> Rows:
        """The conditions and order of a relation's rows."""

    def origin(self, relation: Relation, target: Any, rows: Rows) -> str:
        """What stands after `from` for them."""

    def related(self, asked: Asked, row: Row) -> str:
        """A field that answers with rows of its own."""


@dataclass(slots=True)
class Page:
    """One connection being written; `a`, `b`, `c` are the aliases of its layers."""

    compiler: Walker
    relation: Relation
    target: Any
    rows: Rows
    order: Order
    window: Window
    key: CursorKey
    is_numbered: bool
    """Whether one row more is read, to know if there is a next page."""
    a: str
    b: str
    c: str
    wanted: list[str] = field(default_factory=list)
    has_cursors: bool = False
    has_facts: bool = False
    """Whether page info tells something that only the rows of the page tell."""

    def read(self, type_: GraphQLObjectType, nodes: list[FieldNode]) -> str:
        """One field of the connection type."""
        sets = self.compiler.selections.below(nodes)
        match nodes[0].name.value:
            case "nodes":
                return self._each(self.compiler.json(self.target, sets, Row(self.b)))
            case "edges":
                return self._each(self._edge(type_, nodes))
            case "pageInfo":
                return object_of(self._page_info(type_, nodes))
            case "totalCount":
                return f"(select count(*)::int from ({self._all_rows('1', MOST_COUNTED + 1)}) n)"
            case "__typename":
                return f"'{type_.name}'::text"
        return self._derived(type_, nodes)

    def source(self) -> str:
        """What stands after `from`: the rows of the page with their JSON."""
        conditions = [self.rows.kept, *self._cursor_conditions()]
        turned = replace(self.order, descending=self.order.descending != self.window.backward)
        payload = payload_by_sql(f"{self.rows.t}.id", self.order.key, self.rows.fill(self.order.sql))
        cursor = f', {payload} as "~p"' if self.has_cursors else ""
        limit = f"limit {self.window.size + self.is_numbered}"
        origin = self.compiler.origin(self.relation, self.target, self.rows)
        where = " and ".join(conditions)
        page = f"(select {self.rows.t}.*{cursor} from {origin} where {where}{ordered(self.rows, turned)} {limit})"
        if self._needs_numbers():
            page = f'(select {self.a}.*, row_number() over () as "~n" from {page} {self.a})'
        shown = f'case when {self.b}."~n" <= {self.window.size} then %s end' if self.is_numbered else "%s"
        columns = [f"{shown.replace('%s', sql)} as c{index}" for index, sql in enumerate(self.wanted)]
        columns += [f'{self.b}."~n"'] * self._needs_numbers() + [f'{self.b}."~p"'] * self.has_cursors
        return f"(select {', '.join(columns) or '1 as one'} from {page} {self.b}) {self.c}"

    def cursors_alone(self) -> str:
        """One row that holds nothing but the cursors given, so that a bad one is refused though no rows are read."""
        binds = [bind for leaf in (self.window.after, self.window.before) if leaf for bind in self._cursor_binds(leaf)]
        return f"(select {', '.join(binds)}) {self.c}"

    def _needs_numbers(self) -> bool:
        return self.is_numbered or self.window.backward

    def _each(self, sql: str) -> str:
        """The list of one expression per row, in the list's own order."""
        self.wanted.append(sql)
        turned = f' order by {self.c}."~n" desc' if self.window.backward else ""
        shown = f' filter (where {self.c}."~n" <= {self.window.size})' if self.is_numbered else ""
        return f"coalesce(json_agg({self.c}.c{len(self.wanted) - 1}{turned}){shown}, '[]'::json)"

    def _edge(self, type_: GraphQLObjectType, nodes: list[FieldNode]) -> str:
        edge = self.compiler.selections.object_type(get_named_type(type_.fields["edges"].type).name)
        fields: Fields = []
        selections = self.compiler.selections
        for key, found in selections.fields(edge, selections.below(nodes)).items():
            match found[0].name.value:
                case "node":
                    fields.append((key, self.compiler.json(self.target, selections.below(found), Row(self.b))))
                case "cursor":
                    self.has_cursors = True
                    fields.append((key, sealed_by_sql(self.key.bind(self.compiler.statement), f'{self.b}."~p"')))
                case _:
                    fields.append((key, f"'{edge.name}'::text"))
        return object_of(fields)

    def _page_info(self, type_: GraphQLObjectType, nodes: list[FieldNode]) -> Fields:
        more = f"count(*) > {self.window.size}"
        other = str((self.window.before if self.window.backward else self.window.after) is not None).lower()
        backward = self.window.backward
        info = self.compiler.selections.object_type(get_named_type(type_.fields["pageInfo"].type).name)
        selections = self.compiler.selections
        asked = selections.fields(info, selections.below(nodes))
        written = {
            "hasNextPage": other if backward else more,
            "hasPreviousPage": more if backward else other,
            "__typename": f"'{info.name}'::text",
        }
        names = {found[0].name.value for found in asked.values()}
        self.has_facts |= not names <= {"hasNextPage" if backward else "hasPreviousPage", "__typename"}
        if not names <= written.keys():
            self.has_cursors = True
            payloads = f'(array_agg({self.c}."~p" order by {self.c}."~n"))'
            near, far = "1", f"least(count(*), {self.window.size})"
            for name, at in zip(("startCursor", "endCursor"), (far, near) if backward else (near, far), strict=True):
                # Only now: a statement may have no bind that it does not use.
                written[name] = sealed_by_sql(self.key.bind(self.compiler.statement), f"{payloads}[{at}]")
        return [(key, written[found[0].name.value]) for key, found in asked.items()]

    def _derived(self, type_: GraphQLObjectType, nodes: list[FieldNode]) -> str:
        """A field that the connection's type declares over {rows}: all rows of the list, whatever the page."""
        name = nodes[0].name.value
        facts = self.compiler.sources.fields[type_.name, name]
        relation = facts.source
        if not isinstance(relation, Relation):
            message = f"{type_.name}.{name} says nowhere what it reads"
            raise TypeError(message)
        filled = replace(
            relation, rows=relation.rows.replace("{rows}", self._all_rows(f"{self.rows.t}.*", MOST_COUNTED))
        )
        asked = Asked(f"{type_.name}.{name}", facts, filled, type_.fields[name], nodes)
        return self.compiler.related(asked, Row(self.rows.t))

    def _all_rows(self, columns: str, most: int) -> str:
        origin = self.compiler.origin(self.relation, self.target, self.rows)
        return f"select {columns} from {origin} where {self.rows.kept} limit {most}"

    def _cursor_conditions(self) -> list[str]:
        found = []
        for leaf, is_after in ((self.window.after, True), (self.window.before, False)):
            if leaf is not None:
                sign = "<" if self.order.descending == is_after else ">"
                key, id_ = self._cursor_binds(leaf)
                found.append(f"({self.rows.fill(self.order.sql)}, {self.rows.t}.id) {sign} ({key}, {id_})")
        return found

    def _cursor_binds(self, leaf: Leaf) -> tuple[str, str]:
        statement, key_type = self.compiler.statement, self.order.key
        value = statement.bind(
            ("cursor key", self.key.identity, leaf.key),
            key_type.cast,
            lambda reading: key_type.value(opened(self.key.of(reading), leaf.read(reading.variables))[1]),
        )
        id_ = statement.bind(
            ("cursor id", self.key.identity, leaf.key),
            "uuid",
            lambda reading: opened(self.key.of(reading), leaf.read(reading.variables))[0],
        )
        return key_type.compared.format(value), id_


def compile_page(compiler: Walker, asked: Asked, given: dict[str, Argument], parent: Row) -> str:
    """The connection as one JSON object; its place and order are part of what its cursors are sealed with."""
    relation, selections, statement = asked.relation, compiler.selections, compiler.statement
    connection = selections.object_type(get_named_type(asked.declared.type).name)
    target = get_named_type(connection.fields["nodes"].type)
    asked_window = window(given, relation.size)
    rows = compiler.rows(relation, target, given, parent)
    if rows.order is None:
        message = f"{asked.place} pages rows in no order"
        raise TypeError(message)
    wanted = selections.fields(connection, selections.below(asked.nodes))
    page = Page(
        compiler,
        relation,
        target,
        rows,
        rows.order,
        asked_window,
        CursorKey(f"{asked.place}|{rows.order.sql}|{rows.order.descending}|".encode(), given),
        any(found[0].name.value == "pageInfo" for found in wanted.values()),
        statement.alias(),
        statement.alias(),
        statement.alias(),
    )
    fields: Fields = [(name, page.read(connection, found)) for name, found in wanted.items()]
    chosen = selected(fields, "o")
    # Without an aggregate over the page there is nothing that would make one row of its rows.
    source = page.source() if page.wanted or page.has_facts else page.cursors_alone()
    return f"(select {chosen.json} from (select {chosen.columns} from {source}) o)"


def _read(argument: Any, variables: Variables) -> Any:
    if isinstance(argument, Leaf):
        return argument.read(variables)
    if isinstance(argument, dict):
        return {name: _read(value, variables) for name, value in argument.items()}
    return [_read(value, variables) for value in argument] if isinstance(argument, list) else argument


def _keys(argument: Any) -> Any:
    if isinstance(argument, Leaf):
        return argument.key
    if isinstance(argument, dict):
        return {name: _keys(value) for name, value in argument.items()}
    return [_keys(value) for value in argument] if isinstance(argument, list) else argument
