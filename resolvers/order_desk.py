"""The order desk: buyers of one shop who come at the same moment are served by one transaction.

A shop has one desk in each process, with two clerks. While one is at work, those who come wait in a row, and the next
transaction takes them all: a hot variant's row is locked and written once for many. The second clerk helps only where
the row is long: what a transaction costs is mostly for itself, and little for each order in it. Each gets an answer of
their own: whoever is refused takes nothing, and when the transaction as a whole fails, each is tried alone, so that one
poisoned order harms nobody else. Desks of several processes meet at the stock levels, which all take in id order.
"""

import asyncio
import contextvars
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from asyncpg import Record
from asyncpg.exceptions import DeadlockDetectedError, LockNotAvailableError, UniqueViolationError

from logs import log
from models.database import Connection, transaction
from models.failpoint import failpoint
from models.refusal import Refusal, Refusals, RetryRefusal, UserErrorCode
from resolvers.campaign import StockGoneError
from resolvers.idempotency import LOCK_MS, actor_of, in_progress, replay
from resolvers.placement import Wish
from resolvers.placement_facts import Facts, read_facts
from resolvers.placement_judge import Judgement, carry_out, judge
from resolvers.placement_terms import check_terms
from resolvers.placement_write import write_orders

BATCH_MAX: Final = 64
CLERKS: Final = 2
"""One writes while the other reads; more would only make smaller batches."""

QUEUE: Final = 12
"""How many must wait for the second clerk to serve them."""

_TRIES: Final = 3
_RETRY_AFTER_MS: Final = 500

# The same wish, and wishes of the same customer (whose unpaid orders and pieces are counted), wait for each other: in
# the order of the numbers, so that two desks never wait in a circle. A wait reads lock_timeout when it begins. What
# follows has the same plan for any batch: one of its own would cost more than it could save.
_LOCK: Final = f"""
select set_config('lock_timeout', '{LOCK_MS}', true),
       (select count(*) from (select pg_advisory_xact_lock(wait.on) from
            (select distinct hashtextextended(name, 0) as on from unnest($1::text[]) as name order by 1) wait) waited),
       set_config('lock_timeout', '5000', true), set_config('plan_cache_mode', 'force_generic_plan', true)
"""  # noqa: S608 - our own number

Outcome = UUID | Exception
"""The order, or why there is none."""


@dataclass(slots=True)
class _Asked:
    wish: Wish
    answer: asyncio.Future[UUID]

    @property
    def name(self) -> tuple[str, str, str | None]:
        return actor_of(self.wish.caller), self.wish.mutation, self.wish.key


@dataclass(slots=True)
class _Desk:
    waiting: deque[_Asked] = field(default_factory=deque)
    at_work: set[asyncio.Task[None]] = field(default_factory=set)
    serving: int = 0
    """Clerks who will look at the row again; some of those at work have already turned to go."""

    def has_work_for(self, clerk: int) -> bool:
        """Whether there is enough in the row for this many clerks."""
        return bool(self.waiting) and (clerk == 1 or (clerk <= CLERKS and len(self.waiting) >= QUEUE))


_desks: dict[UUID, _Desk] = {}


async def place_at_desk(wish: Wish) -> UUID:
    """Wait for the next transaction of the shop and be served by it; returns the order. Raises Refusal or Refusals."""
    shop_id = wish.caller.shop_id
    desk = _desks.setdefault(shop_id, _Desk())
    asked = _Asked(wish, asyncio.get_running_loop().create_future())
    desk.waiting.append(asked)
    if desk.has_work_for(desk.serving + 1):
        desk.serving += 1
        # In a context of its own: a task inherits the transaction of whoever makes it.
        clerk = asyncio.create_task(_serve(desk), context=contextvars.Context())
        desk.at_work.add(clerk)
        clerk.add_done_callback(lambda done: _leave(shop_id, desk, done))
    return await asked.answer


def _leave(shop_id: UUID, desk: _Desk, clerk: asyncio.Task[None]) -> None:
    """Shut the desk when the last clerk leaves and nobody waits."""
    desk.at_work.discard(clerk)
    if not desk.at_work and not desk.waiting:
        _desks.pop(shop_id, None)


