"""The outbox: events written in the transaction that made them true, told to the world at least once, in order.

A worker claims due events for a while (a lease, not an open transaction: the call outside may be slow), tells them,
then marks them. An event waits while an earlier one of the same aggregate is undelivered. One that failed for good
is a dead letter: it no longer holds the others up, a person lists it and replays it. Listeners may see an event
twice and a replayed one late; `sequence` lets them tell.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson
from asyncpg import Record

from clock import wall_now
from ids import new_id
from logs import log
from models.database import Connection, pool
from models.redis_server import redis
from resolvers.caller import Caller
from resolvers.plain import plain
from resolvers.randomness import randomness

STREAM: Final = "xiaopu:events"
STREAM_LENGTH: Final = 100_000
ATTEMPTS_MAX: Final = 20
LEASE_SECONDS: Final = 30
BATCH_ROWS: Final = 200
BACKOFF_SECONDS_MAX: Final = 600
KEPT_DAYS: Final = 7
_ERROR_CHARS: Final = 500
_REAP_ROWS: Final = 10_000

# `sequence` fills itself from a database sequence. Events of one aggregate are numbered in the order they commit,
# because every command has changed (locked) its aggregate before it emits.
_EMIT = """
insert into outbox_event (id, shop_id, topic, aggregate_id, payload, attempts, last_error, next_attempt_at, created_at)
select event.id, $1, $2, event.aggregate_id, event.payload::jsonb, 0, '', $3, $3
from unnest($4::uuid[], $5::uuid[], $6::text[]) with ordinality as event(id, aggregate_id, payload, position)
order by event.position
"""

# Partial indexes on undelivered events: by (sequence) for the walk, by (shop_id, aggregate_id, sequence) for the
# predecessor. A rival's claim is skipped while it is open, and sorted out by the recheck of next_attempt_at after.
_CLAIM = """
with due as materialized (
    select event.id from outbox_event event
    where event.delivered_at is null and event.dead_at is null and event.next_attempt_at <= $1
      and ($2::uuid is null or event.shop_id = $2)
      and not exists (
          select from outbox_event earlier
          where earlier.shop_id = event.shop_id and earlier.aggregate_id = event.aggregate_id
            and earlier.sequence < event.sequence and earlier.delivered_at is null and earlier.dead_at is null
      )
    order by event.sequence limit $3 for update of event skip locked
)
update outbox_event event set attempts = event.attempts + 1, next_attempt_at = $4
from due, shop
where event.id = due.id and shop.id = event.shop_id
returning event.id, event.shop_id, event.sequence, event.topic, event.aggregate_id, event.payload, event.attempts,
          event.created_at, shop.seed
"""

_DELIVERED = "update outbox_event set delivered_at = $2, last_error = '' where id = any($1::uuid[])"

_FAILED = """
update outbox_event set last_error = $2, next_attempt_at = $3, dead_at = $4
where id = $1 and delivered_at is null
"""

_WAITING = "select count(*) from outbox_event where shop_id = $1 and delivered_at is null and dead_at is null"

_DEAD = """
select id, shop_id, sequence, topic, aggregate_id, payload, attempts, created_at, last_error
from outbox_event where dead_at is not null order by sequence limit $1
"""

_REPLAY = """
update outbox_event set dead_at = null, attempts = 0, next_attempt_at = $2
where id = $1 and dead_at is not null
"""

_REAP = """
delete from outbox_event where id in (
    select id from outbox_event where delivered_at < $1 limit $2 for update skip locked
)
"""


@dataclass(frozen=True, slots=True)
class Event:
    """One event as a deliverer gets it; `sequence` rises over all events, `attempt` counts from 1."""

    id: UUID
    shop_id: UUID
    sequence: int
    topic: str
    aggregate_id: UUID
    payload: Mapping[str, Any]
    attempt: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event that was given up, with what went wrong last."""

    event: Event
    last_error: str


Deliverer = Callable[[Event], Awaitable[None]]
"""Tells one event; any exception means: not told, try again later. It may be asked twice for one event."""


async def emit(sql: Connection, caller: Caller, topic: str, aggregate_id: UUID, payload: Mapping[str, Any]) -> None:
    """Write one event inside the open transaction `sql`, after the change it speaks of."""
    await emit_many(sql, caller.shop_id, topic, {aggregate_id: payload})


