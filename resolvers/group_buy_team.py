"""What shoppers do: start a team, or join one. Both place an order; the seat is taken in its transaction."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from models.database import pool
from models.group_buy import ACTIVE_SQL
from resolvers.caller import Caller
from resolvers.group_buy_campaign import JOINS_BY, STARTS_BY
from resolvers.order_place import order_place
from resolvers.placement import Placement

OTHERS_MOST: Final = 5

# Index group_buy_seat_order_all (shop_id, order_id): an order has one seat, or one that was given up and its successor.
_TEAM: Final = """
select team_id from group_buy_seat where shop_id = $1 and order_id = $2 order by state = 'RELEASED', id desc limit 1
"""
# Index group_buy_team (shop_id, group_buy_id, state, expires_at, id).
_OTHERS: Final = f"""
select team.id from group_buy_team team
join group_buy offer on offer.shop_id = $1 and offer.id = team.group_buy_id and offer.join_by = 'LIST'
where team.shop_id = $1 and team.group_buy_id = $2 and team.state = 'FORMING' and team.expires_at > $4
  and team.joined + team.reserved < team.size
  and not exists (select from group_buy_seat seat where seat.shop_id = $1 and seat.team_id = team.id
                  and seat.customer_id = $3 and seat.state in {ACTIVE_SQL})
order by team.expires_at, team.id limit $5
"""  # noqa: S608 - words of our own enum


@dataclass(frozen=True, slots=True)
class Seated:
    """An order that was placed in a team."""

    order_id: UUID
    team_id: UUID


async def group_buy_team_start(caller: Caller, placement: Placement, key: str, quote_token: str | None) -> Seated:
    """Place an order that starts a team, once for this key; others see the team when it is paid.

    Raises what `order_place` raises, and Refusal NOT_FOUND, OFFER_CLOSED, NEW_CUSTOMERS_ONLY; LimitRefusal and
    StockRefusal of the offer's own.
    """
    return await _placed(caller, placement, key, quote_token, STARTS_BY)


async def group_buy_team_join(caller: Caller, placement: Placement, key: str, quote_token: str | None) -> Seated:
    """Place an order that takes a seat in a team, once for this key.

    Raises what starting raises but for OFFER_CLOSED, and TeamRefusal TEAM_FULL or TEAM_ENDED; Refusal ALREADY_JOINED,
    SHARE_ONLY.
    """
    return await _placed(caller, placement, key, quote_token, JOINS_BY)


async def other_teams(caller: Caller, group_buy_id: UUID) -> list[UUID]:
    """Return teams of a group-buy that the caller may join instead, those that end first in front."""
    rows = await pool().fetch(_OTHERS, caller.shop_id, group_buy_id, caller.viewer_id, caller.now, OTHERS_MOST)
    return [row["id"] for row in rows]


async def _placed(caller: Caller, placement: Placement, key: str, quote_token: str | None, mutation: str) -> Seated:
    order_id = await order_place(caller, placement, key, quote_token, mutation)
    return Seated(order_id, await pool().fetchval(_TEAM, caller.shop_id, order_id))
