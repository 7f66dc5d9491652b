"""What becomes of places in teams when two customers turn out to be one person."""

from typing import Final

from models.group_buy import ACTIVE_SQL

# Teams before seats and in the order of ids, as everybody takes them: who joins a team meanwhile is seen, or waits.
# Indexes (shop_id, customer_id, group_buy_id) of seats, (shop_id, leader_id) of teams.
HOLD_TEAMS_OF_CUSTOMERS: Final = """
select id from group_buy_team
where shop_id = $1 and id in (
    select team_id from group_buy_seat where shop_id = $1 and customer_id in ($2, $3)
    union all select id from group_buy_team where shop_id = $1 and leader_id = $3
)
order by id for no key update
"""

MOVE_SEATS: Final = f"""
with theirs as (
    select seat.id from group_buy_seat seat
    where seat.shop_id = $1 and seat.customer_id = $3 and not (seat.state in {ACTIVE_SQL} and exists (
        select from group_buy_seat mine
        where mine.shop_id = $1 and mine.team_id = seat.team_id and mine.customer_id = $2 and mine.state in {ACTIVE_SQL}
    ))
    order by seat.id for no key update
)
update group_buy_seat set customer_id = $2 from theirs
where group_buy_seat.shop_id = $1 and group_buy_seat.id = theirs.id
"""  # noqa: S608 - words of our own enum
"""One person has one place in a team: of two the older id's stays the survivor's, the other under the younger id."""

MOVE_INVITATIONS: Final = """
with theirs as (
    select id from group_buy_seat where shop_id = $1 and invited_by = $3 order by id for no key update
)
update group_buy_seat set invited_by = $2 from theirs
where group_buy_seat.shop_id = $1 and group_buy_seat.id = theirs.id
"""

MOVE_LEADERS: Final = f"""
with theirs as (
    select team.id from group_buy_team team
    where team.shop_id = $1 and team.leader_id = $3 and not exists (
        select from group_buy_seat seat
        where seat.shop_id = $1 and seat.team_id = team.id and seat.customer_id = $3 and seat.state in {ACTIVE_SQL}
    )
    order by team.id for no key update
)
update group_buy_team set leader_id = $2 from theirs
where group_buy_team.shop_id = $1 and group_buy_team.id = theirs.id
"""  # noqa: S608 - words of our own enum
"""After the seats: whoever still sits in a team under the younger id still leads it under that one."""
