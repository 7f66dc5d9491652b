"""What WeChat says of a payment, held against what was asked: a mismatch is an alarm, never a payment."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from asyncpg import Record
from asyncpg.exceptions import UniqueViolationError

from logs import log
from models.database import pool, transaction
from models.failpoint import failpoint
from resolvers.merchant_pay import Account
from resolvers.order_paid import Outcome, Success, record_success
from resolvers.retried import retried
from resolvers.shop_clock import shop_now
from wechat.pay_answers import Transaction

CURRENCY: Final = "CNY"

# Unique (mchid, out_trade_no), then primary keys.
_FIND: Final = """
select payment.id, payment.order_id, payment.amount_fen, payment.merchant_account_id, payment.provider_appid, app.appid,
       shop.clock_offset_ms
from payment
join wechat_app app on app.shop_id = payment.shop_id and app.id = payment.app_id
join shop on shop.id = payment.shop_id
where payment.mchid = $1 and payment.out_trade_no = $2
"""


class Verdict(StrEnum):
    """What became of WeChat's word. Whatever begins with WRONG or UNKNOWN changed nothing, and somebody must look."""

    PAID = "PAID"
    REPEATED = "REPEATED"
    SURPLUS = "SURPLUS"
    NOT_PAID = "NOT_PAID"
    UNKNOWN_NUMBER = "UNKNOWN_NUMBER"
    WRONG_ACCOUNT = "WRONG_ACCOUNT"
    WRONG_MERCHANT = "WRONG_MERCHANT"
    WRONG_APP = "WRONG_APP"
    WRONG_AMOUNT = "WRONG_AMOUNT"
    WRONG_CURRENCY = "WRONG_CURRENCY"
    WRONG_TRANSACTION = "WRONG_TRANSACTION"


MISMATCHES: Final = frozenset(verdict for verdict in Verdict if verdict.startswith(("WRONG", "UNKNOWN")))

_VERDICT: Final = {
    Outcome.PAID: Verdict.PAID,
    Outcome.REPEATED: Verdict.REPEATED,
    Outcome.SURPLUS: Verdict.SURPLUS,
}


@dataclass(frozen=True, slots=True)
class _Asked:
    """The payment that WeChat speaks of, as we asked for it."""

    id: UUID
    order_id: UUID
    appid: str
    provider_appid: str | None
    amount_fen: int
    account_id: UUID
    clock_offset_ms: int

    @classmethod
    def read(cls, row: Record) -> "_Asked":
        """Read it from its row."""
        apps = row["appid"], row["provider_appid"]
        return cls(
            row["id"], row["order_id"], *apps, row["amount_fen"], row["merchant_account_id"], row["clock_offset_ms"]
        )

    @property
    def apps(self) -> tuple[str, str | None]:
        """App and sub-app as WeChat says them: of a service provider's payment the mini-program is the sub-app."""
        return (self.provider_appid, self.appid) if self.provider_appid else (self.appid, None)


async def take_word(account: Account, told: Transaction) -> Verdict:
    """Compare what WeChat says of a payment, by notification or asked, and record it once when all is right."""
    row = await pool().fetchrow(_FIND, account.merchant.mchid, told.out_trade_no)
    asked = _Asked.read(row) if row else None
    verdict = _judged(account, told, asked)
    if verdict is None and asked is not None:
        verdict = await _recorded(account, told, asked)
    if verdict in MISMATCHES:
        log("payment_mismatch", level="error", verdict=verdict, account=account.id.hex, out_trade_no=told.out_trade_no)
    return verdict or Verdict.UNKNOWN_NUMBER


def _judged(account: Account, told: Transaction, asked: _Asked | None) -> Verdict | None:
    """Return what is wrong, or that nobody has paid; None when the word may be taken."""
    merchant = account.merchant
    if not told.is_paid:
        # Whatever else is wrong: no money came, and whoever asked goes on to close the number.
        return Verdict.NOT_PAID
    if (told.mchid, told.sub_mchid) != (merchant.mchid, merchant.sub_mchid):
        return Verdict.WRONG_MERCHANT
    if asked is None:
        return Verdict.UNKNOWN_NUMBER
    # The first that is wrong.
    faults = {
        Verdict.WRONG_ACCOUNT: asked.account_id != account.id,
        Verdict.WRONG_APP: (told.appid, told.sub_appid) != asked.apps,
        Verdict.WRONG_CURRENCY: told.currency != CURRENCY,
        Verdict.WRONG_AMOUNT: told.amount_total_fen != asked.amount_fen,
        Verdict.WRONG_TRANSACTION: not told.transaction_id,
    }
    return next((verdict for verdict, is_wrong in faults.items() if is_wrong), None)


@retried
async def _recorded(account: Account, told: Transaction, asked: _Asked) -> Verdict:
    now = shop_now(asked.clock_offset_ms)
    success = Success(asked.id, asked.order_id, told.transaction_id, told.payer_openid, told.success_time or now, now)
    try:
        async with transaction() as sql:
            outcome = await record_success(sql, account.shop_id, success)
            await failpoint("order.paid.before_commit")
    except UniqueViolationError as fault:
        if fault.constraint_name is None or "transaction_id" not in fault.constraint_name:
            raise
        # WeChat's number of another payment: nothing of this one may stand.
        return Verdict.WRONG_TRANSACTION
    return _VERDICT[outcome]
