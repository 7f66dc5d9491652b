"""Every call that the sandbox was asked, kept for testers with its secrets masked, and counted for rate limits."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import orjson

from clock import wall_now
from models.database import pool
from wechat.sandbox.faults import Fault

MASK: Final = "***"
LISTED_MAX: Final = 1000
_SECRET_NAMES: Final = frozenset({
    "secret", "js_code", "code", "access_token", "refresh_token", "signature", "session_key", "bank_account",
    "real_name",
})  # fmt: skip
_MINUTE: Final = timedelta(minutes=1)
_DAY: Final = timedelta(days=1)
_REAPED_EVERY: Final = 1000

PER_USER: Final = {"jscode2session": 100, "getuserphonenumber": 100}
"""Calls a minute for each user: 45011."""
PER_APP: Final = {"getwxacodeunlimit": 5_000, "msg_sec_check": 4_000, "stable_token": 10_000}
"""Calls a minute for each app: 45009."""

_BEGIN = """
insert into wechat_sandbox.call (at, appid, name, call, asked, mchid, order_no)
values ($1, $2, $3, $4, $5::jsonb, $6, $7)
returning id
"""
_END = "update wechat_sandbox.call set errcode = $2, switch_id = $3, took_ms = $4, code = $5 where id = $1"
# Those before this one; the index call_rate holds all that is asked, and the count stops at the limit.
_USER_RATE = """
select count(*) from (
    select from wechat_sandbox.call where appid = $1 and call = $2 and name = $3 and at > $4 and id < $5 limit $6
) counted
"""
_APP_RATE = """
select count(*) from (
    select from wechat_sandbox.call where appid = $1 and call = $2 and at > $3 and id < $4 limit $5
) counted
"""
_LIST = """
select * from (
    select id, at, appid, mchid, name, call, order_no, asked, errcode, code, switch_id, took_ms
    from wechat_sandbox.call
    where ($1::text is null or appid = $1) and ($2::text is null or call = $2) and ($3::text is null or name = $3)
        and ($5::text is null or mchid = $5)
    order by id desc limit $4
) newest order by id
"""
_REAP = """
with calls as (delete from wechat_sandbox.call where at < $1 and id < $2),
     codes as (delete from wechat_sandbox.code where expires_at < $1),
     nonces as (delete from wechat_sandbox.pay_nonce where at < $1)
delete from wechat_sandbox.token where expires_at < $1
"""
_CLEAR = "delete from wechat_sandbox.call where appid = $1"


async def check_rate(number: int, appid: str, name: str, call: str, now: datetime) -> None:
    """Raise Fault 45011 or 45009 when too many calls of a user, or of the app, came in the minute before this one."""
    since, most = now - _MINUTE, PER_USER.get(call)
    if most and name and await pool().fetchval(_USER_RATE, appid, call, name, since, number, most) >= most:
        raise Fault(45011)
    most = PER_APP.get(call)
    if most and await pool().fetchval(_APP_RATE, appid, call, since, number, most) >= most:
        raise Fault(45009)


async def begin_call(  # noqa: PLR0913 - a record of a call is these facts
    appid: str,
    name: str,
    call: str,
    asked: Mapping[str, Any],
    now: datetime,
    *,
    mchid: str = "",
    order_no: str = "",
) -> int:
    """Write down that a call came in; its number. `mchid` and `order_no` are WeChat Pay's."""
    given = orjson.dumps(_masked(asked)).decode()
    number: int = await pool().fetchval(_BEGIN, now, appid, name, call, given, mchid, order_no)
    return number


async def end_call(number: int, errcode: int, switch_id: int | None, took_ms: int, *, code: str | None = None) -> None:
    """Write down how a call ended, whether or not the asker hears of it; now and then drop what is a day old.

    WeChat Pay's errors are a `code`, and their number is the HTTP status.
    """
    await pool().execute(_END, number, errcode, switch_id, took_ms, code)
    if number % _REAPED_EVERY == 0:
        await pool().execute(_REAP, wall_now() - _DAY, number)


async def calls_of(
    appid: str | None, call: str | None, name: str | None, limit: int, mchid: str | None = None
) -> list[dict[str, Any]]:
    """List the last calls, of an app, of a name, of a user, of a merchant, or all; the newest at the end."""
    rows = await pool().fetch(_LIST, appid, call, name, limit, mchid)
    return [{**dict(row), "asked": orjson.loads(row["asked"])} for row in rows]


async def clear_calls(appid: str) -> None:
    """Forget an app's calls, and with them how often it has asked."""
    await pool().execute(_CLEAR, appid)


def _masked(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {name: MASK if name in _SECRET_NAMES and value else value for name, value in asked.items()}
