"""After-sales that move on by themselves, on the shop's clock.

Unanswered they are granted, a return that nobody sent is dropped, other goods count as come. Any number of workers may
do this at once.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from logs import log
from models.after_sale import AfterSaleStatus
from models.database import Connection, pool, transaction
from models.refusal import Refusal
from resolvers.after_sale_keep import grant, hold_after_sale
from resolvers.after_sale_step import AfterSaleStep, step_after_sale
from resolvers.order_step import StepBy
from resolvers.retried import retried

BATCH_ROWS: Final = 50

# The wall clock comes as a bind and a shop's offset is added to it. Shops on wall time are found by moment
# (after_sale_due), the few whose clock was moved one by one (after_sale_shop_due).
_DUE: Final = """
select due.shop_id, due.id, due.clock_offset_ms from (
    select one.shop_id, one.id, one.deadline_at, shop.clock_offset_ms from after_sale one
    join shop on shop.id = one.shop_id and shop.clock_offset_ms = 0
    where one.deadline_at <= $1 and ($2::uuid is null or one.shop_id = $2)
    union all
    select one.shop_id, one.id, one.deadline_at, shop.clock_offset_ms
    from shop join after_sale one on one.shop_id = shop.id
    where shop.clock_offset_ms > 0 and ($2::uuid is null or shop.id = $2)
      and one.deadline_at <= $1::timestamptz + shop.clock_offset_ms * interval '1 millisecond'
) due order by due.deadline_at limit $3
"""
_NEXT: Final = "select min(deadline_at) from after_sale where shop_id = $1 and deadline_at > $2"
_LEAVE: Final = "update after_sale set deadline_at = null where shop_id = $1 and id = $2"

_ENDS: Final = {
    AfterSaleStatus.AWAITING_RETURN: AfterSaleStatus.CANCELLED,
    AfterSaleStatus.EXCHANGE_SHIPPED: AfterSaleStatus.COMPLETED,
}


async def move_after_sales(wall: datetime, shop_id: UUID | None) -> int:
    """Move every after-sale on whose deadline has come, of one shop or of all; returns how many."""
    done = 0
    while True:
        async with transaction() as sql:
            due = await sql.fetch(_DUE, wall, shop_id, BATCH_ROWS)
        for row in due:
            now = wall + timedelta(milliseconds=row["clock_offset_ms"])
            done += await _move(row["shop_id"], row["id"], now)
        if len(due) < BATCH_ROWS:
            return done


async def next_after_sale_deadline(shop_id: UUID, after: datetime) -> datetime | None:
    """Return the first moment after `after`, on the shop's clock, at which an after-sale moves by itself."""
    found: datetime | None = await pool().fetchval(_NEXT, shop_id, after)
    return found


async def _move(shop_id: UUID, after_sale_id: UUID, now: datetime) -> bool:
    """Move one; False when a rival did. What can't be granted any more is dropped."""
    try:
        return await _step(shop_id, after_sale_id, now)
    except Refusal as refusal:
        log("after_sale_not_granted", level="warning", after_sale=after_sale_id.hex, code=refusal.code)
        why = refusal.en
    return await _drop(shop_id, after_sale_id, StepBy.system(now, why))


@retried
async def _step(shop_id: UUID, after_sale_id: UUID, now: datetime) -> bool:
    async with transaction() as sql:
        return await _step_held(sql, shop_id, after_sale_id, now)


async def _step_held(sql: Connection, shop_id: UUID, after_sale_id: UUID, now: datetime) -> bool:
    row = await hold_after_sale(sql, shop_id, after_sale_id)
    if row is None or row["deadline_at"] is None or row["deadline_at"] > now:
        return False
    by, status = StepBy.system(now), AfterSaleStatus(row["status"])
    if status is AfterSaleStatus.APPLIED:
        await grant(sql, shop_id, row, by)
    elif status in _ENDS:
        await step_after_sale(sql, shop_id, after_sale_id, AfterSaleStep(status, _ENDS[status]), by)
    else:
        await sql.execute(_LEAVE, shop_id, after_sale_id)
    return True


@retried
async def _drop(shop_id: UUID, after_sale_id: UUID, by: StepBy) -> bool:
    """End an application that can't be granted any more: its pieces went back by another way."""
    async with transaction() as sql:
        row = await hold_after_sale(sql, shop_id, after_sale_id)
        if row is None or row["status"] != AfterSaleStatus.APPLIED:
            return False
        step = AfterSaleStep(AfterSaleStatus.APPLIED, AfterSaleStatus.CANCELLED)
        return await step_after_sale(sql, shop_id, after_sale_id, step, by) is not None
