"""Transactions that waited for each other in a circle: PostgreSQL breaks one of them off, and it is run again.

Everybody locks in one order, so that circles are rare; a merge of customers or an edit of the catalogue beside a step
of an order can still close one. Of a transaction that was broken off nothing stands, and nobody outside was called in
it: running it again is as if it had come a moment later.
"""

import functools
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, ParamSpec, TypeVar

from asyncpg.exceptions import DeadlockDetectedError, LockNotAvailableError

from logs import log
from models.database import in_transaction_now
from models.refusal import RetryRefusal, UserErrorCode

P = ParamSpec("P")
T = TypeVar("T")

TRIES: Final = 3
RETRY_AFTER_MS: Final = 500

HELD_UP: Final = (DeadlockDetectedError, LockNotAvailableError)
"""What a transaction is broken off with because others held what it needed; nothing of it stands."""


def retried(command: Callable[P, Awaitable[T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Run a command that is one transaction again when it met others in a circle, three times in all.

    Raises what the command raises; DeadlockDetectedError after the third time. Inside an open transaction it is run
    once: who opened that one holds locks of their own, and only all of it can be run again.
    """

    @functools.wraps(command)
    async def run(*args: P.args, **kwargs: P.kwargs) -> T:
        tries_left = 0 if in_transaction_now() else TRIES - 1
        while True:
            try:
                return await command(*args, **kwargs)
            except DeadlockDetectedError:
                log("deadlock", level="warning", command=command.__qualname__, tries_left=tries_left)
                if not tries_left:
                    raise
                tries_left -= 1

    return run


def held_up() -> RetryRefusal:
    """Return the refusal of a command that others held up, as callers are told it."""
    return RetryRefusal(
        UserErrorCode.BUSY,
        "操作人数较多，请稍后重试",
        "Others are changing the same; send the same again shortly",
        retry_after_ms=RETRY_AFTER_MS,
    )
