"""Payments as the sandbox's WeChat Pay keeps them, and how it tells of them: in queries and in notifications."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from models.database import Connection
from wechat.sandbox.pay_time import stamp
from wechat.sandbox.people import openid_of

_DESCRIPTIONS: Final = {
    "SUCCESS": "支付成功",
    "REFUND": "订单发生过退款，退款详情请查询退款单",
    "NOTPAY": "订单未支付",
    "CLOSED": "订单已关闭",
}


@dataclass(frozen=True, slots=True)
class Payment:
    """A prepaid order and what became of it. Direct mode has no `sub_mchid`; amounts are fen."""

    id: int
    mchid: str
    sub_mchid: str
    shop_id: UUID | None
    appid: str
    sub_appid: str
    out_trade_no: str
    prepay_id: str
    transaction_id: str | None
    state: str
    total_fen: int
    paid_fen: int | None
    refunded_fen: int
    payer_appid: str
    openid: str
    payer_openid: str | None
    payer_name: str | None
    asked: dict[str, Any]
    notify_url: str
    prepay_ends_at: datetime
    ends_at: datetime
    paid_at: datetime | None

    def state_at(self, now: datetime) -> str:
        """Return the trade_state: closed too when its time is over, REFUND once any of it was given back."""
        if self.state == "NOTPAY" and self.ends_at <= now:
            return "CLOSED"
        return "REFUND" if self.refunded_fen else self.state

    def told(self, now: datetime) -> dict[str, Any]:
        """Return the payment as a query or a notification tells it."""
        state = self.state_at(now)
        said: dict[str, Any] = self.whose() | {
            "out_trade_no": self.out_trade_no,
            "trade_state": state,
            "trade_state_desc": _DESCRIPTIONS[state],
            "attach": self.asked.get("attach", ""),
            "promotion_detail": [],
        }
        amount: dict[str, Any] = {"total": self.paid_fen or self.total_fen, "currency": "CNY"}
        if self.paid_at is None:
            return said | {"amount": amount, "payer": {}}
        paid = {"payer_total": self.paid_fen, "payer_currency": "CNY"}
        return said | {
            "transaction_id": self.transaction_id,
            "trade_type": "JSAPI",
            "bank_type": "OTHERS",
            "success_time": stamp(self.paid_at),
            "payer": self._payer(),
            "amount": amount | paid,
        }

    def whose(self) -> dict[str, Any]:
        """Return the merchant and the app, by the names of the mode."""
        if not self.sub_mchid:
            return {"appid": self.appid, "mchid": self.mchid}
        sub_app = {"sub_appid": self.sub_appid} if self.sub_appid else {}
        return {"sp_appid": self.appid, "sp_mchid": self.mchid, "sub_mchid": self.sub_mchid, **sub_app}

    def _payer(self) -> dict[str, Any]:
        if not self.sub_mchid:
            return {"openid": self.payer_openid}
        apps = {"sp_openid": self.appid} | ({"sub_openid": self.sub_appid} if self.sub_appid else {})
        return {name: openid_of(appid, self.payer_name or "") for name, appid in apps.items()}


COLUMNS: Final = ", ".join(field.name for field in fields(Payment))
_SELECT = f"select {COLUMNS} from wechat_sandbox.pay_transaction"  # noqa: S608 - fixed words
# Each by a unique index.
_BY_NO = f"{_SELECT} where mchid = $1 and out_trade_no = $2 and sub_mchid = $3"
_BY_ID = f"{_SELECT} where mchid = $1 and transaction_id = $2 and sub_mchid = $3"
_BY_KEY = f"{_SELECT} where id = $1"
_BY_PREPAY = f"{_SELECT} where prepay_id = $1"


def payment_of(row: Any) -> Payment | None:  # noqa: ANN401 - a row, or None
    """Read a row that was selected by COLUMNS."""
    return Payment(**{**dict(row), "asked": orjson.loads(row["asked"])}) if row else None


async def by_out_trade_no(sql: Connection, mchid: str, sub_mchid: str, number: str) -> Payment | None:
    """Find a payment by the merchant's own number of it."""
    return payment_of(await sql.fetchrow(_BY_NO, mchid, number, sub_mchid))


async def by_transaction_id(sql: Connection, mchid: str, sub_mchid: str, number: str) -> Payment | None:
    """Find a payment by WeChat Pay's number of it."""
    return payment_of(await sql.fetchrow(_BY_ID, mchid, number, sub_mchid))


async def by_prepay_id(sql: Connection, prepay_id: str) -> Payment | None:
    """Find a payment by what the phone got."""
    return payment_of(await sql.fetchrow(_BY_PREPAY, prepay_id))


async def by_key(sql: Connection, payment_id: int) -> Payment:
    """Return the payment that another row belongs to."""
    return _certain(await sql.fetchrow(_BY_KEY, payment_id))


async def locked(sql: Connection, payment: Payment) -> Payment:
    """Take a payment's row for the rest of a transaction, and return it as it is now."""
    return _certain(await sql.fetchrow(f"{_BY_KEY} for update", payment.id))


def _certain(row: Any) -> Payment:  # noqa: ANN401 - a row
    payment = payment_of(row)
    if payment is None:
        message = "payments are never deleted"
        raise LookupError(message)
    return payment
