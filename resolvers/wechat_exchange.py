"""Codes from WeChat are exchanged once, and their outcome is told again to who asks again within a minute.

WeChat takes a code once, and an answer may get lost between us and a phone that then asks again with the same code.
So the exchange has phases, kept as a row: claimed, asked (outside of any transaction), answered. A claim whose process
died is taken over after a while.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from time import monotonic
from typing import Any, Final, NoReturn, TypeVar
from uuid import UUID

import orjson

from clock import wall_now
from ids import new_id
from models.database import Connection, fetch_row, pool, transaction
from models.refusal import Refusal, RetryRefusal, UserErrorCode
from models.wechat_app import WechatApp, WechatAppKind
from models.wechat_code import WechatCodeKind
from resolvers.caller import Caller
from resolvers.keys import keys
from resolvers.plain import plain
from resolvers.retried import HELD_UP, retried
from resolvers.wechat_refusal import refusal_of
from sealing import seal, unseal
from wechat.errors import LoginCodeExpired, PhoneCodeExpired, WechatError

T = TypeVar("T")

REPEAT_SECONDS: Final = 60
STALE_SECONDS: Final = 15
"""Longer than WeChat is waited for: whoever claimed a code and said nothing since is gone."""

CODE_CHARS_MAX: Final = 200
_WAIT_SECONDS: Final = 2.0
_POLL_SECONDS: Final = 0.05
_RETRY_AFTER_MS: Final = 1000

# Primary key. Everybody who logs in or pays comes by here, and Tortoise's own question costs four times this one.
_APP = "select * from wechat_app where shop_id = $1 and id = $2 and kind = $3"
# Unique key (shop_id, app_id, kind, code_sha256). Of rivals one gets a row back: who inserts, or who takes over a
# claim that stopped half way.
_CLAIM = """
insert into wechat_code as claimed (id, shop_id, app_id, kind, code_sha256, claimed_at) values ($1, $2, $3, $4, $5, $6)
on conflict (shop_id, app_id, kind, code_sha256) do update set id = excluded.id, claimed_at = excluded.claimed_at
where claimed.answered_at is null and claimed.claimed_at < $7
returning id
"""
_FIND = """
select answered_at, answer_sealed from wechat_code
where shop_id = $1 and app_id = $2 and kind = $3 and code_sha256 = $4
"""
# By primary key; nothing when somebody has taken the claim over.
_ANSWER = "update wechat_code set answered_at = $2, answer_sealed = $3 where id = $1 and answered_at is null"
_GIVE_UP = "delete from wechat_code where id = $1 and answered_at is null"


async def mini_program_of(caller: Caller) -> WechatApp:
    """Return the mini-program whose key the caller sent. Raises Refusal NOT_ALLOWED when there is none."""
    row = await fetch_row(_APP, (caller.shop_id, caller.app_id, WechatAppKind.MINI_PROGRAM))
    if row is None:
        raise no_mini_program()
    return WechatApp(**row)


def no_mini_program() -> Refusal:
    """Return the refusal of who sent no key, or that of another app."""
    return Refusal(
        UserErrorCode.NOT_ALLOWED,
        "请使用小程序的访客密钥",
        "Send the X-Shop-Key of one of the shop's mini-programs",
    )


async def exchanged_once(
    app: WechatApp,
    kind: WechatCodeKind,
    code: str,
    ask: Callable[[], Awaitable[T]],
    keep: Callable[[Connection, T], Awaitable[Any]],
) -> Any:  # noqa: ANN401 - whatever JSON `keep` gave
    """Ask WeChat with a code, keep what it says in one transaction, and return what `keep` made of it as JSON reads it.

    The same code again within a minute returns the same, and `ask` is not called. Raises Refusal: BLANK or TOO_LONG
    for the code, whatever WeChat refuses (see wechat_refusal) or `keep` refuses, RetryRefusal BUSY while a rival with
    the same code is still at work after two seconds.
    """
    _check(code)
    place = (app.shop_id, app.id, kind, hashlib.sha256(code.encode()).digest())
    claim, answer = await _claim_or_answer(place)
    if claim is None:
        return orjson.loads(answer)
    try:
        said = await ask()
    except WechatError as error:
        # Nothing came of it: who comes again may ask again, and hears it from WeChat.
        await pool().execute(_GIVE_UP, claim)
        raise refusal_of(error, "code") from None
    try:
        answer = await _kept(claim, said, keep)
    except HELD_UP:
        # Too many at once are the same person. The code is used up, so only a new one helps.
        await pool().execute(_GIVE_UP, claim)
        raise refusal_of(_used_up(kind), "code") from None
    return orjson.loads(answer)


@retried
async def _kept(claim: UUID, said: T, keep: Callable[[Connection, T], Awaitable[Any]]) -> str:
    """Keep what WeChat said, in one transaction, and the answer for whoever asks again."""
    async with transaction() as sql:
        answer = orjson.dumps(await keep(sql, said), default=plain).decode()
        done = await sql.execute(_ANSWER, claim, wall_now(), seal(answer, keys().sealing))
        if done != "UPDATE 1":
            _still_busy()
    return answer


async def _claim_or_answer(place: tuple[UUID, UUID, str, bytes]) -> tuple[UUID | None, str]:
    """Return our claim, or the answer that a rival got for the same code."""
    deadline = monotonic() + _WAIT_SECONDS
    while True:
        # No statement is broken off when the time is over: a claim that was just made would be nobody's.
        now = wall_now()
        claim = await pool().fetchval(_CLAIM, new_id(), *place, now, now - timedelta(seconds=STALE_SECONDS))
        if claim is not None:
            return claim, ""
        row = await pool().fetchrow(_FIND, *place)
        if row is not None and row["answered_at"] is not None:
            if row["answer_sealed"] is None or row["answered_at"] < now - timedelta(seconds=REPEAT_SECONDS):
                raise refusal_of(_used_up(place[2]), "code")
            return None, unseal(row["answer_sealed"], keys().sealing)
        if monotonic() + _POLL_SECONDS > deadline:
            _still_busy()
        await asyncio.sleep(_POLL_SECONDS)


def _used_up(kind: str) -> WechatError:
    """Return what WeChat would say of a code that was used before."""
    used = 40163
    return LoginCodeExpired("", used) if kind == WechatCodeKind.LOGIN else PhoneCodeExpired("", used)


def _check(code: str) -> None:
    if not code.strip():
        raise Refusal(UserErrorCode.BLANK, "请填写凭证", "A code is needed", "code")
    if len(code) > CODE_CHARS_MAX or not code.isprintable():
        raise Refusal(UserErrorCode.INVALID, "凭证格式不正确", "This is no code of WeChat's", "code")


def _still_busy() -> NoReturn:
    raise RetryRefusal(
        UserErrorCode.BUSY,
        "正在处理，请稍后重试",
        "The same code is still being exchanged; send the same again shortly",
        "code",
        retry_after_ms=_RETRY_AFTER_MS,
    )
