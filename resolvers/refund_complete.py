"""What follows when the money of a refund has arrived: once, inside the transaction that holds the order.

The order's money moves with each payment's part (refund_settle.py); lines, stock, axes and an after-sale move here,
when the last part is there. A surplus refund touches none of it.
"""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from asyncpg import Record

from ids import new_id
from models.after_sale import AfterSaleStatus
from models.database import Connection
from models.order import OrderAxis, OrderStatus, PaymentStatus, RefundStatus
from resolvers.after_sale_step import AfterSaleStep, step_after_sale
from resolvers.campaigns import OFFER_KINDS, campaigns_of
from resolvers.order_step import TOLD_COLUMNS, Step, StepBy, tell_order, write_steps
from resolvers.outbox import emit_many

TOPIC: Final = "refund.succeeded"
_TOLD: Final = {"refundId": "id", "orderId": "order_id", "reason": "reason", "amountFen": "amount_fen"}

_SUCCEEDED: Final = f"""
update refund set state = 'SUCCEEDED', succeeded_at = $3, updated_at = $3
where shop_id = $1 and id = $2 and state <> 'SUCCEEDED'
returning id, order_id, reason, amount_fen, restock, after_sale_id, {OFFER_KINDS.format(order_id="refund.order_id")}
"""  # noqa: S608 - fixed words
_IS_OF_ORDER: Final = """
select not exists (
    select from refund_allocation part
    join payment on payment.shop_id = $1 and payment.id = part.payment_id
    where part.shop_id = $1 and part.refund_id = $2 and payment.is_surplus
)
"""
_LINES: Final = """
update order_line line
set refunding_fen = line.refunding_fen - back.amount_fen, refunded_fen = line.refunded_fen + back.amount_fen,
    refunding_quantity = line.refunding_quantity - back.quantity,
    refunded_quantity = line.refunded_quantity + back.quantity
from refund_line back
where back.shop_id = $1 and back.refund_id = $2 and line.shop_id = $1 and line.id = back.order_line_id
"""
# Pieces of all lines, gone and there; a line without stock of its own has no reservation and nothing to put back.
_COUNT: Final = """
select sum(refunded_quantity) as back, sum(quantity) as all_pieces from order_line where shop_id = $1 and order_id = $2
"""
_STANDS: Final = f"select {TOLD_COLUMNS}, paid_fen, refunded_fen from orders where shop_id = $1 and id = $2"  # noqa: S608 - fixed
_MOVE: Final = f"""
update orders set status = $3, payment_status = $4, refund_status = $5, version = version + 1, updated_at = $7,
                  closed_at = case when $6 then $7 else closed_at end,
                  auto_confirm_at = case when $6 then null else auto_confirm_at end
where shop_id = $1 and id = $2 returning {TOLD_COLUMNS}
"""  # noqa: S608 - fixed words
# Levels are held in the order of their ids before anything is written, as by everybody who changes stock.
_TO_SHELVES: Final = """
with shares as materialized (
    select taken.id, taken.stock_level_id, least(
        taken.quantity - taken.returned,
        back.quantity - coalesce(sum(taken.quantity - taken.returned) over (
            partition by taken.order_line_id order by taken.id rows between unbounded preceding and 1 preceding), 0)
    )::int as pieces
    from refund_line back
    join reservation taken
        on taken.shop_id = $1 and taken.order_line_id = back.order_line_id and taken.state = 'TAKEN'
    where back.shop_id = $1 and back.refund_id = $2
)
select shares.id, shares.stock_level_id, shares.pieces
from shares join stock_level level on level.shop_id = $1 and level.id = shares.stock_level_id
where shares.pieces > 0 order by level.id for update of level
"""
_PUT_BACK: Final = """
with given as (
    select * from unnest($4::uuid[], $5::uuid[], $6::uuid[], $7::int[])
    with ordinality as given(reservation_id, level_id, move_id, pieces, position)
), marked as (
    update reservation taken set returned = taken.returned + given.pieces, updated_at = $3
    from given where taken.shop_id = $1 and taken.id = given.reservation_id and taken.state = 'TAKEN'
), stocked as (
    update stock_level level set on_hand = level.on_hand + given.pieces, figured = false, updated_at = $3
    from (select level_id, sum(pieces) as pieces from given group by level_id) given
    where level.shop_id = $1 and level.id = given.level_id
    returning level.id, level.variant_id, level.location_id, level.on_hand
)
insert into stock_move (id, shop_id, variant_id, location_id, delta, on_hand_after, reason, note, created_at)
select given.move_id, $1, stocked.variant_id, stocked.location_id, given.pieces,
       stocked.on_hand - coalesce(sum(given.pieces) over (
           partition by stocked.id order by given.position rows between 1 following and unbounded following), 0),
       'RETURNED', $2, $3
from given join stocked on stocked.id = given.level_id order by given.position
"""


