"""Small things done with orders: hiding one from one's list, and notes of staff."""

from typing import Final
from uuid import UUID

from ids import new_id
from models.database import Connection, transaction
from models.refusal import Refusal, UserErrorCode
from resolvers.caller import Caller
from resolvers.checks import Checks
from resolvers.idempotency import once
from resolvers.order_own import require_order
from resolvers.placement import login_required
from resolvers.retried import retried

NOTE_CHARS_MAX: Final = 2_000

_HIDE: Final = """
update orders set hidden_at = coalesce(hidden_at, $4), version = version + 1, updated_at = $4
where shop_id = $1 and id = $2 and customer_id = $3 and status not in ('PENDING_PAYMENT', 'PAID')
returning id
"""
_NOTE: Final = """
insert into order_note (id, shop_id, order_id, staff_id, text, created_at) values ($1, $2, $3, $4, $5, $6)
"""


@retried
async def order_hide(caller: Caller, order_id: UUID) -> UUID:
    """Take an order that is at its end out of its customer's list. Raises Refusal NOT_FOUND, NOT_ALLOWED."""
    if caller.viewer_id is None:
        raise login_required()
    async with transaction() as sql:
        await require_order(sql, caller, order_id)
        if await sql.fetchval(_HIDE, caller.shop_id, order_id, caller.viewer_id, caller.now) is None:
            raise Refusal(UserErrorCode.NOT_ALLOWED, "进行中的订单不能删除", "The order is still under way", "orderId")
    return order_id


async def order_note_add(caller: Caller, order_id: UUID, text: str, key: str) -> UUID:
    """Write down something about an order, for staff only; returns the order. Raises Refusal NOT_FOUND, Refusals."""
    checks = Checks()
    checks.text(text, "text", chars=NOTE_CHARS_MAX, blank=False)
    checks.end()

    async def write(sql: Connection) -> str:
        await require_order(sql, caller, order_id)
        await sql.execute(_NOTE, new_id(), caller.shop_id, order_id, caller.staff_id, text, caller.now)
        return str(order_id)

    return UUID(await once(caller, "orderNoteAdd", key, [order_id, text], write))
