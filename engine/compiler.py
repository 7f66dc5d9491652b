"""The compiler: one walk over a selection writes one SQL statement that answers all of it as JSON.

Every function returns a SQL expression of type json (or a scalar that row_to_json writes as the field's
scalar would be written). Values are only ever binds. Every table is scoped by shop, and by its guard unless
the viewer sees what is hidden.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLObjectType,
    SelectionSetNode,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)

from engine.arguments import Argument, Leaf, Variables, arguments
from engine.errors import bad_input
from engine.objects import Fields, Selected, object_of, selected
from engine.paging import compile_page
from engine.rows import Rows, ordered
from engine.scalars import sql_form, sql_list_form
from engine.selection import Selections
from engine.sources import (
    Asked,
    ByIds,
    Column,
    Computed,
    Expression,
    FieldFacts,
    GlobalId,
    Kinds,
    Relation,
    Shape,
    Sources,
    Value,
    Written,
)
from engine.statement import COMPUTED_MARK, Row, Statement
from ids import decode_id

TYPENAME = "__typename"
_NO_LIMIT = 2**31 - 1
_BY_ID = Relation(Shape.ONE, "{t}.id = {p}.id", is_public=True)
IDS_MOST = 250
"""Ids of one `nodes`; what is written into a document is held to as many by its limits."""


class Compiler:
    """Writes into one statement; made for one operation and one shape of its variables."""

    def __init__(self, sources: Sources, selections: Selections, variables: Variables, statement: Statement) -> None:
        self.sources = sources
        self.selections = selections
        self.variables = variables
        self.statement = statement

    def operation(self, type_: GraphQLObjectType, sets: Sequence[SelectionSetNode]) -> str:
        """The whole statement for the root fields of an operation."""
        chosen = selected(self.fields(type_, sets, Row()), "q")
        return f"select convert_to({chosen.json}::text, 'UTF8') from (select {chosen.columns}) q"

    def fields(self, type_: GraphQLObjectType, sets: Sequence[SelectionSetNode], row: Row) -> Fields:
        """The answer keys of an object and the expressions that read them from `row`."""
        return [(key, self.field(type_, nodes, row)) for key, nodes in self.selections.fields(type_, sets).items()]

    def json(self, type_: Any, sets: Sequence[SelectionSetNode], row: Row) -> str:
        """One object, of a type or of whichever type an abstract one turns out to be, as a scalar expression."""
        if not is_abstract_type(type_):
            chosen = selected(self.fields(type_, sets, row), "o")
            return f"(select {chosen.json} from (select {chosen.columns}) o)"
        kinds = self.sources.types[type_.name]
        if not isinstance(kinds, Kinds):
            message = f"{type_.name} is abstract and needs @reads_kinds"
            raise TypeError(message)
        by_name = {possible.name: possible for possible in self.selections.possible(type_)}
        branches = " ".join(
            f"when '{kind}' then {self._of_kind(by_name[name], sets, row)}" for kind, name in kinds.types.items()
        )
        return f"(case {self.statement.fill(kinds.kind, row)} {branches} end)" if branches else "null::json"

    def _of_kind(self, type_: GraphQLObjectType, sets: Sequence[SelectionSetNode], row: Row) -> str:
        """One object of a kind: where its type has a table of its own, the row of it that has the id."""
        if not self.sources.table(type_.name).table:
            return self.json(type_, sets, row)
        return self.listed(_BY_ID, type_, sets, self.rows(_BY_ID, type_, {}, row), "")

    def rows(self, relation: Relation, target: Any, given: Mapping[str, Argument], parent: Row) -> Rows:
        """The rows of a relation: link, match, shop, guard and whatever its select function adds."""
        rows = Rows(self.statement, self.statement.alias(), parent.alias)
        if relation.link:
            rows.m = self.statement.alias()
            rows.where(rows.fill(f"{{m}}.shop_id = {{shop}} and {{m}}.{relation.link.near} = {{p}}.id"))
            rows.where(rows.fill(f"{{t}}.id = {{m}}.{relation.link.far}"))
        if relation.match:
            rows.where(rows.fill(relation.match))
        table = self.sources.table(target.name)
        if table.table:
            rows.where(rows.fill(table.scope))
        if table.guard and not (relation.is_public or self.statement.lifts(table.keeper)):
            rows.where(f"({rows.fill(table.guard)})")
        if relation.order:
            rows.order_by(relation.order)
        if relation.select:
            relation.select(rows, **given)
        return rows

    def origin(self, relation: Relation, target: Any, rows: Rows) -> str:
        """What stands after `from` for a relation's rows."""
        if relation.rows:
            return f"({rows.fill(relation.rows)}) {rows.t}"
        if rows.derived:
            return f"({rows.derived}) {rows.t}"
        link = [f"{relation.link.table} {rows.m}"] if relation.link else []
        return rows.origin([*link, f"{self.sources.table(target.name).table} {rows.t}"])

    def field(  # noqa: PLR0911 - one way out for each kind of source
        self, type_: GraphQLObjectType, nodes: list[FieldNode], row: Row
    ) -> str:
        """The expression that answers one field of a row, by its declared source."""
        name = nodes[0].name.value
        if name == TYPENAME:
            return f"'{type_.name}'::text"
        field = type_.fields[name]
        facts = self.sources.fields[type_.name, name]
        match facts.source:
            case Column(column):
                return self._leaf(field, f"{row.alias}.{column}")
            case Expression(sql):
                return self._leaf(field, self.statement.fill(sql, row))
            case Written(write):
                rows = Rows(self.statement, row.alias)
                return self._leaf(field, rows.fill(write(rows, **self.given(facts, field, nodes))))
            case GlobalId():
                return f"'{self.sources.table(type_.name).prefix}_' || replace({row.alias}.id::text, '-', '')"
            case Value(inputs):
                return self._value(field, [self.statement.fill(one, row) for one in inputs], nodes)
            case Computed(needs, compute):
                self.statement.computed.append(compute)
                number = len(self.statement.computed) - 1
                return f"json_build_object('{COMPUTED_MARK}', {number}, 'v', {self.statement.fill(needs, row)})"
            case Relation() as relation:
                return self.related(Asked(f"{type_.name}.{name}", facts, relation, field, nodes), row)
            case ByIds(many):
                return self._by_ids(field, nodes, many=many)
        message = f"{type_.name}.{name} says nowhere what it reads"
        raise TypeError(message)

    def given(self, facts: FieldFacts, field: GraphQLField, nodes: list[FieldNode]) -> dict[str, Argument]:
        """The arguments of a field, by the names of its function's parameters."""
        found = arguments(field, nodes[0], self.variables)
        return {facts.argument_names.get(name, name): value for name, value in found.items()}

    def _leaf(self, field: GraphQLField, sql: str) -> str:
        bare = field.type.of_type if is_non_null_type(field.type) else field.type
        scalar = get_named_type(bare).name
        return sql_list_form(scalar, sql) if is_list_type(bare) else sql_form(scalar, sql)

    def _value(self, field: GraphQLField, inputs: list[str], nodes: list[FieldNode]) -> str:
        target = get_named_type(field.type)
        sets = self.selections.below(nodes)
        if is_leaf_type(target) or not isinstance(target, GraphQLObjectType):
            message = f"{target} is not a value object"
            raise TypeError(message)
        made = object_of(self.fields(target, sets, Row("", tuple(inputs))))
        return made if is_non_null_type(field.type) else f"case when {inputs[0]} is not null then {made} end"

    def related(self, asked: Asked, row: Row) -> str:
        """A field that answers with rows of its own."""
        given = self.given(asked.facts, asked.declared, asked.nodes)
        if asked.relation.shape is Shape.PAGE:
            return compile_page(self, asked, given, row)
        target = get_named_type(asked.declared.type)
        size = given.pop("first", None)
        rows = self.rows(asked.relation, target, given, row)
        # Never null: where one row's limit is and the next one's is not, PostgreSQL 17 and 18 keep an incremental sort
        # that was made without a bound, give it one, and walk over memory ("GetMemoryChunkSpace is not supported").
        limit = f" limit coalesce({rows.limit}, {_NO_LIMIT})" if rows.limit else ""
        if asked.relation.shape is Shape.ONE:
            limit = " limit 1"
        if isinstance(size, Leaf):
            limit = f" limit {int(size.value)}"
        return self.listed(asked.relation, target, self.selections.below(asked.nodes), rows, limit)

    def listed(self, relation: Relation, target: Any, sets: Sequence[SelectionSetNode], rows: Rows, limit: str) -> str:
        """The rows of a relation as one JSON object or a JSON list."""
        where = f" where {rows.kept}"
        order = ordered(rows, rows.order) if rows.order else ""
        if is_abstract_type(target):
            chosen = Selected(f"{self.json(target, sets, Row(rows.t))} as o", "r.o", "r.o")
        else:
            chosen = selected(self.fields(target, sets, Row(rows.t)), "r")
        inner = f"select {chosen.columns} from {self.origin(relation, target, rows)}{where}{order}{limit}"
        if relation.shape is Shape.ONE:
            return f"(select {chosen.json} from ({inner}) r)"
        return f"(select coalesce(json_agg({chosen.item}), '[]'::json) from ({inner}) r)"

    def _by_ids(self, field: GraphQLField, nodes: list[FieldNode], *, many: bool) -> str:
        given = arguments(field, nodes[0], self.variables)
        leaf = given["ids" if many else "id"]
        if not isinstance(leaf, Leaf):
            message = f"{nodes[0].name.value} is asked without an id"
            raise TypeError(message)
        sets = self.selections.below(nodes)
        branches: list[str] = []
        for prefix, name in sorted(self.sources.prefixes.items()):
            type_ = self.selections.object_type(name)
            relation = Relation(Shape.ONE, "{t}.id = {p}.asked_id")
            rows = self.rows(relation, type_, {}, Row("n"))
            branches.append(f"when '{prefix}' then {self.listed(relation, type_, sets, rows, '')}")
        chosen = f"case n.asked_kind {' '.join(branches)} end"
        if not many:
            kind, key = (self.statement.leaf(leaf, cast, part) for cast, part in (("text", _prefix), ("uuid", _uuid)))
            return f"(select {chosen} from (select {kind} as asked_kind, {key} as asked_id) n)"
        kinds, keys = (
            self.statement.leaf(leaf, cast, part) for cast, part in (("text[]", _prefixes), ("uuid[]", _uuids))
        )
        # Long names: a column that is called like a row's alias further in would be taken for that row.
        asked = f"unnest({kinds}, {keys}) with ordinality n(asked_kind, asked_id, asked_at)"
        return f"(select coalesce(json_agg({chosen} order by n.asked_at), '[]'::json) from {asked})"


def _prefix(id_: str) -> str:
    return id_.rpartition("_")[0]


def _uuid(id_: str) -> UUID | None:
    return decode_id(_prefix(id_), id_)


def _prefixes(ids: list[str]) -> list[str]:
    if len(ids) > IDS_MOST:
        message = f"At most {IDS_MOST} ids."
        raise bad_input(message)
    return [_prefix(id_) for id_ in ids]


def _uuids(ids: list[str]) -> list[UUID | None]:
    return [_uuid(id_) for id_ in ids]
