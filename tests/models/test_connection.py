"""A connection that goes back to the pool has nothing half done, whoever left it how."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from models.connection import PooledConnection, handed_back
from models.database import fetch_value, pool, transaction
from settings import Settings
from tests.conftest import Counting

# What a session says while the server waits for the second part of a statement is "active".
_LEFT = "select count(*) from pg_stat_activity where state <> 'idle' and query like $1 and pid <> pg_backend_pid()"

Left = Callable[[], Awaitable[int]]


@pytest.fixture
def mark() -> str:
    """A word that stands in no other statement."""
    return uuid4().hex


@pytest.fixture
async def left(database: None, settings: Settings, mark: str) -> AsyncIterator[Left]:
    """How many sessions are still at a statement with the mark; asked on a session beside the pool's."""
    watcher = await asyncpg.connect(settings.database_url)
    yield lambda: watcher.fetchval(_LEFT, f"%{mark}%")
    await watcher.close()


async def goes_away(question: Awaitable[Any]) -> None:
    """Ask something new, and go away in the moment in which the server has read it and not carried it out.

    The loop stands still until both the server's word and the wish to go are there; it hears the word first.
    """
    asking = asyncio.ensure_future(question)
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_later(0.01, asking.cancel)
    time.sleep(0.1)  # noqa: ASYNC251 - that is the point
    with pytest.raises(asyncio.CancelledError):
        await asking


def new(mark: str) -> str:
    """A statement that no connection knows."""
    return f"select $1::int as m{mark}"


Way = Callable[[str, object], Awaitable[Any]]
WAYS = pytest.mark.parametrize(
    "ask",
    [lambda sql, value: pool().fetchval(sql, value), lambda sql, value: fetch_value(sql, (value,))],
    ids=["pool", "read"],
)


@WAYS
async def test_who_goes_away_between_the_parts_leaves_nothing(left: Left, mark: str, ask: Way) -> None:
    await pool().fetchval("select 1")

    await goes_away(ask(new(mark), 1))

    assert await left() == 0


@WAYS
async def test_a_value_that_cannot_be_sent_leaves_nothing(left: Left, mark: str, ask: Way) -> None:
    with pytest.raises(asyncpg.DataError, match="query argument"):
        await ask(new(mark), "not a number")

    assert await left() == 0


async def test_who_goes_away_in_a_transaction_leaves_nothing(left: Left, mark: str) -> None:
    async def change() -> None:
        async with transaction() as connection:
            await goes_away(connection.fetchval(new(mark), 1))
            raise FileNotFoundError

    with pytest.raises(FileNotFoundError):
        await change()

    assert await left() == 0


async def test_what_cannot_come_to_rest_is_not_handed_on(left: Left, settings: Settings, mark: str) -> None:
    """As when the statement's clock ended before it came back: what its session says next would be of that."""
    async with asyncpg.create_pool(
        settings.database_url, min_size=1, max_size=1, connection_class=PooledConnection, reset=handed_back
    ) as own:
        async with own.acquire() as connection:
            await connection.execute("set statement_timeout = '200ms'")
            await goes_away(connection.fetchval(new(mark), 1))
            await asyncio.sleep(0.4)

        assert await own.fetchval("select $1::int", 7) == 7
        assert await left() == 0


async def test_only_what_was_left_costs_a_statement_more(database: None, mark: str, statements: Counting) -> None:
    async with statements() as refused:
        with pytest.raises(asyncpg.DivisionByZeroError):
            await pool().fetchval("select 1 / $1::int", 0)
    async with statements() as unsent:
        with pytest.raises(asyncpg.DataError):
            await pool().fetchval(new(mark), "not a number")

    assert (refused.sql, unsent.sql) == ([], ["select"])
