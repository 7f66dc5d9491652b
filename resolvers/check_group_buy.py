"""What is true of group-buys at every moment: seats are what was paid for, and each gets its outcome once."""

from typing import Final

from resolvers.invariant import Invariant

GROUP_BUY_INVARIANTS: Final = (
    Invariant(
        name="group_buy_team.counts_are_its_seats",
        meaning="A team counts its reserved, joined and virtual seats, and they are never more than it has.",
        prefix="gbt",
        broken="""
            select team.id from group_buy_team team
            left join lateral (
                select count(*) filter (where state = 'RESERVED') as reserved,
                       count(*) filter (where state in ('JOINED', 'FULFILLING') and not is_virtual) as joined,
                       count(*) filter (where is_virtual) as virtual_seats
                from group_buy_seat where shop_id = $1 and team_id = team.id
            ) seats on true
            where team.shop_id = $1 and (
                (team.reserved, team.virtual_seats) is distinct from (seats.reserved, seats.virtual_seats)
                or (team.state <> 'FAILED' and team.joined <> seats.joined)
                or team.joined + team.reserved + team.virtual_seats > team.size)
        """,
    ),
    Invariant(
        name="group_buy_team.is_led_by_a_member",
        meaning="A team that is opened, forming or successful has one leader among its seats, and it is theirs.",
        prefix="gbt",
        broken="""
            select team.id from group_buy_team team
            where team.shop_id = $1 and team.state in ('OPENING', 'FORMING', 'SUCCEEDED') and (
                select array_agg(seat.customer_id) from group_buy_seat seat
                where seat.shop_id = $1 and seat.team_id = team.id and seat.role = 'LEADER'
                  and seat.state in ('RESERVED', 'JOINED', 'FULFILLING')
            ) is distinct from array[team.leader_id]
        """,
    ),
    Invariant(
        name="group_buy_team.ends_in_time",
        meaning="A team whose time is over has ended; one whose payments cannot be asked about is waited for a little.",
        prefix="gbt",
        broken="""
            select id from group_buy_team
            where shop_id = $1 and state = 'FORMING' and expires_at + interval '10 minutes' < $2
        """,
    ),
    Invariant(
        name="group_buy_team.states_follow_their_history",
        meaning="Where a team and each seat stand is what the last step of theirs says.",
        prefix="gbt",
        broken="""
            select distinct thing.team_id as id from (
                select id as team_id, null::uuid as seat_id, state from group_buy_team where shop_id = $1
                union all
                select team_id, id, state from group_buy_seat where shop_id = $1
            ) thing
            where not exists (
                select from group_buy_change step
                where step.shop_id = $1 and step.team_id = thing.team_id
                  and step.seat_id is not distinct from thing.seat_id and step.to_state = thing.state)
        """,
    ),
    Invariant(
        name="group_buy_seat.follows_its_order",
        meaning="A reserved seat waits for its order's payment; who joined has paid; one that was let go has nothing.",
        prefix="gbs",
        broken="""
            select seat.id from group_buy_seat seat
            join orders on orders.shop_id = $1 and orders.id = seat.order_id
            where seat.shop_id = $1 and (
                (seat.state = 'RESERVED') <> (orders.status = 'PENDING_PAYMENT' and seat.state <> 'RELEASED')
                or (orders.payment_status = 'UNPAID'
                    and seat.state in ('JOINED', 'FULFILLING', 'REFUNDING', 'REFUNDED'))
                or (seat.state = 'RELEASED' and orders.status <> 'CANCELLED' and not exists (
                    select from group_buy_seat other where other.shop_id = $1 and other.order_id = seat.order_id
                      and other.state <> 'RELEASED')))
        """,
    ),
    Invariant(
        name="group_buy_seat.follows_its_team",
        meaning="Who joined waits with their team; when it has succeeded they are fulfilled, and otherwise not.",
        prefix="gbs",
        broken="""
            select seat.id from group_buy_seat seat
            join group_buy_team team on team.shop_id = $1 and team.id = seat.team_id
            where seat.shop_id = $1 and (
                (seat.state = 'JOINED' and team.state <> 'FORMING')
                or (seat.state = 'FULFILLING' and team.state <> 'SUCCEEDED'))
        """,
    ),
    Invariant(
        name="group_buy_seat.holds_its_order",
        meaning="The order of a seat may not be shipped before what became of its team was settled, and may after.",
        prefix="gbs",
        broken="""
            select seat.id from group_buy_seat seat
            where seat.shop_id = $1 and seat.order_id is not null
              and seat.state in ('JOINED', 'FULFILLING', 'REFUNDING', 'REFUNDED')
              and (seat.state = 'JOINED' or seat.settle_at is not null) <> exists (
                select from order_hold held where held.shop_id = $1 and held.order_id = seat.order_id
                  and held.kind = 'GROUP_FORMING' and held.released_at is null)
        """,
    ),
    Invariant(
        name="group_buy_seat.gets_all_back_once",
        meaning="A seat that came to nothing has one refund of all that was paid, when it is settled.",
        prefix="gbs",
        broken="""
            select seat.id from group_buy_seat seat
            join orders on orders.shop_id = $1 and orders.id = seat.order_id
            where seat.shop_id = $1 and seat.state in ('REFUNDING', 'REFUNDED') and seat.settle_at is null and (
                orders.refunding_fen + orders.refunded_fen <> orders.paid_fen
                or (select array_agg(refund.id) from refund where refund.shop_id = $1 and refund.order_id = orders.id
                    and refund.reason in ('GROUP_FAILED', 'CANCEL') and not exists (
                        select from refund_allocation part
                        join payment on payment.shop_id = $1 and payment.id = part.payment_id and payment.is_surplus
                        where part.shop_id = $1 and part.refund_id = refund.id)
                   ) is distinct from array[seat.refund_id])
        """,
    ),
    Invariant(
        name="group_buy_seat.comes_to_its_final_price",
        meaning="Of a fulfilled seat the difference to its final price went back, once, and never more.",
        prefix="gbs",
        broken="""
            select seat.id from group_buy_seat seat
            join order_line line on line.shop_id = $1 and line.id = seat.order_line_id
            left join lateral (
                select coalesce(sum(back.amount_fen), 0) as fen from refund_line back
                join refund on refund.shop_id = $1 and refund.id = back.refund_id
                where back.shop_id = $1 and back.order_line_id = line.id and refund.reason = 'PRICE_DIFFERENCE'
                  and refund.staff_id is null
            ) given on true
            where seat.shop_id = $1 and seat.state = 'FULFILLING' and seat.settle_at is null and (
                seat.price_final_fen is null
                or given.fen > (seat.price_paid_fen - seat.price_final_fen) * seat.quantity
                or (line.payable_fen >= seat.price_paid_fen * seat.quantity and line.refunded_quantity = 0
                    and line.refunding_quantity = 0
                    and given.fen <> (seat.price_paid_fen - seat.price_final_fen) * seat.quantity))
        """,
    ),
    Invariant(
        name="group_buy_seat.is_settled",
        meaning="What the end of a team means for a seat is done within the hour.",
        prefix="gbs",
        broken="""
            select seat.id from group_buy_seat seat
            where seat.shop_id = $1 and seat.settle_at is not null and seat.updated_at + interval '1 hour' < $2
        """,
    ),
    Invariant(
        name="group_buy_variant.taken_is_in_seats",
        meaning="What is taken of an offer's own stock is what seats have that did not give it back, within the stock.",
        prefix="gbv",
        broken="""
            select one.id from group_buy_variant one
            where one.shop_id = $1 and (one.taken > one.stock or one.taken <> (
                select coalesce(sum(seat.quantity), 0) from group_buy_seat seat
                where seat.shop_id = $1 and seat.group_buy_id = one.group_buy_id and seat.variant_id = one.variant_id
                  and (seat.state in ('RESERVED', 'JOINED', 'FULFILLING')
                       or (seat.state = 'REFUNDING' and seat.settle_at is not null))))
        """,
    ),
    Invariant(
        name="order_line.has_the_seat_it_names",
        meaning="A line that was bought in a group-buy names the seat that its order took.",
        prefix="oln",
        broken="""
            select line.id from order_line line
            where line.shop_id = $1 and line.offer_kind = 'GROUP_BUY' and not exists (
                select from group_buy_seat seat where seat.shop_id = $1 and seat.id = line.participation_id
                  and seat.order_line_id = line.id and seat.group_buy_id = line.offer_id)
        """,
    ),
)
