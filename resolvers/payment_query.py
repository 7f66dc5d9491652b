"""Asking WeChat what became of payments: for notifications that never came, and before anything is given up.

A payment is asked about after 5 s, 30 s, 1, 3, 5, 10 and then every 30 minutes, until nothing more can happen to it;
one whose order waits no longer is closed at WeChat, so that nobody pays for nothing.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from asyncpg import Record

from clock import wall_now
from logs import log
from models.database import pool
from models.order import OrderStatus
from models.payment import PaymentState
from resolvers.merchant_pay import Account, account_by_id, ask
from resolvers.payment_problem import keep_problem
from resolvers.payment_told import MISMATCHES, Verdict, take_word
from resolvers.shop_clock import shop_now
from wechat.connection import NoSandboxError
from wechat.pay_answers import TradeState, Transaction
from wechat.pay_errors import PayError, PayNotFound, PayOrderPaid

PLAN_SECONDS: Final[Sequence[int]] = (5, 30, 60, 180, 300, 600, 1800)
LEASE_SECONDS: Final = 60
BATCH_PAYMENTS: Final = 50
AT_ONCE: Final = 8
_NEVER_ARRIVED_QUERIES: Final = 4
"""A question that WeChat has not heard of after so many looks will not arrive any more."""

_OVER: Final = {TradeState.CLOSED, TradeState.REVOKED, TradeState.PAYERROR}

# Partial index payment_due. A rival's claim is skipped; the lease ends by itself when its process is gone.
_CLAIM: Final = """
update payment set next_query_at = $2, queries = queries + 1
where id in (
    select id from payment where next_query_at <= $1 and ($3::uuid is null or shop_id = $3)
    order by next_query_at limit $4 for update skip locked
)
returning shop_id, id
"""
_CLAIM_ONE: Final = """
update payment set next_query_at = $3, queries = queries + 1 where shop_id = $1 and id = $2 and state <> 'SUCCEEDED'
"""
_LOAD: Final = """
select payment.id, payment.state, payment.out_trade_no, payment.merchant_account_id, payment.queries,
       payment.expires_at, orders.status as order_status, shop.clock_offset_ms
from payment
join orders on orders.shop_id = payment.shop_id and orders.id = payment.order_id
join shop on shop.id = payment.shop_id
where payment.shop_id = $1 and payment.id = $2 and payment.method = 'WECHAT'
  and payment.state in ('CREATED', 'PREPAID', 'CLOSED')
"""
_PLAN: Final = """
update payment set next_query_at = $3, last_error = $4 where shop_id = $1 and id = $2 and state <> 'SUCCEEDED'
"""
_CLOSED: Final = """
update payment set state = 'CLOSED', closed_at = coalesce(closed_at, $3), next_query_at = null, last_error = '',
                   updated_at = $3
