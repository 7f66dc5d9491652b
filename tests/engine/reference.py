"""The reference executor: graphql-core itself, answering field by field from the same declarations.

Slow and simple on purpose. Each leaf is one tiny statement that brings the raw value, which graphql-core then
writes by the scalar's Python serialiser; lists are sorted and paged in Python; guards are asked of every row.
"""

import re
from collections.abc import Awaitable, Mapping
from typing import Any
from uuid import UUID

from graphql import (
    DocumentNode,
    GraphQLResolveInfo,
    execute,
    get_named_type,
    is_abstract_type,
    is_list_type,
    is_non_null_type,
)
from graphql.execution import ExecutionResult

from engine.rows import Rows
from engine.sources import (
    ByIds,
    Column,
    Computed,
    Expression,
    GlobalId,
    Kinds,
    Relation,
    Shape,
    Table,
    Value,
    Written,
)
from engine.statement import Row
from tests.engine.reference_executor import RecordExecutor
from tests.engine.reference_leaves import Leaves, done, listed
from tests.engine.reference_pages import PAGING, Page, cursor_key, in_order, page
from tests.engine.reference_rows import Origin, Query, Record, argument_tree, row_of

OWN = {
    ("OrderLine", "review"), ("OrderLine", "groupBuyTeam"), ("GroupBuySeat", "team"), ("GroupBuyTeam", "groupBuy"),
    ("GroupBuy", "variants"),
}  # fmt: skip
"""Shown to those who see what they hang from: here the public's guard would take something away."""
PARTS = {"edges", "nodes", "pageInfo", "totalCount"}
_GLOBAL_ID = re.compile(r"([a-z]{3})_([0-9a-f]{32})")


