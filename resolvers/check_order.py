"""What is true of orders, what they hold, and what they cost, at every moment."""

from typing import Final

from models.order import NEXT_STATUS
from resolvers.invariant import Invariant

_LEGAL: Final = ", ".join(
    f"('{was}', '{then}')" for was, following in NEXT_STATUS.items() for then in sorted(following)
)

ORDER_INVARIANTS: Final = (
    Invariant(
        name="order.total_is_its_parts",
        meaning="An order's total is its goods and all its adjustments; its freight is the adjustment of that kind.",
        prefix="ord",
        broken="""
            select orders.id from orders
            left join lateral (
                select coalesce(sum(amount_fen), 0) as all_fen,
                       coalesce(sum(amount_fen) filter (where kind = 'FREIGHT'), 0) as freight_fen
                from order_adjustment where shop_id = $1 and order_id = orders.id
            ) adjusted on true
            where orders.shop_id = $1 and (orders.total_fen <> orders.goods_fen + adjusted.all_fen
                                           or orders.freight_fen <> adjusted.freight_fen)
        """,
    ),
    Invariant(
        name="order.total_is_its_lines",
        meaning="An order's total is what its lines cost and freight; its goods are the pieces at their prices.",
        prefix="ord",
        broken="""
            select orders.id from orders
            left join lateral (
                select coalesce(sum(payable_fen), 0) as payable_fen, sum(quantity) as pieces,
                       coalesce(sum(price_fen * quantity), 0) as goods_fen
                from order_line where shop_id = $1 and order_id = orders.id
            ) lines on true
            where orders.shop_id = $1 and (orders.total_fen <> lines.payable_fen + orders.freight_fen
                or orders.goods_fen <> lines.goods_fen or orders.item_count <> coalesce(lines.pieces, 0))
        """,
    ),
    Invariant(
        name="order_line.price_is_its_shares",
        meaning="What a line costs is its pieces at their price and its shares of the adjustments, to the fen.",
        prefix="oln",
        broken="""
            select line.id from order_line line
            where line.shop_id = $1 and line.payable_fen <> line.price_fen * line.quantity + coalesce((
                select sum((share->>'fen')::bigint) from order_adjustment adjustment
                cross join jsonb_array_elements(adjustment.allocations) share
                where adjustment.shop_id = $1 and adjustment.order_id = line.order_id
                  and share->>'line' = line.id::text), 0)
        """,
    ),
    Invariant(
        name="order_adjustment.is_shared_whole",
        meaning="The shares of an adjustment make the whole of it; freight is on no line.",
        broken="""
            select id from order_adjustment adjustment
            where shop_id = $1 and case when kind = 'FREIGHT' then allocations <> '[]' else amount_fen <> coalesce((
                select sum((share->>'fen')::bigint) from jsonb_array_elements(allocations) share), 0) end
        """,
    ),
    Invariant(
        name="order.delivery_is_one",
        meaning="An order has exactly one delivery, and it says the order's freight.",
        prefix="ord",
        broken="""
            select orders.id from orders
            where orders.shop_id = $1 and (
                select count(*) filter (where freight_fen = orders.freight_fen) * 10 + count(*) from delivery
                where shop_id = $1 and order_id = orders.id) <> 11
        """,
    ),
    Invariant(
        name="order.status_follows_its_history",
        meaning="The last step written down along `status` is where an order stands, and every step is a legal one.",
        prefix="ord",
        broken=f"""
            select orders.id from orders
            where orders.shop_id = $1 and (
                orders.status is distinct from (
                    select to_value from order_change where shop_id = $1 and order_id = orders.id and axis = 'STATUS'
                    order by id desc limit 1)
                or exists (
                    select from order_change step where step.shop_id = $1 and step.order_id = orders.id
                      and step.axis = 'STATUS' and case when step.from_value is null
                          then step.to_value <> 'PENDING_PAYMENT'
                          else (step.from_value, step.to_value) not in ({_LEGAL}) end)
                or 1 <> (
                    select count(*) from order_change where shop_id = $1 and order_id = orders.id
                      and axis = 'STATUS' and from_value is null)
            )
        """,  # noqa: S608 - words of our own enum
    ),
    Invariant(
        name="reservation.follows_its_order",
        meaning="An unpaid order holds its stock, a cancelled one holds none, a paid one has taken it.",
        broken="""
            select reservation.id from reservation
            join orders on orders.shop_id = $1 and orders.id = reservation.order_id
            where reservation.shop_id = $1 and reservation.state <> case orders.status
                when 'PENDING_PAYMENT' then 'HELD' when 'CANCELLED' then 'RELEASED' else 'TAKEN' end
        """,
    ),
    Invariant(
        name="reservation.is_what_was_bought",
        meaning="Of a line, stock is held for all its pieces or, when its stock is not counted, for none.",
        prefix="oln",
        broken="""
            select line.id from order_line line
            join reservation on reservation.shop_id = $1 and reservation.order_line_id = line.id
            where line.shop_id = $1 group by line.id, line.quantity having sum(reservation.quantity) <> line.quantity
        """,
    ),
    Invariant(
        name="stock.reserved_is_held_by_orders",
        meaning="What is reserved at a location is what orders hold there.",
        prefix="lvl",
        broken="""
            select level.id from stock_level level
            where level.shop_id = $1 and level.reserved <> coalesce((
                select sum(quantity) from reservation
                where shop_id = $1 and stock_level_id = level.id and state = 'HELD'), 0)
        """,
    ),
    Invariant(
        name="order.is_not_over_time",
        meaning="No order waits for payment long after its time is over: five minutes are enough to ask WeChat.",
        prefix="ord",
        broken="""
            select orders.id from orders
            where orders.shop_id = $1 and orders.status = 'PENDING_PAYMENT'
              and orders.expires_at < $2::timestamptz - interval '5 minutes' and not exists (
                select from payment where payment.shop_id = $1 and payment.order_id = orders.id
                  and payment.state in ('CREATED', 'PREPAID') and payment.last_error <> '')
        """,
    ),
    Invariant(
        name="order.was_told",
        meaning="Every order that was placed was told of by an event, as long as events are kept.",
        prefix="ord",
        broken="""
            select orders.id from orders
            where orders.shop_id = $1 and orders.created_at > $2::timestamptz - interval '6 days' and not exists (
                select from outbox_event where shop_id = $1 and aggregate_id = orders.id and topic = 'order.placed')
        """,
    ),
    Invariant(
        name="customer.paid_orders_are_counted",
        meaning="A customer's count of paid orders is the number of their orders that were ever paid.",
        prefix="cus",
        broken="""
            select customer.id from customer
            where customer.shop_id = $1 and customer.merged_into is null and customer.paid_orders <> (
                select count(*) from orders
                join customer who on who.shop_id = $1 and who.id = orders.customer_id
                where orders.shop_id = $1 and orders.paid_at is not null
                  and coalesce(who.merged_into, who.id) = customer.id)
        """,
    ),
)