async def _serve(desk: _Desk) -> None:
    """Serve until the row is no work for so many."""
    try:
        while desk.has_work_for(desk.serving):
            batch = _next_batch(desk.waiting)
            for asked, outcome in zip(batch, await _place([asked.wish for asked in batch]), strict=True):
                if asked.answer.done():
                    continue
                if isinstance(outcome, Exception):
                    asked.answer.set_exception(outcome)
                else:
                    asked.answer.set_result(outcome)
    finally:
        # Without a wait since the row was looked at: whoever comes after finds that a clerk is needed.
        desk.serving -= 1


def _next_batch(waiting: deque[_Asked]) -> list[_Asked]:
    """Take the first in the row; a wish that is in the batch already waits for what becomes of it."""
    batch: list[_Asked] = []
    later: list[_Asked] = []
    names = set()
    while waiting and len(batch) < BATCH_MAX:
        asked = waiting.popleft()
        if asked.answer.cancelled():
            continue
        (later if asked.name in names else batch).append(asked)
        names.add(asked.name)
    waiting.extendleft(reversed(later))
    return batch


async def _place(wishes: Sequence[Wish]) -> list[Outcome]:
    """Place all in one transaction; each alone when that fails."""
    if not wishes:
        return []
    try:
        return await _place_together(wishes)
    except Exception as fault:  # noqa: BLE001 - whoever is at fault is found below, where each is alone
        if len(wishes) > 1:
            log("order_desk_parted", level="warning", wishes=len(wishes), fault=type(fault).__name__)
    return [await _place_alone(wish) for wish in wishes]


async def _place_alone(wish: Wish) -> Outcome:
    for attempt in range(1, _TRIES + 1):
        try:
            [outcome] = await _place_together([wish], attempt)
        except LockNotAvailableError:
            return in_progress()
        except (DeadlockDetectedError, UniqueViolationError, StockGoneError):
            continue
        except Exception as fault:  # noqa: BLE001 - the buyer who caused it gets it, and nobody else
            return fault
        return outcome
    return RetryRefusal(
        UserErrorCode.BUSY, "下单人数较多，请稍后重试", "Too many at once; try again shortly",
        retry_after_ms=_RETRY_AFTER_MS,
    )  # fmt: skip


async def _place_together(wishes: Sequence[Wish], attempt: int = 0) -> list[Outcome]:
    async with transaction() as sql:
        await sql.execute(_LOCK, [name for wish in wishes for name in _names(wish)])
        facts = await read_facts(sql, wishes, hold=True)
        outcomes = await _decide(sql, wishes, facts, attempt)
        await failpoint("order.placed.before_commit")
    await failpoint("order.placed.after_commit")
    return outcomes


async def _decide(sql: Connection, wishes: Sequence[Wish], facts: Facts, attempt: int) -> list[Outcome]:
    """Judge one after the other, each by what those before it left; then write what was granted."""
    outcomes: list[Outcome | None] = [None] * len(wishes)
    granted: list[tuple[int, Judgement]] = []
    for number, wish in enumerate(wishes):
        outcomes[number] = _known(facts.people[number], wish)
        if outcomes[number] is not None:
            continue
        judgement = judge(number, wish, facts)
        problems = [*judgement.problems, *check_terms(judgement, facts)]
        if problems:
            outcomes[number] = Refusals(problems)
        else:
            carry_out(number, judgement, facts)
            granted.append((number, judgement))
    if granted:
        order_ids = await write_orders(sql, facts.now, [judgement for _, judgement in granted], attempt)
        for (number, _), order_id in zip(granted, order_ids, strict=True):
            outcomes[number] = order_id
    return [outcome for outcome in outcomes if outcome is not None]


def _known(person: Record, wish: Wish) -> Outcome | None:
    """What became of the same wish before, if it was carried out."""
    if person["outcome"] is None or wish.digest is None:
        return None
    try:
        return UUID(replay(person["input_sha256"], person["outcome"], wish.digest))
    except Refusal as refusal:
        return refusal


def _names(wish: Wish) -> tuple[str, str]:
    shop_id = wish.caller.shop_id
    return (
        f"idempotency {shop_id} {actor_of(wish.caller)} {wish.mutation} {wish.key}",
        f"customer {shop_id} {wish.customer_id}",
    )
