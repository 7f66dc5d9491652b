"""Asking for a refund: how much of what was paid goes back, written down in the transaction that decided it.

The order's row lock puts everybody in line who refunds or ships; each amount is booked by a conditional update, and
CHECKs stand behind. WeChat hears of it when that has committed (refund_send.py). PRICE_DIFFERENCE and LEADER_REWARD
name lines with no pieces: they lessen what a line can bring back, and no piece counts as refunded.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from clock import wall_now
from ids import new_id
from models.database import Connection
from models.order import OrderStatus
from models.refusal import Refusal, UserErrorCode
from resolvers.order_own import no_such_order
from resolvers.order_sending import follow_refund
from resolvers.order_step import TOLD_COLUMNS, StepBy, tell_order
from resolvers.outbox import emit_many
from resolvers.refund_complete import complete_refund
from resolvers.refund_plan import Plan, RefundWish, plan_refund, too_much

TOPIC: Final = "refund.requested"
_HOLD: Final = f"""
select {TOLD_COLUMNS}, freight_fen, paid_fen, refunding_fen, refunded_fen from orders
where shop_id = $1 and id = $2 for no key update
"""  # noqa: S608 - fixed words
_LINES: Final = """
select id, payable_fen, quantity, shipped_quantity, payable_fen - refunding_fen - refunded_fen as left_fen,
       quantity - refunding_quantity - refunded_quantity as left_quantity
from order_line where shop_id = $1 and order_id = $2 order by position
"""
_FREIGHT_GONE: Final = "select coalesce(sum(freight_fen), 0)::bigint from refund where shop_id = $1 and order_id = $2"
_PAYMENTS: Final = """
select payment.id, payment.amount_fen - payment.refunding_fen - payment.refunded_fen as left_fen,
       (select count(*) from refund_allocation part where part.shop_id = $1 and part.payment_id = payment.id) as parts
from payment
where payment.shop_id = $1 and payment.order_id = $2 and payment.state = 'SUCCEEDED' and not payment.is_surplus
order by payment.id for no key update
"""
_BOOK_ORDER: Final = f"""
update orders set refunding_fen = refunding_fen + $3, version = version + 1, updated_at = $4
where shop_id = $1 and id = $2 and refunding_fen + refunded_fen + $3 <= paid_fen returning {TOLD_COLUMNS}
"""  # noqa: S608 - fixed words
_BOOK_PAYMENTS: Final = """
update payment set refunding_fen = refunding_fen + part.fen, updated_at = $2
from unnest($3::uuid[], $4::bigint[]) as part(id, fen)
where payment.shop_id = $1 and payment.id = part.id and payment.state = 'SUCCEEDED'
  and payment.refunding_fen + payment.refunded_fen + part.fen <= payment.amount_fen
"""
_BOOK_LINES: Final = """
update order_line line set refunding_fen = line.refunding_fen + back.fen,
                           refunding_quantity = line.refunding_quantity + back.pieces
from unnest($2::uuid[], $3::int[], $4::bigint[]) as back(id, pieces, fen)
where line.shop_id = $1 and line.id = back.id and line.refunding_fen + line.refunded_fen + back.fen <= line.payable_fen
  and line.refunding_quantity + line.refunded_quantity + back.pieces <= line.quantity
"""
_REFUND: Final = """
insert into refund (id, shop_id, order_id, reason, state, amount_fen, freight_fen, restock, note, after_sale_id,
                    staff_id, created_at, updated_at)
values ($1, $2, $3, $4, 'REQUESTED', $5, $6, $7, $8, $9, $10, $11, $11)
"""
_REFUND_LINES: Final = """
insert into refund_line (id, shop_id, refund_id, order_line_id, quantity, amount_fen)
select back.id, $1, $2, back.line_id, back.pieces, back.fen
from unnest($3::uuid[], $4::uuid[], $5::int[], $6::bigint[]) as back(id, line_id, pieces, fen)
"""
# The number that WeChat knows a part by is the part's own id: it never changes, and no other ever has it.
_ALLOCATE: Final = """
insert into refund_allocation (id, shop_id, refund_id, payment_id, amount_fen, state, out_refund_no, attempts,
                               next_attempt_at, last_error, created_at, updated_at)
