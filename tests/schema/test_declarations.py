"""What the schema promises of its types is what the tables hold: columns that exist, never null where it says so."""

import pytest
from graphql import GraphQLObjectType, is_non_null_type

from engine.sources import Column, Table
from models.database import pool
from schema.root import graphql_schema, sources

COLUMNS = """
select table_name || '.' || column_name as place, is_nullable = 'NO' as never_null
from information_schema.columns where table_schema = 'public'
"""


def declared_columns() -> list[tuple[str, str, bool]]:
    """Type.field, table.column, and whether the schema promises a value."""
    found = []
    for (type_name, field_name), facts in sources.fields.items():
        table = sources.types.get(type_name)
        if isinstance(table, Table) and table.table and isinstance(facts.source, Column):
            type_ = graphql_schema.type_map[type_name]
            assert isinstance(type_, GraphQLObjectType)
            promised = is_non_null_type(type_.fields[field_name].type)
            found.append((f"{type_name}.{field_name}", f"{table.table}.{facts.source.name}", promised))
    return found


@pytest.fixture(scope="module")
async def columns(database: None) -> dict[str, bool]:
    """Every column of the migrated database, and whether it is NOT NULL."""
    async with pool().acquire() as connection:
        return {row["place"]: row["never_null"] for row in await connection.fetch(COLUMNS)}


async def test_every_declared_column_exists(columns: dict[str, bool]) -> None:
    assert [place for place, column, _ in declared_columns() if column not in columns] == []


async def test_what_is_never_null_in_the_schema_is_never_null_in_the_table(columns: dict[str, bool]) -> None:
    assert [place for place, column, promised in declared_columns() if promised and not columns[column]] == []


def test_every_field_of_a_read_type_says_where_it_reads() -> None:
    readable = {name for name, source in sources.types.items() if isinstance(source, Table)}
    silent = [place for place, facts in sources.fields.items() if place[0] in readable and facts.source is None]

    assert silent == []


def test_a_field_for_some_roles_only_is_nullable_and_says_who_may() -> None:
    wrong = []
    for (type_name, field_name), facts in sources.fields.items():
        field = graphql_schema.type_map[type_name].fields[field_name]  # type: ignore[attr-defined]
        is_mutation = type_name == "Mutation"
        if facts.roles and (
            "Requires:" not in (field.description or "") or (is_non_null_type(field.type) and not is_mutation)
        ):
            wrong.append(f"{type_name}.{field_name}")

    assert wrong == []
