"""Whether a customer may ask for an after-sale: pure judgement over what is known of the line and its order."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from models.after_sale import AfterSaleType
from models.order import OrderStatus
from models.refusal import LimitRefusal, Refusal, UserErrorCode

REAPPLICATIONS_MAX: Final = 3
"""So often may be asked anew for a line after a no."""


def check_allowed(facts: Mapping[str, Any], type_: AfterSaleType, quantity: int, now: datetime) -> None:
    """Raise the Refusal of an application that may not be made; `facts` are the line's, its order's and the shop's."""
    _check_order(facts, now)
    if facts["is_open"]:
        zh, en = "该商品已有进行中的售后", "An after-sale is open for this line"
        raise Refusal(UserErrorCode.TAKEN, zh, en, *("orderLineId",))
    if facts["failures"] > REAPPLICATIONS_MAX:
        zh, en = "再次申请的次数已用完", "Asked anew too often"
        raise LimitRefusal(zh, en, *("orderLineId",), limit=REAPPLICATIONS_MAX, used=facts["failures"] - 1)
    if quantity > facts["left_quantity"]:
        zh, en = "超过可申请的数量", "More pieces than are left"
        raise Refusal(UserErrorCode.OUT_OF_RANGE, zh, en, *("quantity",))
    if type_ is not AfterSaleType.REFUND and not _is_sent(facts):
        zh, en = "商品尚未全部发货，请申请仅退款", "Not all of it has been sent: ask for a refund"
        raise Refusal(UserErrorCode.NOT_ALLOWED, zh, en, *("type",))


def not_allowed_now() -> Refusal:
    """Return the refusal of a step that the after-sale does not take from where it stands."""
    return Refusal(
        UserErrorCode.NOT_ALLOWED, "当前状态不能进行此操作", "Not possible where the after-sale stands", "id"
    )


def _check_order(facts: Mapping[str, Any], now: datetime) -> None:
    if facts["status"] not in {OrderStatus.PAID, OrderStatus.COMPLETED}:
        zh, en = "订单当前状态不能申请售后", "The order is not paid, or is over"
        raise Refusal(UserErrorCode.NOT_ALLOWED, zh, en, *("orderLineId",))
    if facts["is_forming"]:
        zh, en = "拼团进行中，暂不能申请售后", "Its group is still forming"
        raise Refusal(UserErrorCode.NOT_ALLOWED, zh, en, *("orderLineId",))
    completed_at = facts["completed_at"]
    if completed_at is not None and completed_at + timedelta(days=facts["after_sale_days"]) <= now:
        zh, en = "已超过售后期限", "The time for it is over"
        raise Refusal(UserErrorCode.EXPIRED, zh, en, *("orderLineId",))


def _is_sent(facts: Mapping[str, Any]) -> bool:
    """Goods go back only from lines of which nothing is still in the house: of others the unsent pieces go first."""
    return bool(facts["requires_shipping"]) and facts["left_quantity"] <= facts["shipped_quantity"]
