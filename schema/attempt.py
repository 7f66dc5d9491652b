"""The one place where a refusal becomes a user error, and how a mutation for staff is declared."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar, cast
from uuid import UUID

import strawberry

from engine.commands import Ref
from engine.executor import Context
from logs import log
from models.refusal import ConflictRefusal, LimitRefusal, Refusal, Refusals, RetryRefusal, StockRefusal
from models.staff import Role
from resolvers.caller import Caller, Language
from resolvers.retried import HELD_UP, held_up
from schema.user_error import (
    ConflictUserError,
    LimitUserError,
    PlainUserError,
    RetryUserError,
    StockUserError,
    UserError,
    UserErrorCode,
)

T = TypeVar("T")
R = TypeVar("R")

Info = strawberry.Info[Context, None]

IdempotencyKey = Annotated[
    str,
    strawberry.argument(
        description="Made by you once for this wish, 1 to 128 characters, such as a UUID. Sent again with the same"
        " input it answers with what became of the first; nothing happens twice."
    ),
]
"""The argument of every mutation that creates or moves something."""


async def attempt(caller: Caller, command: Awaitable[T], *under: str) -> tuple[T | None, list[UserError]]:
    """Carry a command out; its outcome, or the user errors in the caller's language. Faults are not caught.

    Whom others held up for too long, or always met in a circle, is asked to come again: nothing of theirs stands.
    `under` leads the paths of a command that does not know by which argument its input came.
    """
    try:
        return await command, []
    except Refusal as refusal:
        return None, [user_error(refusal.under(*under), caller.language)]
    except Refusals as several:
        return None, [user_error(refusal.under(*under), caller.language) for refusal in several.refusals]
    except HELD_UP as fault:
        log("command_held_up", level="warning", fault=type(fault).__name__, request_id=caller.request_id)
        return None, [user_error(held_up(), caller.language)]


def user_error(refusal: Refusal, language: Language) -> UserError:
    """Put a refusal into a client's words."""
    code, path = UserErrorCode[refusal.code], refusal.field
    message = refusal.en if language == "en" else refusal.zh
    match refusal:
        case StockRefusal():
            return StockUserError(code=code, field=path, message=message, available=refusal.available)
        case ConflictRefusal():
            return ConflictUserError(code=code, field=path, message=message, version=refusal.version)
        case LimitRefusal():
            return LimitUserError(code=code, field=path, message=message, limit=refusal.limit, used=refusal.used)
        case RetryRefusal():
            return RetryUserError(code=code, field=path, message=message, retry_after_ms=refusal.retry_after_ms)
        case _:
            return PlainUserError(code=code, field=path, message=message)


def staff_mutation(description: str, *roles: Role) -> Callable[[Callable[..., Any]], Any]:
    """Declare a mutation that only these roles may ask for; the engine checks it before anything runs."""
    needed = ", ".join(roles)
    declared: Callable[[Callable[..., Any]], Any] = strawberry.mutation(
        description=f"{description} Requires: {needed}.", metadata={"roles": roles}
    )
    return declared


def open_mutation(description: str) -> Callable[[Callable[..., Any]], Any]:
    """Declare a mutation that anybody may ask for; the command itself refuses whom it must."""
    declared: Callable[[Callable[..., Any]], Any] = strawberry.mutation(description=description)
    return declared


def referred(kind: type[R], id: UUID | None) -> R | None:
    """Answer with the row of this id, which the engine reads with the client's own selection; null for null."""
    return None if id is None else cast("R", Ref(kind.__name__, id))


def referred_list(kind: type[R], ids: list[UUID] | None) -> list[R] | None:
    """Answer with the rows of these ids, in their order; null for null."""
    return None if ids is None else cast("list[R]", Ref(kind.__name__, tuple(ids)))