PAYMENT_INVARIANTS: Final = (
    Invariant(
        name="payment.one_pays_an_order",
        meaning="A paid order has exactly one payment that counts, of its total; an unpaid one has none.",
        prefix="ord",
        broken="""
            select orders.id from orders
            where orders.shop_id = $1 and case when orders.paid_at is null then 0 else 1 end <> (
                select count(*) from payment where payment.shop_id = $1 and payment.order_id = orders.id
                  and payment.state = 'SUCCEEDED' and not payment.is_surplus
                  and payment.amount_fen = orders.paid_fen)
        """,
    ),
    Invariant(
        name="payment.surplus_goes_back",
        meaning="Every payment beside what was owed is on its way back or has arrived.",
        prefix="pay",
        broken="""
            select id from payment where shop_id = $1 and is_surplus and refunding_fen + refunded_fen <> amount_fen
        """,
    ),
    Invariant(
        name="payment.wrong_money_pays_nothing",
        meaning="Money that came otherwise than it was asked for waits for somebody or goes back, and pays no order.",
        prefix="pay",
        broken="""
            select id from payment where shop_id = $1 and problem is not null and state = 'SUCCEEDED'
              and (not is_surplus or amount_fen <> told_fen)
        """,
    ),
    Invariant(
        name="payment.notifications_are_handled",
        meaning="What WeChat told was handled within an hour, or given up where a person sees it.",
        broken="""
            select id from payment_notification
            where shop_id = $1 and handled_at is null and next_attempt_at is not null
              and created_at < $3::timestamptz - interval '1 hour'
        """,
    ),
)
