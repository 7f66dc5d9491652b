"""Notifications of the sandbox's WeChat Pay: queued with what they tell of, sent at once, and again until accepted.

Whoever sends one has claimed it: its next try is set before the question goes out, so a kill loses none. Retries
follow the wall clock, as the real ones do.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import orjson

from clock import wall_now
from models.database import Connection, pool
from wechat.sandbox.pay_letters import Letter, Told, tell
from wechat.sandbox.pay_payments import Payment

RETRY_SECONDS: Final = (
    15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10_800, 10_800, 10_800, 21_600, 21_600,
)  # fmt: skip
_BATCH: Final = 50
_SENDING: Final = timedelta(seconds=10)
"""Longer than any try takes; what is older was cut short by a kill."""

# Whether it is held is read where it is written, so no tester's hold comes too late for what follows it.
_QUEUE = """
insert into wechat_sandbox.notification
    (notification_id, mchid, shop_id, about, event_type, url, resource, made_at, is_held, due_at)
select $1, $2, $3, $4, $5, $6, $7::jsonb, $8, is_holding, case when is_holding then null else $9::timestamptz end
from wechat_sandbox.pay_merchant where mchid = $2
returning id
"""
# By notification_due. The last try sets no next one.
_CLAIM = """
update wechat_sandbox.notification n set
    attempts = attempts + 1, sending_since = $1,
    due_at = $1::timestamptz + make_interval(secs => ($2::int[])[attempts + 1])
from (
    select id from wechat_sandbox.notification
    where due_at <= $1 and ($3::uuid is null or shop_id = $3) and ($4::bigint[] is null or id = any($4))
    order by id limit $5 for update skip locked
) due
where n.id = due.id
returning n.id, n.notification_id, n.mchid, n.event_type, n.url, n.resource, n.made_at
"""
_FOUND = """
select id, notification_id, mchid, event_type, url, resource, made_at from wechat_sandbox.notification where id = $1
"""
_ANSWERED = """
update wechat_sandbox.notification set
    last_status = $2, last_answer = $3, sending_since = null,
    delivered_at = case when $4 then coalesce(delivered_at, $5) else delivered_at end,
    due_at = case when $4 then null else due_at end
where id = $1
"""
_WAITING = """
select count(*) from wechat_sandbox.notification
where shop_id = $1 and (due_at <= $2 or sending_since > $3)
"""


@dataclass(frozen=True, slots=True)
class Event:
    """What there is to tell: `about` is the merchant's number of it, `at` the shop's time."""

    event_type: str
    about: str
    url: str
    resource: Mapping[str, Any]
    at: datetime


async def queue(sql: Connection, payment: Payment, event: Event) -> int:
    """Queue a notification in the transaction of what it tells of; its number."""
    resource = orjson.dumps(event.resource).decode()
    told = (event.about, event.event_type, event.url, resource, event.at)
    whose = (payment.mchid, payment.shop_id)
    number: int = await sql.fetchval(_QUEUE, str(uuid4()), *whose, *told, wall_now())
    return number


async def deliver_pay_notifications(
    wall: datetime, shop_id: UUID | None = None, *, numbers: Sequence[int] | None = None
) -> int:
    """Send what is due by the wall clock, of one shop or of all, or of these `numbers`; how many were accepted.

    Any number of processes may do it at once: each sends what it claimed.
    """
    accepted = 0
    while True:
        ids = None if numbers is None else list(numbers)
        claimed = await pool().fetch(_CLAIM, wall, list(RETRY_SECONDS), shop_id, ids, _BATCH)
        answers = await asyncio.gather(*(_sent(_letter(row)) for row in claimed))
        accepted += sum(answer.is_accepted for answer in answers)
        if len(claimed) < _BATCH:
            return accepted


async def waiting_notifications(shop_id: UUID) -> int:
    """Count a shop's notifications that are due or on their way; those held, or to be tried again later, are not."""
    wall = wall_now()
    count: int = await pool().fetchval(_WAITING, shop_id, wall, wall - _SENDING)
    return count


async def find_letter(number: int) -> Letter | None:
    """Return a notification by its number here; None for one that is not there."""
    row = await pool().fetchrow(_FOUND, number)
    return _letter(row) if row else None


async def send_again(letter: Letter) -> Told:
    """Send a notification once more, whatever became of it before, and remember the answer."""
    return await _sent(letter)


async def _sent(letter: Letter) -> Told:
    told = await tell(letter)
    await pool().execute(_ANSWERED, letter.number, told.status, told.answer, told.is_accepted, wall_now())
    return told


def _letter(row: Any) -> Letter:  # noqa: ANN401 - a row
    stored = dict(row)
    return Letter(number=stored.pop("id"), **{**stored, "resource": orjson.loads(stored["resource"])})
