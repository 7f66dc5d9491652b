"""What becomes of a seat when its order moves: paid, cancelled, or its money gone back.

The order is held by whoever moved it. Money never meets a fault here: a seat that can no longer be taken goes by the
offer's policy for late payments, and whoever may not take part gets their money back.
"""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from asyncpg import Record

from clock import wall_now
from ids import new_id
from models.database import Connection
from models.group_buy import SeatState, TeamState
from models.order_hold import HoldKind
from resolvers.group_buy_late import place_late
from resolvers.group_buy_step import (
    TEAM_COLUMNS,
    TeamStep,
    hold_team,
    succeed,
    tell_team,
    write_team_steps,
)
from resolvers.group_buy_terms import terms_of
from resolvers.new_customer import HOLD_PERSON, has_paid
from resolvers.order_step import StepBy
from resolvers.rows import read_json

# Index group_buy_seat_order (shop_id, order_id): the one seat of an order that was not released.
_SEAT: Final = """
select seat.id, seat.team_id, seat.group_buy_id, seat.variant_id, seat.quantity, seat.state, seat.order_line_id,
       coalesce(customer.merged_into, customer.id) as customer_id, offer.new_customers_only, offer.late_payment
from group_buy_seat seat
join group_buy offer on offer.shop_id = $1 and offer.id = seat.group_buy_id
join customer on customer.shop_id = $1 and customer.id = seat.customer_id
where seat.shop_id = $1 and seat.order_id = $2 and seat.state <> 'RELEASED'
"""
_HAS_PAID: Final = f"select {has_paid('$2', own=1)}"

_FORM: Final = f"""
update group_buy_team set state = 'FORMING', started_at = $3, expires_at = $4, version = version + 1, updated_at = $3
where shop_id = $1 and id = $2 and state = 'OPENING' returning {TEAM_COLUMNS}
"""  # noqa: S608 - fixed words
_JOIN_TEAM: Final = f"""
update group_buy_team set joined = joined + 1, reserved = reserved - 1, version = version + 1, updated_at = $3
where shop_id = $1 and id = $2 and state = 'FORMING' and reserved > 0 returning {TEAM_COLUMNS}
"""  # noqa: S608 - fixed words
_JOIN_SEAT: Final = """
update group_buy_seat set state = 'JOINED', joined_at = $3, updated_at = $3
where shop_id = $1 and id = $2 and state = 'RESERVED'
"""
_REFUSE_SEAT: Final = """
update group_buy_seat set state = 'REFUNDING', settle_at = $4, ended_at = $3, updated_at = $3
where shop_id = $1 and id = $2 and state = 'RESERVED'
"""
_RELEASE_SEAT: Final = """
update group_buy_seat set state = 'RELEASED', ended_at = $3, updated_at = $3
where shop_id = $1 and id = $2 and state = 'RESERVED'
"""
# Of a team that was never begun nothing is left when the only order in it is gone.
_LEAVE_TEAM: Final = f"""
update group_buy_team set reserved = reserved - 1, version = version + 1, updated_at = $3,
    ended_at = case when state = 'OPENING' then $3 else ended_at end,
    state = case when state = 'OPENING' then 'LAPSED' else state end
where shop_id = $1 and id = $2 and reserved > 0 returning {TEAM_COLUMNS}
"""  # noqa: S608 - fixed words
_GIVE_BACK: Final = """
update group_buy_variant set taken = taken - $4 where shop_id = $1 and group_buy_id = $2 and variant_id = $3
"""
_HOLD_ORDER: Final = f"""
insert into order_hold (id, shop_id, order_id, kind, reason, created_at)
values ($1, $2, $3, '{HoldKind.GROUP_FORMING}', '', $4) on conflict do nothing
"""  # noqa: S608 - our own word
# Its refund may have succeeded before the seat knew of it, when it came to nothing.
_REFUNDED: Final = """
update group_buy_seat seat set state = 'REFUNDED', updated_at = $3
from refund where seat.shop_id = $1 and seat.order_id = $2 and seat.state = 'REFUNDING' and seat.refund_id is not null
  and refund.shop_id = $1 and refund.id = seat.refund_id and refund.state = 'SUCCEEDED'
returning seat.id, seat.team_id
"""


