"""What happens when money has come: once, whoever tells it and however often.

An order that waits for payment is paid by the first success of its price. Every other success is money too much: it
is recorded and goes back; the order's state is never written anew.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from asyncpg import Record

from clock import wall_now
from ids import new_id
from models.database import Connection
from models.order import OrderAxis, OrderStatus, PaymentStatus
from resolvers.campaigns import OFFER_KINDS, campaigns_of
from resolvers.order_step import TOLD_COLUMNS, Step, StepBy, write_and_tell_steps
from resolvers.order_virtual import deliver_virtual
from resolvers.refund_surplus import request_surplus_refund

# The customer before the order: a merge of customers holds them first, in the order of their ids, and then moves their
# orders. An order that was placed under an older id just then counts for the survivor, who is held with it.
_HOLD_CUSTOMER: Final = """
select customer.id, customer.merged_into from customer
where customer.shop_id = $1 and customer.id in (
    select unnest(array[who.id, who.merged_into]) from orders
    join customer who on who.shop_id = orders.shop_id and who.id = orders.customer_id
    where orders.shop_id = $1 and orders.id = $2)
order by customer.id for no key update
"""
_ORDER: Final = f"""
select {TOLD_COLUMNS}, order_no, total_fen, app_id, expires_at, {OFFER_KINDS.format(order_id="orders.id")}
from orders where shop_id = $1 and id = $2
"""  # noqa: S608 - fixed words
_HOLD_ORDER: Final = f"{_ORDER} for no key update"
# Both in one, the customer first. No order comes when a merge was waited for: then the survivor is held before it.
_HOLD: Final = f"""
with held as materialized ({_HOLD_CUSTOMER})
{_ORDER} and (select coalesce(bool_and(merged_into is null or merged_into in (select id from held)), true) from held)
for no key update of orders
"""  # noqa: S608 - fixed words

# The guard and the lock of the payment are one: whoever comes second finds it succeeded. Whether it is what the order
# waits for is judged by the amount it has.
_SUCCEEDED: Final = """
update payment set state = 'SUCCEEDED', is_surplus = not ($8 and amount_fen = $9), transaction_id = $3,
                   payer_openid = coalesce($4, payer_openid), succeeded_at = $5, next_query_at = null, last_error = '',
                   problem = null, told_fen = null, told_at = null, updated_at = $6
