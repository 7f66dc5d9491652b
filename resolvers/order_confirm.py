"""Received: the buyer says so, or has said nothing for the shop's days since all was sent, once more if they ask.

While somebody complains about the order the time stands still; what it stood is added when they are done.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from asyncpg import Record

from clock import wall_now
from models.database import Connection, pool, transaction
from models.order import FulfilmentStatus, OrderAxis, OrderStatus
from models.refusal import LimitRefusal, Refusal, UserErrorCode
from resolvers.caller import Caller
from resolvers.customer import required_customer
from resolvers.order_own import no_such_order
from resolvers.order_step import TOLD_COLUMNS, Step, StepBy, tell_order, write_steps
from resolvers.retried import retried

BATCH_ORDERS: Final = 100
EXTENSIONS_MAX: Final = 1

CONFIRM_AT: Final = """({t}.auto_confirm_at + coalesce((
    select sum(greatest(claim.updated_at - greatest(claim.created_at, {t}.shipped_at), interval '0'))
    from after_sale claim where claim.shop_id = {t}.shop_id and claim.order_id = {t}.id
      and claim.status in ('COMPLETED', 'REJECTED', 'RECEIVE_REFUSED', 'CANCELLED')
), interval '0'))"""
"""When an order counts as received, with the time that after-sales of it took; an after-sale last changed at its end.

Never before `auto_confirm_at`, so the index on that column finds what may be due.
"""
IS_PAUSED: Final = """exists (
    select from after_sale claim where claim.shop_id = {t}.shop_id and claim.order_id = {t}.id
      and claim.status in ('APPLIED', 'AWAITING_RETURN', 'RETURN_SHIPPED', 'REFUNDING', 'EXCHANGE_SHIPPED'))"""

_AT: Final = CONFIRM_AT.format(t="orders")
_PAUSED: Final = IS_PAUSED.format(t="orders")

_HOLD: Final = """
select status, fulfilment_status, is_confirm_extended from orders
where shop_id = $1 and id = $2 and customer_id = $3 for no key update
"""
# A rival who confirms or complains at this moment is waited for, or leaves nothing to do.
_HOLD_DUE: Final = "select id from orders where shop_id = $1 and id = $2 for no key update skip locked"
_RECEIVED: Final = f"""
update orders set status = 'COMPLETED', fulfilment_status = 'RECEIVED', completed_at = $3, version = version + 1,
                  updated_at = $3
where shop_id = $1 and id = $2 and status = 'PAID' and fulfilment_status = 'SHIPPED'
  and ($4::timestamptz is null or ({_AT} <= $4 and not {_PAUSED}))
returning {TOLD_COLUMNS}
"""  # noqa: S608 - fixed words
_EXTEND: Final = f"""
update orders set auto_confirm_at = auto_confirm_at + (
                      select confirm_days * interval '1 day' from shop where shop.id = $1),
                  is_confirm_extended = true, version = version + 1, updated_at = $3
where shop_id = $1 and id = $2 and status = 'PAID' and fulfilment_status = 'SHIPPED' and not is_confirm_extended
returning {TOLD_COLUMNS}
"""  # noqa: S608 - fixed words

# As in order_cancel.py: shops on wall time by moment, those whose clock was moved one by one.
_DUE: Final = f"""
select due.shop_id, due.id, due.now from (
    select orders.shop_id, orders.id, orders.auto_confirm_at, $1::timestamptz as now from orders
    join shop on shop.id = orders.shop_id and shop.clock_offset_ms = 0
    where orders.status = 'PAID' and orders.auto_confirm_at <= $1 and ($2::uuid is null or orders.shop_id = $2)
      and orders.fulfilment_status = 'SHIPPED' and {_AT} <= $1 and not {_PAUSED}
    union all
    select orders.shop_id, orders.id, orders.auto_confirm_at, clock.now
    from shop
    cross join lateral (
        select $1::timestamptz + shop.clock_offset_ms * interval '1 millisecond' as now) clock
    join orders on orders.shop_id = shop.id
    where shop.clock_offset_ms > 0 and ($2::uuid is null or shop.id = $2) and orders.status = 'PAID'
      and orders.auto_confirm_at <= clock.now and orders.fulfilment_status = 'SHIPPED' and {_AT} <= clock.now
      and not {_PAUSED}
) due
order by due.auto_confirm_at limit $3
"""  # noqa: S608 - fixed words
_NEXT: Final = f"""
select min({_AT}) from orders
where shop_id = $1 and status = 'PAID' and auto_confirm_at is not null and fulfilment_status = 'SHIPPED'
  and {_AT} > $2 and not {_PAUSED}
