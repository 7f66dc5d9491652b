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
from resolvers.payment_told import MISMATCHES, is_foreign, take_word
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

# Unique (mchid, notification_id): of twenty at once one is kept.
_KEEP: Final = """
insert into payment_notification (id, shop_id, merchant_account_id, mchid, notification_id, event_type,
                                  resource_sealed, outcome, attempts, next_attempt_at, last_error, created_at)
values ($1, $2, $3, $4, $5, $6, $7, '', 0, $8, '', $8)
on conflict (mchid, notification_id) do nothing
returning id
"""
# Partial index payment_notification_due; the lease ends by itself when its process is gone.
_CLAIM: Final = """
update payment_notification set next_attempt_at = $2, attempts = attempts + 1
where id in (
    select id from payment_notification
    where next_attempt_at <= $1 and ($3::uuid is null or shop_id = $3) and ($4::uuid is null or id = $4)
    order by next_attempt_at limit $5 for update skip locked
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


async def receive(channel: str, headers: Mapping[str, str], body: bytes) -> UUID | None:
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
    number = message.resource.get("out_trade_no")
    if isinstance(number, str) and await is_foreign(account, number):
        log("payment_mismatch", level="error", verdict="FOREIGN_CHANNEL", account=account.id.hex, out_trade_no=number)
        raise ForeignNumberError
    kept = await _kept(account, message)
    await failpoint("notification.stored")
    return kept


async def handle_payment_notifications(wall: datetime, shop_id: UUID | None) -> int:
    """Handle what waits, of one shop or of all; returns how many messages. Due work, by wall time."""
    done = 0
    while found := await _handle(wall, shop_id, None):
        done += found
    return done


async def handle_at_once(notification_id: UUID) -> None:
    """Handle one message right after it was answered, so that no phone waits for the worker's next look."""
    await _handle(wall_now(), None, notification_id)


async def waiting_pay_notifications(shop_id: UUID) -> int:
    """Return how many messages of a shop are still to be handled."""
    waiting: int = await pool().fetchval(_WAITING, shop_id)
    return waiting


async def _kept(account: Account, message: Notification) -> UUID | None:
    kept: UUID | None = await pool().fetchval(
        _KEEP,
        new_id(),
        account.shop_id,
        account.id,
        account.merchant.mchid,
        message.id,
        message.event_type,
        seal(orjson.dumps(message.resource).decode(), keys().sealing),
        wall_now(),
    )
    return kept


async def _handle(wall: datetime, shop_id: UUID | None, notification_id: UUID | None) -> int:
    lease = wall_now() + timedelta(seconds=LEASE_SECONDS)
    rows = await pool().fetch(_CLAIM, wall, lease, shop_id, notification_id, BATCH_NOTIFICATIONS)
    for row in rows:
        try:
            outcome = await _outcome(row)
        except Exception as fault:  # noqa: BLE001 - whatever one message does, the others go on; it is tried again
            await _failed(row, fault)
        else:
            await pool().execute(_HANDLED, row["id"], outcome, wall_now())
    return len(rows)


async def _outcome(row: Record) -> str:
    account = await account_by_id(row["shop_id"], row["merchant_account_id"])
    handler = next((each for prefix, each in HANDLERS.items() if row["event_type"].startswith(prefix)), None)
    if account is None or handler is None:
        log("payment_notification_unknown", level="warning", event_type=row["event_type"])
        return UNKNOWN_TYPE
    resource = orjson.loads(unseal(row["resource_sealed"], keys().sealing))
    try:
        return await handler(Told(account, row["event_type"], resource))
    except PayError:
        # Genuine, and not as published: trying again reads the same.
        log("payment_notification_malformed", level="error", notification=row["id"].hex)
        return MALFORMED


async def _failed(row: Record, fault: Exception) -> None:
    is_dead = row["attempts"] >= ATTEMPTS_MAX
    pause = min(2 ** row["attempts"], BACKOFF_SECONDS_MAX)
    log(
        "payment_notification_failed",
        level="error" if is_dead else "warning",
        notification=row["id"].hex,
        attempt=row["attempts"],
        fault=type(fault).__name__,
        dead=is_dead,
    )
    next_at = None if is_dead else wall_now() + timedelta(seconds=pause)
    said = f"{type(fault).__name__}: {fault}"[:_ERROR_CHARS]
    await pool().execute(_FAILED, row["id"], said, next_at, DEAD if is_dead else "")
