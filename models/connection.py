"""A connection of the pool: it never hands on to the next what the last one left half done.

The driver sends a statement in two parts when it is new to a connection: it is read, and then carried out. Whoever goes
away between the two, or whose values can't be sent, leaves the server waiting for the second part with its clock for
this statement running, and the next statement of whoever gets the connection is cancelled in the middle.
"""

from typing import Any, Final

import asyncpg

_PATIENCE_SECONDS: Final = 5.0

# Nothing to do, and the end of whatever was begun. (The driver can't read the answer to an empty statement.)
_NOTHING: Final = "select"


class PooledConnection(asyncpg.Connection):
    """asyncpg's own, which notes when a statement was left between its parts."""

    is_half_way = False
    _protocol: Any

    async def _do_execute(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - as the driver has it
        """Carry a statement out. Of what was cancelled while the server was at work the driver takes care itself."""
        try:
            return await super()._do_execute(*args, **options)  # type: ignore[misc]  # it has no types
        except BaseException as fault:
            was_told = isinstance(fault, asyncpg.PostgresError) and fault.severity is not None
            self.is_half_way = not was_told and not self._protocol._is_cancelling()  # noqa: SLF001 - nobody else knows
            raise


async def handed_back(connection: asyncpg.Connection) -> None:
    """Make a connection fit for the next, as it goes back to the pool: nothing is sent unless something was left.

    We never change a session, and asyncpg's default costs a statement each time.
    """
    if not isinstance(connection, PooledConnection) or not connection.is_half_way:
        return
    connection.is_half_way = False
    try:
        await connection.execute(_NOTHING, timeout=_PATIENCE_SECONDS)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        connection.terminate()
