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
def save_statement(model: type[Owned], columns: tuple[str, ...]) -> str:
    """Return the statement that inserts rows, and sets `columns` of those whose id is there already."""
    table, every = _table(model), ", ".join(model._meta.fields_db_projection.values())  # noqa: SLF001 - see _table
    sets = ", ".join(f"{column} = excluded.{column}" for column in columns)
    return (
        f"insert into {table} as stored ({every})"  # noqa: S608 - names of our own models
        f" select {every} from jsonb_populate_recordset(null::{table}, $1::jsonb)"
        f" on conflict (id) do update set {sets} where stored.shop_id = excluded.shop_id"
    )


def as_json(value: object) -> str:
    """Return JSON for a bind, with ids, times and enums as PostgreSQL reads them."""
    return orjson.dumps(value, default=_driver_id).decode()


def _driver_id(value: object) -> str:
    """Write the database driver's UUID, a subclass that orjson does not know by itself."""
    if isinstance(value, UUID):
        return str(value)
    message = f"a row holds a {type(value).__name__}, which JSON has no form for"
    raise TypeError(message)


async def insert_rows(sql: Connection, model: type[Owned], rows: Sequence[Mapping[str, Any]]) -> set[UUID]:
    """Insert whole rows in one statement (none for no rows); returns the ids that went in.

    An id that is missing from the answer broke a unique key.
    """
    if not rows:
        return set()
    return {row["id"] for row in await sql.fetch(insert_statement(model), as_json(rows))}


async def save_rows(
    sql: Connection, model: type[Owned], columns: tuple[str, ...], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Insert whole rows, or set `columns` of those that are there, in one statement (none for no rows).

    The caller has made sure that no other unique key is broken.
    """
    if rows:
        await sql.execute(save_statement(model, columns), as_json(rows))


def _table(model: type[Owned]) -> str:
    return model._meta.db_table  # noqa: SLF001 - Tortoise's description of a model has no public door


def read_json(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return a JSON column as Python has it: the driver gives text."""
    return orjson.loads(value) if isinstance(value, str) else value


def inserted(model: type[Owned], bind: int, **same: str | int | bool) -> str:
    """Return the part of a statement that inserts rows of `model` from the JSON array of a bind.

    What is the same in all of them need not travel with each: `same` has its value by column, words of ours, where
    `$1` is the statement's own bind.
    """
    table, every = _table(model), model._meta.fields_db_projection.values()  # noqa: SLF001 - see _table
    values = ", ".join(_literal(same[column]) if column in same else column for column in every)
    return (
        f"{table}_in as (insert into {table} ({', '.join(every)})"  # noqa: S608 - names and words of our own models
        f" select {values} from jsonb_populate_recordset(null::{table}, ${bind}::jsonb))"
    )


def _literal(value: str | int | bool) -> str:
    if isinstance(value, str):
        return value if value.startswith("$") else f"'{value}'"
    return str(value).lower()
