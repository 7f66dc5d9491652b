"""Many rows in one statement: they travel as one JSON bind, and PostgreSQL reads them by the table's own types."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any
from uuid import UUID

import orjson

from models.database import Connection
from models.owned import Owned

Row = dict[str, Any]


@cache
def insert_statement(model: type[Owned]) -> str:
    """Return the statement that inserts rows of `model` from one JSON array; rows that break a unique key are left out.

    Its columns are the model's, so it holds when a table gets generated columns of its own.
    """
    table, columns = _table(model), ", ".join(model._meta.fields_db_projection.values())  # noqa: SLF001 - see _table
    return (
        f"insert into {table} ({columns}) select {columns} from jsonb_populate_recordset(null::{table}, $1::jsonb)"  # noqa: S608 - names of our own models
        " on conflict do nothing returning id"
    )


@cache
def update_statement(model: type[Owned], columns: tuple[str, ...]) -> str:
    """Return the statement that sets `columns` of rows of one shop, found by id, from one JSON array."""
    table = _table(model)
    sets = ", ".join(f"{column} = fresh.{column}" for column in columns)
    return (
        f"update {table} as stored set {sets} from jsonb_populate_recordset(null::{table}, $2::jsonb) as fresh"  # noqa: S608 - names of our own models
        " where stored.shop_id = $1 and stored.id = fresh.id"
    )


async def insert_rows(sql: Connection, model: type[Owned], rows: Sequence[Mapping[str, Any]]) -> set[UUID]:
    """Insert whole rows in one statement (none for no rows); returns the ids that went in.

    An id that is missing from the answer broke a unique key.
    """
    if not rows:
        return set()
    return {row["id"] for row in await sql.fetch(insert_statement(model), orjson.dumps(rows).decode())}


async def update_rows(
    sql: Connection, model: type[Owned], shop_id: UUID, columns: tuple[str, ...], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Set `columns` of many rows in one statement (none for no rows)."""
    if rows:
        await sql.execute(update_statement(model, columns), shop_id, orjson.dumps(rows).decode())


def _table(model: type[Owned]) -> str:
    return model._meta.db_table  # noqa: SLF001 - Tortoise's description of a model has no public door
