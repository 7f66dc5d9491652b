"""What is true of refunds at every moment: money goes back once, to the fen, and never beyond."""

from typing import Final

from models.order import OrderAxis
from resolvers.invariant import Invariant

# A refund of a payment too much is no refund of its order: it has one part, and neither lines nor freight.
_IS_SURPLUS: Final = """exists (
    select from refund_allocation part join payment on payment.shop_id = $1 and payment.id = part.payment_id
    where part.shop_id = $1 and part.refund_id = refund.id and payment.is_surplus)"""

REFUND_INVARIANTS: Final = (
    Invariant(
        name="payment.refunds_are_its_parts",
        meaning="What of a payment is back or on its way back is what its parts of refunds say, and never beyond it.",
        prefix="pay",
        broken="""
            select payment.id from payment
            left join lateral (
                select coalesce(sum(fen), 0) as all_fen, coalesce(sum(fen) filter (where is_back), 0) as back_fen
                from (select max(amount_fen) as fen, bool_or(state = 'SUCCEEDED') as is_back from refund_allocation
                      where shop_id = $1 and payment_id = payment.id group by refund_id) each
            ) parts on true
            where payment.shop_id = $1 and (payment.refunded_fen <> parts.back_fen
                or payment.refunding_fen + payment.refunded_fen <> parts.all_fen
                or payment.refunding_fen + payment.refunded_fen > payment.amount_fen)
        """,
    ),
    Invariant(
        name="refund.part_succeeds_once",
        meaning="Of a refund, a payment gives back once: of several numbers at most one succeeded or is under way.",
        prefix="rfd",
        broken="""
            select distinct refund_id as id from refund_allocation
            where shop_id = $1 and state <> 'CLOSED' group by refund_id, payment_id having count(*) > 1
        """,
    ),
    Invariant(
        name="order.refunds_are_its_parts",
        meaning="What of an order is back has arrived; with what is on its way it is all its refunds, never beyond.",
        prefix="ord",
        broken=f"""
            select orders.id from orders
            left join lateral (
                select coalesce(sum(refund.amount_fen), 0) as all_fen, coalesce(sum((
                    select sum(amount_fen) from refund_allocation
                    where shop_id = $1 and refund_id = refund.id and state = 'SUCCEEDED')), 0) as back_fen
                from refund where refund.shop_id = $1 and refund.order_id = orders.id and not {_IS_SURPLUS}
            ) given on true
            where orders.shop_id = $1 and (orders.refunded_fen <> given.back_fen
                or orders.refunding_fen + orders.refunded_fen <> given.all_fen
                or orders.refunding_fen + orders.refunded_fen > orders.paid_fen)
        """,  # noqa: S608 - fixed words
    ),
    Invariant(
        name="order_line.refunds_are_its_shares",
        meaning="Money and pieces of a line that are back, or on their way back, are what its refunds say of it.",
        prefix="oln",
        broken="""
            select line.id from order_line line
            left join lateral (
                select coalesce(sum(back.amount_fen) filter (where refund.state = 'SUCCEEDED'), 0) as back_fen,
                       coalesce(sum(back.amount_fen) filter (where refund.state <> 'SUCCEEDED'), 0) as going_fen,
                       coalesce(sum(back.quantity) filter (where refund.state = 'SUCCEEDED'), 0) as back,
                       coalesce(sum(back.quantity) filter (where refund.state <> 'SUCCEEDED'), 0) as going
                from refund_line back join refund on refund.shop_id = $1 and refund.id = back.refund_id
                where back.shop_id = $1 and back.order_line_id = line.id
            ) given on true
            where line.shop_id = $1 and (line.refunded_fen, line.refunding_fen, line.refunded_quantity,
                line.refunding_quantity) is distinct from (given.back_fen, given.going_fen, given.back, given.going)
        """,
    ),
    Invariant(
        name="refund.is_its_lines_and_freight",
        meaning="A refund of an order is its lines and its freight, and its parts are the whole of it.",
        prefix="rfd",
        broken=f"""
            select refund.id from refund
            where refund.shop_id = $1 and (
                (not {_IS_SURPLUS} and refund.amount_fen <> refund.freight_fen + coalesce((
                    select sum(amount_fen) from refund_line where shop_id = $1 and refund_id = refund.id), 0))
                or refund.amount_fen <> coalesce((
                    select sum(fen) from (
                        select max(amount_fen) as fen from refund_allocation
                        where shop_id = $1 and refund_id = refund.id group by payment_id) each), 0))
        """,  # noqa: S608 - fixed words
    ),
    Invariant(
        name="order.freight_goes_back_once",
        meaning="No more freight goes back than an order had.",
        prefix="ord",
        broken="""
            select orders.id from orders join refund on refund.shop_id = $1 and refund.order_id = orders.id
            where orders.shop_id = $1 group by orders.id having sum(refund.freight_fen) > orders.freight_fen
        """,
    ),
    Invariant(
        name="refund.succeeds_with_its_parts",
        meaning="A refund is done exactly when money of all of it has arrived.",
        prefix="rfd",
        broken="""
            select refund.id from refund
            where refund.shop_id = $1 and (refund.state = 'SUCCEEDED') <> (refund.amount_fen = coalesce((
                select sum(amount_fen) from refund_allocation
                where shop_id = $1 and refund_id = refund.id and state = 'SUCCEEDED'), 0))
        """,
    ),
    Invariant(
        name="refund.is_being_made",
        meaning="A refund that is not done has a part that WeChat is told of or asked about, or waits for somebody.",
        prefix="rfd",
        broken="""
            select refund.id from refund
            where refund.shop_id = $1 and refund.state in ('REQUESTED', 'PROCESSING') and not exists (
                select from refund_allocation part
                where part.shop_id = $1 and part.refund_id = refund.id and part.next_attempt_at is not null)
        """,
    ),
    Invariant(
        name="reservation.returned_by_refunds",
        meaning="What came back on the shelf of a line is what its refunds put there, once.",
        broken="""
            select taken.id from (
                select min(id::text)::uuid as id, order_line_id, sum(quantity) as pieces, sum(returned) as returned
                from reservation where shop_id = $1 group by order_line_id
            ) taken
            where taken.returned <> least(taken.pieces, coalesce((
                select sum(back.quantity) from refund_line back
                join refund on refund.shop_id = $1 and refund.id = back.refund_id
                where back.shop_id = $1 and back.order_line_id = taken.order_line_id and refund.restock
                  and refund.state = 'SUCCEEDED'), 0))
        """,
    ),
    Invariant(
        name="refund.moves_stock_once",
        meaning="The moves of stock that a refund made are the pieces that it put on shelves.",
        prefix="shp",
        broken="""
            select id from shop where id = $1 and (
                select coalesce(sum(returned), 0) from reservation where shop_id = $1
            ) <> (
                select coalesce(sum(move.delta), 0) from stock_move move
                join refund on refund.shop_id = $1 and move.note = 'refund ' || replace(refund.id::text, '-', '')
                where move.shop_id = $1 and move.reason = 'RETURNED')
        """,
    ),
    Invariant(
        name="order.refund_axes_are_its_pieces_and_money",
        meaning="An order is refunded by pieces and by money as its lines and sums say, and closed with all pieces.",
        prefix="ord",
        broken="""
            select orders.id from orders
            join lateral (
                select sum(refunded_quantity) as back, sum(quantity) as pieces
                from order_line where shop_id = $1 and order_id = orders.id
            ) lines on true
            where orders.shop_id = $1 and orders.payment_status <> 'UNPAID' and (
                orders.refund_status <> case when lines.back = 0 then 'NONE' when lines.back = lines.pieces then 'ALL'
                                             else 'PARTIAL' end
                or orders.payment_status <> case
                    when orders.refunded_fen = orders.paid_fen and (orders.paid_fen > 0 or lines.back = lines.pieces)
                        then 'REFUNDED'
                    when orders.refunded_fen > 0 then 'PARTIALLY_REFUNDED' else 'PAID' end
                or (orders.status = 'CLOSED') <> (orders.refund_status = 'ALL'))
        """,
    ),
    *(
        Invariant(
            name=f"order.{axis.lower()}_axis_follows_its_history",
            meaning=f"The last step written down along the axis {axis} is where an order stands.",
            prefix="ord",
            broken=f"""
                select orders.id from orders
                where orders.shop_id = $1 and orders.{column} <> coalesce((
                    select to_value from order_change
                    where shop_id = $1 and order_id = orders.id and axis = '{axis}'
                    order by id desc limit 1), '{first}')
            """,  # noqa: S608 - fixed words
        )
        for axis, column, first in (
            (OrderAxis.PAYMENT, "payment_status", "UNPAID"),
            (OrderAxis.REFUND, "refund_status", "NONE"),
        )
    ),
)
