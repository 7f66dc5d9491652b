"""The counter itself: a budget held against a wrong count would be worth nothing."""

from models.database import pool, transaction
from models.shop import Shop
from tests.conftest import Counting


async def test_statements_are_counted_from_the_servers_log(statements: Counting) -> None:
    async with statements() as seen:
        await pool().fetchval("select 1 + $1::int", 1)
        await pool().fetchval("select 2\n  as two")
        await Shop.all().count()

    assert len(seen) == 3
    assert seen.sql[:2] == ["select 1 + $1::int", "select 2\n  as two"]


async def test_begin_and_commit_are_not_counted(statements: Counting) -> None:
    async with statements() as seen, transaction() as sql:
        await sql.execute("select 1")

    assert seen.sql == ["select 1"]


async def test_nothing_asked_is_nothing_counted(statements: Counting) -> None:
    async with statements() as seen:
        pass

    assert seen.sql == []
