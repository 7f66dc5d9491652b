"""One writer at a time per shop's catalogue: what every catalogue command does first."""

from dataclasses import dataclass
from uuid import UUID

from asyncpg.exceptions import LockNotAvailableError

from models.database import Connection
from models.refusal import RetryRefusal, UserErrorCode

RETRY_AFTER_MS = 1000

# Primary key, then the partial unique index on default locations. Rows that point to the shop may still be inserted
# (FOR KEY SHARE agrees with FOR NO KEY UPDATE), so buyers are not held up by staff.
_OPEN = """
select shop.id, (select id from location where shop_id = shop.id and is_default) as default_location_id
from shop where shop.id = $1 for no key update of shop
"""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A shop's catalogue, held for writing until the transaction ends."""

    shop_id: UUID
    default_location_id: UUID


async def open_catalogue(sql: Connection, shop_id: UUID) -> Catalogue:
    """Wait until no other command writes this shop's catalogue, then hold it.

    Aggregates and shelves by rule are computed from rows that a rival may be changing. With the shop's row taken
    first, every later statement sees what the rival committed, and no two commands can wait for each other.

    Raises RetryRefusal BUSY when the wait is longer than the session's lock timeout.
    """
    try:
        row = await sql.fetchrow(_OPEN, shop_id)
    except LockNotAvailableError:
        raise RetryRefusal(
            UserErrorCode.BUSY,
            "商品资料正在被批量更新，请稍后重试",
            "The catalogue is being changed by somebody else; try again shortly",
            retry_after_ms=RETRY_AFTER_MS,
        ) from None
    return Catalogue(shop_id=row["id"], default_location_id=row["default_location_id"])
