"""WeChat's bill of a day held against our books: what it has and we have not, and what we have and it has not.

Never inside a transaction. A refund of ours is missed only when it was asked for and arrived on that day: on which day
WeChat booked any other is not written here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from asyncpg import Record

from models.database import pool
from resolvers.merchant_pay import Account, account_by_id, ask
from wechat.pay import CHINA
from wechat.pay_bill import BillRow

_ACCOUNTS: Final = "select id from merchant_account where shop_id = $1 order by created_at, id"
# By the account, then what was named or fell on the day.
_PAYMENTS: Final = """
select out_trade_no, transaction_id, amount_fen, state, succeeded_at >= $4 and succeeded_at < $5 as is_of_the_day
from payment
where shop_id = $1 and merchant_account_id = $2
  and (out_trade_no = any($3::text[]) or (succeeded_at >= $4 and succeeded_at < $5))
"""
_REFUNDS: Final = """
select part.out_refund_no, part.amount_fen, part.state,
       part.state = 'SUCCEEDED' and part.created_at >= $4 and part.updated_at < $5 as is_of_the_day
from refund_allocation part
join payment on payment.shop_id = part.shop_id and payment.id = part.payment_id
where part.shop_id = $1 and payment.merchant_account_id = $2
  and (part.out_refund_no = any($3::text[]) or (part.created_at >= $4 and part.updated_at < $5))
"""


class BillFault(StrEnum):
    """What does not agree."""

    UNKNOWN_PAYMENT = "UNKNOWN_PAYMENT"
    UNRECORDED_PAYMENT = "UNRECORDED_PAYMENT"
    MISSING_PAYMENT = "MISSING_PAYMENT"
    WRONG_AMOUNT = "WRONG_AMOUNT"
    WRONG_TRANSACTION = "WRONG_TRANSACTION"
    UNKNOWN_REFUND = "UNKNOWN_REFUND"
    UNRECORDED_REFUND = "UNRECORDED_REFUND"
    MISSING_REFUND = "MISSING_REFUND"
    WRONG_REFUND_AMOUNT = "WRONG_REFUND_AMOUNT"


@dataclass(frozen=True, slots=True)
class BillDifference:
    """One number on which bill and books do not agree; amounts in fen, None on the side that has none."""

    fault: BillFault
    mchid: str
    number: str
    billed_fen: int | None
    ours_fen: int | None


@dataclass(frozen=True, slots=True)
class BillCheck:
    """How many rows the bills of a day have, and what does not agree."""

    rows: int
    differences: Sequence[BillDifference]


async def check_bill(shop_id: UUID, day: date) -> BillCheck:
    """Compare the bills of all of a shop's accounts with its books. Raises PayError (before WeChat has made them)."""
    begins = datetime.combine(day, time(0), CHINA)
    rows, found = 0, list[BillDifference]()
    for row in await pool().fetch(_ACCOUNTS, shop_id):
        account = await account_by_id(shop_id, row["id"])
        if account is not None:
            bill = await ask(account, lambda pay: pay.trade_bill(day))
            rows += len(bill)
            found += await _of_account(account, bill, begins)
    return BillCheck(rows, found)


async def _of_account(account: Account, bill: Sequence[BillRow], begins: datetime) -> list[BillDifference]:
    sold = {row.out_trade_no: row for row in bill if row.out_refund_no is None}
    back = {row.out_refund_no: row for row in bill if row.out_refund_no is not None}
    whose, ends = (account.shop_id, account.id), begins + timedelta(days=1)
    payments = await pool().fetch(_PAYMENTS, *whose, list(sold), begins, ends)
    refunds = await pool().fetch(_REFUNDS, *whose, list(back), begins, ends)
    our_payments = {row["out_trade_no"]: row for row in payments}
    our_refunds = {row["out_refund_no"]: row for row in refunds}
    mchid, found = account.merchant.mchid, list[BillDifference]()
    for number, billed in sold.items():
        ours = our_payments.get(number)
        if fault := _payment_fault(billed, ours):
            found.append(BillDifference(fault, mchid, number, billed.order_fen, _amount(ours)))
    for number, billed in back.items():
        ours = our_refunds.get(number)
        if fault := _refund_fault(billed, ours):
            found.append(BillDifference(fault, mchid, number, billed.refund_fen, _amount(ours)))
    sides = (BillFault.MISSING_PAYMENT, our_payments, sold), (BillFault.MISSING_REFUND, our_refunds, back)
    for missing, books, billed_rows in sides:
        for number, row in books.items():
            if row["is_of_the_day"] and number not in billed_rows:
                found.append(BillDifference(missing, mchid, number, None, row["amount_fen"]))
    return found


def _amount(ours: Record | None) -> int | None:
    return None if ours is None else int(ours["amount_fen"])


def _payment_fault(billed: BillRow, ours: Record | None) -> BillFault | None:
    if ours is None:
        return BillFault.UNKNOWN_PAYMENT
    faults = {
        BillFault.UNRECORDED_PAYMENT: ours["state"] != "SUCCEEDED",
        BillFault.WRONG_AMOUNT: ours["amount_fen"] != billed.order_fen,
        BillFault.WRONG_TRANSACTION: ours["transaction_id"] != billed.transaction_id,
    }
    return next((fault for fault, is_so in faults.items() if is_so), None)


def _refund_fault(billed: BillRow, ours: Record | None) -> BillFault | None:
    if ours is None:
        return BillFault.UNKNOWN_REFUND
    if ours["amount_fen"] != billed.refund_fen:
        return BillFault.WRONG_REFUND_AMOUNT
    is_unrecorded = billed.refund_status == "SUCCESS" and ours["state"] != "SUCCEEDED"
    return BillFault.UNRECORDED_REFUND if is_unrecorded else None