async def seat_paid(sql: Connection, shop_id: UUID, order_id: UUID, by: StepBy) -> None:
    """Let a seat be joined by its paid order; the last one of a team lets it succeed in the same transaction."""
    seat = await sql.fetchrow(_SEAT, shop_id, order_id)
    if seat is None or seat["state"] != SeatState.RESERVED:
        return
    is_new = not seat["new_customers_only"] or await _is_new(sql, shop_id, seat["customer_id"])
    await sql.execute(_HOLD_ORDER, new_id(), shop_id, order_id, by.now)
    team = await hold_team(sql, shop_id, seat["team_id"])
    if not is_new:
        await _refuse(sql, shop_id, seat, team, by)
    elif team["state"] in {TeamState.OPENING, TeamState.FORMING}:
        await _join(sql, shop_id, seat, team, by)
    elif not await place_late(sql, shop_id, seat, team, by):
        await _refuse(sql, shop_id, seat, team, by)


async def seat_cancelled(sql: Connection, shop_id: UUID, order_id: UUID, by: StepBy) -> None:
    """Let the seat of a cancelled order go, and what it took of the offer's stock."""
    seat = await sql.fetchrow(_SEAT, shop_id, order_id)
    if seat is None or seat["state"] != SeatState.RESERVED:
        return
    await give_back(sql, shop_id, seat)
    team = await hold_team(sql, shop_id, seat["team_id"])
    await sql.execute(_RELEASE_SEAT, shop_id, seat["id"], by.now)
    await _leave(sql, shop_id, team, TeamStep(SeatState.RESERVED, SeatState.RELEASED, seat["id"]), by)


async def seat_refunded(sql: Connection, shop_id: UUID, order_id: UUID, by: StepBy) -> None:
    """Let a seat whose whole money has gone back be at its end."""
    seat = await sql.fetchrow(_REFUNDED, shop_id, order_id, by.now)
    if seat is not None:
        step = TeamStep(SeatState.REFUNDING, SeatState.REFUNDED, seat["id"])
        await write_team_steps(sql, shop_id, seat["team_id"], [step], by)


async def give_back(sql: Connection, shop_id: UUID, seat: Record) -> None:
    """Return a seat's pieces to the offer's own stock: before any team is held, once for each seat."""
    await sql.execute(_GIVE_BACK, shop_id, seat["group_buy_id"], seat["variant_id"], seat["quantity"])


async def _is_new(sql: Connection, shop_id: UUID, customer_id: UUID) -> bool:
    """Whether this is the first order that the person pays; others who may be the same person wait for each other."""
    await sql.execute(HOLD_PERSON, shop_id, customer_id)
    return not await sql.fetchval(_HAS_PAID, shop_id, customer_id)


async def _join(sql: Connection, shop_id: UUID, seat: Record, team: Record, by: StepBy) -> None:
    steps = []
    terms = terms_of(team["size"], read_json(team["terms"]))
    if team["state"] == TeamState.OPENING:
        expires_at = by.now + timedelta(hours=terms.team_hours)
        team = await sql.fetchrow(_FORM, shop_id, team["id"], by.now, expires_at)
        steps.append(TeamStep(TeamState.OPENING, TeamState.FORMING))
    await sql.execute(_JOIN_SEAT, shop_id, seat["id"], by.now)
    team = await sql.fetchrow(_JOIN_TEAM, shop_id, team["id"], by.now)
    steps.append(TeamStep(SeatState.RESERVED, SeatState.JOINED, seat["id"]))
    await write_team_steps(sql, shop_id, team["id"], steps, by)
    if team["joined"] == team["size"]:
        team = await succeed(sql, shop_id, team["id"], terms.tier_size(team["joined"]), by)
    await tell_team(sql, shop_id, team)


async def _refuse(sql: Connection, shop_id: UUID, seat: Record, team: Record, by: StepBy) -> None:
    """Send the money of a seat back: the worker asks for the refund, once, in a transaction of its own."""
    await sql.execute(_REFUSE_SEAT, shop_id, seat["id"], by.now, wall_now())
    await _leave(sql, shop_id, team, TeamStep(SeatState.RESERVED, SeatState.REFUNDING, seat["id"]), by)


async def _leave(sql: Connection, shop_id: UUID, team: Record, step: TeamStep, by: StepBy) -> None:
    steps: list[TeamStep] = [step]
    left: Any = await sql.fetchrow(_LEAVE_TEAM, shop_id, team["id"], by.now)
    if left["state"] != team["state"]:
        steps.append(TeamStep(team["state"], left["state"]))
    await write_team_steps(sql, shop_id, team["id"], steps, by)
    await tell_team(sql, shop_id, left)
