"""What the end of a team means for each seat: done for each in a transaction of its own, once, and tried until done.

A seat that is fulfilled lets its order be shipped, and what it paid above its final price goes back. One that is
refunded gets all of it back, by one refund (commerce rules 3.4: never all members in one transaction).
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from asyncpg import Record

from clock import wall_now
from logs import log
from models.database import Connection, pool, transaction
from models.failpoint import failpoint
from models.group_buy import LeaderAdvantage, SeatRole, SeatState
from models.order import OrderStatus
from models.order_hold import HoldKind
from models.refund import RefundReason
from resolvers.group_buy_paid import give_back, seat_refunded
from resolvers.group_buy_terms import terms_of
from resolvers.order_step import TOLD_COLUMNS, StepBy, tell_order
from resolvers.order_virtual import deliver_virtual
from resolvers.refund import request_refund
from resolvers.refund_plan import LineWish, RefundWish
from resolvers.retried import retried
from resolvers.rows import read_json

BATCH: Final = 50
ATTEMPTS_BEFORE_ALARM: Final = 5
BACKOFF_MAX: Final = timedelta(minutes=10)

# Partial index group_buy_seat_due (settle_at).
_DUE: Final = """
select seat.shop_id, seat.id, seat.order_id, seat.attempts,
       $1::timestamptz + shop.clock_offset_ms * interval '1 millisecond' as now
from group_buy_seat seat join shop on shop.id = seat.shop_id
where seat.settle_at <= $1 and ($2::uuid is null or seat.shop_id = $2)
order by seat.settle_at limit $3
"""
_HOLD_ORDER: Final = "select status from orders where shop_id = $1 and id = $2 for no key update"
# The order is held: whoever settles the same seat waits, and then finds it settled.
_SEAT: Final = """
select seat.id, seat.team_id, seat.group_buy_id, seat.order_id, seat.order_line_id, seat.variant_id, seat.quantity,
       seat.role, seat.state, seat.price_paid_fen, team.size, team.tier_size, team.terms,
       line.payable_fen - line.refunding_fen - line.refunded_fen as left_fen
from group_buy_seat seat
join group_buy_team team on team.shop_id = $1 and team.id = seat.team_id
join order_line line on line.shop_id = $1 and line.id = seat.order_line_id
where seat.shop_id = $1 and seat.id = $2 and seat.settle_at is not null
"""
_RELEASE_HOLD: Final = f"""
update order_hold set released_at = $3
where shop_id = $1 and order_id = $2 and kind = '{HoldKind.GROUP_FORMING}' and released_at is null
"""  # noqa: S608 - our own word
_CHANGED: Final = f"""
update orders set version = version + 1, updated_at = $3 where shop_id = $1 and id = $2 returning {TOLD_COLUMNS}
"""  # noqa: S608 - fixed words
_SETTLED: Final = """
update group_buy_seat set settle_at = null, last_error = '', price_final_fen = coalesce($4, price_final_fen),
                          refund_id = coalesce($5, refund_id), updated_at = $3
