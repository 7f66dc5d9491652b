"""Steps of an after-sale: each one conditional update along NEXT_AFTER_SALE_STATUS, written down and told here."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from asyncpg import Record

from ids import new_id
from models.after_sale import NEXT_AFTER_SALE_STATUS, AfterSaleStatus
from models.database import Connection
from resolvers.order_step import StepBy
from resolvers.outbox import emit_many

TOPIC: Final = "after_sale.changed"
TOLD_COLUMNS: Final = "id, order_id, order_line_id, customer_id, type, status, quantity, amount_fen, version"

_STEP: Final = f"""
update after_sale set status = $3, deadline_at = $4, version = version + 1, updated_at = $5
where shop_id = $1 and id = $2 and status = $6 returning {TOLD_COLUMNS}
"""  # noqa: S608 - fixed words
_WRITE: Final = """
insert into after_sale_change (id, shop_id, after_sale_id, from_status, to_status, actor_kind, actor_id, note,
                               created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""


@dataclass(frozen=True, slots=True)
class AfterSaleStep:
    """From where to where; `deadline_at` is when it moves on by itself from there, on the shop's clock."""

    from_status: AfterSaleStatus
    to_status: AfterSaleStatus
    deadline_at: datetime | None = None

    def __post_init__(self) -> None:
        """Raise ValueError for a step that no after-sale takes."""
        if self.to_status not in NEXT_AFTER_SALE_STATUS[self.from_status]:
            message = f"no after-sale goes from {self.from_status} to {self.to_status}"
            raise ValueError(message)


async def step_after_sale(
    sql: Connection, shop_id: UUID, after_sale_id: UUID, step: AfterSaleStep, by: StepBy
) -> Record | None:
    """Take a step inside an open transaction; None when it does not stand there any more.

    Returns TOLD_COLUMNS as they are now.
    """
    columns = (step.to_status, step.deadline_at, by.now, step.from_status)
    row: Record | None = await sql.fetchrow(_STEP, shop_id, after_sale_id, *columns)
    if row is not None:
        await write_change(sql, shop_id, row, step.from_status, by)
    return row


async def write_change(
    sql: Connection, shop_id: UUID, row: Record, from_status: AfterSaleStatus | None, by: StepBy
) -> None:
    """Write down where an after-sale has come, and tell it; `row` has TOLD_COLUMNS, as they are now."""
    await sql.execute(
        _WRITE, new_id(), shop_id, row["id"], from_status, row["status"], by.actor, by.actor_id, by.reason, by.now
    )
    told = {
        "afterSaleId": row["id"],
        "orderId": row["order_id"],
        "customerId": row["customer_id"],
        "type": row["type"],
        "status": row["status"],
        "version": row["version"],
    }
    await emit_many(sql, shop_id, TOPIC, {row["id"]: told})
