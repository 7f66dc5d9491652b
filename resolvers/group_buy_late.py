"""Money that comes when its team has ended: another team, a new one, or back, as the offer says (commerce rules 3.4).

The team that ended is held by the caller. Another one is taken only when nobody else holds it, so that no two wait for
each other. A team never mixes prices: only one with the same terms will do.
"""

from datetime import timedelta
from typing import Final
from uuid import UUID

from asyncpg import Record

from ids import new_id
from models.database import Connection
from models.group_buy import ACTIVE_SQL, LatePayment, SeatRole, SeatState, TeamState
from models.share_link import ShareTarget
from resolvers.group_buy_step import TEAM_COLUMNS, TeamStep, succeed, tell_team, write_team_steps
from resolvers.group_buy_terms import terms_of
from resolvers.order_step import StepBy
from resolvers.rows import read_json
from resolvers.share_link import new_token

# Index group_buy_team (shop_id, group_buy_id, state, expires_at, id): the one that ends first.
_OTHER: Final = f"""
select team.id from group_buy_team team
where team.shop_id = $1 and team.group_buy_id = $2 and team.state = 'FORMING' and team.expires_at > $3
  and team.joined + team.reserved < team.size and team.size = $4 and team.terms = $5::jsonb
  and not exists (select from group_buy_seat seat where seat.shop_id = $1 and seat.team_id = team.id
                  and seat.customer_id = $6 and seat.state in {ACTIVE_SQL})
order by team.expires_at, team.id limit 1 for no key update skip locked
"""  # noqa: S608 - words of our own enum
# Asked anew of a team that is held: of who came while it was waited for nothing is known before.
_IS_IN: Final = f"""
select exists (select from group_buy_seat where shop_id = $1 and team_id = $2 and customer_id = $3
               and state in {ACTIVE_SQL})
"""  # noqa: S608 - words of our own enum
_IS_OPEN: Final = """
select exists (select from group_buy where shop_id = $1 and id = $2 and status = 'PUBLISHED'
               and starts_at <= $3 and ends_at > $3)
"""
_LINK: Final = """
insert into share_link (id, shop_id, token, depth, customer_id, target_kind, target_id, created_at)
values ($1, $2, $3, 0, $4, $5, $6, $7)
"""
_TEAM: Final = """
insert into group_buy_team (id, shop_id, group_buy_id, leader_id, share_link_id, terms, state, size, joined, reserved,
                            virtual_seats, started_at, expires_at, version, created_at, updated_at)
values ($1, $2, $3, $4, $5, $6::jsonb, 'FORMING', $7, 0, 0, 0, $8, $9, 1, $8, $8)
"""
_SIT: Final = f"""
update group_buy_team set joined = joined + 1, version = version + 1, updated_at = $3
where shop_id = $1 and id = $2 and state = 'FORMING' and joined + reserved < size returning {TEAM_COLUMNS}
"""  # noqa: S608 - fixed words
_RELEASE: Final = f"""
with gone as (
    update group_buy_seat set state = 'RELEASED', ended_at = $3, updated_at = $3
    where shop_id = $1 and id = $2 and state = 'RESERVED' returning team_id
)
update group_buy_team set reserved = reserved - 1, version = version + 1, updated_at = $3
where shop_id = $1 and id = (select team_id from gone) returning {TEAM_COLUMNS}
"""  # noqa: S608 - fixed words
# Under the customer's name of now: of two accounts that were found to be one person, the one that stays.
_SEAT: Final = """
insert into group_buy_seat (
    id, shop_id, group_buy_id, team_id, customer_id, order_id, order_line_id, variant_id, quantity, role, state,
    is_virtual, price_paid_fen, share_link_id, invited_by, joined_at, attempts, last_error, created_at, updated_at
)
select $3, $1, group_buy_id, $4, $7, order_id, order_line_id, variant_id, quantity, $5, 'JOINED',
       false, price_paid_fen, share_link_id, invited_by, $6, 0, '', $6, $6
from group_buy_seat where shop_id = $1 and id = $2
"""
_LINE: Final = "update order_line set participation_id = $3 where shop_id = $1 and id = $2"


async def place_late(sql: Connection, shop_id: UUID, seat: Record, team: Record, by: StepBy) -> bool:
    """Find a place for a seat that was paid when its team had ended; False when the money must go back."""
    policy, other_id, is_leader = seat["late_payment"], None, False
    if policy == LatePayment.JOIN_OTHER:
        other_id = await sql.fetchval(
            _OTHER, shop_id, seat["group_buy_id"], by.now, team["size"], team["terms"], seat["customer_id"]
        )
        if other_id is not None and await sql.fetchval(_IS_IN, shop_id, other_id, seat["customer_id"]):
            other_id = None
    if other_id is None and policy in {LatePayment.JOIN_OTHER, LatePayment.NEW_TEAM}:
        other_id = await _new_team(sql, shop_id, seat, team, by)
        is_leader = other_id is not None
    if other_id is None:
        return False
    await _move(sql, shop_id, seat, team, other_id, SeatRole.LEADER if is_leader else SeatRole.MEMBER, by)
    return True


async def _new_team(sql: Connection, shop_id: UUID, seat: Record, team: Record, by: StepBy) -> UUID | None:
    """Start a team on the terms of the one that ended, while the offer is open."""
    if not await sql.fetchval(_IS_OPEN, shop_id, seat["group_buy_id"], by.now):
        return None
    team_id, link_id = new_id(), new_id()
    terms = terms_of(team["size"], read_json(team["terms"]))
    expires_at = by.now + timedelta(hours=terms.team_hours)
    leader = seat["customer_id"]
    await sql.execute(_LINK, link_id, shop_id, new_token(), leader, ShareTarget.TEAM, team_id, by.now)
    await sql.execute(
        _TEAM, team_id, shop_id, seat["group_buy_id"], leader, link_id, team["terms"], team["size"], by.now, expires_at
    )
    await write_team_steps(sql, shop_id, team_id, [TeamStep(None, TeamState.FORMING)], by)
    return team_id


async def _move(  # noqa: PLR0913, PLR0917 - from where to where, and who
    sql: Connection, shop_id: UUID, seat: Record, team: Record, other_id: UUID, role: SeatRole, by: StepBy
) -> None:
    """Give the seat up in the team that ended, and take one that is paid in the other."""
    seat_id = new_id()
    left = await sql.fetchrow(_RELEASE, shop_id, seat["id"], by.now)
    gone = TeamStep(SeatState.RESERVED, SeatState.RELEASED, seat["id"])
    await write_team_steps(sql, shop_id, team["id"], [gone], by)
    await tell_team(sql, shop_id, left)
    await sql.execute(_SEAT, shop_id, seat["id"], seat_id, other_id, role, by.now, seat["customer_id"])
    await sql.execute(_LINE, shop_id, seat["order_line_id"], seat_id)
    other = await sql.fetchrow(_SIT, shop_id, other_id, by.now)
    await write_team_steps(sql, shop_id, other_id, [TeamStep(None, SeatState.JOINED, seat_id)], by)
    if other["joined"] == other["size"]:
        tier_size = terms_of(other["size"], read_json(other["terms"])).tier_size(other["joined"])
        other = await succeed(sql, shop_id, other_id, tier_size, by)
    await tell_team(sql, shop_id, other)
