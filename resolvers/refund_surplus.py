"""Giving back what should not have come: a payment of an order that was paid, over or of another price by then."""

from datetime import datetime
from typing import Final
from uuid import UUID

from clock import wall_now
from ids import new_id
from models.database import Connection
from models.order import OrderStatus
from models.refund import RefundReason
from resolvers.outbox import emit_many

TOPIC: Final = "refund.requested"

# The condition is the guard: a payment that has a refund under way gets no second one. A CHECK holds the sum as well.
_BOOK: Final = """
update payment set refunding_fen = amount_fen, updated_at = $3
where shop_id = $1 and id = $2 and state = 'SUCCEEDED' and is_surplus and refunding_fen = 0 and refunded_fen = 0
returning order_id, amount_fen
"""
_STATUS: Final = "select status from orders where shop_id = $1 and id = $2"
_REFUND: Final = """
insert into refund (id, shop_id, order_id, reason, state, amount_fen, freight_fen, restock, note, staff_id,
                    created_at, updated_at)
values ($1, $2, $3, $4, 'REQUESTED', $5, 0, false, '', $6, $7, $7)
"""
_ALLOCATE: Final = """
insert into refund_allocation (id, shop_id, refund_id, payment_id, amount_fen, state, out_refund_no, attempts,
                               next_attempt_at, last_error, created_at, updated_at)
values ($1, $2, $3, $4, $5, 'REQUESTED', $6, 0, $7, '', $8, $8)
"""


async def request_surplus_refund(
    sql: Connection, shop_id: UUID, payment_id: UUID, now: datetime, staff_id: UUID | None = None
) -> UUID:
    """Have a surplus payment given back whole, inside the transaction that recorded it; returns the refund.

    The order's own money and lines are not touched: what comes back was never part of them. `now` is the shop's;
    `staff_id` says who decided it, None when nobody had to.
    Raises LookupError for a payment that is no surplus, or on its way back already.
    """
    payment = await sql.fetchrow(_BOOK, shop_id, payment_id, now)
    if payment is None:
        raise LookupError(payment_id)
    refund_id, allocation_id, amount_fen = new_id(), new_id(), payment["amount_fen"]
    status = await sql.fetchval(_STATUS, shop_id, payment["order_id"])
    reason = RefundReason.CANCEL if status == OrderStatus.CANCELLED else RefundReason.SURPLUS
    await sql.execute(_REFUND, refund_id, shop_id, payment["order_id"], reason, amount_fen, staff_id, now)
    await sql.execute(
        _ALLOCATE, allocation_id, shop_id, refund_id, payment_id, amount_fen, allocation_id.hex, wall_now(), now
    )
    told = {"refundId": refund_id, "orderId": payment["order_id"], "reason": reason, "amountFen": amount_fen}
    await emit_many(sql, shop_id, TOPIC, {refund_id: told})
    return refund_id
