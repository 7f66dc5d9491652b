"""The way to PostgreSQL: Tortoise's client for asyncpg, with a pool that costs less to give back to."""

from typing import Any, cast

import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient

_QUERIES_MAX = 50_000
"""Of one connection, before another takes its place: asyncpg's own number."""

Connection = Any
"""An asyncpg connection; asyncpg's own class and its pool proxy share no typed base."""


class Pool(asyncpg.Pool):
    """A pool that takes a connection back at once, not in a task of its own that is shielded from whoever cancels.

    Nothing is sent on release (the pool's `reset` sends nothing), so there is nothing that could be broken off, but
    where a statement was or the connection is worn out. That task costs half as much as a small statement.
    """

    __slots__ = ()

    async def release(self, connection: Connection, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 - asyncpg's
        """Take a connection back."""
        held, holder = connection._con, connection._holder  # noqa: SLF001 - asyncpg has no public way to either
        # What asyncpg would refuse, wait for or close is left to it.
        if (
            held is None
            or holder._pool is not self  # noqa: SLF001 - as above
            or is_worn(held, holder)
            or held._protocol._is_cancelling()  # noqa: SLF001 - as above
        ):
            await super().release(connection, timeout=timeout)
            return
        held._on_release()  # noqa: SLF001 - as above
        await holder.release(timeout)


def is_worn(held: Connection, holder: Any) -> bool:  # noqa: ANN401 - asyncpg's holder of a connection in its pool
    """Whether a connection is closed, or to be closed and replaced."""
    return bool(
        held.is_closed()
        or held._protocol.queries_count >= holder._max_queries  # noqa: SLF001 - as above
        or holder._generation != holder._pool._generation  # noqa: SLF001 - as above
    )


class Client(AsyncpgDBClient):
    """Tortoise's client, on such a pool."""

    async def create_pool(self, **settings: object) -> asyncpg.Pool:
        """Open the pool; what is not set is as asyncpg has it."""
        pool: asyncpg.Pool = await Pool(
            **cast("Any", {"max_queries": _QUERIES_MAX, "record_class": asyncpg.Record} | settings)
        )
        return pool


client_class = Client
"""How Tortoise finds it, by the name of this module."""
