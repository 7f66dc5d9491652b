"""Idempotency: a wish that is made twice under one key, by a nervous thumb or a lost answer, comes true once."""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from asyncpg.exceptions import LockNotAvailableError

from clock import wall_now
from ids import new_id
from models.database import Connection, pool, transaction
from models.failpoint import failpoint
from models.refusal import Refusal, RetryRefusal, UserErrorCode
from resolvers.caller import ActorKind, Caller
from resolvers.plain import plain
from resolvers.reaping import reap
from resolvers.retried import retried

KEY_CHARS_MAX: Final = 128
RETRY_AFTER_MS: Final = 1000
LOCK_MS: Final = 2000
"""How long a rival with the same key is waited for."""

KEPT_DAYS: Final = 3
"""A phone that was switched off over a weekend night still gets its first answer; later the key is free again."""


# Waits at most 2 s for a rival with the same key, then gives the session its own limit back: the functions of a
# select list run in order, and a wait reads lock_timeout when it begins. The lock ends with the transaction.
_LOCK = f"""
select set_config('lock_timeout', '{LOCK_MS}', true),
       pg_advisory_xact_lock(hashtextextended($1, 0)),
       set_config('lock_timeout', '5000', true)
"""

# A statement of its own, after the lock: only then does its snapshot see what the rival has committed.
# Unique index (shop_id, actor, mutation, key): one row.
_FIND = """
select input_sha256, outcome from idempotency_key
where shop_id = $1 and actor = $2 and mutation = $3 and key = $4
"""

_KEEP = """
insert into idempotency_key (id, shop_id, actor, mutation, key, input_sha256, outcome, created_at)
values ($1, $2, $3, $4, $5, $6, $7::jsonb, $8)
"""

_FORGET = "delete from idempotency_key where shop_id = $1 and actor = $2 and mutation = $3 and key = $4"

# Index (created_at): the oldest first, in bites that hold no lock for long.
_REAP = """
delete from idempotency_key where id in (
    select id from idempotency_key where created_at < $1 order by created_at limit $2 for update skip locked
)
"""


@retried
async def once(
    caller: Caller,
    mutation: str,
    key: str,
    input: object,  # noqa: A002 - the word of the schema
    command: Callable[[Connection], Awaitable[Any]],
) -> Any:  # noqa: ANN401 - whatever JSON the command gave
    """Run `command` in one transaction, once for this key; asked again, give the first outcome back.

    `input` is what the client asked for after coercion: dataclasses, dicts, lists and plain values.
    `command` gets the connection and returns JSON-able facts (ids, never a rendered answer); they come back as
    JSON reads them (a UUID is text), so that first and repeated answers cannot differ.

    Raises whatever the command refuses (the key is then not used up); Refusal INVALID for a key that is empty or
    longer than 128 characters, or a visitor without a visitor id; IDEMPOTENCY_KEY_REUSED when the key came with
    other input; RetryRefusal IDEMPOTENCY_IN_PROGRESS when a rival is still at work after 2 s.
    """
    actor = actor_of(caller)
    check_key(key)
    digest = input_sha256(input)
    async with transaction() as sql:
        await _lock(sql, f"idempotency {caller.shop_id} {actor} {mutation} {key}")
        earlier = await sql.fetchrow(_FIND, caller.shop_id, actor, mutation, key)
        if earlier is not None:
            return replay(earlier["input_sha256"], earlier["outcome"], digest)
        outcome = orjson.dumps(await command(sql), default=plain).decode()
        await sql.execute(_KEEP, new_id(), caller.shop_id, actor, mutation, key, digest, outcome, wall_now())
        await failpoint("command.before_commit")
    await failpoint("command.after_commit")
    return orjson.loads(outcome)


async def done_before(
    caller: Caller,
    mutation: str,
    key: str,
    input: object,  # noqa: A002 - the word of the schema
) -> Any:  # noqa: ANN401 - JSON
    """Return what `once` gave for this key before, None when it did not: for commands that do something ahead of it.

    Raises Refusal INVALID and IDEMPOTENCY_KEY_REUSED as `once` does.
    """
    check_key(key)
    earlier = await pool().fetchrow(_FIND, caller.shop_id, actor_of(caller), mutation, key)
    return earlier and replay(earlier["input_sha256"], earlier["outcome"], input_sha256(input))


async def forget(sql: Connection, caller: Caller, mutation: str, key: str) -> None:
    """Free a key whose wish came to nothing after all, when those outside refused what `once` had written down."""
    await sql.execute(_FORGET, caller.shop_id, actor_of(caller), mutation, key)


def check_key(key: str) -> None:
    """Raise Refusal INVALID for a key that is empty or too long."""
    if not 1 <= len(key) <= KEY_CHARS_MAX or "\0" in key:
        raise Refusal(
            UserErrorCode.INVALID,
            f"幂等键须为 1 至 {KEY_CHARS_MAX} 个字符",
            f"An idempotency key has 1 to {KEY_CHARS_MAX} characters",
            "idempotencyKey",
        )


def input_sha256(input: object) -> bytes:  # noqa: A002 - the word of the schema
    """Return the fingerprint of a coerced input: the same wish gives the same bytes, whatever its key order."""
    values = orjson.loads(orjson.dumps(input, default=plain, option=orjson.OPT_NON_STR_KEYS))
    # Twice, for orjson sorts the keys of dicts only: fields of a dataclass moved about must not make another wish.
    return hashlib.sha256(orjson.dumps(values, option=orjson.OPT_SORT_KEYS)).digest()


async def reap_idempotency_keys(wall: datetime) -> int:
    """Forget keys older than three days of wall time; returns how many rows went."""
    return await reap(_REAP, wall - timedelta(days=KEPT_DAYS))


async def _lock(sql: Connection, name: str) -> None:
    try:
        await sql.execute(_LOCK, name)
    except LockNotAvailableError:
        raise in_progress() from None


def in_progress() -> RetryRefusal:
    """Return the refusal of a wish whose first asking is still being carried out."""
    return RetryRefusal(
        UserErrorCode.IDEMPOTENCY_IN_PROGRESS,
        "相同的请求正在处理，请稍后重试",
        "The same request is still being carried out; try again shortly",
        "idempotencyKey",
        retry_after_ms=RETRY_AFTER_MS,
    )


def replay(stored_sha256: bytes, outcome: str, asked_sha256: bytes) -> Any:  # noqa: ANN401 - JSON
    """Return the outcome that stands under a key. Raises Refusal IDEMPOTENCY_KEY_REUSED for another wish."""
    if bytes(stored_sha256) != asked_sha256:
        raise Refusal(
            UserErrorCode.IDEMPOTENCY_KEY_REUSED,
            "该幂等键已用于另一个请求",
            "This idempotency key was used for another request",
            "idempotencyKey",
        )
    return orjson.loads(outcome)


def actor_of(caller: Caller) -> str:
    """Whose key it is: two people may choose the same key and must never meet."""
    who = caller.visitor_id if caller.actor is ActorKind.VISITOR else caller.subject_id
    if who is None and caller.actor is not ActorKind.SYSTEM:
        raise Refusal(
            UserErrorCode.INVALID,
            "缺少 X-Visitor-Id 请求头",
            "The X-Visitor-Id header is needed with an idempotency key",
            "idempotencyKey",
        )
    return f"{caller.actor}:{who or '-'}"
