"""Telling the world what stands in the outbox: in order per aggregate, again after a failure, by any number of workers.

A worker claims events for a while (a lease, not an open transaction: a call outside may be slow), tells them, then
marks them. Only the first undelivered event of an aggregate can be claimed, and those behind it go with it: so no
two workers ever have one aggregate in hand. Aggregates are told side by side, each in order: one whose listener is
slow holds up nobody else.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Final
from uuid import UUID

import orjson

from clock import wall_now
from logs import log
from models.database import pool
from models.failpoint import failpoint
from models.redis_server import redis
from resolvers.group_buy_card import note_card
from resolvers.group_buy_owner import team_owners
from resolvers.message_note import note_messages
from resolvers.outbox import Event, event_of
from resolvers.plain import plain
from resolvers.randomness import randomness

STREAM: Final = "xiaopu:events"
STREAM_LENGTH: Final = 100_000
ATTEMPTS_MAX: Final = 20
"""With the pauses between them about two hours: longer than most outages."""

BATCH_EVENTS: Final = 200
LEASE_SECONDS: Final = 30
BACKOFF_SECONDS_MAX: Final = 600
LANES: Final = 32
"""How many aggregates are told at once."""

MARK_SECONDS: Final = 0.2
"""While some are slow: how long what is told waits to be marked, and the next to be claimed."""

_RUN_EVENTS: Final = 20
_ERROR_CHARS: Final = 500

_SECRET: Final = re.compile(r"(?i)((?:access_)?token|secret|appsecret|session_key|js_code|key)=[^&\s'\"]+")
"""Addresses stand in messages of what went wrong outside, and people read them."""


# The walk goes along outbox_event_due, whose condition repeats `attempts >= 0`. Whether an event is its aggregate's
# first is asked row by row from outbox_event_pending: as a join, planned before the table was analysed, it was
# quadratic. A rival's claim is skipped while it is open; once committed, the recheck of next_attempt_at drops the row.
_CLAIM = """
with head as materialized (
    select event.id, event.shop_id, event.aggregate_id, event.sequence from outbox_event event
    where event.delivered_at is null and event.dead_at is null and event.attempts >= 0 and event.next_attempt_at <= $1
      and ($2::uuid is null or event.shop_id = $2)
      and event.sequence = (
          select min(first.sequence) from outbox_event first
          where first.shop_id = event.shop_id and first.aggregate_id = event.aggregate_id
            and first.delivered_at is null and first.dead_at is null
      )
    order by event.next_attempt_at, event.sequence limit $3 for update of event skip locked
), run as materialized (
    select behind.id from head
    cross join lateral (
        select event.id, event.sequence from outbox_event event
        where event.shop_id = head.shop_id and event.aggregate_id = head.aggregate_id
          and event.sequence >= head.sequence and event.delivered_at is null and event.dead_at is null
        order by event.sequence limit $5
    ) behind
    order by head.sequence, behind.sequence limit $3
)
update outbox_event event set attempts = event.attempts + 1, next_attempt_at = $4
from run, shop
where event.id = run.id and shop.id = event.shop_id
returning event.id, event.shop_id, event.sequence, event.topic, event.aggregate_id, event.payload, event.attempts,
          event.created_at, shop.seed
"""

_DELIVERED = "update outbox_event set delivered_at = $2, last_error = '' where id = any($1::uuid[])"

# Only under the lease by which we had them: when it ran out, somebody else may have them in hand.
_GIVE_BACK = """
update outbox_event set attempts = attempts - 1, next_attempt_at = $2
where id = any($1::uuid[]) and delivered_at is null and next_attempt_at = $3
"""

_FAILED = """
update outbox_event set last_error = $2, next_attempt_at = $3, dead_at = $4
where id = $1 and delivered_at is null
"""

Deliverer = Callable[[Event], Awaitable[None]]
"""Tells one event; any exception means: not told, try again later. It may be asked twice for one event.

