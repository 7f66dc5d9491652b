"""What is true of parcels, of how far orders have come with them, and of what WeChat knows, at every moment."""

from typing import Final

from resolvers.invariant import Invariant
from resolvers.order_sending import PIECES_LEFT

SHIPMENT_INVARIANTS: Final = (
    Invariant(
        name="order_line.shipped_is_its_parcels",
        meaning="What was sent of a line is what its order's parcels hold of it.",
        prefix="oln",
        broken="""
            select line.id from order_line line
            where line.shop_id = $1 and line.shipped_quantity <> coalesce((
                select sum(part.quantity) from shipment_line part
                join shipment on shipment.shop_id = $1 and shipment.id = part.shipment_id
                where part.shop_id = $1 and part.order_line_id = line.id and shipment.order_id = line.order_id), 0)
        """,
    ),
    Invariant(
        name="shipment.has_lines_of_its_order",
        meaning="A parcel holds something, and only of its own order.",
        prefix="pcl",
        broken="""
            select shipment.id from shipment
            left join shipment_line part on part.shop_id = $1 and part.shipment_id = shipment.id
            left join order_line line on line.shop_id = $1 and line.id = part.order_line_id
            where shipment.shop_id = $1
            group by shipment.id having bool_or(line.order_id is distinct from shipment.order_id)
        """,
    ),
    Invariant(
        name="order_line.sent_was_not_taken_back",
        meaning="Nothing is sent beyond what was bought, less what was put back on the shelf before it could be sent.",
        prefix="oln",
        broken="""
            select line.id from order_line line
            where line.shop_id = $1 and line.shipped_quantity + coalesce((
                select sum(back.quantity) from refund_line back
                join refund on refund.shop_id = $1 and refund.id = back.refund_id
                where back.shop_id = $1 and back.order_line_id = line.id and refund.reason = 'GROUP_FAILED'
            ), 0) > line.quantity
        """,
    ),
    Invariant(
        name="order.fulfilment_is_its_pieces",
        meaning="An order of which nothing was sent is not shipped; one that is sent in part has pieces left to send;"
        " nothing is sent that was not paid.",
        prefix="ord",
        broken=f"""
            select orders.id from orders
            join (
                select order_id, sum(shipped_quantity) as sent, sum({PIECES_LEFT}) as pieces_left
                from order_line where shop_id = $1 group by order_id
            ) line on line.order_id = orders.id
            where orders.shop_id = $1 and (
                (orders.fulfilment_status = 'NOT_SHIPPED') <> (line.sent = 0)
                or (orders.fulfilment_status = 'PARTIALLY_SHIPPED' and orders.status = 'PAID' and line.pieces_left = 0)
                or (line.sent > 0 and orders.payment_status = 'UNPAID')
                or (orders.status = 'COMPLETED' and orders.fulfilment_status <> 'RECEIVED')
                or (orders.status = 'PAID' and orders.fulfilment_status = 'RECEIVED'))
        """,  # noqa: S608 - fixed words
    ),
    Invariant(
        name="order.shipped_will_be_received",
        meaning="Of an order that is on its way it is known when it left, and when it counts as received by itself.",
        prefix="ord",
        broken="""
            select id from orders
            where shop_id = $1 and status = 'PAID' and fulfilment_status = 'SHIPPED'
              and (shipped_at is null or auto_confirm_at is null or auto_confirm_at < shipped_at)
        """,
    ),
    Invariant(
        name="order.fulfilment_follows_its_history",
        meaning="The last step written down along `fulfilmentStatus` is where an order stands.",
        prefix="ord",
        broken="""
            select orders.id from orders
            where orders.shop_id = $1 and orders.fulfilment_status <> coalesce((
                select to_value from order_change where shop_id = $1 and order_id = orders.id and axis = 'FULFILMENT'
                order by id desc limit 1), 'NOT_SHIPPED')
        """,
    ),
    Invariant(
        name="shipping_upload.there_is_one",
        meaning="Of every parcel WeChat is told, when it took the money of its order.",
        prefix="ord",
        broken="""
            select payment.order_id as id from payment
            where payment.shop_id = $1 and payment.state = 'SUCCEEDED' and not payment.is_surplus
              and payment.method = 'WECHAT'
              and exists (select from shipment where shop_id = $1 and order_id = payment.order_id)
              and not exists (select from shipping_upload where shop_id = $1 and payment_id = payment.id)
        """,
    ),
    Invariant(
        name="shipping_upload.is_planned_or_done",
        meaning="WeChat is about to be told of the newest parcels, or knows of them, or a person has to look.",
        prefix="upl",
        broken="""
            select id from shipping_upload
            where shop_id = $1 and case state when 'WAITING' then next_attempt_at is null
                when 'DONE' then next_attempt_at is not null or uploaded_revision <> revision
                else next_attempt_at is not null end
        """,
    ),
    Invariant(
        name="review.is_of_a_line_that_was_received",
        meaning="Who reviews what they bought has received it, and the line knows that it was reviewed.",
        prefix="rev",
        broken="""
            select review.id from review
            join order_line line on line.shop_id = $1 and line.id = review.order_line_id
            join orders on orders.shop_id = $1 and orders.id = line.order_id
            where review.shop_id = $1 and (line.reviewed_at is null or orders.fulfilment_status <> 'RECEIVED')
        """,
    ),
)
