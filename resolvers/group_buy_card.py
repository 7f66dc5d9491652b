"""Cards in chats that count up with their team: a job for each team, made anew by each change of it.

The worker carries it out (group_buy_card_update.py). Whatever goes wrong is the outbox's to try again, or the job's;
no order and no team waits for it.
"""

from typing import Final
from uuid import UUID

from clock import wall_now
from ids import new_id
from models.database import pool
from resolvers.outbox import Event

# A card belongs to one app: that in which the team was started. What waits already keeps its place and its pauses:
# WeChat is told how the team stands when its turn has come.
_NOTE: Final = """
insert into group_buy_card as card (id, shop_id, team_id, app_id, telling, revision, told, attempts,
                                    next_attempt_at, last_error, created_at, updated_at)
select $3, $1, team.id, app.id, 'WAITING', 1, '', 0, $4, '', $4, $4
from group_buy_team team
cross join lateral (
    select orders.app_id from group_buy_seat seat
    join orders on orders.shop_id = $1 and orders.id = seat.order_id
    where seat.shop_id = $1 and seat.team_id = team.id order by seat.created_at, seat.id limit 1
) first
join wechat_app app on app.shop_id = $1 and app.id = first.app_id and app.kind = 'MINI_PROGRAM'
where team.shop_id = $1 and team.id = $2 and team.state not in ('OPENING', 'LAPSED')
on conflict (shop_id, team_id) do update
set telling = 'WAITING', revision = card.revision + 1, updated_at = $4,
    attempts = case when card.telling = 'WAITING' then card.attempts else 0 end,
    next_attempt_at = case when card.telling = 'WAITING' then card.next_attempt_at else $4 end,
    last_error = case when card.telling = 'WAITING' then card.last_error else '' end
"""
# What somebody has in hand has said nothing yet: it is not at rest either.
_WAITING: Final = """
select count(*) from group_buy_card
where shop_id = $1 and telling = 'WAITING' and (next_attempt_at <= $2 or last_error = '')
"""


async def note_card(event: Event) -> None:
    """Have WeChat told how a team stands, because of an event of it."""
    await pool().execute(_NOTE, event.shop_id, event.aggregate_id, new_id(), wall_now())


async def waiting_cards(shop_id: UUID) -> int:
    """Return how many cards of a shop WeChat should be told of by now."""
    waiting: int = await pool().fetchval(_WAITING, shop_id, wall_now())
    return waiting
