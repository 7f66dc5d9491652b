"""Compiled reads give their connection back at once, whatever becomes of them."""

import asyncio

import asyncpg
import pytest

from models.database import fetch_value, pool


async def test_answered_failed_and_abandoned_reads_leave_the_pool_whole(database: None) -> None:
    """Three times as many of each as there are connections, and then all connections are free."""
    most = pool().get_max_size()
    answered = [asyncio.create_task(fetch_value("select $1::int", (number,))) for number in range(3 * most)]
    failed = [asyncio.create_task(fetch_value("select 1 / $1::int", (0,))) for _ in range(3 * most)]
    abandoned = [asyncio.create_task(fetch_value("select pg_sleep($1)", (60,))) for _ in range(3 * most)]
    await asyncio.sleep(0.2)
    for read in abandoned:
        read.cancel()

    assert await asyncio.gather(*answered) == list(range(3 * most))
    for fault in await asyncio.gather(*failed, return_exceptions=True):
        assert isinstance(fault, asyncpg.DivisionByZeroError)
    for fault in await asyncio.gather(*abandoned, return_exceptions=True):
        assert isinstance(fault, asyncio.CancelledError)
    async with asyncio.timeout(5):
        held = [await pool().acquire() for _ in range(most)]
    for connection in held:
        await pool().release(connection)
    assert pool().get_idle_size() == pool().get_size()


async def test_a_connection_that_died_is_replaced(database: None) -> None:
    """As when PostgreSQL is restarted under us."""
    with pytest.raises(asyncpg.PostgresConnectionError):
        await fetch_value("select pg_terminate_backend(pg_backend_pid())", ())

    assert await fetch_value("select 7", ()) == 7
