"""What is known of a kind of message: when it is told, to whom, and where its values come from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from resolvers.outbox import Event

OF_ORDER: Final = ("SHOP_NAME", "ORDER_NO", "GOODS", "ITEM_COUNT", "TOTAL", "PLACED_AT")
"""Values of whatever is about an order."""


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
    Where several people are to be told of one event, `people` finds them instead: a select for $1, the shop, and $2,
    what the event is about, that gives for each the `occasion` and the `subject_id`.

    `page_words` stand in a template's page for ids: word -> prefix of the id, and the fact that is one.
    """

    name: str
    values: tuple[str, ...]
    facts: str
    topic: str = ""
    occasions: Callable[[Event], list[Occasion]] = lambda _event: []
    people: str = ""
    page_words: Mapping[str, tuple[str, str]] = field(default_factory=dict)


# Unique (shop_id, id), and a few rows by index that hang from them.
ORDER_FACTS: Final = """
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
"""The facts of an order that hangs from `subject`, as `o`; with `more` columns."""
