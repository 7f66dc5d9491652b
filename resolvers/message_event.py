"""What WeChat may tell customers of: each event, when it happens, and what a message can say of it.

A campaign adds its own by one more line in MESSAGE_EVENTS (and its name to the schema's enum, which a test compares).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

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
}
"""Every value that any event has; its facts have a column of that name in small letters."""

_OF_ORDER: Final = ("SHOP_NAME", "ORDER_NO", "GOODS", "ITEM_COUNT", "TOTAL", "PLACED_AT")


@dataclass(frozen=True, slots=True)
class Occasion:
    """One time that an event happens: told once for each `name`, about the row `subject_id`."""

    name: str
    subject_id: UUID


@dataclass(frozen=True, slots=True)
class MessageEvent:
    """An event. `facts` is a select of at most one row for $1, the shop, and $2, the subject.

    It says whom to tell (customer_id, app_id, order_id), whether that is so still (`stands`), and each of `values`.
    `occasions` finds it in events of the outbox whose topic begins with `topic`; empty for what due work brings about.
    """

    name: str
    values: tuple[str, ...]
    facts: str
    topic: str = ""
    occasions: Callable[[Event], list[Occasion]] = lambda _event: []


# Unique (shop_id, id), and a few rows by index that hang from them.
_ORDER: Final = """
select o.customer_id, o.app_id, o.id as order_id, {stands} as stands, shop.name as shop_name, o.order_no,
       (select l.title || case when o.item_count > l.quantity then '等' || o.item_count || '件' else '' end
        from order_line l where l.shop_id = o.shop_id and l.order_id = o.id order by l.position limit 1) as goods,
       o.item_count, o.total_fen as total, o.created_at as placed_at, o.expires_at, o.paid_at,
       coalesce(o.shipped_at, parcel.created_at) as shipped_at, parcel.carrier, parcel.tracking_no{more}
from {subject} join shop on shop.id = o.shop_id
left join lateral (
    select p.created_at, p.tracking_no, coalesce(c.name, '') as carrier
    from shipment p left join carrier c on c.code = p.carrier_code
    where p.shop_id = o.shop_id and p.order_id = o.id order by p.created_at desc, p.id desc limit 1
) parcel on true
"""
_BY_ORDER: Final = "(select * from orders where shop_id = $1 and id = $2) o"
_REFUND_FACTS: Final = _ORDER.format(
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
_AFTER_SALE_FACTS: Final = _ORDER.format(
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
            (*_OF_ORDER, "PAID_AT"),
            _ORDER.format(stands="o.paid_at is not null", more="", subject=_BY_ORDER),
            "order.paid",
            _about_it,
        ),
        MessageEvent(
            "ORDER_SHIPPED",
            (*_OF_ORDER, "PAID_AT", "SHIPPED_AT", "CARRIER", "TRACKING_NO"),
            _ORDER.format(stands="parcel.created_at is not null", more="", subject=_BY_ORDER),
            "order.shipped",
            _about_it,
        ),
        MessageEvent(
            "ORDER_EXPIRING",
            (*_OF_ORDER, "EXPIRES_AT"),
            _ORDER.format(stands="o.status = 'PENDING_PAYMENT'", more="", subject=_BY_ORDER),
        ),
        MessageEvent(
            "REFUND_SUCCEEDED",
            (*_OF_ORDER, "REFUND_AMOUNT", "REFUNDED_AT"),
            _REFUND_FACTS,
            "refund.succeeded",
            _about_it,
        ),
        MessageEvent(
            "AFTER_SALE_CHANGED",
            (*_OF_ORDER, "AFTER_SALE_NO", "AFTER_SALE_STATUS", "AFTER_SALE_AMOUNT"),
            _AFTER_SALE_FACTS,
            "after_sale.changed",
            _about_after_sale,
        ),
    )
}
