"""The sandbox's own books: every movement of a merchant's money, from one account to another, only ever added to.

A payment goes from `user` to `merchant`; a refund to `refunding` when it is taken on, from there to `user` when it
arrives, back to `merchant` when it is closed.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from models.database import Connection, pool
from wechat.sandbox.pay_payments import Payment

USER: Final = "user"
MERCHANT: Final = "merchant"
REFUNDING: Final = "refunding"


class Movement(StrEnum):
    """Why money moved."""

    PAYMENT = "PAYMENT"
    REFUND = "REFUND"
    REFUND_DONE = "REFUND_DONE"
    REFUND_CLOSED = "REFUND_CLOSED"


_WAYS: Final = {
    Movement.PAYMENT: (USER, MERCHANT),
    Movement.REFUND: (MERCHANT, REFUNDING),
    Movement.REFUND_DONE: (REFUNDING, USER),
    Movement.REFUND_CLOSED: (REFUNDING, MERCHANT),
}

_BOOK = """
insert into wechat_sandbox.pay_ledger
    (at, mchid, sub_mchid, kind, debit, credit, amount_fen, transaction_id, refund_id)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
# By pay_ledger_of_merchant; a tester's merchant has at most thousands.
_BALANCE = """
select coalesce(sum(amount_fen) filter (where credit = $3), 0)
    - coalesce(sum(amount_fen) filter (where debit = $3), 0)
from wechat_sandbox.pay_ledger where mchid = $1 and ($2::text is null or sub_mchid = $2)
"""
_LIST = """
select id, at, mchid, sub_mchid, kind, debit, credit, amount_fen, transaction_id, refund_id
from wechat_sandbox.pay_ledger where mchid = $1 and ($2::text is null or sub_mchid = $2) order by id
"""


async def book(  # noqa: PLR0913 - a movement is these facts
    sql: Connection, payment: Payment, movement: Movement, fen: int, *, at: datetime, refund_id: str | None = None
) -> None:
    """Write a movement down, in the transaction of what moved it."""
    accounts = _WAYS[movement]
    whose = (payment.mchid, payment.sub_mchid)
    await sql.execute(_BOOK, at, *whose, movement, *accounts, fen, payment.transaction_id, refund_id)


async def balance(account: str, mchid: str, sub_mchid: str | None = None) -> int:
    """Return what lies in an account of a merchant, in fen; `user` is negative: what users have given."""
    fen: Any = await pool().fetchval(_BALANCE, mchid, sub_mchid, account)
    return int(fen)


async def entries(mchid: str, sub_mchid: str | None = None) -> list[dict[str, Any]]:
    """List all movements of a merchant, the oldest first."""
    return [dict(row) for row in await pool().fetch(_LIST, mchid, sub_mchid)]
