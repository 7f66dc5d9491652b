"""Access tokens: the app's own, by stable_token, and those of website logins. All random, none seeded."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from models.database import Connection, pool
from wechat.sandbox.apps import check_secret
from wechat.sandbox.faults import Fault

TOKEN_SECONDS: Final = 7200
OVERLAP_SECONDS: Final = 300
"""How long before its end a token is replaced, and how long the old one is honoured beside the new."""
REFRESH_TOKEN_SECONDS: Final = 30 * 86_400
FORCED_APART_SECONDS: Final = 30
FORCED_PER_DAY: Final = 20
_TOKEN_BYTES: Final = 48

# Rivals for one app's token stand in line. Released with the transaction.
_LOCK = "select pg_advisory_xact_lock(hashtextextended('wechat_sandbox.token:' || $1, 0))"
_NEWEST = """
select token, expires_at, issued_at, is_forced from wechat_sandbox.token
where appid = $1 and kind = 'APP' order by issued_at desc limit 1
"""
_FORCED = """
select count(*) as today, max(issued_at) as last_at from wechat_sandbox.token
where appid = $1 and kind = 'APP' and is_forced and issued_at > $2
"""
_RETIRE = """
update wechat_sandbox.token set expires_at = least(expires_at, $2) where appid = $1 and kind = 'APP' and expires_at > $2
"""
_ISSUE = """
insert into wechat_sandbox.token (token, kind, appid, name, issued_at, expires_at, is_forced)
values ($1, $2, $3, $4, $5, $6, $7)
"""
_FIND = "select kind, appid, name, expires_at from wechat_sandbox.token where token = $1"
_EXPIRE = "update wechat_sandbox.token set expires_at = $2 where appid = $1 and expires_at > $2"


class TokenKind(StrEnum):
    """What a token is good for."""

    APP = "APP"
    WEBSITE = "WEBSITE"
    REFRESH = "REFRESH"


@dataclass(frozen=True, slots=True)
class Holder:
    """Who a token speaks for; `name` is empty for an app's own."""

    appid: str
    name: str


async def stable_token(asked: Mapping[str, Any], now: datetime) -> dict[str, object]:
    """Answer stable_token: the same token to everybody until its last five minutes. Raises Fault as `check_secret`.

    A forced renewal less than 30 s after another changes nothing, and the 21st of a day is refused with 45009.
    """
    app = await check_secret(asked)
    if asked.get("grant_type") != "client_credential":
        raise Fault(40002)
    async with pool().acquire() as sql, sql.transaction():
        await sql.execute(_LOCK, app.appid)
        newest = await sql.fetchrow(_NEWEST, app.appid)
        is_forced = asked.get("force_refresh") is True and await _may_force(sql, app.appid, now)
        if newest and not is_forced and newest["expires_at"] - now > timedelta(seconds=OVERLAP_SECONDS):
            return _app_token(newest["token"], newest["expires_at"] - now)
        await sql.execute(_RETIRE, app.appid, now + timedelta(seconds=OVERLAP_SECONDS))
        token, lives = secrets.token_urlsafe(_TOKEN_BYTES), timedelta(seconds=TOKEN_SECONDS)
        await sql.execute(_ISSUE, token, TokenKind.APP, app.appid, "", now, now + lives, is_forced)
    return _app_token(token, lives)


async def _may_force(sql: Connection, appid: str, now: datetime) -> bool:
    forced = await sql.fetchrow(_FORCED, appid, now - timedelta(days=1))
    if forced["today"] >= FORCED_PER_DAY:
        raise Fault(45009)
    return forced["last_at"] is None or now - forced["last_at"] >= timedelta(seconds=FORCED_APART_SECONDS)


def _app_token(token: str, left: timedelta) -> dict[str, object]:
    return {"access_token": token, "expires_in": int(left.total_seconds())}


async def holder_of(kind: TokenKind, token: str, now: datetime) -> Holder:
    """Return who a token speaks for. Raises Fault: 41001 none, 40001 unknown, 42001 too old (refresh: 40030, 42002)."""
    is_refresh = kind is TokenKind.REFRESH
    if not token:
        raise Fault(40030 if is_refresh else 41001)
    row = await pool().fetchrow(_FIND, token)
    if row is None or row["kind"] != kind:
        raise Fault(40030 if is_refresh else 40001)
    if row["expires_at"] <= now:
        raise Fault(42002 if is_refresh else 42001)
    return Holder(row["appid"], row["name"])


async def issue(kind: TokenKind, holder: Holder, now: datetime) -> str:
    """Give a person of a website login a token."""
    seconds = REFRESH_TOKEN_SECONDS if kind is TokenKind.REFRESH else TOKEN_SECONDS
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    await pool().execute(_ISSUE, token, kind, holder.appid, holder.name, now, now + timedelta(seconds=seconds), False)
    return token


async def expire_all(appid: str, now: datetime) -> None:
    """End every token of an app at once, as WeChat does when the secret is reset."""
    await pool().execute(_EXPIRE, appid, now)
