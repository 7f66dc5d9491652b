"""Failure switches: how a tester makes the next calls of an app go wrong, in the ways that WeChat's really do."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from clock import wall_now
from models.database import pool

DELAY_MS_MAX: Final = 60_000
TIMES_MAX: Final = 10_000


class SwitchKind(StrEnum):
    """What happens in place of an answer.

    ERROR: nothing is done, `errcode` is answered. RATE_LIMIT: the same with 45011. SLOW: done and answered after
    `delay_ms`. LOST_ANSWER: done, then the connection is cut, after `delay_ms` of silence.
    """

    ERROR = "ERROR"
    RATE_LIMIT = "RATE_LIMIT"
    LOST_ANSWER = "LOST_ANSWER"
    SLOW = "SLOW"


@dataclass(frozen=True, slots=True)
class Switch:
    """One switch as it stands; `name` and `call` narrow it when they are not None."""

    id: int
    kind: SwitchKind
    errcode: int
    delay_ms: int


_COLUMNS = "id, appid, name, call, kind, errcode, delay_ms, remaining, made_at"
_SET = f"""
insert into wechat_sandbox.switch (appid, name, call, kind, errcode, delay_ms, remaining, made_at)
values ($1, $2, $3, $4, $5, $6, $7, $8)
returning {_COLUMNS}
"""  # noqa: S608 - fixed words
# The oldest that fits goes first; a rival waits for the row and looks at it again, so `remaining` is never overdrawn.
_TAKE = """
update wechat_sandbox.switch set remaining = remaining - 1
where id = (
    select id from wechat_sandbox.switch
    where appid = $1 and (name is null or name = $2) and (call is null or call = $3) and remaining > 0
    order by id limit 1 for update
)
returning id, kind, errcode, delay_ms
"""
_LIST = f"select {_COLUMNS} from wechat_sandbox.switch where appid = $1 order by id"  # noqa: S608 - fixed words
_CLEAR = "delete from wechat_sandbox.switch where appid = $1 and ($2::bigint is null or id = $2)"


async def set_switch(  # noqa: PLR0913 - a switch is these seven facts
    appid: str, kind: SwitchKind, *, name: str | None, call: str | None, errcode: int, delay_ms: int, times: int
) -> dict[str, Any]:
    """Let the next `times` calls of an app go wrong: all of them, or one user's, or of one name. Returns the row."""
    [row] = await pool().fetch(_SET, appid, name, call, kind, errcode, delay_ms, times, wall_now())
    return dict(row)


async def take(appid: str, name: str, call: str) -> Switch | None:
    """Use up the switch that stands in a call's way, if one does."""
    row = await pool().fetchrow(_TAKE, appid, name, call)
    return Switch(row["id"], SwitchKind(row["kind"]), row["errcode"], row["delay_ms"]) if row else None


async def switches_of(appid: str) -> list[dict[str, Any]]:
    """List an app's switches, those used up too."""
    return [dict(row) for row in await pool().fetch(_LIST, appid)]


async def clear(appid: str, switch_id: int | None) -> int:
    """Remove one switch of an app, or all; how many there were."""
    done: str = await pool().execute(_CLEAR, appid, switch_id)
    return int(done.rpartition(" ")[2])
