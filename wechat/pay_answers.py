"""What WeChat Pay tells of payments and refunds, as values: from answers and from notifications, which say the same.

Whatever is not known yet, a new state or a new field, breaks nothing: a state becomes UNKNOWN and keeps its word.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from wechat.pay_errors import BAD_ANSWER, PayUnknown

PayAnswer = Mapping[str, Any]


class TradeState(StrEnum):
    """Where a payment stands. Only SUCCESS and REFUND mean that money came; REFUND also that some went back."""

    NOTPAY = "NOTPAY"
    SUCCESS = "SUCCESS"
    CLOSED = "CLOSED"
    REFUND = "REFUND"
    REVOKED = "REVOKED"
    USERPAYING = "USERPAYING"
    PAYERROR = "PAYERROR"
    UNKNOWN = "UNKNOWN"

    @classmethod
    def _missing_(cls, _value: object) -> "TradeState":
        return cls.UNKNOWN


class RefundStatus(StrEnum):
    """Where a refund stands: ABNORMAL waits for the merchant, CLOSED needs a new number, UNKNOWN is asked again."""

    SUCCESS = "SUCCESS"
    PROCESSING = "PROCESSING"
    CLOSED = "CLOSED"
    ABNORMAL = "ABNORMAL"
    UNKNOWN = "UNKNOWN"

    @classmethod
    def _missing_(cls, _value: object) -> "RefundStatus":
        return cls.UNKNOWN


@dataclass(frozen=True, slots=True)
class Transaction:
    """A payment as WeChat keeps it. In partner mode `mchid` and `appid` are the service provider's own.

    The shop's number and mini-program are then `sub_mchid` and `sub_appid`; else these are None.
    """

    out_trade_no: str
    trade_state: TradeState
    said_state: str
    """WeChat's own word, also when it is new to us."""
    mchid: str
    sub_mchid: str | None
    appid: str
    sub_appid: str | None
    transaction_id: str | None
    """None until it is paid."""
    amount_total_fen: int | None
    """What was asked; None while WeChat leaves it out, before anybody opened the payment."""
    payer_total_fen: int | None
    """What the payer gave, without WeChat's own coupons."""
    currency: str | None
    payer_openid: str | None = field(repr=False)
    """In the mini-program that asked; None until it is paid."""
    success_time: datetime | None
    trade_type: str | None

    @property
    def is_paid(self) -> bool:
        """Whether money came, wherever it is now."""
        return self.trade_state in {TradeState.SUCCESS, TradeState.REFUND}


@dataclass(frozen=True, slots=True)
class RefundState:
    """A refund as WeChat keeps it: accepted is not done."""

    out_refund_no: str
    status: RefundStatus
    said_status: str
    """WeChat's own word, also when it is new to us."""
    refund_id: str
    amount_refund_fen: int
    amount_total_fen: int
    """Of the payment."""
    out_trade_no: str
    transaction_id: str
    success_time: datetime | None
    mchid: str | None
    """Said by notifications alone, as what follows."""
    sub_mchid: str | None


def transaction_in(said: PayAnswer, call: str = "notification") -> Transaction:
    """Read a payment. Raises PayUnknown when it is not as published."""
    amount, payer = _part(said, "amount"), _part(said, "payer")
    state = text_in(said, "trade_state", call)
    return Transaction(
        out_trade_no=text_in(said, "out_trade_no", call),
        trade_state=TradeState(state),
        said_state=state,
        mchid=_text(said, "mchid") or text_in(said, "sp_mchid", call),
        sub_mchid=_text(said, "sub_mchid"),
        appid=_text(said, "appid") or text_in(said, "sp_appid", call),
        sub_appid=_text(said, "sub_appid"),
        transaction_id=_text(said, "transaction_id"),
        amount_total_fen=_fen(amount, "total", call),
        payer_total_fen=_fen(amount, "payer_total", call),
        currency=_text(amount, "currency"),
        payer_openid=_text(payer, "openid") or _text(payer, "sub_openid") or _text(payer, "sp_openid"),
        success_time=_moment(said, "success_time", call),
        trade_type=_text(said, "trade_type"),
    )


def refund_in(said: PayAnswer, call: str = "notification") -> RefundState:
    """Read a refund; a notification says `refund_status` for `status`. Raises PayUnknown when not as published."""
    amount = _part(said, "amount")
    refund_fen, total_fen = _fen(amount, "refund", call), _fen(amount, "total", call)
    if refund_fen is None or total_fen is None:
        raise PayUnknown(call, BAD_ANSWER)
    status = _text(said, "status") or text_in(said, "refund_status", call)
    return RefundState(
        out_refund_no=text_in(said, "out_refund_no", call),
        status=RefundStatus(status),
        said_status=status,
        refund_id=text_in(said, "refund_id", call),
        amount_refund_fen=refund_fen,
        amount_total_fen=total_fen,
        out_trade_no=text_in(said, "out_trade_no", call),
        transaction_id=text_in(said, "transaction_id", call),
        success_time=_moment(said, "success_time", call),
        mchid=_text(said, "mchid") or _text(said, "sp_mchid"),
        sub_mchid=_text(said, "sub_mchid"),
    )


def text_in(said: PayAnswer, name: str, call: str) -> str:
    """Return a text that must be there. Raises PayUnknown."""
    found = _text(said, name)
    if found is None:
        raise PayUnknown(call, BAD_ANSWER)
    return found


def _text(said: PayAnswer, name: str) -> str | None:
    value = said.get(name)
    return value if isinstance(value, str) and value else None


def _part(said: PayAnswer, name: str) -> PayAnswer:
    value = said.get(name)
    return value if isinstance(value, dict) else {}


def _fen(said: PayAnswer, name: str, call: str) -> int | None:
    value = said.get(name)
    if value is None:
        return None
    # True is an int to Python, and no money.
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise PayUnknown(call, BAD_ANSWER)
    return value


def _moment(said: PayAnswer, name: str, call: str) -> datetime | None:
    text = _text(said, name)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise PayUnknown(call, BAD_ANSWER) from None
    if moment.tzinfo is None:
        raise PayUnknown(call, BAD_ANSWER)
    return moment
