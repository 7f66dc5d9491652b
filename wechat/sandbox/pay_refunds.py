"""Refunds at the sandbox's WeChat Pay: taken on, asked about, and what becomes of them."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Final

import orjson

from models.database import Connection, pool
from wechat.sandbox.pay_faults import PayCode, PayFault
from wechat.sandbox.pay_ledger import Movement, book
from wechat.sandbox.pay_merchants import RefundStatus
from wechat.sandbox.pay_notifications import Event, queue
from wechat.sandbox.pay_payments import Payment, by_out_trade_no, by_transaction_id, locked
from wechat.sandbox.pay_time import CHINA, stamp
from wechat.sandbox.pay_wishes import RefundWish

REFUNDS_MAX: Final = 50
REFUNDABLE: Final = timedelta(days=365)
_SERIAL_DIGITS: Final = 16
_NUMBER_TAKEN: Final = "商户退款单号已存在，且退款参数与之前不一致"


@dataclass(frozen=True, slots=True)
class Way:
    """Where money goes back to, in WeChat Pay's words."""

    channel: str
    account: str


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund of a payment; `asked` is the question that made it."""

    id: int
    payment_id: int
    mchid: str
    sub_mchid: str
    out_refund_no: str
    refund_id: str
    amount_fen: int
    status: RefundStatus
    asked: dict[str, Any]
    notify_url: str
    made_at: datetime
    success_at: datetime | None
    channel: str
    received_account: str

    def told(self, payment: Payment) -> dict[str, Any]:
        """Return the refund as an answer tells it."""
        total, fen = payment.paid_fen, self.amount_fen
        amount = {"total": total, "refund": fen, "payer_total": total, "payer_refund": fen}
        amount |= {"settlement_total": total, "settlement_refund": fen, "discount_refund": 0}
        return self._named(payment) | {
            "channel": self.channel,
            "create_time": stamp(self.made_at),
            "status": self.status,
            "funds_account": "UNSETTLED",
            "amount": {**amount, "currency": "CNY"},
            "promotion_detail": [],
        }

    def notified(self, payment: Payment) -> dict[str, Any]:
        """Return the refund as a notification tells it: other names than in an answer."""
        total, fen = payment.paid_fen, self.amount_fen
        whose = {name: value for name, value in payment.whose().items() if name.endswith("mchid")}
        amount = {"total": total, "refund": fen, "payer_total": total, "payer_refund": fen}
        return whose | self._named(payment) | {"refund_status": self.status, "amount": amount}

    def _named(self, payment: Payment) -> dict[str, Any]:
        said = {
            "refund_id": self.refund_id,
            "out_refund_no": self.out_refund_no,
            "transaction_id": payment.transaction_id,
            "out_trade_no": payment.out_trade_no,
            "user_received_account": self.received_account,
        }
        return said | ({"success_time": stamp(self.success_at)} if self.success_at else {})


_COLUMNS = ", ".join(field.name for field in fields(Refund))
# Each by a unique index.
_FIND = f"""
select {_COLUMNS} from wechat_sandbox.pay_refund where mchid = $1 and out_refund_no = $2 and sub_mchid = $3
"""  # noqa: S608 - fixed words
_MAKE = f"""
insert into wechat_sandbox.pay_refund
    (payment_id, mchid, sub_mchid, out_refund_no, refund_id, amount_fen, status, asked, notify_url, made_at)
values ($1, $2, $3, $4, $5, $6, 'PROCESSING', $7::jsonb, $8, $9)
on conflict (mchid, out_refund_no) do nothing
returning {_COLUMNS}
"""  # noqa: S608 - fixed words
_COUNT = "select count(*) from wechat_sandbox.pay_refund where payment_id = $1"
_TAKEN = "update wechat_sandbox.pay_transaction set refunded_fen = refunded_fen + $2 where id = $1"
# The guard is the state it comes from: of rivals one moves it.
_MOVE = f"""
update wechat_sandbox.pay_refund set
    status = $2, success_at = $3, channel = coalesce($5, channel), received_account = coalesce($6, received_account)
where id = $1 and status = any($4::text[])
returning {_COLUMNS}
"""  # noqa: S608 - fixed words
_FROM: Final = {
    RefundStatus.SUCCESS: (RefundStatus.PROCESSING, RefundStatus.ABNORMAL),
    RefundStatus.ABNORMAL: (RefundStatus.PROCESSING,),
    RefundStatus.CLOSED: (RefundStatus.PROCESSING, RefundStatus.ABNORMAL),
    RefundStatus.PROCESSING: (RefundStatus.ABNORMAL,),
}
_MOVEMENTS: Final = {RefundStatus.SUCCESS: Movement.REFUND_DONE, RefundStatus.CLOSED: Movement.REFUND_CLOSED}


async def find_refund(sql: Connection, mchid: str, sub_mchid: str, out_refund_no: str) -> Refund | None:
    """Find a refund by the merchant's number of it."""
    return _refund(await sql.fetchrow(_FIND, mchid, out_refund_no, sub_mchid))