select part.id, $1, $2, part.payment_id, part.fen, 'REQUESTED', replace(part.id::text, '-', ''), 0, $6, '', $7, $7
from unnest($3::uuid[], $4::uuid[], $5::bigint[]) as part(id, payment_id, fen)
"""


async def request_refund(sql: Connection, shop_id: UUID, order_id: UUID, wish: RefundWish, by: StepBy) -> UUID:
    """Book a refund of a paid order inside an open transaction; returns it. What comes to nothing is done at once.

    Raises Refusal NOT_FOUND (order or line), NOT_ALLOWED (not paid, or over), OUT_OF_RANGE for more pieces or money
    than are left, BLANK when nothing is, LimitRefusal for a payment that was refunded 50 times.
    """
    order = await sql.fetchrow(_HOLD, shop_id, order_id)
    if order is None:
        raise no_such_order()
    if order["status"] not in {OrderStatus.PAID, OrderStatus.COMPLETED}:
        raise Refusal(
            UserErrorCode.NOT_ALLOWED,
            "只有已付款且未关闭的订单可以退款",
            "Only an order that is paid and not closed can be refunded",
            "orderId",
        )
    payments = await sql.fetch(_PAYMENTS, shop_id, order_id)
    lines = {row["id"]: row for row in await sql.fetch(_LINES, shop_id, order_id)}
    freight_gone = await sql.fetchval(_FREIGHT_GONE, shop_id, order_id)
    plan = plan_refund(wish, lines, payments, order["freight_fen"] - freight_gone)
    changed = await sql.fetchrow(_BOOK_ORDER, shop_id, order_id, plan.total_fen, by.now)
    if changed is None:
        raise too_much(("lines",))
    await _book(sql, shop_id, plan, by.now)
    refund_id = await _write(sql, shop_id, order_id, wish, plan, by.now)
    told = {"refundId": refund_id, "orderId": order_id, "reason": wish.reason, "amountFen": plan.total_fen}
    await emit_many(sql, shop_id, TOPIC, {refund_id: told})
    await tell_order(sql, shop_id, "order.changed", changed)
    await follow_refund(sql, shop_id, order_id, by)
    if not plan.parts:
        await complete_refund(sql, shop_id, refund_id, by)
    return refund_id


async def _book(sql: Connection, shop_id: UUID, plan: Plan, now: datetime) -> None:
    """Raise the amounts on their way. Every update is its own guard; the order is held, so each of them holds."""
    if plan.parts:
        done = await sql.execute(_BOOK_PAYMENTS, shop_id, now, list(plan.parts), list(plan.parts.values()))
        _require(done, len(plan.parts))
    if plan.backs:
        ids, pieces = [back.line_id for back in plan.backs], [back.pieces for back in plan.backs]
        done = await sql.execute(_BOOK_LINES, shop_id, ids, pieces, [back.fen for back in plan.backs])
        _require(done, len(plan.backs))


def _require(done: str, rows: int) -> None:
    if done != f"UPDATE {rows}":
        raise too_much(("lines",))


async def _write(sql: Connection, shop_id: UUID, order_id: UUID, wish: RefundWish, plan: Plan, now: datetime) -> UUID:  # noqa: PLR0913, PLR0917 - all of it is written
    refund_id, backs = new_id(), plan.backs
    about = (plan.restock, wish.note, wish.after_sale_id, wish.staff_id)
    await sql.execute(_REFUND, refund_id, shop_id, order_id, wish.reason, plan.total_fen, plan.freight_fen, *about, now)
    if backs:
        await sql.execute(
            _REFUND_LINES,
            shop_id,
            refund_id,
            [new_id() for _ in backs],
            [back.line_id for back in backs],
            [back.pieces for back in backs],
            [back.fen for back in backs],
        )
    if plan.parts:
        ids = [new_id() for _ in plan.parts]
        sums = list(plan.parts.values())
        await sql.execute(_ALLOCATE, shop_id, refund_id, ids, list(plan.parts), sums, wall_now(), now)
    return refund_id
