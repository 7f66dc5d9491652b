"""What WeChat Pay tells by itself: believed when signed, kept before anything is done about it, handled once.

The door answers as soon as the row stands; a lease lets any number of workers handle what waits, each of it one at a
time. A fault is tried again with growing pauses; what cannot be handled is kept, and somebody is told.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson
from asyncpg import Record

from clock import wall_now
from ids import new_id
from logs import log
from models.database import pool
from models.failpoint import failpoint
from resolvers.keys import keys
from resolvers.merchant_pay import Account, account_by_channel, account_by_id, with_fresh_keys
from resolvers.payment_problem import ask_soon
from resolvers.payment_told import MISMATCHES, take_word
from resolvers.refund_settle import take_refund_word
from sealing import seal, unseal
from wechat.pay_answers import refund_in, transaction_in
from wechat.pay_errors import BadResource, PayError, UnknownSerial
from wechat.pay_notification import Notification, open_notification

ATTEMPTS_MAX: Final = 15
LEASE_SECONDS: Final = 30
BACKOFF_SECONDS_MAX: Final = 600
BATCH_NOTIFICATIONS: Final = 50
ID_CHARS_MAX: Final = 64
DEAD: Final = "DEAD"
UNKNOWN_TYPE: Final = "UNKNOWN_TYPE"
MALFORMED: Final = "MALFORMED"
_ERROR_CHARS: Final = 200

# Unique (mchid, notification_id): of twenty at once one is kept. Nothing is kept that speaks of a number of another
# account's (unique (mchid, out_trade_no)).
_KEEP: Final = """
with foreign_one as (
    select from payment where mchid = $4 and out_trade_no = $8 and merchant_account_id is distinct from $3
), kept as (
    insert into payment_notification (id, shop_id, merchant_account_id, mchid, notification_id, event_type,
                                      resource_sealed, outcome, attempts, next_attempt_at, last_error, created_at)
    select $1, $2, $3, $4, $5, $6, $7, '', 1, $9, '', $10 where not exists (select from foreign_one)
    on conflict (mchid, notification_id) do nothing
    returning id
)
select exists (select from kept) as is_kept, exists (select from foreign_one) as is_foreign
"""
# Partial index payment_notification_due; the lease ends by itself when its process is gone.
_CLAIM: Final = """
update payment_notification set next_attempt_at = $2, attempts = attempts + 1
where id in (
    select id from payment_notification
    where next_attempt_at <= $1 and ($3::uuid is null or shop_id = $3)
    order by next_attempt_at limit $4 for update skip locked
)
returning id, shop_id, merchant_account_id, event_type, resource_sealed, attempts
"""
_HANDLED: Final = """
update payment_notification set outcome = $2, next_attempt_at = null, handled_at = $3, last_error = '' where id = $1
"""
_FAILED: Final = """
update payment_notification set last_error = $2, next_attempt_at = $3, outcome = $4 where id = $1
"""
_WAITING: Final = "select count(*) from payment_notification where shop_id = $1 and next_attempt_at is not null"


class UnknownChannelError(LookupError):
    """Nobody's notifications come by this channel."""


class ForeignNumberError(Exception):
    """The message speaks of another account's payment: WeChat never says that by this channel."""


@dataclass(frozen=True, slots=True)
class Told:
    """One message that is to be handled; it may come again, and out of order."""

    account: Account
    event_type: str
    resource: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Kept:
    """A message that was kept a moment ago, and is its keeper's to handle until the lease ends."""

    id: UUID
    told: Told


Handler = Callable[[Told], Awaitable[str]]
"""Does what follows, in transactions of its own, and returns the outcome to keep (24 characters at most)."""


async def _transaction_told(told: Told) -> str:
    said = transaction_in(told.resource)
    verdict = await take_word(told.account, said)
    if verdict in MISMATCHES:
        await ask_soon(told.account.merchant.mchid, said.out_trade_no)
    return verdict


async def _refund_told(told: Told) -> str:
    return await take_refund_word(told.account, refund_in(told.resource))


HANDLERS: Final[dict[str, Handler]] = {"TRANSACTION.": _transaction_told, "REFUND.": _refund_told}
"""Beginning of the event type -> who handles it."""


