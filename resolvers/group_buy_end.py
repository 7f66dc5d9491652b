"""The deadlines of teams: who did not come together in time gets everything back.

Before a team ends WeChat is asked about those who may be paying at this moment (commerce rules 3.4). A team whose last
payments WeChat could not be asked about is waited for a little; what is paid later goes by the offer's policy.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from asyncpg import Record

from clock import wall_now
from ids import new_id
from logs import log
from models.database import Connection, pool, transaction
from models.failpoint import failpoint
from models.group_buy import TeamState
from models.order import CancelReason
from resolvers.group_buy_step import TeamStep, fail, hold_team, succeed, tell_team, write_team_steps
from resolvers.group_buy_terms import TeamTerms, terms_of
from resolvers.order_cancel import close_and_cancel
from resolvers.order_step import StepBy
from resolvers.retried import retried
from resolvers.rows import read_json

BATCH: Final = 50
PATIENCE: Final = timedelta(minutes=5)
"""So long is waited for payments that WeChat could not be asked about."""

# The wall clock comes as a bind and a shop's offset is added to it, as for orders. Partial index group_buy_team_due
# (expires_at) for shops on wall time, group_buy_team_shop_due (shop_id, expires_at) for those whose clock was moved.
# A team whose payment WeChat could not be asked about waits for the next question, and keeps no other from its end.
_DUE: Final = """
select due.shop_id, due.id, due.now, due.expires_at from (
    select team.shop_id, team.id, team.expires_at, $1::timestamptz as now from group_buy_team team
    join shop on shop.id = team.shop_id and shop.clock_offset_ms = 0
    where team.state = 'FORMING' and team.expires_at <= $1 and ($2::uuid is null or team.shop_id = $2)
    union all
    select team.shop_id, team.id, team.expires_at,
           $1::timestamptz + shop.clock_offset_ms * interval '1 millisecond' as now
    from shop join group_buy_team team on team.shop_id = shop.id
    where shop.clock_offset_ms > 0 and ($2::uuid is null or shop.id = $2) and team.state = 'FORMING'
      and team.expires_at <= $1::timestamptz + shop.clock_offset_ms * interval '1 millisecond'
) due
where due.expires_at + $4::interval <= due.now or not exists (
    select from group_buy_seat seat
    join payment on payment.shop_id = seat.shop_id and payment.order_id = seat.order_id
    where seat.shop_id = due.shop_id and seat.team_id = due.id and seat.state = 'RESERVED'
      and payment.state in ('CREATED', 'PREPAID') and payment.last_error <> ''
      and coalesce(payment.next_query_at > $1, true)
)
order by due.expires_at limit $3
"""
_NEXT: Final = """
select min(moment) from (
    select min(expires_at) as moment from group_buy_team
    where shop_id = $1 and state = 'FORMING' and expires_at > $2
    union all
    select min(expires_at) + $3 from group_buy_team
    where shop_id = $1 and state = 'FORMING' and expires_at + $3 > $2 and expires_at <= $2
) deadlines
"""
_RESERVED: Final = """
select order_id from group_buy_seat where shop_id = $1 and team_id = $2 and state = 'RESERVED' order by order_id
"""
_OFFER: Final = "select virtual_fill_percent from group_buy where shop_id = $1 and id = $2"
_FILL: Final = """
insert into group_buy_seat (id, shop_id, group_buy_id, team_id, quantity, role, state, is_virtual, attempts, last_error,
                            joined_at, created_at, updated_at)
select seat.id, $1, $2, $3, 0, 'MEMBER', 'FULFILLING', true, 0, '', $4, $4, $4 from unnest($5::uuid[]) as seat(id)
"""


async def end_teams(wall: datetime, shop_id: UUID | None) -> int:
    """End every team whose time is over, on its shop's clock; returns how many. Due work."""
    done = 0
    while due := await pool().fetch(_DUE, wall, shop_id, BATCH, PATIENCE):
        ended = 0
        for row in due:
            ended += await _try(row)
        done += ended
        if ended < len(due):
            break
    return done


async def next_team_deadline(shop_id: UUID, after: datetime) -> datetime | None:
    """Return the first moment after `after`, on the shop's clock, at which a team ends or is waited for no longer."""
    found: datetime | None = await pool().fetchval(_NEXT, shop_id, after, PATIENCE)
    return found


async def waiting_teams(shop_id: UUID) -> int:
    """Return how many teams of a shop should have ended by now."""
    return len(await pool().fetch(_DUE, wall_now(), shop_id, BATCH, PATIENCE))


async def _try(due: Record) -> bool:
    """End one team; what goes wrong is logged and tried again, and others go on."""
    try:
        return await _end(due)
    except Exception as fault:  # noqa: BLE001 - it must not keep other teams, of any shop, from their end
        log(
            "group_buy_team_not_ended",
            level="error",
            team=due["id"].hex,
            fault=f"{type(fault).__name__}: {fault}"[:500],
        )
        return False


async def _end(due: Record) -> bool:
    """Settle what is being paid, then end the team; False when a payment is waited for."""
    shop_id, team_id, by = due["shop_id"], due["id"], StepBy.system(due["now"])
    for seat in await pool().fetch(_RESERVED, shop_id, team_id):
        await close_and_cancel(shop_id, seat["order_id"], CancelReason.PAY_TIMEOUT, by)
    await failpoint("group_buy.ending")
    return await _judge(shop_id, team_id, by)


@retried
async def _judge(shop_id: UUID, team_id: UUID, by: StepBy) -> bool:
    """Decide what has become of a team whose time is over; the last payment may have been quicker."""
    async with transaction() as sql:
        team = await hold_team(sql, shop_id, team_id)
        if team["state"] != TeamState.FORMING or team["expires_at"] > by.now:
            return True
        if team["reserved"] and by.now < team["expires_at"] + PATIENCE:
            return False
        terms = terms_of(team["size"], read_json(team["terms"]))
        if team["joined"] >= terms.least:
            ended = await succeed(sql, shop_id, team_id, terms.tier_size(team["joined"]), by)
        elif virtual_seats := await _virtual_seats(sql, shop_id, team, terms):
            ended = await _filled(sql, shop_id, team, terms, virtual_seats, by)
        else:
            ended = await fail(sql, shop_id, team_id, by)
        await tell_team(sql, shop_id, ended)
        await failpoint("group_buy.ended.before_commit")
    return True


async def _virtual_seats(sql: Connection, shop_id: UUID, team: Record, terms: TeamTerms) -> int:
    """Return how many seats the shop fills up so that the team succeeds; 0 where it does not."""
    percent: int | None = await sql.fetchval(_OFFER, shop_id, team["group_buy_id"])
    if percent is None or team["joined"] * 100 < terms.least * percent:
        return 0
    room: int = team["size"] - team["joined"] - team["reserved"]
    missing: int = terms.least - team["joined"]
    return min(missing, room)


async def _filled(  # noqa: PLR0913, PLR0917 - all of it is written
    sql: Connection, shop_id: UUID, team: Record, terms: TeamTerms, virtual_seats: int, by: StepBy
) -> Record:
    ids = [new_id() for _ in range(virtual_seats)]
    await sql.execute(_FILL, shop_id, team["group_buy_id"], team["id"], by.now, ids)
    ended = await succeed(sql, shop_id, team["id"], terms.least, by, virtual_seats)
    steps = [TeamStep(None, "FULFILLING", id_) for id_ in ids]
    await write_team_steps(sql, shop_id, team["id"], steps, by)
    return ended
