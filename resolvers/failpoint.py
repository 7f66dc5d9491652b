"""What testers do with failpoints: set, list and clear them; each is true in every process when it returns."""

import asyncio
from typing import Any, Final

from clock import wall_now
from models.database import pool
from models.failpoint import CHANGED, FAILPOINTS, FailpointAction
from models.refusal import Refusal, RetryRefusal, UserErrorCode

DELAY_MS_MAX: Final = 60_000
TIMES_MAX: Final = 10_000
HEARD_SECONDS: Final = 5.0
_POLL_SECONDS: Final = 0.005

_SET: Final = """
insert into sandbox.failpoint (name, action, delay_ms, remaining, made_at) values ($1, $2, $3, $4, $5)
returning id, name, action, delay_ms, remaining, made_at
"""
_LIST: Final = "select id, name, action, delay_ms, remaining, made_at from sandbox.failpoint order by id"
_CLEAR: Final = "delete from sandbox.failpoint where $1::bigint is null or id = $1"

# After the change is committed: see migrations/0017_failpoints.py.
_TELL: Final = "select nextval('sandbox.failpoint_version'), pg_notify($1, '')"

# A process that is gone has no session any more.
_DEAF: Final = """
select count(*) from sandbox.failpoint_heeder heeder
join pg_stat_activity session on session.pid = heeder.pid and session.backend_start = heeder.started_at
where heeder.heard < $1
"""


async def set_failpoint(name: str, action: FailpointAction, *, delay_ms: int, times: int) -> dict[str, Any]:
    """Let the next `times` that any process comes by a failpoint go wrong; returns what was set.

    Raises Refusal NOT_FOUND for a name that no place in the code has, RetryRefusal BUSY when a process does not hear.
    """
    if name not in FAILPOINTS:
        raise Refusal(UserErrorCode.NOT_FOUND, "没有这个故障点", f"There is no failpoint '{name}'", "name")
    [row] = await pool().fetch(_SET, name, action, delay_ms, times, wall_now())
    await _tell()
    return dict(row)


async def failpoints() -> list[dict[str, Any]]:
    """List what was set, what is used up too."""
    return [dict(row) for row in await pool().fetch(_LIST)]


async def clear_failpoints(failpoint_id: int | None = None) -> int:
    """Take one away, or all; returns how many there were."""
    done: str = await pool().execute(_CLEAR, failpoint_id)
    await _tell()
    return int(done.rpartition(" ")[2])


async def _tell() -> None:
    """Return when every process has heard of what was changed."""
    version: int = await pool().fetchval(_TELL, CHANGED)
    try:
        async with asyncio.timeout(HEARD_SECONDS):
            while await pool().fetchval(_DEAF, version):  # noqa: ASYNC110 - other processes say so in the database
                await asyncio.sleep(_POLL_SECONDS)
    except TimeoutError:
        raise RetryRefusal(
            UserErrorCode.BUSY,
            "有进程没有响应",
            f"A process did not hear of it within {HEARD_SECONDS:.0f} s; it may be stopped or very busy",
            retry_after_ms=1000,
        ) from None