async def emit_many(sql: Connection, shop_id: UUID, topic: str, payloads: Mapping[UUID, Mapping[str, Any]]) -> None:
    """Write one event per aggregate (id -> payload) in one statement, in the order given."""
    if not payloads:
        return
    bodies = [orjson.dumps(payload, default=plain).decode() for payload in payloads.values()]
    await sql.execute(_EMIT, shop_id, topic, wall_now(), [new_id() for _ in bodies], list(payloads), bodies)


async def to_stream(event: Event) -> None:
    """Append the event to the stream that every process of the house reads for live answers."""
    entry = {
        "id": event.id.hex,
        "shop": event.shop_id.hex,
        "sequence": event.sequence,
        "topic": event.topic,
        "aggregate": event.aggregate_id.hex,
        "payload": orjson.dumps(event.payload),
    }
    await redis().xadd(STREAM, entry, maxlen=STREAM_LENGTH, approximate=True)


DELIVERERS: dict[str, list[Deliverer]] = {"": [to_stream]}
"""Topic prefix -> who is told; the empty prefix is told everything."""


async def deliver_outbox(shop_id: UUID | None = None) -> int:
    """Tell what is due, of one shop or of all, until nothing is; returns how many events were told.

    Wall time decides: retries are about the world outside, not about the shop's calendar.
    """
    told = 0
    while batch := await _claim(shop_id):
        delivered = [event.id for event, seed in batch if await _tell(event, seed)]
        if delivered:
            await pool().execute(_DELIVERED, delivered, wall_now())
        told += len(delivered)
    return told


async def waiting_events(shop_id: UUID) -> int:
    """Return how many events of a shop are still to be told; dead letters wait for a person and do not count."""
    waiting: int = await pool().fetchval(_WAITING, shop_id)
    return waiting


async def dead_letters(limit: int = 100) -> list[DeadLetter]:
    """Return the events that were given up, oldest first."""
    rows = await pool().fetch(_DEAD, limit)
    return [DeadLetter(_event(row), row["last_error"]) for row in rows]


async def replay(event_id: UUID) -> bool:
    """Make a dead letter due again with all its attempts; False when there is no such dead letter."""
    done: str = await pool().execute(_REPLAY, event_id, wall_now())
    return done == "UPDATE 1"


async def reap_delivered_events(wall: datetime) -> int:
    """Forget events told more than seven days ago; returns how many rows went, at most 10,000 a call."""
    done: str = await pool().execute(_REAP, wall - timedelta(days=KEPT_DAYS), _REAP_ROWS)
    return int(done.rpartition(" ")[2])


async def _claim(shop_id: UUID | None) -> list[tuple[Event, int]]:
    now = wall_now()
    rows = await pool().fetch(_CLAIM, now, shop_id, BATCH_ROWS, now + timedelta(seconds=LEASE_SECONDS))
    claimed = [(_event(row), int(row["seed"])) for row in rows]
    return sorted(claimed, key=lambda claim: claim[0].sequence)


async def _tell(event: Event, seed: int) -> bool:
    """Tell one event to all who listen to its topic; a failure is logged, kept on the row and tried again."""
    try:
        for prefix, deliverers in DELIVERERS.items():
            if event.topic.startswith(prefix):
                for deliver in deliverers:
                    await deliver(event)
    except Exception as fault:  # noqa: BLE001 - whatever went wrong outside, the row keeps it and the rest go on
        await _put_off(event, seed, fault)
        return False
    return True


async def _put_off(event: Event, seed: int, fault: Exception) -> None:
    now = wall_now()
    dead = event.attempt >= ATTEMPTS_MAX
    later = now + timedelta(seconds=backoff_seconds(event, seed))
    text = f"{type(fault).__name__}: {fault}".replace("\0", "")[:_ERROR_CHARS]
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


def _event(row: Record) -> Event:
    return Event(
        id=row["id"],
        shop_id=row["shop_id"],
        sequence=row["sequence"],
        topic=row["topic"],
        aggregate_id=row["aggregate_id"],
        payload=orjson.loads(row["payload"]),
        attempt=row["attempts"],
        created_at=row["created_at"],
    )
