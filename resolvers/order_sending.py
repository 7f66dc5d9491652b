"""How much of an order has left the house: the axis of fulfilment, moved by parcels, and by refunds of what is left.

A piece can be sent that was bought, not sent, and is not going back. When no such piece is left, and something was
sent, the order is SHIPPED and the time begins after which it counts as received.
"""

from typing import Final
from uuid import UUID

from asyncpg import Record

from models.database import Connection
from models.order import FulfilmentStatus, OrderAxis, OrderStatus
from resolvers.order_step import TOLD_COLUMNS, Step, StepBy, tell_order, write_steps
from resolvers.shipping_upload import renew_upload

PIECES_LEFT: Final = "greatest(quantity - shipped_quantity - refunding_quantity - refunded_quantity, 0)"
"""Of a line: what can still be sent. Of a line sent in part a refund takes the pieces that are left first."""

_STANDS: Final = f"""
select orders.status, orders.fulfilment_status,
       (select sum({PIECES_LEFT}) from order_line where shop_id = $1 and order_id = $2) as pieces_left
from orders where shop_id = $1 and id = $2
"""  # noqa: S608 - fixed words
_MOVE: Final = f"""
update orders set fulfilment_status = $3,
    shipped_at = case when $3 = 'SHIPPED' then coalesce(shipped_at, $4) else shipped_at end,
    auto_confirm_at = case when $3 = 'SHIPPED' then coalesce(auto_confirm_at, $4 + (
        select confirm_days * interval '1 day' from shop where shop.id = $1)) else auto_confirm_at end,
    version = version + 1, updated_at = $4
where shop_id = $1 and id = $2 and status = 'PAID' and fulfilment_status in ('NOT_SHIPPED', 'PARTIALLY_SHIPPED', $3)
returning {TOLD_COLUMNS}
"""  # noqa: S608 - fixed words


async def follow_parcel(sql: Connection, shop_id: UUID, order_id: UUID, by: StepBy) -> None:
    """Bring a paid order that the caller holds to where it stands after a parcel, and have WeChat told."""
    stands = await sql.fetchrow(_STANDS, shop_id, order_id)
    to_value = FulfilmentStatus.PARTIALLY_SHIPPED if stands["pieces_left"] else FulfilmentStatus.SHIPPED
    if stands["fulfilment_status"] == FulfilmentStatus.SHIPPED:
        # Pieces came back from a refund that was not to be: what was said stays said.
        to_value = FulfilmentStatus.SHIPPED
    await _move(sql, shop_id, order_id, stands, to_value, by)


async def follow_refund(sql: Connection, shop_id: UUID, order_id: UUID, by: StepBy) -> None:
    """Let an order that the caller holds count as shipped when a refund took all that was left to send."""
    stands = await sql.fetchrow(_STANDS, shop_id, order_id)
    is_part = stands["fulfilment_status"] == FulfilmentStatus.PARTIALLY_SHIPPED
    if is_part and stands["status"] == OrderStatus.PAID and not stands["pieces_left"]:
        await _move(sql, shop_id, order_id, stands, FulfilmentStatus.SHIPPED, by)


async def _move(  # noqa: PLR0913, PLR0917 - from where to where, and who
    sql: Connection, shop_id: UUID, order_id: UUID, stands: Record, to_value: FulfilmentStatus, by: StepBy
) -> None:
    moved = await sql.fetchrow(_MOVE, shop_id, order_id, to_value, by.now)
    if to_value != stands["fulfilment_status"]:
        step = Step(OrderAxis.FULFILMENT, stands["fulfilment_status"], to_value)
        await write_steps(sql, shop_id, order_id, [step], by)
    await tell_order(sql, shop_id, "order.shipped", moved)
    await renew_upload(sql, shop_id, order_id)
