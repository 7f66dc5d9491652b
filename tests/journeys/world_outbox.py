"""What could not be told in a furnished shop: events that were given up, as a listener leaves them that never hears."""

from uuid import UUID

from ids import encode_id, new_id
from models.database import transaction
from resolvers.outbox import emit_many
from resolvers.outbox_delivery import ATTEMPTS_MAX
from tests.harness.shops import OpenedShop

_GIVE_UP = """
update outbox_event set dead_at = created_at, attempts = $2, last_error = $3 where aggregate_id = $1 returning id
"""


async def give_up(shop: OpenedShop, topic: str, error: str = "TimeoutError: ") -> str:
    """Leave one dead letter and return its global id."""
    thing = new_id()
    async with transaction() as sql:
        await emit_many(sql, shop.id, topic, {thing: {"secret": "for no eyes"}})
        event_id: UUID = await sql.fetchval(_GIVE_UP, thing, ATTEMPTS_MAX, error)
    return encode_id("evt", event_id)


async def give_up_two(shop: OpenedShop, hidden: str) -> dict[str, str]:
    """Leave one to look at and one to replay; return their ids."""
    return {name: await give_up(shop, f"told.{name}", hidden) for name in ("deadLetter", "spareLetter")}
