"""Failure switches: how a tester makes the next calls of an app go wrong, in the ways that WeChat's really do."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from clock import wall_now
from models.database import pool

DELAY_MS_MAX: Final = 60_000
TIMES_MAX: Final = 10_000


class SwitchKind(StrEnum):
    """What happens in place of an answer.

    ERROR: nothing is done, `errcode` is answered, by WeChat Pay `code`. RATE_LIMIT: the same with 45011 or
    FREQUENCY_LIMITED. SLOW: done and answered after `delay_ms`. LOST_ANSWER: done, then the connection is cut, after
    `delay_ms` of silence.
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
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Aim:
    """Which calls a switch meets: of an app, of a merchant, or both; of one user, by one name, about one order."""

    appid: str | None
    mchid: str | None = None
    name: str | None = None
    call: str | None = None
    order_no: str | None = None


_COLUMNS = "id, appid, mchid, name, call, order_no, kind, errcode, code, delay_ms, remaining, made_at"
_SET = f"""
insert into wechat_sandbox.switch
    (appid, mchid, name, call, order_no, kind, errcode, code, delay_ms, remaining, made_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
returning {_COLUMNS}
"""  # noqa: S608 - fixed words
# The oldest that fits goes first; a rival waits for the row and looks at it again, so `remaining` is never overdrawn.
# What only WeChat Pay knows (merchants, orders, errors in words) is for its calls.
_TAKE = """
update wechat_sandbox.switch set remaining = remaining - 1
where id = (
    select id from wechat_sandbox.switch
    where appid = $1 and (name is null or name = $2) and (call is null or call = $3) and remaining > 0
        and mchid is null and order_no is null and code is null
    order by id limit 1 for update
)
returning id, kind, errcode, delay_ms
"""
_TAKE_FOR_PAY = """
update wechat_sandbox.switch set remaining = remaining - 1
where id = (
    select id from wechat_sandbox.switch
    where (appid = $1 or (appid is null and mchid = $2)) and (mchid is null or mchid = $2) and remaining > 0
        and (name is null or name = $3) and (call is null or call = $4) and (order_no is null or order_no = any($5))
    order by id limit 1 for update
)
returning id, kind, errcode, delay_ms, code
"""
_WHOSE = "($1::text is null or appid = $1) and ($2::text is null or mchid = $2)"
_LIST = f"select {_COLUMNS} from wechat_sandbox.switch where {_WHOSE} order by id"  # noqa: S608 - fixed words
_CLEAR = f"delete from wechat_sandbox.switch where {_WHOSE} and ($3::bigint is null or id = $3)"  # noqa: S608


async def set_switch(  # noqa: PLR0913 - a switch is these facts
    aim: Aim, kind: SwitchKind, *, errcode: int, code: str | None = None, delay_ms: int, times: int
) -> dict[str, Any]:
    """Let the next `times` calls that an aim means go wrong. Returns the row."""
    aimed = (aim.appid, aim.mchid, aim.name, aim.call, aim.order_no)
    [row] = await pool().fetch(_SET, *aimed, kind, errcode, code, delay_ms, times, wall_now())
    return dict(row)


async def take(appid: str, name: str, call: str) -> Switch | None:
    """Use up the switch that stands in a call's way, if one does."""
    row = await pool().fetchrow(_TAKE, appid, name, call)
    return Switch(row["id"], SwitchKind(row["kind"]), row["errcode"], row["delay_ms"]) if row else None


async def take_for_pay(appid: str, mchid: str, name: str, call: str, order_nos: Sequence[str]) -> Switch | None:
    """Use up the switch that stands in the way of a call of WeChat Pay, if one does."""
    row = await pool().fetchrow(_TAKE_FOR_PAY, appid, mchid, name, call, list(order_nos))
    return Switch(row["id"], SwitchKind(row["kind"]), row["errcode"], row["delay_ms"], row["code"]) if row else None


async def switches_of(appid: str | None, mchid: str | None = None) -> list[dict[str, Any]]:
    """List the switches of an app or a merchant, those used up too."""
    return [dict(row) for row in await pool().fetch(_LIST, appid, mchid)]


async def clear(appid: str | None, mchid: str | None, switch_id: int | None) -> int:
    """Remove one switch of an app or a merchant, or all; how many there were."""
    done: str = await pool().execute(_CLEAR, appid, mchid, switch_id)
    return int(done.rpartition(" ")[2])