async def refunded_payment(sql: Connection, mchid: str, wish: RefundWish) -> Payment:
    """Find the payment that a refund names. Raises PayFault RESOURCE_NOT_EXISTS."""
    sub_mchid = wish.sub_mchid or ""
    if wish.transaction_id:
        payment = await by_transaction_id(sql, mchid, sub_mchid, wish.transaction_id)
    else:
        payment = await by_out_trade_no(sql, mchid, sub_mchid, wish.out_trade_no or "")
    if payment is None:
        raise PayFault(PayCode.RESOURCE_NOT_EXISTS, "订单不存在")
    return payment


async def take_on(payment: Payment, wish: RefundWish, asked: Mapping[str, Any], now: datetime) -> tuple[Refund, bool]:
    """Take a refund on, or return the one that has the number; whether it is new.

    Refunds of one payment stand in line on its row. Raises PayFault INVALID_REQUEST, TRADE_ERROR, NOT_ENOUGH.
    """
    async with pool().acquire() as sql, sql.transaction():
        payment = await locked(sql, payment)
        known = await find_refund(sql, payment.mchid, payment.sub_mchid, wish.out_refund_no)
        if known:
            if known.payment_id != payment.id or known.asked != asked:
                raise PayFault(PayCode.INVALID_REQUEST, _NUMBER_TAKEN)
            return known, False
        await _check(sql, payment, wish, now)
        refund_id = f"5030{now.astimezone(CHINA):%Y%m%d}{secrets.randbelow(10**_SERIAL_DIGITS):0{_SERIAL_DIGITS}d}"
        fen, told_at = wish.amount.refund, wish.notify_url or ""
        whose = (payment.id, payment.mchid, payment.sub_mchid)
        stored = orjson.dumps(asked).decode()
        row = await sql.fetchrow(_MAKE, *whose, wish.out_refund_no, refund_id, fen, stored, told_at, now)
        if row is None:
            # Of another payment, perhaps of another merchant of the same partner.
            raise PayFault(PayCode.INVALID_REQUEST, _NUMBER_TAKEN)
        await sql.execute(_TAKEN, payment.id, fen)
        await book(sql, payment, Movement.REFUND, fen, at=now, refund_id=refund_id)
    return _made(row), True


async def move(
    refund: Refund, payment: Payment, status: RefundStatus, now: datetime, way: Way | None = None
) -> tuple[Refund, int | None] | None:
    """Let a refund go on to another state, by another `way` if one is given, book it, and queue what the shop is told.

    None when it can't get there.

    The number is the notification's; None where nobody is told: a refund under way, or one without `notify_url`.
    """
    success_at = now if status is RefundStatus.SUCCESS else None
    goes = (way.channel, way.account) if way else (None, None)
    async with pool().acquire() as sql, sql.transaction():
        payment = await locked(sql, payment)
        moved = _refund(await sql.fetchrow(_MOVE, refund.id, status, success_at, list(_FROM[status]), *goes))
        if moved is None:
            return None
        if status is RefundStatus.CLOSED:
            await sql.execute(_TAKEN, payment.id, -moved.amount_fen)
        if status in _MOVEMENTS:
            await book(sql, payment, _MOVEMENTS[status], moved.amount_fen, at=now, refund_id=moved.refund_id)
        number = None
        if moved.notify_url and status is not RefundStatus.PROCESSING:
            resource = moved.notified(payment)
            told = Event(f"REFUND.{status}", moved.out_refund_no, moved.notify_url, resource, now)
            number = await queue(sql, payment, told)
    return moved, number


async def _check(sql: Connection, payment: Payment, wish: RefundWish, now: datetime) -> None:
    if payment.paid_at is None or payment.paid_fen is None:
        raise PayFault(PayCode.TRADE_ERROR, "订单未支付，不能退款")
    if wish.amount.total != payment.paid_fen:
        raise PayFault(PayCode.INVALID_REQUEST, "订单金额与支付时不一致", field="amount/total")
    if now - payment.paid_at > REFUNDABLE:
        raise PayFault(PayCode.INVALID_REQUEST, "订单已超过可退款的最大期限")
    if payment.refunded_fen + wish.amount.refund > payment.paid_fen:
        raise PayFault(PayCode.NOT_ENOUGH, "累计退款金额大于支付金额")
    if await sql.fetchval(_COUNT, payment.id) >= REFUNDS_MAX:
        raise PayFault(PayCode.INVALID_REQUEST, f"一笔订单最多退款{REFUNDS_MAX}次")


def _refund(row: Any) -> Refund | None:  # noqa: ANN401 - a row, or None
    return _made(row) if row else None


def _made(row: Any) -> Refund:  # noqa: ANN401 - a row
    stored = dict(row)
    return Refund(**{**stored, "status": RefundStatus(stored["status"]), "asked": orjson.loads(stored["asked"])})
