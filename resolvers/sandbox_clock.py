"""A sandbox shop's clock: it goes forward only, and stops at every deadline on the way to let it happen."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from clock import wall_now
from models.database import transaction
from models.refusal import Refusal, UserErrorCode
from models.shop import Shop, ShopMode
from resolvers.due_work import DueWork
from resolvers.retried import retried
from resolvers.shop_clock import shop_now

YEARS_MAX: Final = 50
"""A clock further ahead is a typing error, and some dates would no longer fit where they are stored."""

_MOVE = "update shop set clock_offset_ms = greatest(clock_offset_ms, $2) where id = $1 and mode = 'SANDBOX'"


@dataclass(frozen=True, slots=True)
class Ran:
    """What happened at one stop: which due work, how much of it, at what moment of the shop."""

    at: datetime
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class ClockMove:
    """Where the shop's clock stands now, and what ran on the way, in order."""

    now: datetime
    ran: list[Ran]


async def advance_clock(
    shop_id: UUID, due_work: Sequence[DueWork], *, to: datetime | None = None, by: timedelta | None = None
) -> ClockMove:
    """Move the clock `to` a moment or `by` a while, stopping at each deadline in order.

    Each stop is one transaction: the moved clock and what it made due are seen together or not at all. Only work that
    asks somebody outside comes after it, as it always does.
    Raises Refusal: NOT_FOUND, NOT_ALLOWED (a LIVE shop has the wall's clock), OUT_OF_RANGE (backwards, or too far).
    """
    shop = await _sandbox(shop_id)
    start = shop_now(shop.clock_offset_ms)
    target = start + by if by is not None else to or start
    if target < start:
        raise Refusal(UserErrorCode.OUT_OF_RANGE, "时钟只能向前", f"The clock only goes forward; it is {start}", "to")
    if target > wall_now() + timedelta(days=366 * YEARS_MAX):
        raise Refusal(UserErrorCode.OUT_OF_RANGE, "时间过远", f"At most {YEARS_MAX} years ahead", "to")
    # What is due already goes first: only then are the deadlines that lie ahead known.
    ran = await _stop_at(shop_id, due_work, start)
    here = start
    while (stop := await _next_stop(shop_id, due_work, here)) is not None and stop <= target:
        ran += await _stop_at(shop_id, due_work, stop)
        here = stop
    ran += await _stop_at(shop_id, due_work, target)
    return ClockMove(now=shop_now((await Shop.get(id=shop_id)).clock_offset_ms), ran=ran)


async def _sandbox(shop_id: UUID) -> Shop:
    shop = await Shop.get_or_none(id=shop_id)
    if shop is None:
        raise Refusal(UserErrorCode.NOT_FOUND, "没有这个店铺", "There is no such shop", "shop")
    if shop.mode is not ShopMode.SANDBOX:
        raise Refusal(
            UserErrorCode.NOT_ALLOWED, "正式店铺的时钟不可调整", "Only a sandbox has a clock of its own", "shop"
        )
    return shop


async def _next_stop(shop_id: UUID, due_work: Sequence[DueWork], after: datetime) -> datetime | None:
    deadlines = [await work.next_deadline(shop_id, after) for work in due_work if work.next_deadline]
    return min((deadline for deadline in deadlines if deadline), default=None)


async def _stop_at(shop_id: UUID, due_work: Sequence[DueWork], moment: datetime) -> list[Ran]:
    """Put the clock at `moment` and run what that makes due."""
    timed = [work for work in due_work if work.next_deadline]
    ran = await _move_clock(shop_id, [work for work in timed if not work.calls_outside], moment)
    ran += [Ran(moment, work.name, await work.run(wall_now(), shop_id)) for work in timed if work.calls_outside]
    return [step for step in ran if step.count]


@retried
async def _move_clock(shop_id: UUID, due_work: Sequence[DueWork], moment: datetime) -> list[Ran]:
    """Put the clock at `moment` with all that it makes due, in one transaction."""
    async with transaction() as sql:
        wall = wall_now()
        # Rounded up, so that the clock never stands a fraction before the deadline it stops at.
        offset_ms = math.ceil((moment - wall) / timedelta(milliseconds=1))
        await sql.execute(_MOVE, shop_id, max(offset_ms, 0))
        return [Ran(moment, work.name, await work.run(wall, shop_id)) for work in due_work]
