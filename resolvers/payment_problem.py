"""Payments that came otherwise than they were asked for: kept as a problem that a person sees to, and told once.

A notification alone makes none: what it says is asked for first. Such a payment holds its order, and the stock of it,
until it is given back (payment_refund.py) or WeChat says, asked again, that all is right.
"""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from asyncpg import Record

from clock import wall_now
from models.database import pool, transaction
from models.payment import PaymentProblem
from resolvers.outbox import emit_many
from resolvers.payment_told import Verdict
from resolvers.shop_clock import shop_now
from wechat.pay_answers import Transaction

TOPIC: Final = "payment.abnormal"

PROBLEMS: Final[Mapping[Verdict, PaymentProblem]] = {
    Verdict.WRONG_MERCHANT: PaymentProblem.WRONG_MERCHANT,
    Verdict.WRONG_APP: PaymentProblem.WRONG_APP,
    Verdict.WRONG_CURRENCY: PaymentProblem.WRONG_CURRENCY,
    Verdict.WRONG_AMOUNT: PaymentProblem.WRONG_AMOUNT,
    Verdict.WRONG_TRANSACTION: PaymentProblem.WRONG_TRANSACTION,
}

_HOLD: Final = """
select order_id, amount_fen, problem, told_fen from payment
where shop_id = $1 and id = $2 and state <> 'SUCCEEDED' for no key update
"""
# WeChat's number is unique, and may be another payment's: then this one has none.
_KEEP: Final = """
update payment set problem = $3, told_fen = $4, told_at = $5, last_error = $6, next_query_at = null,
                   updated_at = $7, transaction_id = (
    select wish.number from (select nullif($8::text, '') as number) wish where not exists (
        select from payment other
        where other.mchid = payment.mchid and other.transaction_id = wish.number and other.id <> payment.id))
where shop_id = $1 and id = $2
"""
# Partial index payment_due finds it then. What is open is asked about anyway.
_ASK: Final = """
update payment set next_query_at = $3
where mchid = $1 and out_trade_no = $2 and state = 'CLOSED' and next_query_at is null and problem is null
"""


async def keep_problem(shop_id: UUID, payment: Record, verdict: Verdict, told: Transaction) -> None:
    """Keep what is wrong with money that came, and tell of it when it is news; WeChat is asked about it no more.

    `payment` has `id` and `clock_offset_ms`.
    """
    problem = PROBLEMS.get(verdict)
    told_fen = (told.amount_total_fen or 0) if problem else None
    told_at = told.success_time if problem else None
    now = shop_now(payment["clock_offset_ms"])
    async with transaction() as sql:
        known = await sql.fetchrow(_HOLD, shop_id, payment["id"])
        if known is None:
            return
        columns = (problem, told_fen, told_at, verdict, now, told.transaction_id if problem else None)
        await sql.execute(_KEEP, shop_id, payment["id"], *columns)
        if problem is not None and (known["problem"], known["told_fen"]) != (problem, told_fen):
            said = {
                "paymentId": payment["id"],
                "orderId": known["order_id"],
                "problem": problem,
                "amountFen": known["amount_fen"],
                "toldFen": told_fen,
            }
            await emit_many(sql, shop_id, TOPIC, {payment["id"]: said})


async def ask_soon(mchid: str, out_trade_no: str) -> None:
    """Have WeChat asked about a closed payment of which a notification says what cannot be."""
    await pool().execute(_ASK, mchid, out_trade_no, wall_now())
