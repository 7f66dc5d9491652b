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
from models.payment import PaymentState
from resolvers.campaigns import OFFER_KINDS, campaigns_of
from resolvers.order_step import TOLD_COLUMNS, Step, StepBy, tell_order, write_steps
from resolvers.order_virtual import deliver_virtual
from resolvers.refund_surplus import request_surplus_refund

_OF_PAYMENT: Final = "select order_id from payment where shop_id = $1 and id = $2"
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
_HOLD_ORDER: Final = f"""
select {TOLD_COLUMNS}, order_no, total_fen, app_id, expires_at, {OFFER_KINDS.format(order_id="orders.id")}
from orders where shop_id = $1 and id = $2 for no key update
"""  # noqa: S608 - fixed words
_HOLD_PAYMENT: Final = "select state, amount_fen from payment where shop_id = $1 and id = $2 for no key update"

_SUCCEEDED: Final = """
update payment set state = 'SUCCEEDED', is_surplus = $3, transaction_id = $4,
                   payer_openid = coalesce($5, payer_openid), succeeded_at = $6, next_query_at = null, last_error = '',
                   problem = null, told_fen = null, told_at = null, updated_at = $7
where shop_id = $1 and id = $2 and state <> 'SUCCEEDED'
"""
_PAID: Final = f"""
update orders set status = 'PAID', payment_status = 'PAID', paid_fen = total_fen, paid_at = $3, version = version + 1,
                  updated_at = $4
where shop_id = $1 and id = $2 and status = 'PENDING_PAYMENT'
returning {TOLD_COLUMNS}
"""  # noqa: S608 - fixed words
# Nobody can pay twice who is not let: what else is open for the order is asked about at once, and closed.
_ASK_ABOUT_OTHERS: Final = """
update payment set next_query_at = $3 where shop_id = $1 and order_id = $2 and state in ('CREATED', 'PREPAID')
"""
_COUNT: Final = """
update customer set paid_orders = paid_orders + 1, first_paid_at = coalesce(first_paid_at, $3)
where shop_id = $1 and id = (select coalesce(merged_into, id) from customer where shop_id = $1 and id = $2)
"""

# Levels are locked in id order before anything is written, as by everybody who changes stock.
_HOLD_LEVELS: Final = """
select level.id, level.variant_id, level.location_id, held.quantity from (
    select stock_level_id, sum(quantity) as quantity from reservation
    where shop_id = $1 and order_id = $2 and state = 'HELD' group by stock_level_id
) held
join stock_level level on level.shop_id = $1 and level.id = held.stock_level_id
order by level.id for update of level
"""
_SELL: Final = """
with sold as (
    update stock_level level set on_hand = level.on_hand - wished.quantity, reserved = level.reserved - wished.quantity,
                                 figured = false, updated_at = $3
    from unnest($4::uuid[], $5::uuid[], $6::bigint[]) as wished(move_id, id, quantity)
    where level.shop_id = $1 and level.id = wished.id
    returning wished.move_id, level.variant_id, level.location_id, wished.quantity, level.on_hand
), taken as (
    update reservation set state = 'TAKEN', updated_at = $3
    where shop_id = $1 and order_id = $2 and state = 'HELD'
)
insert into stock_move (id, shop_id, variant_id, location_id, delta, on_hand_after, reason, note, created_at)
select move_id, $1, variant_id, location_id, -quantity, on_hand, 'SOLD', '', $3 from sold order by move_id
"""


class Outcome(StrEnum):
    """What a success did: paid the order, nothing for it was known, or came in beside what was owed."""

    PAID = "PAID"
    REPEATED = "REPEATED"
    SURPLUS = "SURPLUS"


@dataclass(frozen=True, slots=True)
class Success:
    """What is known of money that came: WeChat's number, who gave it, and when, on the shop's clock as `now` is."""

    payment_id: UUID
    transaction_id: str | None
    payer_openid: str | None = field(repr=False)
    paid_at: datetime
    now: datetime


async def record_success(sql: Connection, shop_id: UUID, success: Success) -> Outcome:
    """Record that a payment succeeded, inside an open transaction; merchant, app and amount were compared before.

    Raises LookupError for a payment that is not there.
    """
    order_id = await sql.fetchval(_OF_PAYMENT, shop_id, success.payment_id)
    order = await hold_order(sql, shop_id, order_id) if order_id else None
    if order is None:
        raise LookupError(success.payment_id)
    payment = await sql.fetchrow(_HOLD_PAYMENT, shop_id, success.payment_id)
    if payment["state"] == PaymentState.SUCCEEDED:
        return Outcome.REPEATED
    is_owed = order["status"] == OrderStatus.PENDING_PAYMENT and payment["amount_fen"] == order["total_fen"]
    await sql.execute(
        _SUCCEEDED,
        shop_id,
        success.payment_id,
        not is_owed,
        success.transaction_id,
        success.payer_openid,
        success.paid_at,
        success.now,
    )
    if not is_owed:
        await request_surplus_refund(sql, shop_id, success.payment_id, success.now)
        return Outcome.SURPLUS
    await mark_paid(sql, shop_id, order, success.paid_at, StepBy.system(success.now))
    return Outcome.PAID


async def hold_order(sql: Connection, shop_id: UUID, order_id: UUID) -> Record | None:
    """Lock an order's customer and the order; None when there is no such order.

    The row has TOLD_COLUMNS, order_no, total_fen, app_id, expires_at and the kinds of campaign its lines are in.
    """
    customers = await sql.fetch(_HOLD_CUSTOMER, shop_id, order_id)
    ids = {None, *(row["id"] for row in customers)}
    if any(row["merged_into"] not in ids for row in customers):
        # A merge was waited for: whoever survives it is held as well, before anything else is.
        await sql.execute(_HOLD_CUSTOMER, shop_id, order_id)
    held: Record | None = await sql.fetchrow(_HOLD_ORDER, shop_id, order_id)
    return held


async def mark_paid(sql: Connection, shop_id: UUID, order: Record, paid_at: datetime, by: StepBy) -> None:
    """Let a held order that waits for payment be paid, with all that follows, its payment being recorded already."""
    paid = await sql.fetchrow(_PAID, shop_id, order["id"], paid_at, by.now)
    await sql.execute(_COUNT, shop_id, order["customer_id"], paid_at)
    await sql.execute(_ASK_ABOUT_OTHERS, shop_id, order["id"], wall_now())
    await _sell(sql, shop_id, order["id"], by.now)
    steps = [
        Step(OrderAxis.STATUS, OrderStatus.PENDING_PAYMENT, OrderStatus.PAID),
        Step(OrderAxis.PAYMENT, PaymentStatus.UNPAID, PaymentStatus.PAID),
    ]
    await write_steps(sql, shop_id, order["id"], steps, by)
    await tell_order(sql, shop_id, "order.paid", paid)
    for campaign in campaigns_of(order["offer_kinds"]):
        await campaign.paid(sql, shop_id, order["id"], by)
    await deliver_virtual(sql, shop_id, order["id"], by)


async def _sell(sql: Connection, shop_id: UUID, order_id: UUID, now: datetime) -> None:
    """Turn what the order holds into what it has taken."""
    levels = await sql.fetch(_HOLD_LEVELS, shop_id, order_id)
    if not levels:
        return
    ids, quantities = [level["id"] for level in levels], [level["quantity"] for level in levels]
    await sql.execute(_SELL, shop_id, order_id, now, [new_id() for _ in levels], ids, quantities)
