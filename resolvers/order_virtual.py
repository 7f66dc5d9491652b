"""Orders with nothing to send: what was paid for is theirs at once."""

from typing import Final
from uuid import UUID

from asyncpg import Record

from ids import new_id
from models.database import Connection
from models.order import FulfilmentStatus, OrderAxis, OrderStatus
from resolvers.order_step import TOLD_COLUMNS, Step, StepBy, tell_order, write_steps
from resolvers.shipping_upload import renew_upload

# Index (shop_id, order_id, position); the partial unique index on open holds.
_IS_VIRTUAL: Final = """
select not exists (select from order_line where shop_id = $1 and order_id = $2 and requires_shipping)
   and not exists (select from order_hold where shop_id = $1 and order_id = $2 and released_at is null)
"""
_PARCEL: Final = "insert into shipment (id, shop_id, order_id, note, created_at) values ($1, $2, $3, '', $4)"
_LINES: Final = "select id, quantity from order_line where shop_id = $1 and order_id = $2 order by position"
_SENT: Final = "update order_line set shipped_quantity = quantity where shop_id = $1 and order_id = $2"
_PACK: Final = """
insert into shipment_line (id, shop_id, shipment_id, order_line_id, quantity)
select line.id, $1, $2, line.order_line_id, line.quantity
from unnest($3::uuid[], $4::uuid[], $5::int[]) as line(id, order_line_id, quantity)
"""
_DONE: Final = f"""
update orders set fulfilment_status = 'RECEIVED', status = 'COMPLETED', shipped_at = $3, completed_at = $3,
                  version = version + 1, updated_at = $3
where shop_id = $1 and id = $2 and status = 'PAID' and fulfilment_status = 'NOT_SHIPPED'
returning {TOLD_COLUMNS}
"""  # noqa: S608 - fixed words


async def deliver_virtual(sql: Connection, shop_id: UUID, order_id: UUID, by: StepBy) -> Record | None:
    """Complete a paid order of which no line has to be sent, and which nothing holds; None when that is not so.

    Inside the transaction that holds the order; the order counts as sent in one parcel without a carrier.
    """
    if not await sql.fetchval(_IS_VIRTUAL, shop_id, order_id):
        return None
    done: Record | None = await sql.fetchrow(_DONE, shop_id, order_id, by.now)
    if done is None:
        return None
    lines, parcel_id = await sql.fetch(_LINES, shop_id, order_id), new_id()
    await sql.execute(_PARCEL, parcel_id, shop_id, order_id, by.now)
    ids, quantities = [line["id"] for line in lines], [line["quantity"] for line in lines]
    await sql.execute(_PACK, shop_id, parcel_id, [new_id() for _ in lines], ids, quantities)
    await sql.execute(_SENT, shop_id, order_id)
    # WeChat holds the money back until it has heard that nothing is sent, too.
    await renew_upload(sql, shop_id, order_id)
    steps = [
        Step(OrderAxis.FULFILMENT, FulfilmentStatus.NOT_SHIPPED, FulfilmentStatus.RECEIVED),
        Step(OrderAxis.STATUS, OrderStatus.PAID, OrderStatus.COMPLETED),
    ]
    await write_steps(sql, shop_id, order_id, steps, by)
    await tell_order(sql, shop_id, "order.completed", done)
    return done
