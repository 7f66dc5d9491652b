"""What tests of tables share."""

from collections.abc import AsyncIterator

import pytest

from models.database import Connection, pool


@pytest.fixture
async def sql(database: None) -> AsyncIterator[Connection]:
    """A transaction that is rolled back."""
    async with pool().acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        yield connection
        await transaction.rollback()
