"""What WeChat may tell customers of: each event, when it happens, and what a message can say of it.

A campaign adds its own to MESSAGE_EVENTS (and their names to the schema's enum, which a test compares).
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from resolvers.group_buy_message import GROUP_BUY_EVENTS
from resolvers.message_kind import OF_ORDER, ORDER_FACTS, MessageEvent, Occasion
from resolvers.outbox import Event
from wechat.message_value import KeywordKind


class ValueKind(StrEnum):
    """What a value of an event is, and so under which keywords it can stand."""

    TEXT = "TEXT"
    CODE = "CODE"
    COUNT = "COUNT"
    AMOUNT = "AMOUNT"
    MOMENT = "MOMENT"


_K = KeywordKind
STANDS_UNDER: Final[Mapping[ValueKind, frozenset[KeywordKind]]] = {
    ValueKind.TEXT: frozenset({_K.THING, _K.NAME, _K.PHRASE}),
    ValueKind.CODE: frozenset({_K.CHARACTER_STRING, _K.THING}),
    ValueKind.COUNT: frozenset({_K.NUMBER, _K.CHARACTER_STRING, _K.THING}),
    ValueKind.AMOUNT: frozenset({_K.AMOUNT, _K.THING}),
    ValueKind.MOMENT: frozenset({_K.TIME, _K.DATE, _K.THING}),
}

VALUES: Final[Mapping[str, ValueKind]] = {
    "SHOP_NAME": ValueKind.TEXT,
    "ORDER_NO": ValueKind.CODE,
    "GOODS": ValueKind.TEXT,
    "ITEM_COUNT": ValueKind.COUNT,
    "TOTAL": ValueKind.AMOUNT,
    "PLACED_AT": ValueKind.MOMENT,
    "EXPIRES_AT": ValueKind.MOMENT,
    "PAID_AT": ValueKind.MOMENT,
    "SHIPPED_AT": ValueKind.MOMENT,
    "CARRIER": ValueKind.TEXT,
    "TRACKING_NO": ValueKind.CODE,
    "REFUND_AMOUNT": ValueKind.AMOUNT,
    "REFUNDED_AT": ValueKind.MOMENT,
    "AFTER_SALE_NO": ValueKind.CODE,
    "AFTER_SALE_STATUS": ValueKind.TEXT,
    "AFTER_SALE_AMOUNT": ValueKind.AMOUNT,
    "TEAM_SIZE": ValueKind.COUNT,
    "TEAM_JOINED": ValueKind.COUNT,
    "TEAM_MISSING": ValueKind.COUNT,
    "TEAM_NEWEST": ValueKind.TEXT,
    "TEAM_EXPIRES_AT": ValueKind.MOMENT,
}
"""Every value that any event has; its facts have a column of that name in small letters."""

_BY_ORDER: Final = "(select * from orders where shop_id = $1 and id = $2) o"
_REFUND_FACTS: Final = ORDER_FACTS.format(
    stands="r.state = 'SUCCEEDED'",
    more=", r.amount_fen as refund_amount, r.succeeded_at as refunded_at",
    subject="(select * from refund where shop_id = $1 and id = $2) r"
    " join orders o on o.shop_id = r.shop_id and o.id = r.order_id",
)
_STATUS_WORDS: Final[Mapping[str, str]] = {
    "APPLIED": "已申请",
    "AWAITING_RETURN": "待寄回",
    "RETURN_SHIPPED": "已寄回",
    "REFUNDING": "退款中",
    "EXCHANGE_SHIPPED": "已换货",
    "COMPLETED": "已完成",
    "REJECTED": "已拒绝",
    "RECEIVE_REFUSED": "拒绝收货",
    "CANCELLED": "已取消",
}
_AFTER_SALE_FACTS: Final = ORDER_FACTS.format(
    stands="true",
    more=", a.after_sale_no, a.amount_fen as after_sale_amount, case a.status "
    + " ".join(f"when '{status}' then '{words}'" for status, words in _STATUS_WORDS.items())
    + " end as after_sale_status",
    subject="(select * from after_sale where shop_id = $1 and id = $2) a"
    " join orders o on o.shop_id = a.shop_id and o.id = a.order_id",
)
# The customer knows of their own wish; they hear of what the shop makes of it.
_TOLD_STATUSES: Final = frozenset({"AWAITING_RETURN", "REFUNDING", "EXCHANGE_SHIPPED", "REJECTED", "RECEIVE_REFUSED"})


def _about_it(event: Event) -> list[Occasion]:
    return [Occasion(event.aggregate_id.hex, event.aggregate_id)]


def _about_after_sale(event: Event) -> list[Occasion]:
    status = str(event.payload.get("status", ""))
    is_told = status in _TOLD_STATUSES
    return [Occasion(f"{event.aggregate_id.hex} {status}", event.aggregate_id)] if is_told else []


MESSAGE_EVENTS: Final[Mapping[str, MessageEvent]] = {
    event.name: event
    for event in (
        MessageEvent(
            "ORDER_PAID",
            (*OF_ORDER, "PAID_AT"),
            ORDER_FACTS.format(stands="o.paid_at is not null", more="", subject=_BY_ORDER),
            "order.paid",
            _about_it,
        ),
        MessageEvent(
            "ORDER_SHIPPED",
            (*OF_ORDER, "PAID_AT", "SHIPPED_AT", "CARRIER", "TRACKING_NO"),
            ORDER_FACTS.format(stands="parcel.created_at is not null", more="", subject=_BY_ORDER),
            "order.shipped",
            _about_it,
        ),
        MessageEvent(
            "ORDER_EXPIRING",
            (*OF_ORDER, "EXPIRES_AT"),
            ORDER_FACTS.format(stands="o.status = 'PENDING_PAYMENT'", more="", subject=_BY_ORDER),
        ),
        MessageEvent(
            "REFUND_SUCCEEDED",
            (*OF_ORDER, "REFUND_AMOUNT", "REFUNDED_AT"),
            _REFUND_FACTS,
            "refund.succeeded",
            _about_it,
        ),
        MessageEvent(
            "AFTER_SALE_CHANGED",
            (*OF_ORDER, "AFTER_SALE_NO", "AFTER_SALE_STATUS", "AFTER_SALE_AMOUNT"),
            _AFTER_SALE_FACTS,
            "after_sale.changed",
            _about_after_sale,
        ),
        *GROUP_BUY_EVENTS,
    )
}