where shop_id = $1 and id = $2
"""
# What was settled stays so: by a rival, or by ourselves when only the answer to the commit got lost.
_FAILED: Final = """
update group_buy_seat set attempts = attempts + 1, last_error = $3, settle_at = $4
where shop_id = $1 and id = $2 and settle_at is not null returning attempts
"""
_WAITING: Final = "select count(*) from group_buy_seat where shop_id = $1 and settle_at is not null"


async def settle_seats(wall: datetime, shop_id: UUID | None) -> int:
    """Settle every seat that is due; returns how many were. Any number of workers may do this at once. Due work."""
    done = 0
    while due := await pool().fetch(_DUE, wall, shop_id, BATCH):
        settled = 0
        for row in due:
            settled += await _try(row)
        done += settled
        if settled < len(due):
            break
    return done


async def waiting_seats(shop_id: UUID) -> int:
    """Return how many seats of a shop are to be settled yet."""
    waiting: int = await pool().fetchval(_WAITING, shop_id)
    return waiting


async def release_hold(sql: Connection, shop_id: UUID, order_id: UUID, now: datetime) -> None:
    """Let an order no longer wait for its team."""
    await sql.execute(_RELEASE_HOLD, shop_id, order_id, now)


async def _try(due: Record) -> bool:
    """Settle one seat; what goes wrong is kept with it, and tried again later. Others go on."""
    try:
        await _settle(due["shop_id"], due["id"], due["order_id"], StepBy.system(due["now"]))
    except Exception as fault:  # noqa: BLE001 - it is kept and logged, and must not keep others from their money
        said = f"{type(fault).__name__}: {fault}"[:500]
        pause = min(timedelta(seconds=2 ** min(due["attempts"], 10)), BACKOFF_MAX)
        attempts = await pool().fetchval(_FAILED, due["shop_id"], due["id"], said, wall_now() + pause)
        if attempts is None:
            return True
        is_alarm = attempts >= ATTEMPTS_BEFORE_ALARM
        log(
            "group_buy_seat_not_settled",
            level="error" if is_alarm else "warning",
            seat=due["id"].hex,
            attempts=attempts,
            fault=said,
        )
        return False
    return True


@retried
async def _settle(shop_id: UUID, seat_id: UUID, order_id: UUID, by: StepBy) -> None:
    async with transaction() as sql:
        status = await sql.fetchval(_HOLD_ORDER, shop_id, order_id)
        seat = await sql.fetchrow(_SEAT, shop_id, seat_id)
        if seat is None:
            return
        if seat["state"] == SeatState.FULFILLING:
            await _fulfil(sql, shop_id, seat, by, is_open=status in {OrderStatus.PAID, OrderStatus.COMPLETED})
        else:
            await _give_money_back(sql, shop_id, seat, by)
        await release_hold(sql, shop_id, order_id, by.now)
        await tell_order(sql, shop_id, "order.changed", await sql.fetchrow(_CHANGED, shop_id, order_id, by.now))
        if seat["state"] == SeatState.FULFILLING:
            # What need not be sent waited for the team alone.
            await deliver_virtual(sql, shop_id, order_id, by)
        await failpoint("group_buy.settled.before_commit")


async def _fulfil(sql: Connection, shop_id: UUID, seat: Record, by: StepBy, *, is_open: bool) -> None:
    """Come to the final price; the difference and a leader's reward go back, as far as anything is left of the line."""
    terms = terms_of(seat["size"], read_json(seat["terms"]))
    is_leader = seat["role"] == SeatRole.LEADER
    final = terms.final_price(seat["variant_id"], seat["tier_size"], is_leader=is_leader)
    price_final = seat["price_paid_fen"] if final is None else min(final, seat["price_paid_fen"])
    await sql.execute(_SETTLED, shop_id, seat["id"], by.now, price_final, None)
    if not is_open:
        return
    difference = min((seat["price_paid_fen"] - price_final) * seat["quantity"], seat["left_fen"])
    await _part_back(sql, shop_id, seat, RefundReason.PRICE_DIFFERENCE, difference, by)
    if is_leader and terms.leader_advantage is LeaderAdvantage.FREE:
        await _part_back(sql, shop_id, seat, RefundReason.LEADER_REWARD, seat["left_fen"] - difference, by)


async def _part_back(  # noqa: PLR0913, PLR0917 - what, why and how much
    sql: Connection, shop_id: UUID, seat: Record, reason: RefundReason, fen: int, by: StepBy
) -> None:
    if fen > 0:
        wish = RefundWish(reason, [LineWish(seat["order_line_id"], 0, fen)], freight_fen=0, restock=False)
        await request_refund(sql, shop_id, seat["order_id"], wish, by)


async def _give_money_back(sql: Connection, shop_id: UUID, seat: Record, by: StepBy) -> None:
    """Ask for the one refund of a seat that came to nothing; its pieces are free again, here and in the offer."""
    wish = RefundWish(RefundReason.GROUP_FAILED, None, restock=True)
    refund_id = await request_refund(sql, shop_id, seat["order_id"], wish, by)
    await give_back(sql, shop_id, seat)
    await sql.execute(_SETTLED, shop_id, seat["id"], by.now, None, refund_id)
    await seat_refunded(sql, shop_id, seat["order_id"], by)
