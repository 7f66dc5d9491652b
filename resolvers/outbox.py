"""The outbox: events written in the transaction that made them true, told to the world at least once, in order.

Telling is in outbox_delivery.py. An event that failed for good is a dead letter: it no longer holds the others up,
a person lists it and replays it. Listeners may see an event twice and a replayed one late; `sequence` lets them tell.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson
from asyncpg import Record

from clock import wall_now
from ids import new_id
from models.database import Connection, pool
from models.refusal import Refusal, UserErrorCode
from resolvers.caller import Caller
from resolvers.plain import plain
from resolvers.reaping import reap

KEPT_DAYS: Final = 7


# `sequence` fills itself from a database sequence. Events of one aggregate are numbered in the order they commit,
# because every command has changed (locked) its aggregate before it emits.
def emit_statement(first: int = 1) -> str:
    """Return the statement that writes events; `event_binds` gives its six binds, which are numbered from `first`."""
    shop_id, topic, now, ids, aggregate_ids, payloads = (f"${place}" for place in range(first, first + 6))
    return f"""
    insert into outbox_event
        (id, shop_id, topic, aggregate_id, payload, attempts, last_error, next_attempt_at, created_at)
    select event.id, {shop_id}, {topic}, event.aggregate_id, event.payload::jsonb, 0, '', {now}, {now}
    from unnest({ids}::uuid[], {aggregate_ids}::uuid[], {payloads}::text[])
        with ordinality as event(id, aggregate_id, payload, position)
    order by event.position
    """  # noqa: S608 - numbers of binds


_EMIT = emit_statement()

_WAITING = "select count(*) from outbox_event where shop_id = $1 and delivered_at is null and dead_at is null"

_DEAD = """
select id, shop_id, sequence, topic, aggregate_id, payload, attempts, created_at, last_error
from outbox_event where dead_at is not null and ($1::uuid is null or shop_id = $1) order by sequence limit $2
"""

_REPLAY = """
update outbox_event set dead_at = null, attempts = 0, next_attempt_at = $2, replayed_at = $2
where id = $1 and dead_at is not null and ($3::uuid is null or shop_id = $3)
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


async def emit(sql: Connection, caller: Caller, topic: str, aggregate_id: UUID, payload: Mapping[str, Any]) -> None:
    """Write one event inside the open transaction `sql`, after the change it speaks of."""
    await emit_many(sql, caller.shop_id, topic, {aggregate_id: payload})


async def emit_many(sql: Connection, shop_id: UUID, topic: str, payloads: Mapping[UUID, Mapping[str, Any]]) -> None:
    """Write one event per aggregate (id -> payload) in one statement, in the order given."""
    if not payloads:
        return
    await sql.execute(_EMIT, *event_binds(shop_id, topic, payloads))


def event_binds(shop_id: UUID, topic: str, payloads: Mapping[UUID, Mapping[str, Any]]) -> tuple[Any, ...]:
    """Return what `emit_statement` is bound to for one event per aggregate."""
    bodies = [orjson.dumps(payload, default=plain).decode() for payload in payloads.values()]
    return shop_id, topic, wall_now(), [new_id() for _ in bodies], list(payloads), bodies


async def waiting_events(shop_id: UUID) -> int:
    """Return how many events of a shop are still to be told; dead letters wait for a person and do not count."""
    waiting: int = await pool().fetchval(_WAITING, shop_id)
    return waiting


async def dead_letters(shop_id: UUID | None = None, limit: int = 100) -> list[DeadLetter]:
    """Return the events that were given up, of one shop or of all, oldest first."""
    rows = await pool().fetch(_DEAD, shop_id, limit)
    return [DeadLetter(event_of(row), row["last_error"]) for row in rows]


async def replay(event_id: UUID, shop_id: UUID | None = None) -> bool:
    """Make a dead letter, of one shop or of any, due again with all its attempts; False when there is none."""
    done: str = await pool().execute(_REPLAY, event_id, wall_now(), shop_id)
    return done == "UPDATE 1"


async def outbox_replay(caller: Caller, event_id: UUID) -> UUID:
    """Make a dead letter of the caller's shop due again and return its id. Raises Refusal NOT_FOUND."""
    if not await replay(event_id, caller.shop_id):
        raise Refusal(UserErrorCode.NOT_FOUND, "没有这个死信", "There is no such dead letter", "id")
    return event_id


async def reap_delivered_events(wall: datetime) -> int:
    """Forget events told more than seven days ago, in bites that hold no lock for long; returns how many rows went."""
    return await reap(_REAP, wall - timedelta(days=KEPT_DAYS))


def event_of(row: Record) -> Event:
    """Read an event from its row."""
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
