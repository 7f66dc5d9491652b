"""Databases of a run: one is migrated, every worker gets a copy of it, all are dropped at the end."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import asyncpg

from models.database import migrate
from tests.harness.engines import Engines

# Left by a run that was killed; only on servers of our own, where nobody else has such names.
_LEFT_OVER = (
    "select datname from pg_database where starts_with(datname, 'xiaopu_test_') and not starts_with(datname, $1)"
)


def at_database(dsn: str, name: str) -> str:
    """Return the same server's URL for another database."""
    return urlsplit(dsn)._replace(path=f"/{name}").geturl()


@asynccontextmanager
async def administrator(engines: Engines) -> AsyncIterator[asyncpg.Connection]:
    """Give a connection to the server's own database, outside of every database of the run."""
    connection = await asyncpg.connect(engines.dsn)
    try:
        yield connection
    finally:
        await connection.close()


# A server of our own that only tests use may forget them in a power cut; a killed process forgets nothing.
_IN_A_HURRY = ("alter system set fsync = off", "alter system set full_page_writes = off", "select pg_reload_conf()")


async def make_template(engines: Engines) -> None:
    """Make the database that the others are copied from."""
    async with administrator(engines) as sql:
        if engines.postgres_log:
            for setting in _IN_A_HURRY:
                await sql.execute(setting)
            for left_over in await sql.fetch(_LEFT_OVER, engines.run):
                await sql.execute(f'drop database if exists "{left_over[0]}" with (force)')
        await sql.execute(f'create database "{engines.template}"')
    await migrate(at_database(engines.dsn, engines.template))


async def drop_all(engines: Engines) -> None:
    """Drop every database of the run, whoever may still be connected."""
    async with administrator(engines) as sql:
        for row in await sql.fetch("select datname from pg_database where starts_with(datname, $1)", engines.run):
            await sql.execute(f'drop database if exists "{row[0]}" with (force)')


@asynccontextmanager
async def new_database(engines: Engines, name: str, *, template: str | None = None) -> AsyncIterator[str]:
    """Make a database for the length of a block and give its URL; a copy of the migrated one unless told."""
    full_name = f"{engines.run}_{name}"
    async with administrator(engines) as sql:
        await sql.execute(f'create database "{full_name}" template "{template or engines.template}"')
        # Tests ask what is committed, not what survives a power cut.
        await sql.execute(f'alter database "{full_name}" set synchronous_commit = off')
    try:
        yield at_database(engines.dsn, full_name)
    finally:
        async with administrator(engines) as sql:
            await sql.execute(f'drop database if exists "{full_name}" with (force)')
