"""Asking about an order's payments at once, for a phone whose pay sheet has closed and that has heard nothing."""

from typing import Final
from uuid import UUID

from models.database import pool
from models.redis_server import redis
from models.refusal import Refusal, UserErrorCode
from models.staff import Role
from resolvers.caller import Caller
from resolvers.customer import required_customer
from resolvers.payment_query import ask_about

PAUSE_MS: Final = 2000

# Primary key, then index (shop_id, order_id). A friend who pays may ask too.
_ORDER: Final = """
select orders.id from orders where shop_id = $1 and id = $2 and ($3::uuid is null or customer_id = $3 or exists (
    select from payment where payment.shop_id = $1 and payment.order_id = $2 and payment.payer_customer_id = $3))
"""
_OPEN: Final = """
select id from payment where shop_id = $1 and order_id = $2 and state in ('CREATED', 'PREPAID') order by id
"""


async def order_payment_sync(caller: Caller, order_id: UUID) -> UUID:
    """Ask WeChat about the open payments of an order, at most every two seconds; returns the order.

    Raises Refusal LOGIN_REQUIRED, NOT_FOUND.
    """
    asker = None if caller.is_staff and caller.may(Role.ORDERS) else required_customer(caller)
    if await pool().fetchval(_ORDER, caller.shop_id, order_id, asker) is None:
        raise Refusal(UserErrorCode.NOT_FOUND, "找不到该订单", "No such order", *("orderId",))
    for row in await pool().fetch(_OPEN, caller.shop_id, order_id):
        # May be lost: then WeChat is asked once more.
        if await redis().set(f"xiaopu:pay-sync:{row['id'].hex}", 1, nx=True, px=PAUSE_MS):
            await ask_about(caller.shop_id, row["id"])
    return order_id