async def complete_refund(sql: Connection, shop_id: UUID, refund_id: UUID, by: StepBy) -> None:
    """Let a refund count as done, once: the order is held by the caller, its money has been moved."""
    refund = await sql.fetchrow(_SUCCEEDED, shop_id, refund_id, by.now)
    if refund is None:
        return
    told = {name: refund[column] for name, column in _TOLD.items()}
    await emit_many(sql, shop_id, TOPIC, {refund_id: told})
    if not await sql.fetchval(_IS_OF_ORDER, shop_id, refund_id):
        return
    # Levels first: a line written before in this transaction takes hold of its product when it is written again.
    if refund["restock"]:
        await _restock(sql, shop_id, refund_id, by.now)
    await sql.execute(_LINES, shop_id, refund_id)
    await _move_order(sql, shop_id, refund["order_id"], by)
    if refund["after_sale_id"] is not None:
        step = AfterSaleStep(AfterSaleStatus.REFUNDING, AfterSaleStatus.COMPLETED)
        await step_after_sale(sql, shop_id, refund["after_sale_id"], step, by)
    for campaign in campaigns_of(refund["offer_kinds"]):
        await campaign.refunded(sql, shop_id, refund["order_id"], by)


async def _restock(sql: Connection, shop_id: UUID, refund_id: UUID, now: datetime) -> None:
    """Put what came back on the shelf it was taken from; never more than was taken and is not back yet."""
    rows = await sql.fetch(_TO_SHELVES, shop_id, refund_id)
    if not rows:
        return
    await sql.execute(
        _PUT_BACK,
        shop_id,
        f"refund {refund_id.hex}",
        now,
        [row["id"] for row in rows],
        [row["stock_level_id"] for row in rows],
        [new_id() for _ in rows],
        [row["pieces"] for row in rows],
    )


async def _move_order(sql: Connection, shop_id: UUID, order_id: UUID, by: StepBy) -> None:
    """Bring the axes to where pieces and money stand now."""
    order = await sql.fetchrow(_STANDS, shop_id, order_id)
    pieces = await sql.fetchrow(_COUNT, shop_id, order_id)
    refund_status = _refund_status(pieces)
    is_over = refund_status is RefundStatus.ALL and order["status"] in {OrderStatus.PAID, OrderStatus.COMPLETED}
    stands = {
        OrderAxis.STATUS: str(OrderStatus.CLOSED) if is_over else order["status"],
        OrderAxis.PAYMENT: str(_payment_status(order, refund_status)),
        OrderAxis.REFUND: str(refund_status),
    }
    stood = {
        OrderAxis.STATUS: order["status"],
        OrderAxis.PAYMENT: order["payment_status"],
        OrderAxis.REFUND: order["refund_status"],
    }
    steps = [Step(axis, stood[axis], value) for axis, value in stands.items() if value != stood[axis]]
    moved = await sql.fetchrow(_MOVE, shop_id, order_id, *stands.values(), is_over, by.now)
    await write_steps(sql, shop_id, order_id, steps, by)
    await tell_order(sql, shop_id, "order.refunded", moved)
    if is_over:
        await tell_order(sql, shop_id, "order.closed", moved)


def _refund_status(pieces: Record) -> RefundStatus:
    if not pieces["back"]:
        return RefundStatus.NONE
    return RefundStatus.ALL if pieces["back"] == pieces["all_pieces"] else RefundStatus.PARTIAL


def _payment_status(order: Record, refund_status: RefundStatus) -> PaymentStatus:
    """What cost nothing is refunded when all of it is back."""
    is_whole = order["refunded_fen"] == order["paid_fen"]
    if is_whole and (order["paid_fen"] or refund_status is RefundStatus.ALL):
        return PaymentStatus.REFUNDED
    some: Any = order["refunded_fen"]
    return PaymentStatus.PARTIALLY_REFUNDED if some else PaymentStatus(order["payment_status"])
