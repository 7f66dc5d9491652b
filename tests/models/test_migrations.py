"""Migrations: they say what the models say and more, once, whoever starts them."""

import asyncio
import time
from collections.abc import AsyncIterator

import asyncpg
import pytest
from tortoise.context import TortoiseContext

from models.database import Connection, connect, migrate, pool, tortoise_config
from models.shop import Shop
from settings import Settings
from tests.harness.databases import new_database
from tests.harness.engines import Engines
from tests.models.catalogue import Catalogue, read_catalogue
from tests.models.written import CHECKS, CHILDREN, INDEXES, MIGRATIONS, REFERENCES, SHOP_TABLES

pytestmark = pytest.mark.slow

NOTHING_TO_DO_SECONDS = 0.3

# What only raw SQL can say; everything else must come out of the models too.
RAW_CONSTRAINTS = (
    {f"{table}_shop_id_fkey" for table in SHOP_TABLES if table not in CHILDREN}
    | {f"{table}_{column}_fkey" for table, column, *_ in REFERENCES}
    | set(CHECKS)
)
RAW_INDEXES = set(INDEXES)
RAW_TABLES = {"tortoise_migrations"}


@pytest.fixture
async def empty(engines: Engines, worker_id: str) -> AsyncIterator[str]:
    """The URL of a database without tables."""
    async with new_database(engines, f"{worker_id}_empty", template="template1") as dsn:
        yield dsn


async def _catalogue(dsn: str) -> Catalogue:
    sql: Connection = await asyncpg.connect(dsn)
    try:
        return await read_catalogue(sql)
    finally:
        await sql.close()


async def test_migrated_and_generated_tables_agree_but_for_what_only_sql_can_say(empty: str, database: None) -> None:
    async with pool().acquire() as sql:
        migrated = await read_catalogue(sql)
    async with TortoiseContext() as context:
        await context.init(config=tortoise_config(empty, pool_size=1))
        await context.db().execute_script("create sequence outbox_sequence")
        await context.generate_schemas(safe=False)
        generated = await _catalogue(empty)

    assert set(migrated.tables) - set(generated.tables) == RAW_TABLES
    assert {column for column in migrated.columns if column.table not in RAW_TABLES} == generated.columns
    more = {constraint for constraint in migrated.constraints if constraint.table not in RAW_TABLES}
    assert generated.constraints <= more
    assert {constraint.name for constraint in more - generated.constraints} == RAW_CONSTRAINTS
    indexes = {index for index in migrated.indexes if index.table not in RAW_TABLES}
    assert generated.indexes <= indexes
    assert {index.name for index in indexes - generated.indexes} == RAW_INDEXES


async def test_migrating_twice_does_nothing_and_does_it_quickly(empty: str) -> None:
    assert await migrate(empty) == MIGRATIONS
    before = await _catalogue(empty)
    began = time.perf_counter()

    assert await migrate(empty) == []

    assert time.perf_counter() - began < NOTHING_TO_DO_SECONDS
    assert await _catalogue(empty) == before


async def test_of_two_that_start_at_once_one_migrates(empty: str) -> None:
    done = await asyncio.gather(migrate(empty), migrate(empty), migrate(empty))

    assert sorted(done) == [[], [], MIGRATIONS]


async def test_a_migration_cut_off_half_way_leaves_nothing_behind(empty: str) -> None:
    sql: Connection = await asyncpg.connect(empty)
    # Stands where a later migration wants to put its own.
    await sql.execute("create view product_tags as select 1")
    with pytest.raises(Exception, match="product_tags"):
        await migrate(empty)

    assert (await read_catalogue(sql)).tables == ()

    await sql.execute("drop view product_tags")
    assert await migrate(empty) == MIGRATIONS
    await sql.close()


async def test_migrating_leaves_the_open_connection_alone(empty: str, database: None) -> None:
    await migrate(empty)

    assert await Shop.all().count() == await pool().fetchval("select count(*) from shop")


async def test_connecting_within_a_connection_joins_it(settings: Settings, database: None) -> None:
    outer = pool()
    assert settings.database_url

    async with connect(settings.database_url, pool_size=settings.pool_size):
        assert pool() is outer

    assert await outer.fetchval("select 1") == 1
