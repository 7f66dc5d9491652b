"""The user's part: the pay sheet of `wx.requestPayment`, where one pays, thinks better of it, or can't."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from clock import wall_now
from models.database import pool
from wechat.sandbox.pay_keys import KeyName, keys
from wechat.sandbox.pay_ledger import Movement, book
from wechat.sandbox.pay_notifications import Event, deliver_pay_notifications, queue
from wechat.sandbox.pay_payments import COLUMNS, Payment, by_prepay_id, payment_of
from wechat.sandbox.pay_signing import is_signed
from wechat.sandbox.pay_time import CHINA, time_of
from wechat.sandbox.people import by_openid, meet

_SERIAL_DIGITS: Final = 16

# The guard and the payment are one statement, so of rivals one pays.
_PAY = f"""
update wechat_sandbox.pay_transaction set
    state = 'SUCCESS', transaction_id = $2, paid_fen = $3, payer_openid = $4, payer_name = $7, paid_at = $5
where id = $1 and state = any($6::text[])
returning {COLUMNS}
"""  # noqa: S608 - fixed words


class Outcome(StrEnum):
    """How the pay sheet ends."""

    SUCCESS = "success"
    CANCEL = "cancel"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is done at the pay sheet. `payer` is somebody else than the prepay's; `is_late` pays what is closed."""

    prepay_id: str
    outcome: Outcome = Outcome.SUCCESS
    payer: str | None = None
    amount_fen: int | None = None
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """What the page handed to `wx.requestPayment`."""

    app_id: str
    time_stamp: str
    nonce_str: str
    package: str
    pay_sign: str


async def pay(sheet: Sheet) -> dict[str, Any] | None:
    """Do what the user does, tell the shop at once, and say what came of it; None for an unknown prepay_id."""
    payment = await by_prepay_id(pool(), sheet.prepay_id)
    if payment is None:
        return None
    if sheet.outcome is not Outcome.SUCCESS:
        return _ended(payment, sheet.outcome, "cancel" if sheet.outcome is Outcome.CANCEL else "fail")
    now = await time_of(payment.shop_id)
    reason = None if sheet.is_late else _why_not(payment, now)
    done = None if reason else await _paid(payment, sheet, now)
    if done is None:
        again = await by_prepay_id(pool(), sheet.prepay_id)
        return _ended(again or payment, Outcome.FAIL, reason or "ORDER_PAID")
    paid, number = done
    await deliver_pay_notifications(wall_now(), numbers=[number])
    return _ended(paid, Outcome.SUCCESS, "ok") | {"notification": number}


async def is_request_signed(asked: SignedRequest) -> bool:
    """Whether the phone would open the pay sheet: the merchant signed the page's request, for the payer's app."""
    payment = await by_prepay_id(pool(), asked.package.removeprefix("prepay_id="))
    if payment and payment.payer_appid != asked.app_id:
        return False
    message = "".join(f"{line}\n" for line in (asked.app_id, asked.time_stamp, asked.nonce_str, asked.package))
    merchant_key = (await keys([KeyName.MERCHANT]))[KeyName.MERCHANT]
    return is_signed(message.encode(), asked.pay_sign, merchant_key)


def _why_not(payment: Payment, now: datetime) -> str | None:
    state = payment.state_at(now)
    if state == "CLOSED":
        return "ORDER_CLOSED"
    if state != "NOTPAY":
        return "ORDER_PAID"
    return "PREPAY_EXPIRED" if payment.prepay_ends_at <= now else None


async def _paid(payment: Payment, sheet: Sheet, now: datetime) -> tuple[Payment, int] | None:
    app = payment.payer_appid
    payer = await (meet(app, sheet.payer) if sheet.payer else by_openid(app, payment.openid))
    payable = ["NOTPAY", "CLOSED"] if sheet.is_late else ["NOTPAY"]
    fen = sheet.amount_fen or payment.total_fen
    transaction_id = f"4200{now.astimezone(CHINA):%Y%m%d}{secrets.randbelow(10**_SERIAL_DIGITS):0{_SERIAL_DIGITS}d}"
    async with pool().acquire() as sql, sql.transaction():
        whose = (payer.openid, now, payable, payer.name)
        paid = payment_of(await sql.fetchrow(_PAY, payment.id, transaction_id, fen, *whose))
        if paid is None:
            return None
        await book(sql, paid, Movement.PAYMENT, fen, at=now)
        told = Event("TRANSACTION.SUCCESS", paid.out_trade_no, paid.notify_url, paid.told(now), now)
        number = await queue(sql, paid, told)
    return paid, number


def _ended(payment: Payment, outcome: Outcome, said: str) -> dict[str, Any]:
    return {
        "outcome": outcome,
        "errMsg": f"requestPayment:{said if said in {'ok', 'fail'} else f'fail {said}'}",
        "reason": None if outcome is Outcome.SUCCESS else said,
        "outTradeNo": payment.out_trade_no,
        "transactionId": payment.transaction_id,
        "state": payment.state,
    }
