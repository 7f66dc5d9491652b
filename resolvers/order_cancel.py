"""Cancelling orders that were not paid: by the customer, by the shop, or because the time to pay is over.

WeChat is asked and its payments are closed first, and only then is the stock set free: somebody may be paying at this
moment, and what they pay for must still be theirs. A payment that comes all the same goes back (order_paid.py).
"""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from clock import wall_now
from models.database import Connection, pool, transaction
from models.failpoint import failpoint
from models.order import CancelReason, OrderAxis, OrderStatus
from models.refusal import Refusal, RetryRefusal, UserErrorCode
from resolvers.caller import Caller
from resolvers.campaigns import OFFER_KINDS, campaigns_of
from resolvers.order_own import require_order
from resolvers.order_step import TOLD_COLUMNS, Step, StepBy, tell_order, write_steps
from resolvers.payment_query import close_payments
from resolvers.retried import retried

BATCH_ORDERS: Final = 50
_TRIES: Final = 3
_RETRY_AFTER_MS: Final = 2000

_HOLD: Final = "select status from orders where shop_id = $1 and id = $2 for no key update"
_STATUS: Final = "select status from orders where shop_id = $1 and id = $2"
# Whoever pays holds the order while a payment is opened, so none can come between this and the end.
_IS_OPEN: Final = """
select exists (select from payment where shop_id = $1 and order_id = $2 and state in ('CREATED', 'PREPAID'))
"""
_CANCEL: Final = f"""
update orders set status = 'CANCELLED', cancel_reason = $3, cancelled_at = $4, version = version + 1, updated_at = $4
where shop_id = $1 and id = $2 and status = 'PENDING_PAYMENT'
returning {TOLD_COLUMNS}, {OFFER_KINDS.format(order_id="orders.id")}
"""  # noqa: S608 - fixed words
# Levels are held in the order of their ids before any is written. What the order held is free again, once.
_RELEASE: Final = """
with held as materialized (
    select level.id, free.quantity from (
        select stock_level_id, sum(quantity) as quantity from reservation
        where shop_id = $1 and order_id = $2 and state = 'HELD' group by stock_level_id
    ) free
    join stock_level level on level.shop_id = $1 and level.id = free.stock_level_id
    order by level.id for no key update of level
), freed as (
    update stock_level level set reserved = level.reserved - held.quantity, figured = false, updated_at = $3
    from held where level.shop_id = $1 and level.id = held.id
)
update reservation set state = 'RELEASED', updated_at = $3 where shop_id = $1 and order_id = $2 and state = 'HELD'
"""

# The wall clock comes as a bind and a shop's offset is added to it. Shops on wall time are found by moment, the few
# whose clock was moved one by one. An order whose payment WeChat could not be asked about waits for the next question;
# one of whose payment WeChat says what cannot be, for a person.
_DUE: Final = """
select due.shop_id, due.id, due.now from (
    select orders.shop_id, orders.id, orders.expires_at, $1::timestamptz as now from orders
    join shop on shop.id = orders.shop_id and shop.clock_offset_ms = 0
    where orders.status = 'PENDING_PAYMENT' and orders.expires_at <= $1
      and ($2::uuid is null or orders.shop_id = $2)
    union all
    select orders.shop_id, orders.id, orders.expires_at,
           $1::timestamptz + shop.clock_offset_ms * interval '1 millisecond' as now
    from shop join orders on orders.shop_id = shop.id
    where shop.clock_offset_ms > 0 and ($2::uuid is null or shop.id = $2) and orders.status = 'PENDING_PAYMENT'
      and orders.expires_at <= $1::timestamptz + shop.clock_offset_ms * interval '1 millisecond'
) due
where not exists (
    select from payment where payment.shop_id = due.shop_id and payment.order_id = due.id
      and payment.state in ('CREATED', 'PREPAID') and payment.last_error <> ''
      and coalesce(payment.next_query_at > $1, true)
)
order by due.expires_at limit $3
"""
_NEXT: Final = (
    "select min(expires_at) from orders where shop_id = $1 and status = 'PENDING_PAYMENT' and expires_at > $2"
)


class Cancelled(StrEnum):
    """What came of it: DONE, or it was so BEFORE, somebody PAID, or something is OPEN at WeChat still."""

    DONE = "DONE"
    BEFORE = "BEFORE"
    PAID = "PAID"
    OPEN = "OPEN"


