"""Leaving a team: before paying the order is cancelled, after it the money goes back, while the team is forming.

When the leader leaves, whoever has been in it longest leads; a team that nobody is left in has failed.
"""

from typing import Any, Final
from uuid import UUID

from asyncpg import Record

from models.database import Connection, pool
from models.group_buy import SeatState, TeamState
from models.order import CancelReason
from models.refund import RefundReason
from models.refusal import Refusal, UserErrorCode
from resolvers.caller import Caller
from resolvers.group_buy_paid import give_back, seat_refunded
from resolvers.group_buy_settle import release_hold
from resolvers.group_buy_step import TEAM_COLUMNS, TeamStep, fail, hold_team, tell_team, write_team_steps
from resolvers.idempotency import done_before, once
from resolvers.order_cancel import Cancelled, close_and_cancel, payment_under_way
from resolvers.order_step import StepBy
from resolvers.placement import login_required
from resolvers.refund import request_refund
from resolvers.refund_plan import RefundWish

MUTATION: Final = "groupBuyTeamLeave"

# The newest seat of a person in a team; who has left already has left.
_SEAT: Final = """
select id, team_id, group_buy_id, customer_id, order_id, variant_id, quantity, state from group_buy_seat
where shop_id = $1 and team_id = $2 and customer_id = $3 order by created_at desc, id desc limit 1
"""
_HOLD_ORDER: Final = "select 1 from orders where shop_id = $1 and id = $2 for no key update"
_STATE: Final = "select state from group_buy_seat where shop_id = $1 and id = $2"
_LEAVE_SEAT: Final = """
update group_buy_seat set state = 'REFUNDING', refund_id = $4, ended_at = $3, updated_at = $3
where shop_id = $1 and id = $2 and state = 'JOINED' returning role
"""
_LEAVE_TEAM: Final = f"""
update group_buy_team set joined = joined - 1, version = version + 1, updated_at = $3
where shop_id = $1 and id = $2 and state = 'FORMING' and joined > 0 returning {TEAM_COLUMNS}
"""  # noqa: S608 - fixed words
# Whoever joined first of those who are left.
_LEAD: Final = f"""
with next as (
    update group_buy_seat set role = 'LEADER', updated_at = $3
    where shop_id = $1 and id = (select id from group_buy_seat where shop_id = $1 and team_id = $2 and state = 'JOINED'
                                 order by joined_at, id limit 1)
    returning customer_id
)
update group_buy_team set leader_id = next.customer_id, updated_at = $3 from next
where shop_id = $1 and id = $2 returning {TEAM_COLUMNS}
"""  # noqa: S608 - fixed words


async def group_buy_team_leave(caller: Caller, team_id: UUID, key: str) -> UUID:
    """Give the caller's seat in a team up, once for this key; returns the team.

    Raises Refusal LOGIN_REQUIRED, NOT_FOUND for a team one has no seat in, NOT_ALLOWED when the team has succeeded;
    RetryRefusal BUSY while a payment is under way.
    """
    if caller.viewer_id is None:
        raise login_required()
    # Asked again after a lost answer, it must not give up a seat that was taken since.
    if left := await done_before(caller, MUTATION, key, team_id):
        return UUID(left)
    seat = await pool().fetchrow(_SEAT, caller.shop_id, team_id, caller.viewer_id)
    if seat is not None and seat["state"] == SeatState.RESERVED:
        await _cancel(caller, seat["order_id"])

    async def leave(sql: Connection) -> UUID:
        seat = await sql.fetchrow(_SEAT, caller.shop_id, team_id, caller.viewer_id)
        if seat is None:
            raise Refusal(UserErrorCode.NOT_FOUND, "您不在该团中", "You are not in this team", "teamId")
        if seat["state"] == SeatState.JOINED:
            await _leave_paid(sql, caller, seat)
        elif seat["state"] == SeatState.FULFILLING:
            raise _too_late()
        elif seat["state"] == SeatState.RESERVED:
            raise payment_under_way(*("teamId",))
        return team_id

    return UUID(await once(caller, MUTATION, key, team_id, leave))


async def _cancel(caller: Caller, order_id: UUID) -> None:
    """Cancel the order of a seat that was not paid; paid in this moment, it is left as a paid one."""
    outcome = await close_and_cancel(caller.shop_id, order_id, CancelReason.BUYER, StepBy.caller(caller))
    if outcome is Cancelled.OPEN:
        raise payment_under_way(*("teamId",))


async def _leave_paid(sql: Connection, caller: Caller, seat: Record) -> None:
    """Order first, then what it took of the offer, then the team: as everybody takes them."""
    shop_id, by = caller.shop_id, StepBy.caller(caller)
    await sql.execute(_HOLD_ORDER, shop_id, seat["order_id"])
    # Whoever held the order before us may have refunded it: by another leaving, or because the team failed.
    if await sql.fetchval(_STATE, shop_id, seat["id"]) in {SeatState.REFUNDING, SeatState.REFUNDED}:
        return
    wish = RefundWish(RefundReason.CANCEL, None, restock=True)
    refund_id = await request_refund(sql, shop_id, seat["order_id"], wish, by)
    await release_hold(sql, shop_id, seat["order_id"], by.now)
    await give_back(sql, shop_id, seat)
    team = await hold_team(sql, shop_id, seat["team_id"])
    if team["state"] != TeamState.FORMING:
        raise _too_late()
    left = await sql.fetchrow(_LEAVE_SEAT, shop_id, seat["id"], by.now, refund_id)
    if left is None:
        raise _too_late()
    team = await sql.fetchrow(_LEAVE_TEAM, shop_id, team["id"], by.now)
    step = TeamStep(SeatState.JOINED, SeatState.REFUNDING, seat["id"])
    await write_team_steps(sql, shop_id, team["id"], [step], by)
    await seat_refunded(sql, shop_id, seat["order_id"], by)
    await tell_team(sql, shop_id, await _without(sql, shop_id, team, by, led=team["leader_id"] == seat["customer_id"]))


async def _without(sql: Connection, shop_id: UUID, team: Record, by: StepBy, *, led: bool) -> Any:  # noqa: ANN401 - a row
    """Let the team go on without somebody."""
    if team["joined"] == 0:
        return await fail(sql, shop_id, team["id"], by)
    return await sql.fetchrow(_LEAD, shop_id, team["id"], by.now) if led else team


def _too_late() -> Refusal:
    return Refusal(UserErrorCode.NOT_ALLOWED, "拼团已结束，不能退出", "The team has ended; it can't be left", "teamId")
