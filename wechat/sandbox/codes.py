"""Codes as `wx.login`, the phone button and the website login give them: random, used once, gone after five minutes."""

import secrets
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from clock import wall_now
from models.database import pool
from wechat.sandbox.faults import Fault
from wechat.sandbox.people import Person, meet

CODE_SECONDS: Final = 300
_CODE_BYTES: Final = 16

_MINT = """
insert into wechat_sandbox.code (code, kind, appid, name, phone, expires_at) values ($1, $2, $3, $4, $5, $6)
"""
# The guard and the use are one statement, so of rivals one uses the code. Primary key.
_USE = """
update wechat_sandbox.code set used_at = $4
where code = $1 and kind = $2 and appid = $3 and used_at is null and expires_at > $4
returning name, phone
"""
_WHY_NOT = "select kind, appid, used_at from wechat_sandbox.code where code = $1"
_WHOSE = "select name from wechat_sandbox.code where code = $1 and appid = $2"


class CodeKind(StrEnum):
    """What a code is exchanged for."""

    LOGIN = "LOGIN"
    PHONE = "PHONE"
    WEBSITE = "WEBSITE"


async def mint(
    kind: CodeKind, appid: str, name: str, *, seconds: int = CODE_SECONDS, phone: str | None = None
) -> tuple[str, Person]:
    """Give a person's phone a code; with `seconds` 0 it is too old at birth. `phone` overrides the made-up number."""
    person = await meet(appid, name)
    code = secrets.token_hex(_CODE_BYTES)
    expires_at = wall_now() + timedelta(seconds=seconds)
    await pool().execute(_MINT, code, kind, appid, name, phone, expires_at)
    return code, person


async def use(kind: CodeKind, appid: str, code: str, now: datetime) -> tuple[Person, str | None]:
    """Use a code up: whose it was, and the phone number it was minted with.

    Raises Fault: 40029 unknown or too old, 40163 used before, 40013 a phone code of another app.
    """
    if not code:
        raise Fault(41008)
    used = await pool().fetchrow(_USE, code, kind, appid, now)
    if used:
        return await meet(appid, used["name"]), used["phone"]
    row = await pool().fetchrow(_WHY_NOT, code)
    if row is None or row["kind"] != kind:
        raise Fault(40029)
    if row["appid"] != appid:
        raise Fault(40013 if kind is CodeKind.PHONE else 40029)
    # The list of errors of the phone call has no word for a used code.
    raise Fault(40163 if row["used_at"] and kind is not CodeKind.PHONE else 40029)


async def whose(appid: str, code: str) -> str:
    """Return the name behind a code, used or not; empty for an unknown one."""
    name: str | None = await pool().fetchval(_WHOSE, code, appid)
    return name or ""