async def order_cancel(caller: Caller, order_id: UUID, reason: str = "") -> UUID:
    """Cancel an unpaid order of the caller, or as staff any; asked twice it is cancelled once. Returns the order.

    Raises Refusal NOT_FOUND, LOGIN_REQUIRED; NOT_ALLOWED when it is paid; RetryRefusal BUSY when WeChat cannot be
    asked whether somebody is paying.
    """
    async with pool().acquire() as sql:
        await require_order(sql, caller, order_id)
    why = CancelReason.MERCHANT if caller.is_staff else CancelReason.BUYER
    outcome = await close_and_cancel(caller.shop_id, order_id, why, StepBy.caller(caller, reason))
    if outcome is Cancelled.PAID:
        raise Refusal(
            UserErrorCode.NOT_ALLOWED, "订单已付款，不能取消", "The order is paid and cannot be cancelled", "orderId"
        )
    if outcome is Cancelled.OPEN:
        raise payment_under_way(*("orderId",))
    return order_id


def payment_under_way(*field: str) -> RetryRefusal:
    """Return the refusal of a step that must wait for what becomes of a payment."""
    return RetryRefusal(
        UserErrorCode.BUSY,
        "支付处理中，请稍后重试",
        "A payment is under way; try again shortly",
        *field,
        retry_after_ms=_RETRY_AFTER_MS,
    )


async def expire_orders(wall: datetime, shop_id: UUID | None) -> int:
    """Cancel every order whose time to pay is over, on its shop's clock; returns how many. Due work.

    Any number of workers may do this at once: closing a payment twice does no harm, and one of them cancels.
    """
    done = 0
    while due := await pool().fetch(_DUE, wall, shop_id, BATCH_ORDERS):
        cancelled = 0
        for row in due:
            by = StepBy.system(row["now"])
            outcome = await close_and_cancel(row["shop_id"], row["id"], CancelReason.PAY_TIMEOUT, by)
            cancelled += outcome is Cancelled.DONE
        done += cancelled
        if cancelled < len(due):
            break
    return done


async def next_expiry(shop_id: UUID, after: datetime) -> datetime | None:
    """Return the first moment after `after`, on the shop's clock, at which an order expires."""
    found: datetime | None = await pool().fetchval(_NEXT, shop_id, after)
    return found


async def waiting_expiries(shop_id: UUID) -> int:
    """Return how many orders of a shop should be cancelled by now and could be."""
    return len(await pool().fetch(_DUE, wall_now(), shop_id, BATCH_ORDERS))


async def close_and_cancel(shop_id: UUID, order_id: UUID, why: CancelReason, by: StepBy) -> Cancelled:
    """Close what is open at WeChat, then cancel in one transaction; never inside one."""
    for _try in range(_TRIES):
        if await pool().fetchval(_STATUS, shop_id, order_id) == OrderStatus.PENDING_PAYMENT:
            is_closed = await close_payments(shop_id, order_id)
        else:
            is_closed = True
        await failpoint("order.cancel.closed")
        outcome = await _cancel(shop_id, order_id, why, by)
        if outcome is not Cancelled.OPEN or not is_closed:
            return outcome
    return Cancelled.OPEN


@retried
async def _cancel(shop_id: UUID, order_id: UUID, why: CancelReason, by: StepBy) -> Cancelled:
    async with transaction() as sql:
        return await _cancel_held(sql, shop_id, order_id, why, by)


async def _cancel_held(sql: Connection, shop_id: UUID, order_id: UUID, why: CancelReason, by: StepBy) -> Cancelled:
    status = await sql.fetchval(_HOLD, shop_id, order_id)
    if status == OrderStatus.CANCELLED:
        return Cancelled.BEFORE
    if status != OrderStatus.PENDING_PAYMENT:
        return Cancelled.PAID
    if await sql.fetchval(_IS_OPEN, shop_id, order_id):
        return Cancelled.OPEN
    order = await sql.fetchrow(_CANCEL, shop_id, order_id, why, by.now)
    await sql.execute(_RELEASE, shop_id, order_id, by.now)
    step = Step(OrderAxis.STATUS, OrderStatus.PENDING_PAYMENT, OrderStatus.CANCELLED)
    await write_steps(sql, shop_id, order_id, [step], by)
    await tell_order(sql, shop_id, "order.cancelled", order)
    for campaign in campaigns_of(order["offer_kinds"]):
        await campaign.cancelled(sql, shop_id, order_id, by)
    return Cancelled.DONE
