"""What the reference executor answers from one row: columns, expressions, ids, value objects, Python's own work."""

import re
from collections.abc import Awaitable
from typing import Any
from uuid import UUID

import orjson
from graphql import GraphQLResolveInfo, GraphQLSchema, get_named_type, is_non_null_type

from engine.rows import Rows
from engine.sources import FieldFacts, Sources
from engine.statement import Row, Viewer
from ids import encode_id
from tests.engine.reference_rows import Query, Reader, Record, argument_tree


async def done(value: Any) -> Any:
    """The value, waited for where it has to be."""
    return await value if isinstance(value, Awaitable) else value


async def listed(value: Any) -> Any:
    """A list, also where the database keeps it as JSON."""
    found = await done(value)
    return orjson.loads(found) if isinstance(found, str) else found


class Leaves:
    """Reads one value at a time for one viewer."""

    def __init__(self, schema: GraphQLSchema, sources: Sources, reader: Reader, secret: bytes, viewer: Viewer) -> None:
        self.schema = schema
        self.sources = sources
        self.reader = reader
        self.secret = secret
        self.viewer = viewer

    def _leaf(self, record: Record, template: str) -> Any:
        """The raw value of an expression over the record's row; awaited only when it is not known."""
        query = Query(self.viewer)
        value = query.fill(template, Row("t", record.inputs))
        sql = (
            f"select ({value}) as v from ({query.within(record.origin)}) t"
            if record.origin
            else f"select ({value}) as v"
        )
        rows = self.reader.known(sql, query.binds)
        return rows[0]["v"] if rows else self._fetched(sql, query.binds)

    def _written(self, record: Record, write: Any, facts: FieldFacts, arguments: dict[str, Any]) -> Any:
        """The same where the field's arguments have their say."""
        query = Query(self.viewer)
        named = {facts.argument_names.get(name, name): value for name, value in arguments.items()}
        rows = Rows(query, "t")  # type: ignore[arg-type]  # a Query stands for the Statement
        value = rows.fill(write(rows, **{name: argument_tree(one) for name, one in named.items()}))
        assert record.origin
        sql = f"select ({value}) as v from ({query.within(record.origin)}) t"
        return self._fetched(sql, query.binds)

    async def _fetched(self, sql: str, binds: list[Any]) -> Any:
        (row,) = await self.reader.fetch(sql, binds)
        return row["v"]

    async def _global_id(self, record: Record) -> str:
        id_: UUID = await done(self._leaf(record, "{t}.id"))
        return encode_id(self.sources.table(record.type_name).prefix, id_)

    async def _computed(self, record: Record, needs: str, compute: Any) -> Any:
        raw = await done(self._leaf(record, f"to_json({needs})"))
        return compute(None if raw is None else orjson.loads(raw))

    async def _value(self, record: Record, info: GraphQLResolveInfo[Any], inputs: tuple[str, ...]) -> Record | None:
        filled = [re.sub(r"\{(\d)\}", lambda found: f"({record.inputs[int(found[1])]})", one) for one in inputs]
        made = Record(get_named_type(info.return_type).name, record.origin, tuple(filled))
        if is_non_null_type(info.return_type):
            return made
        is_null = await done(self._leaf(record, inputs[0])) is None
        return None if is_null else made