class Reference(Leaves):
    """Answers for one viewer."""

    async def run(self, document: DocumentNode, variables: Mapping[str, Any] | None) -> Any:
        """The data of the answer. Fails on any error: no field of a read may break."""
        result = execute(
            self.schema, document, Record("Query"), variable_values=dict(variables or {}), middleware=[self],
            executor_class=RecordExecutor,
        )  # fmt: skip
        done: ExecutionResult = await result if isinstance(result, Awaitable) else result
        if done.errors:
            raise done.errors[0]
        return done.data

    def resolve(self, next_: Any, parent: Any, info: GraphQLResolveInfo[Any], /, **arguments: Any) -> Any:
        """Answer one field in place of whatever the schema would do; graphql-core calls this as its middleware."""
        if info.field_name.startswith("__"):
            return next_(parent, info, **arguments)
        if isinstance(parent, dict):
            return parent[info.field_name]
        if isinstance(parent, Page) and info.field_name in PARTS:
            return self._of_page(parent, info.field_name)
        return self._declared(parent, info, arguments)

    def _declared(  # noqa: PLR0911 - one way out for each kind of source
        self, parent: Any, info: GraphQLResolveInfo[Any], arguments: dict[str, Any]
    ) -> Any:
        facts = self.sources.fields[info.parent_type.name, info.field_name]
        bare = info.return_type.of_type if is_non_null_type(info.return_type) else info.return_type
        match facts.source:
            case Column() | Expression() as source if is_list_type(bare):
                return listed(self._plain(parent, source))
            case Column() | Expression() as source:
                return self._plain(parent, source)
            case Written(write):
                return self._written(parent, write, facts, arguments)
            case GlobalId():
                return self._global_id(parent)
            case Computed(needs, compute):
                return self._computed(parent, needs, compute)
            case Value(inputs):
                return self._value(parent, info, inputs)
            case Relation() as relation:
                return self._related(parent, info, relation, arguments)
            case ByIds(many):
                return self._by_ids(arguments["ids"]) if many else self._by_id(arguments["id"])
        message = f"{info.parent_type.name}.{info.field_name} says nowhere what it reads"
        raise TypeError(message)

    def _plain(self, parent: Record, source: Column | Expression) -> Any:
        if isinstance(source, Expression):
            return self._leaf(parent, source.sql)
        return parent.known[source.name] if parent.known is not None else self._leaf(parent, f"{{t}}.{source.name}")

    async def _by_ids(self, ids: list[str]) -> list[Record | None]:
        return [await self._by_id(id_) for id_ in ids]

    async def _by_id(self, id_: str) -> Record | None:
        found = _GLOBAL_ID.fullmatch(id_)
        if not found or found[1] not in self.sources.prefixes:
            return None
        name = self.sources.prefixes[found[1]]
        table = self.sources.table(name)
        query = Query(self.viewer)
        conditions = [
            query.fill(table.scope, Row("t")),
            f"t.id = {query.bind(UUID(found[2]), 'uuid')}",
            *self._guard(query, table),
        ]
        rows = await self.reader.fetch(
            f"select t.id from {table.table} t where {' and '.join(conditions)}", query.binds
        )
        return Record(name, row_of(query, table.table, table.scope, rows[0]["id"])) if rows else None

    def _guard(self, query: Query, table: Table) -> list[str]:
        is_guarded = table.guard and table.keeper not in self.viewer.keeps
        return [f"({query.fill(table.guard, Row('t'))})"] if is_guarded else []

    async def _related(
        self,
        record: Record | Page,
        info: GraphQLResolveInfo[Any],
        relation: Relation,
        arguments: dict[str, Any],
    ) -> Any:
        target: Any = get_named_type(info.return_type)
        facts = self.sources.fields[info.parent_type.name, info.field_name]
        named = {facts.argument_names.get(name, name): value for name, value in arguments.items()}
        if relation.shape is not Shape.PAGE and not self.sources.table(target.name).table:
            derived = await self._derived(record, relation, target, named)
            return derived[: named.get("first")] if relation.shape is Shape.MANY else next(iter(derived), None)
        if not isinstance(record, Record):
            message = "only derived rows hang from a page"
            raise TypeError(message)
        if relation.shape is Shape.PAGE:
            target = get_named_type(target.fields["nodes"].type)
        table = self.sources.table(target.name)
        query = Query(self.viewer)
        rows = Rows(query, "t", "p", "m")  # type: ignore[arg-type]  # a Query stands for the Statement
        # Declared public is what hangs from a row that may be seen: guards are asked all the same, and change nothing.
        # Only behind a field that demands a role there is more to see than the public may.
        is_own = (info.parent_type.name, info.field_name) in OWN
        guards = [] if relation.is_public and (facts.roles or is_own) else self._guard(query, table)
        origin = self._origin(query, rows, record, relation, table, guards)
        if relation.select:
            relation.select(rows, **_trees(named, relation.shape))
        key = rows.fill(rows.order.sql) if rows.order else "0"
        origin, where = ", ".join([origin, *rows.joined]), " and ".join(rows.conditions)
        if rows.capped:
            columns = "".join(f', {sql} as "{name}"' for name, sql in rows.capped.columns.items())
            found_all = f"select t.*{columns} from {origin} where {where}"
            origin, where = f"({rows.capped.taken.replace('{rows}', found_all)}) t", "true"
        most = rows.limit or "null::int"
        sql = f"select t.id as id, ({key}) as key, ({most}) as most from {origin} where {where}"
        fetched = await self.reader.fetch(sql, query.binds)
        found = [(row["id"], row["key"]) for row in fetched]
        places = in_order(found, rows.order)
        if relation.shape is Shape.PAGE and rows.order:
            field = f"{info.parent_type.name}.{info.field_name}"
            seal = cursor_key(self.secret, self.viewer, field, rows.order, named)
            return page(seal, rows.order, target.name, places, arguments)
        records = [Record(target.name, row_of(query, table.table, table.scope, place.id)) for place in places]
        if relation.shape is Shape.MANY:
            return records[: fetched[0]["most"] if rows.limit and fetched else arguments.get("first")]
        if len(records) > 1 and rows.order is None:
            message = f"{info.parent_type.name}.{info.field_name} is not one row"
            raise ValueError(message)
        return records[0] if records else None

    def _origin(  # noqa: PLR0913, PLR0917 - a relation is all of these
        self, query: Query, rows: Rows, record: Record, relation: Relation, table: Table, guards: list[str]
    ) -> str:
        """Where all rows of a relation are: what stands after `from`, and the conditions put into `rows`."""
        origin = [f"({query.within(record.origin)}) p"] if record.origin else []
        rows.where(rows.fill(table.scope))
        if relation.link:
            origin.append(f"{relation.link.table} m")
            rows.where(f"m.{relation.link.near} = p.id and m.{relation.link.far} = t.id and m.shop_id = t.shop_id")
        if relation.match:
            rows.where(rows.fill(relation.match))
        for guard in guards:
            rows.where(guard)
        if relation.order:
            rows.order_by(relation.order)
        return ", ".join([*origin, f"{table.table} t"])

    async def _derived(
        self, parent: Record | Page, relation: Relation, target: Any, named: dict[str, Any]
    ) -> list[Record]:
        """Rows without a table, each found again by its place."""
        query = Query(self.viewer)
        source, template = "", relation.rows
        if relation.select and not relation.rows:
            asked = Rows(query, "t", "p")  # type: ignore[arg-type]  # a Query stands for the Statement
            relation.select(asked, **_trees(named, relation.shape))
            template = asked.derived
            if asked.unknown:
                template = f"select t.* from ({template}) t where {' and '.join(asked.unknown)}"
        if isinstance(parent, Page):
            table = self.sources.table(parent.target)
            ids = query.bind(list(parent.all_ids[:10_000]), "uuid[]")
            template = template.replace(
                "{rows}", f"select t.* from {table.table} t where {table.scope} and t.id = any({ids})"
            )
        elif parent.origin:
            source = f"({query.within(parent.origin)}) p, "
        inner = query.fill(template, Row("t"), parent="p")
        numbered = f'select x.*, row_number() over () as "~place" from {source}lateral ({inner}) x'
        rows = await self.reader.fetch(numbered, query.binds)
        place = f"${len(query.binds) + 1}::bigint"
        records = []
        for row in rows:
            origin = Origin(f'select y.* from ({numbered}) y where y."~place" = {place}', (*query.binds, row["~place"]))
            kind = await self._kind(target, origin)
            table = self.sources.table(kind)
            if kind != target.name and table.table:
                records.append(Record(kind, row_of(query, table.table, table.scope, row["id"])))
            else:
                records.append(Record(kind, origin, (), row))
        return records

    async def _kind(self, target: Any, origin: Origin) -> str:
        kinds = self.sources.types.get(target.name)
        if not is_abstract_type(target) or not isinstance(kinds, Kinds):
            return str(target.name)
        return kinds.types[await done(self._leaf(Record(target.name, origin), kinds.kind))]

    def _of_page(self, found: Page, name: str) -> Any:
        match name:
            case "totalCount":
                return found.total
            case "pageInfo":
                return {
                    "hasNextPage": found.has_next,
                    "hasPreviousPage": found.has_previous,
                    "startCursor": found.cursors[0] if found.cursors else None,
                    "endCursor": found.cursors[-1] if found.cursors else None,
                }
        table = self.sources.table(found.target)
        query = Query(self.viewer)
        nodes = [Record(found.target, row_of(query, table.table, table.scope, place.id)) for place in found.shown]
        if name == "nodes":
            return nodes
        return [{"cursor": cursor, "node": node} for cursor, node in zip(found.cursors, nodes, strict=True)]


def _trees(named: dict[str, Any], shape: Shape) -> dict[str, Any]:
    """The arguments as select functions take them; those of paging are none of theirs."""
    own = PAGING if shape is Shape.PAGE else ("first",)
    return {name: argument_tree(one) for name, one in named.items() if name not in own}