where shop_id = $1 and id = $2 and order_id = $7 and state <> 'SUCCEEDED'
returning is_surplus
"""
# Nobody can pay twice who is not let: what else is open for the order is asked about at once, and closed. After the
# payments the levels of what the order holds, in id order before anything is written, as by everybody who changes
# stock.
_PAID: Final = f"""
with paid as (
    update orders set status = 'PAID', payment_status = 'PAID', paid_fen = total_fen, paid_at = $3,
                      version = version + 1, updated_at = $4
    where shop_id = $1 and id = $2 and status = 'PENDING_PAYMENT'
    returning {TOLD_COLUMNS}
), counted as (
    update customer set paid_orders = paid_orders + 1, first_paid_at = coalesce(first_paid_at, $3)
    where shop_id = $1 and id = (select coalesce(merged_into, id) from customer where shop_id = $1 and id = $5)
), others as (
    update payment set next_query_at = $6 where shop_id = $1 and order_id = $2 and state in ('CREATED', 'PREPAID')
    returning id
), held as materialized (
    select level.id from stock_level level
    where level.shop_id = $1 and (select count(*) from others) is not null and level.id in (
        select stock_level_id from reservation where shop_id = $1 and order_id = $2 and state = 'HELD')
    order by level.id for update of level
)
select paid.*, (select count(*) from held) as levels, exists (
    select from order_line where order_line.shop_id = $1 and order_line.order_id = $2 and requires_shipping
) as is_sent from paid
"""  # noqa: S608 - fixed words
# What the order holds becomes what it has taken.
_SELL: Final = """
with held as (
    select stock_level_id, sum(quantity) as quantity, row_number() over (order by stock_level_id) as place
    from reservation where shop_id = $1 and order_id = $2 and state = 'HELD' group by stock_level_id
), sold as (
    update stock_level level set on_hand = level.on_hand - held.quantity, reserved = level.reserved - held.quantity,
                                 figured = false, updated_at = $3
    from held where level.shop_id = $1 and level.id = held.stock_level_id
    returning held.place, level.variant_id, level.location_id, held.quantity, level.on_hand
), taken as (
    update reservation set state = 'TAKEN', updated_at = $3
    where shop_id = $1 and order_id = $2 and state = 'HELD'
)
insert into stock_move (id, shop_id, variant_id, location_id, delta, on_hand_after, reason, note, created_at)
select ($4::uuid[])[place], $1, variant_id, location_id, -quantity, on_hand, 'SOLD', '', $3 from sold order by place
"""


class Outcome(StrEnum):
    """What a success did: paid the order, nothing for it was known, or came in beside what was owed."""

    PAID = "PAID"
    REPEATED = "REPEATED"
    SURPLUS = "SURPLUS"


@dataclass(frozen=True, slots=True)
class Success:
    """What is known of money that came: for which order, WeChat's number, who gave it, and when by the shop's clock."""

    payment_id: UUID
    order_id: UUID
    transaction_id: str | None
    payer_openid: str | None = field(repr=False)
    paid_at: datetime
    now: datetime


async def record_success(sql: Connection, shop_id: UUID, success: Success) -> Outcome:
    """Record that a payment succeeded, inside an open transaction; merchant, app and amount were compared before.

    Raises LookupError for an order that is not there.
    """
    order = await hold_order(sql, shop_id, success.order_id)
    if order is None:
        raise LookupError(success.payment_id)
    is_surplus = await sql.fetchval(
        _SUCCEEDED,
        shop_id,
        success.payment_id,
        success.transaction_id,
        success.payer_openid,
        success.paid_at,
        success.now,
        success.order_id,
        order["status"] == OrderStatus.PENDING_PAYMENT,
        order["total_fen"],
    )
    if is_surplus is None:
        return Outcome.REPEATED
    if is_surplus:
        await request_surplus_refund(sql, shop_id, success.payment_id, success.now)
        return Outcome.SURPLUS
    await mark_paid(sql, shop_id, order, success.paid_at, StepBy.system(success.now))
    return Outcome.PAID


async def hold_order(sql: Connection, shop_id: UUID, order_id: UUID) -> Record | None:
    """Lock an order's customer and the order; None when there is no such order.

    The row has TOLD_COLUMNS, order_no, total_fen, app_id, expires_at and the kinds of campaign its lines are in.
    """
    held: Record | None = await sql.fetchrow(_HOLD, shop_id, order_id)
    if held is None:
        await sql.execute(_HOLD_CUSTOMER, shop_id, order_id)
        held = await sql.fetchrow(_HOLD_ORDER, shop_id, order_id)
    return held


async def mark_paid(sql: Connection, shop_id: UUID, order: Record, paid_at: datetime, by: StepBy) -> None:
    """Let a held order that waits for payment be paid, with all that follows, its payment being recorded already."""
    order_id = order["id"]
    paid = await sql.fetchrow(_PAID, shop_id, order_id, paid_at, by.now, order["customer_id"], wall_now())
    if paid["levels"]:
        await sql.execute(_SELL, shop_id, order_id, by.now, [new_id() for _ in range(paid["levels"])])
    steps = [
        Step(OrderAxis.STATUS, OrderStatus.PENDING_PAYMENT, OrderStatus.PAID),
        Step(OrderAxis.PAYMENT, PaymentStatus.UNPAID, PaymentStatus.PAID),
    ]
    await write_and_tell_steps(sql, shop_id, paid, steps, by, "order.paid")
    for campaign in campaigns_of(order["offer_kinds"]):
        await campaign.paid(sql, shop_id, order_id, by)
    if not paid["is_sent"]:
        await deliver_virtual(sql, shop_id, order_id, by)