"""  # noqa: S608 - fixed words


@retried
async def order_confirm(caller: Caller, order_id: UUID) -> UUID:
    """Let an order of the caller's be received; said again it is so already. Returns the order.

    Raises Refusal LOGIN_REQUIRED, NOT_FOUND, NOT_ALLOWED when not everything was sent, or it is over.
    """
    customer_id = required_customer(caller)
    async with transaction() as sql:
        order = await sql.fetchrow(_HOLD, caller.shop_id, order_id, customer_id)
        if order is None:
            raise no_such_order()
        if order["fulfilment_status"] == FulfilmentStatus.RECEIVED:
            return order_id
        if not await _receive(sql, caller.shop_id, order_id, StepBy.caller(caller)):
            raise _not_on_its_way()
    return order_id


@retried
async def order_confirm_extend(caller: Caller, order_id: UUID) -> UUID:
    """Give the buyer the shop's days to confirm once more. Returns the order.

    Raises Refusal LOGIN_REQUIRED, NOT_FOUND, NOT_ALLOWED unless all is on its way; LimitRefusal for the second time.
    """
    customer_id = required_customer(caller)
    async with transaction() as sql:
        order = await sql.fetchrow(_HOLD, caller.shop_id, order_id, customer_id)
        if order is None:
            raise no_such_order()
        if order["is_confirm_extended"]:
            zh, en = "每笔订单只能延长一次收货", "The time to confirm is extended once"
            raise LimitRefusal(zh, en, "orderId", limit=EXTENSIONS_MAX, used=EXTENSIONS_MAX)
        extended: Record | None = await sql.fetchrow(_EXTEND, caller.shop_id, order_id, caller.now)
        if extended is None:
            raise _not_on_its_way()
        await tell_order(sql, caller.shop_id, "order.changed", extended)
    return order_id


async def confirm_orders(wall: datetime, shop_id: UUID | None) -> int:
    """Let every order be received whose time is over, on its shop's clock; returns how many. Due work.

    Any number of workers may do this at once: each order is one transaction, and one of them finds it waiting.
    """
    done = 0
    while due := await _due(wall, shop_id):
        confirmed = 0
        for row in due:
            confirmed += await _confirm_due(row["shop_id"], row["id"], row["now"])
        done += confirmed
        if confirmed < len(due):
            break
    return done


async def next_confirmation(shop_id: UUID, after: datetime) -> datetime | None:
    """Return the first moment after `after`, on the shop's clock, at which an order counts as received by itself."""
    found: datetime | None = await pool().fetchval(_NEXT, shop_id, after)
    return found


async def waiting_confirmations(shop_id: UUID) -> int:
    """Return how many orders of a shop should count as received by now."""
    return len(await _due(wall_now(), shop_id))


@retried
async def _confirm_due(shop_id: UUID, order_id: UUID, now: datetime) -> bool:
    async with transaction() as sql:
        if await sql.fetchval(_HOLD_DUE, shop_id, order_id) is None:
            return False
        return await _receive(sql, shop_id, order_id, StepBy.system(now), due_at=now)


async def _due(wall: datetime, shop_id: UUID | None) -> list[Record]:
    """Read in a transaction, so that a clock that is just being moved is seen where it is moved to."""
    async with transaction() as sql:
        due: list[Record] = await sql.fetch(_DUE, wall, shop_id, BATCH_ORDERS)
        return due


async def _receive(
    sql: Connection, shop_id: UUID, order_id: UUID, by: StepBy, *, due_at: datetime | None = None
) -> bool:
    """Take both steps of a held order; False when it does not wait for them, or not yet at `due_at`."""
    done: Record | None = await sql.fetchrow(_RECEIVED, shop_id, order_id, by.now, due_at)
    if done is None:
        return False
    steps = [
        Step(OrderAxis.FULFILMENT, FulfilmentStatus.SHIPPED, FulfilmentStatus.RECEIVED),
        Step(OrderAxis.STATUS, OrderStatus.PAID, OrderStatus.COMPLETED),
    ]
    await write_steps(sql, shop_id, order_id, steps, by)
    await tell_order(sql, shop_id, "order.completed", done)
    return True


def _not_on_its_way() -> Refusal:
    return Refusal(
        UserErrorCode.NOT_ALLOWED, "订单还没有全部发货", "Not everything is on its way, or the order is over", "orderId"
    )