where shop_id = $1 and id = $2 and state in ('CREATED', 'PREPAID', 'CLOSED')
"""
_DONE: Final = "update payment set next_query_at = null where shop_id = $1 and id = $2"
_WAITING: Final = "select count(*) from payment where shop_id = $1 and next_query_at <= $2"
_OPEN: Final = """
select id from payment where shop_id = $1 and order_id = $2 and method = 'WECHAT' and state in ('CREATED', 'PREPAID')
order by id
"""


async def query_payments(wall: datetime, shop_id: UUID | None) -> int:
    """Ask about every payment that is due, of one shop or of all; returns how many. Due work, by wall time."""
    done = 0
    limit = asyncio.Semaphore(AT_ONCE)

    async def one(row: Record) -> None:
        async with limit:
            await _look(row["shop_id"], row["id"])

    while due := await pool().fetch(
        _CLAIM, wall, wall_now() + timedelta(seconds=LEASE_SECONDS), shop_id, BATCH_PAYMENTS
    ):
        await asyncio.gather(*(one(row) for row in due))
        done += len(due)
        if len(due) < BATCH_PAYMENTS:
            break
    return done


async def waiting_payments(shop_id: UUID) -> int:
    """Return how many payments of a shop should be asked about now."""
    waiting: int = await pool().fetchval(_WAITING, shop_id, wall_now())
    return waiting


async def ask_about(shop_id: UUID, payment_id: UUID) -> Verdict | None:
    """Ask WeChat about one payment at once; never inside a transaction. None when nothing was learnt."""
    lease = wall_now() + timedelta(seconds=LEASE_SECONDS)
    await pool().execute(_CLAIM_ONE, shop_id, payment_id, lease)
    return await _look(shop_id, payment_id)


async def close_payments(shop_id: UUID, order_id: UUID, *, but: UUID | None = None) -> bool:
    """See to it that an order can be paid no more, asking and closing at WeChat; never inside a transaction.

    True when every open payment is closed there. False when one was paid meanwhile (it is recorded then: the order
    may be paid now), or when WeChat cannot be asked: whoever wants to cancel tries again later.
    """
    open_ones = [row["id"] for row in await pool().fetch(_OPEN, shop_id, order_id) if row["id"] != but]
    closed = [await close_payment(shop_id, one) for one in open_ones]
    return all(closed)


async def close_payment(shop_id: UUID, payment_id: UUID) -> bool:
    """Close one payment at WeChat, whatever its order waits for; the answers of `close_payments`."""
    payment = await pool().fetchrow(_LOAD, shop_id, payment_id)
    account = await account_by_id(shop_id, payment["merchant_account_id"]) if payment else None
    if payment is None or account is None:
        return False
    try:
        return await _close(account, payment)
    except (PayError, NoSandboxError) as fault:
        await _again(account.shop_id, payment, fault)
        return False


async def _look(shop_id: UUID, payment_id: UUID) -> Verdict | None:
    payment = await pool().fetchrow(_LOAD, shop_id, payment_id)
    account = await account_by_id(shop_id, payment["merchant_account_id"]) if payment else None
    if payment is None or account is None:
        await pool().execute(_DONE, shop_id, payment_id)
        return None
    try:
        return await _learn(account, payment)
    except (PayError, NoSandboxError) as fault:
        await _again(shop_id, payment, fault)
        return None


async def _learn(account: Account, payment: Record) -> Verdict | None:
    try:
        told = await ask(account, lambda pay: pay.query(payment["out_trade_no"]))
    except PayNotFound:
        await _never_arrived(account, payment)
        return None
    verdict = await _taken(account, payment, told)
    if verdict is Verdict.NOT_PAID:
        await _still_open(account, payment, told)
    return verdict


async def _taken(account: Account, payment: Record, told: Transaction) -> Verdict:
    verdict = await take_word(account, told)
    if verdict in MISMATCHES:
        # Asking again brings the same; the alarm is out.
        await keep_problem(account.shop_id, payment, verdict, told)
    return verdict


async def _still_open(account: Account, payment: Record, told: Transaction) -> None:
    if told.trade_state in _OVER:
        await pool().execute(_CLOSED, account.shop_id, payment["id"], shop_now(payment["clock_offset_ms"]))
    elif _waits(payment):
        await _again(account.shop_id, payment)
    else:
        await _close(account, payment)


async def _never_arrived(account: Account, payment: Record) -> None:
    """WeChat has never heard of it; a prepay may still be on its way, so it is not given up at once."""
    if _waits(payment) or payment["queries"] < _NEVER_ARRIVED_QUERIES:
        await _again(account.shop_id, payment)
    else:
        await pool().execute(_CLOSED, account.shop_id, payment["id"], shop_now(payment["clock_offset_ms"]))


async def _close(account: Account, payment: Record) -> bool:
    try:
        await ask(account, lambda pay: pay.close(payment["out_trade_no"]))
    except PayNotFound:
        # It can still arrive, for a moment: it counts as closed here, and is asked about once more.
        await pool().execute(_CLOSED, account.shop_id, payment["id"], shop_now(payment["clock_offset_ms"]))
        await _again(account.shop_id, payment)
        return True
    except PayOrderPaid:
        await _taken(account, payment, await ask(account, lambda pay: pay.query(payment["out_trade_no"])))
        return False
    await pool().execute(_CLOSED, account.shop_id, payment["id"], shop_now(payment["clock_offset_ms"]))
    return True


def _waits(payment: Record) -> bool:
    """Whether somebody may still pay and should."""
    return (
        payment["state"] in {PaymentState.CREATED, PaymentState.PREPAID}
        and payment["order_status"] == OrderStatus.PENDING_PAYMENT
        and payment["expires_at"] > shop_now(payment["clock_offset_ms"])
    )


async def _again(shop_id: UUID, payment: Record, fault: Exception | None = None) -> None:
    """Plan the next question."""
    pause = PLAN_SECONDS[min(payment["queries"], len(PLAN_SECONDS) - 1)]
    said = "" if fault is None else getattr(fault, "code", type(fault).__name__)
    if fault is not None:
        log("payment_not_asked", level="warning", payment=payment["id"].hex, fault=said)
    await pool().execute(_PLAN, shop_id, payment["id"], wall_now() + timedelta(seconds=pause), said)