async def receive(channel: str, headers: Mapping[str, str], body: bytes) -> Kept | None:
    """Believe, open and keep a message; returns what is to be handled, None when it was kept before.

    Raises UnknownChannelError; Untrusted in one of its kinds; ForeignNumberError.
    """
    account = await account_by_channel(channel)
    if account is None:
        raise UnknownChannelError(channel)
    try:
        message = open_notification(headers, body, account.merchant, wall_now())
    except UnknownSerial:
        renewed = await with_fresh_keys(account)
        if renewed is None:
            raise
        message = open_notification(headers, body, renewed.merchant, wall_now())
    if len(message.id) > ID_CHARS_MAX or len(message.event_type) > ID_CHARS_MAX:
        raise BadResource
    kept = await _kept(account, message)
    await failpoint("notification.stored")
    return kept


async def handle_payment_notifications(wall: datetime, shop_id: UUID | None) -> int:
    """Handle what waits, of one shop or of all; returns how many messages. Due work, by wall time."""
    done = 0
    while rows := await pool().fetch(_CLAIM, wall, _lease_ends_at(), shop_id, BATCH_NOTIFICATIONS):
        for row in rows:
            await _handle(row["id"], row["attempts"], _outcome_of_row(row))
        done += len(rows)
    return done


async def handle_at_once(kept: Kept) -> None:
    """Handle one message right after it was answered, so that no phone waits for the worker's next look."""
    await _handle(kept.id, 1, _outcome(kept.told))


async def waiting_pay_notifications(shop_id: UUID) -> int:
    """Return how many messages of a shop are still to be handled."""
    waiting: int = await pool().fetchval(_WAITING, shop_id)
    return waiting


async def _kept(account: Account, message: Notification) -> Kept | None:
    number, kept_id = message.resource.get("out_trade_no"), new_id()
    said: Any = await pool().fetchrow(
        _KEEP,
        kept_id,
        account.shop_id,
        account.id,
        account.merchant.mchid,
        message.id,
        message.event_type,
        seal(orjson.dumps(message.resource).decode(), keys().sealing),
        number if isinstance(number, str) else None,
        _lease_ends_at(),
        wall_now(),
    )
    if said["is_foreign"]:
        log("payment_mismatch", level="error", verdict="FOREIGN_CHANNEL", account=account.id.hex, out_trade_no=number)
        raise ForeignNumberError
    return Kept(kept_id, Told(account, message.event_type, message.resource)) if said["is_kept"] else None


async def _handle(message_id: UUID, attempt: int, outcome: Awaitable[str]) -> None:
    try:
        said = await outcome
    except Exception as fault:  # noqa: BLE001 - whatever one message does, the others go on; it is tried again
        await _failed(message_id, attempt, fault)
    else:
        await pool().execute(_HANDLED, message_id, said, wall_now())


async def _outcome_of_row(row: Record) -> str:
    account = await account_by_id(row["shop_id"], row["merchant_account_id"])
    if account is None:
        return _unknown(row["event_type"])
    resource = orjson.loads(unseal(row["resource_sealed"], keys().sealing))
    return await _outcome(Told(account, row["event_type"], resource))


async def _outcome(told: Told) -> str:
    handler = next((each for prefix, each in HANDLERS.items() if told.event_type.startswith(prefix)), None)
    if handler is None:
        return _unknown(told.event_type)
    try:
        return await handler(told)
    except PayError:
        # Genuine, and not as published: trying again reads the same.
        log("payment_notification_malformed", level="error", account=told.account.id.hex)
        return MALFORMED


def _unknown(event_type: str) -> str:
    log("payment_notification_unknown", level="warning", event_type=event_type)
    return UNKNOWN_TYPE


def _lease_ends_at() -> datetime:
    return wall_now() + timedelta(seconds=LEASE_SECONDS)


async def _failed(message_id: UUID, attempt: int, fault: Exception) -> None:
    is_dead = attempt >= ATTEMPTS_MAX
    pause = min(2**attempt, BACKOFF_SECONDS_MAX)
    log(
        "payment_notification_failed",
        level="error" if is_dead else "warning",
        notification=message_id.hex,
        attempt=attempt,
        fault=type(fault).__name__,
        dead=is_dead,
    )
    next_at = None if is_dead else wall_now() + timedelta(seconds=pause)
    said = f"{type(fault).__name__}: {fault}"[:_ERROR_CHARS]
    await pool().execute(_FAILED, message_id, said, next_at, DEAD if is_dead else "")
