"""Whose own a team is: everybody's who has a seat in it, or had one that was more than reserved."""

from typing import Final
from uuid import UUID

from models.database import pool
from resolvers.outbox import Event

# Index group_buy_seat (shop_id, team_id, created_at, id). Seats of customers who became others are moved to these.
_OWNERS: Final = """
select distinct customer_id from group_buy_seat
where shop_id = $1 and team_id = $2 and customer_id is not null and state <> 'RELEASED'
"""


async def team_owners(event: Event) -> list[UUID]:
    """Return the customers to whom an event about a team matters."""
    return [row["customer_id"] for row in await pool().fetch(_OWNERS, event.shop_id, event.aggregate_id)]