It has half of LEASE_SECONDS, then it is stopped and counts as failed.
"""


@dataclass(frozen=True, slots=True)
class _Line:
    """The claimed events of one aggregate, first to last. `until` is the end of the lease, `half_time` by monotonic."""

    events: list[tuple[Event, int]]
    until: datetime
    half_time: float


async def to_stream(event: Event) -> None:
    """Append the event to the stream that every process of the house reads for live answers.

    `owner` is the customer whose own it is, or who has become another, or all of them where it is several people's
    (with commas between): they follow what is theirs, whatever it is.
    """
    owner = event.payload.get("customerId") or event.payload.get("into")
    for prefix, owners in OWNERS.items():
        if event.topic.startswith(prefix):
            owner = ",".join([customer_id.hex for customer_id in await owners(event)])
    entry = {
        "id": event.id.hex,
        "shop": event.shop_id.hex,
        "sequence": event.sequence,
        "topic": event.topic,
        "aggregate": event.aggregate_id.hex,
        "payload": orjson.dumps(event.payload, default=plain),
        **({"owner": owner} if owner else {}),
    }
    await redis().xadd(STREAM, entry, maxlen=STREAM_LENGTH, approximate=True)


OWNERS: dict[str, Callable[[Event], Awaitable[Iterable[UUID]]]] = {"group_buy_team.": team_owners}
"""Topic prefix -> whose own it is besides, for what belongs to several."""

DELIVERERS: dict[str, list[Deliverer]] = {
    "": [to_stream],
    "order.": [note_messages],
    "refund.": [note_messages],
    "after_sale.": [note_messages],
    "group_buy_team.": [note_card, note_messages],
}
"""Topic prefix -> who is told; the empty prefix is told everything."""


async def deliver_outbox(shop_id: UUID | None = None) -> int:
    """Tell what is due, of one shop or of all, until nothing is; returns how many events were told.

    Wall time decides: retries are about the world outside, not about the shop's calendar.
    """
    told = 0
    lanes = asyncio.Semaphore(LANES)
    async with asyncio.TaskGroup() as telling:
        under_way: set[asyncio.Task[list[UUID]]] = set()
        while True:
            # Who has as many in hand as it can tell leaves the rest to others.
            lines = await _claim(shop_id) if len(under_way) < LANES else []
            under_way |= {telling.create_task(_tell_line(line, lanes)) for line in lines}
            if not under_way:
                return told
            done, under_way = await asyncio.wait(under_way, timeout=MARK_SECONDS)
            if ids := [id_ for line in done for id_ in line.result()]:
                await pool().execute(_DELIVERED, ids, wall_now())
                told += len(ids)


async def _claim(shop_id: UUID | None) -> list[_Line]:
    """Take what is due for the length of a lease; the aggregates in the order of their first events."""
    now = wall_now()
    until, half_time = now + timedelta(seconds=LEASE_SECONDS), monotonic() + LEASE_SECONDS / 2
    rows = await pool().fetch(_CLAIM, now, shop_id, BATCH_EVENTS, until, _RUN_EVENTS)
    lines: dict[tuple[UUID, UUID], _Line] = {}
    for row in sorted(rows, key=lambda row: row["sequence"]):
        line = lines.setdefault((row["shop_id"], row["aggregate_id"]), _Line([], until, half_time))
        line.events.append((event_of(row), int(row["seed"])))
    return list(lines.values())


async def _tell_line(line: _Line, lanes: asyncio.Semaphore) -> list[UUID]:
    """Tell one aggregate's events in order; returns those told, which are still to be marked.

    What stands behind a failure, or comes too late for the lease, is given back.
    """
    told: list[UUID] = []
    async with lanes:
        for event, seed in line.events:
            if monotonic() > line.half_time:
                await _give_back(line, line.events[len(told) :])
                break
            if not await _tell(event, seed):
                await _give_back(line, line.events[len(told) + 1 :])
                break
            told.append(event.id)
    return told


async def _give_back(line: _Line, left: Iterable[tuple[Event, int]]) -> None:
    if ids := [event.id for event, _ in left]:
        await pool().execute(_GIVE_BACK, ids, wall_now(), line.until)


async def _tell(event: Event, seed: int) -> bool:
    """Tell one event to all who listen to its topic; a failure is logged, kept on the row and tried again."""
    try:
        async with asyncio.timeout(LEASE_SECONDS / 2):
            await failpoint("outbox.claimed")
            for prefix, deliverers in DELIVERERS.items():
                if event.topic.startswith(prefix):
                    for deliver in deliverers:
                        await deliver(event)
            await failpoint("outbox.told")
    except Exception as fault:  # noqa: BLE001 - whatever went wrong outside, the row keeps it and the rest go on
        await _put_off(event, seed, fault)
        return False
    return True


async def _put_off(event: Event, seed: int, fault: Exception) -> None:
    now = wall_now()
    dead = event.attempt >= ATTEMPTS_MAX
    later = now + timedelta(seconds=backoff_seconds(event, seed))
    text = _SECRET.sub(r"\1=***", f"{type(fault).__name__}: {fault}".replace("\0", ""))[:_ERROR_CHARS]
    await pool().execute(_FAILED, event.id, text, later, now if dead else None)
    log(
        "outbox_dead_letter" if dead else "outbox_retry",
        level="error" if dead else "warning",
        event_id=event.id,
        shop_id=event.shop_id,
        topic=event.topic,
        attempt=event.attempt,
        fault=type(fault).__name__,
    )


def backoff_seconds(event: Event, seed: int) -> float:
    """Return how long to wait after a failed attempt: doubling from 1 s to 10 minutes, half of it by chance."""
    ceiling: int = min(BACKOFF_SECONDS_MAX, 2 ** (event.attempt - 1))
    return ceiling * randomness(seed, f"outbox:{event.sequence}:{event.attempt}").uniform(0.5, 1.0)
