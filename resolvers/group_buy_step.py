"""Steps of teams and seats: each a conditional update of its own, then written down and told here.

Whoever moves a team or a seat in it holds the team. Nobody who holds a team waits for an order: what the end of a team
means for each order is done by the seat's own transaction (group_buy_settle.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from asyncpg import Record

from clock import wall_now
from ids import new_id
from models.database import Connection
from models.group_buy import SeatState, TeamState
from resolvers.order_step import StepBy
from resolvers.outbox import emit_many

TOPIC: Final = "group_buy_team.changed"

TEAM_COLUMNS: Final = (
    "id, group_buy_id, state, size, joined, reserved, leader_id, terms, started_at, expires_at, share_link_id, version"
)

_HOLD: Final = f"select {TEAM_COLUMNS} from group_buy_team where shop_id = $1 and id = $2 for no key update"  # noqa: S608 - fixed
_WRITE: Final = """
insert into group_buy_change (id, shop_id, team_id, seat_id, from_state, to_state, actor_kind, actor_id, reason,
                              created_at)
select step.id, $1, $2, step.seat_id, step.from_state, step.to_state, $3, $4, $5, $6
from unnest($7::uuid[], $8::uuid[], $9::text[], $10::text[])
    with ordinality as step(id, seat_id, from_state, to_state, position)
order by step.position
"""

# Every seat of a team that has ended gets what that means for it: the worker looks at each from now on.
_SUCCEED: Final = f"""
update group_buy_team set state = 'SUCCEEDED', tier_size = $3, virtual_seats = $4, ended_at = $5,
                          version = version + 1, updated_at = $5
where shop_id = $1 and id = $2 and state = 'FORMING' returning {TEAM_COLUMNS}
"""  # noqa: S608 - fixed words
_FAIL: Final = f"""
update group_buy_team set state = 'FAILED', ended_at = $3, version = version + 1, updated_at = $3
where shop_id = $1 and id = $2 and state = 'FORMING' returning {TEAM_COLUMNS}
"""  # noqa: S608 - fixed words
_END_SEATS: Final = """
update group_buy_seat set state = $3::text, settle_at = $4, updated_at = $5,
                          ended_at = case when $3::text = 'REFUNDING' then $5 else ended_at end
where shop_id = $1 and team_id = $2 and state = 'JOINED' returning id
"""


@dataclass(frozen=True, slots=True)
class TeamStep:
    """From where to where: of the team itself, or of one seat in it; from nowhere when it begins."""

    from_state: str | None
    to_state: str
    seat_id: UUID | None = None


async def hold_team(sql: Connection, shop_id: UUID, team_id: UUID) -> Record:
    """Lock a team; returns its TEAM_COLUMNS. Raises LookupError when there is none."""
    team: Record | None = await sql.fetchrow(_HOLD, shop_id, team_id)
    if team is None:
        raise LookupError(team_id)
    return team


async def write_team_steps(
    sql: Connection, shop_id: UUID, team_id: UUID, steps: Sequence[TeamStep], by: StepBy
) -> None:
    """Write steps down, in order, inside the transaction that made them."""
    await sql.execute(
        _WRITE, shop_id, team_id, by.actor, by.actor_id, by.reason, by.now,
        [new_id() for _ in steps],
        [step.seat_id for step in steps],
        [step.from_state for step in steps],
        [step.to_state for step in steps],
    )  # fmt: skip


def team_payload(team: Mapping[str, Any] | Record) -> dict[str, Any]:
    """Return what an event tells of a team, as it is after the step."""
    return {
        "teamId": team["id"],
        "groupBuyId": team["group_buy_id"],
        "state": team["state"],
        "joined": team["joined"],
        "reserved": team["reserved"],
        "size": team["size"],
        "version": team["version"],
    }


async def tell_team(sql: Connection, shop_id: UUID, team: Mapping[str, Any] | Record) -> None:
    """Emit `group_buy_team.changed`; `team` has TEAM_COLUMNS, as they are after the step."""
    await emit_many(sql, shop_id, TOPIC, {team["id"]: team_payload(team)})


async def succeed(  # noqa: PLR0913, PLR0917 - all of it is written
    sql: Connection, shop_id: UUID, team_id: UUID, tier_size: int, by: StepBy, virtual_seats: int = 0
) -> Record:
    """Let a held team that is forming succeed at a tier; all who joined are fulfilled from now on. Returns the team."""
    team = await sql.fetchrow(_SUCCEED, shop_id, team_id, tier_size, virtual_seats, by.now)
    return await _end(sql, shop_id, team, SeatState.FULFILLING, by)


async def fail(sql: Connection, shop_id: UUID, team_id: UUID, by: StepBy) -> Record:
    """Let a held team that is forming fail; all who joined get their money back from now on. Returns the team."""
    team = await sql.fetchrow(_FAIL, shop_id, team_id, by.now)
    return await _end(sql, shop_id, team, SeatState.REFUNDING, by)


async def _end(sql: Connection, shop_id: UUID, team: Record, seats: SeatState, by: StepBy) -> Record:
    ended = await sql.fetch(_END_SEATS, shop_id, team["id"], seats, wall_now(), by.now)
    steps = [TeamStep(TeamState.FORMING, team["state"])]
    steps += [TeamStep(SeatState.JOINED, seats, row["id"]) for row in ended]
    await write_team_steps(sql, shop_id, team["id"], steps, by)
    return team
