"""That orders moved on, told to whose they are on all their devices, or to who asks from time to time."""

from datetime import datetime
from typing import Annotated, Final

import strawberry

from engine.declare import Following, expression, field, live, many, one, read, reads
from engine.declare import Order as Sorting
from engine.keyset import TIME
from engine.rows import Rows
from ids import decode_id
from schema.catalogue_change import After
from schema.connection import limited_rows
from schema.order import Order

NEWS_MAX: Final = 100

# Which orders there are and which version each is, with the steps of what its customer was not content with. Whatever
# moves, the cursor is another; index (shop_id, customer_id, created_at, id), or by primary key.
_STATE: Final = """
select * from (
    select encode(sha256(convert_to(coalesce(string_agg(concat_ws(':', o.id, o.version, (
               select sum(claim.version) from after_sale claim
               where claim.shop_id = o.shop_id and claim.order_id = o.id
           )), ',' order by o.id), '-'), 'UTF8')), 'hex') as cursor,
           (array_agg(o.id order by o.updated_at desc, o.id desc))[1:%d] as order_ids,
           %s as is_there
    from orders o where o.shop_id = {shop} and %s
) state where is_there
"""
_FOLLOWING: Final = Following(("order.", "after_sale.", "customer."), is_own=True, keeper="ORDERS")

OrderId = Annotated[
    strawberry.ID | None,
    strawberry.argument(description="Only this order; all of the customer who asks when left out."),
]


@reads()
@strawberry.type(
    description="The newest state of a customer's orders. Steps close together are told once; `history` of an order has"
    " them all. Told again what you have? Know it by `id` and `version`."
)
class OrderUpdate:
    """Read from the orders themselves: no list of changes is kept, so none can be lost or cut off."""

    cursor: str = field(description="Where you are now; give it as `after` when you come back. Opaque.")
    order: Order | None = field(
        one("{t}.id = {p}.order_ids[1]"),
        description="The one that moved last; the one that was asked for. Null when there is none.",
    )
    orders = limited_rows(
        many("{t}.id = any({p}.order_ids)", order=Sorting("{t}.updated_at", TIME, descending=True)),
        list[Order],
        description=f"Those that moved last, the last first; at most {NEWS_MAX}.",
    )
    at: datetime = field(expression("{now}"), description="The shop's time when this was true.")


def _order_id(text: str) -> object:
    return decode_id("ord", text)


def _newer(rows: Rows, order_id: object, after: object) -> None:
    """Take the state unless it is the one that the client has."""
    which, is_there = "o.customer_id = {viewer}", "{viewer} is not null"
    if order_id is not None:
        named = f"o.id = {rows.bind(order_id, 'uuid', _order_id)}"
        which = named if rows.statement.lifts("ORDERS") else f"{which} and {named}"
        is_there = "count(*) > 0"
    state = _STATE % (NEWS_MAX, is_there, which)
    if after is not None:
        state += f" and cursor is distinct from {rows.bind(after, 'text')}"
    rows.derive(rows.fill(state))


@strawberry.type
class OrderUpdateQuery:
    """Part of Query."""

    @read(
        one(),
        OrderUpdate | None,
        description="Whether orders of the customer who asks, or the one that is named, moved since a cursor, for"
        " clients without a socket; null when none did, for visitors, and for an order that is another's.",
    )
    def order_change(rows: Rows, order_id: OrderId = None, after: After = None) -> None:
        """Their own."""
        _newer(rows, order_id, after)


@strawberry.type
class OrderUpdateSubscription:
    """Part of Subscription."""

    @live(
        one(),
        OrderUpdate | None,
        following=_FOLLOWING,
        description="Tells that orders of the customer who asks, or the one that is named, moved: at once unless"
        " `after` is where they are, then after each step. Never null; visitors are told nothing, nor is anybody of"
        " another's order but staff with the role ORDERS, who name it. The query `orderChange` gives the same.",
    )
    def order_updated(rows: Rows, order_id: OrderId = None, after: After = None) -> None:
        """Their own."""
        _newer(rows, order_id, after)
