"""Which orders a caller may act on: customers on their own, who keeps orders on all of the shop's."""

from typing import Final
from uuid import UUID

from models.database import Connection
from models.refusal import Refusal, UserErrorCode
from models.staff import Role
from resolvers.caller import Caller
from resolvers.placement import login_required

# Primary key, by unique (shop_id, id).
_FIND: Final = "select id from orders where shop_id = $1 and id = $2 and ($3::uuid is null or customer_id = $3)"


async def require_order(sql: Connection, caller: Caller, order_id: UUID, *path: str) -> None:
    """Raise Refusal NOT_FOUND unless the order is the caller's to act on; LOGIN_REQUIRED for visitors."""
    keeps_orders = caller.is_staff and caller.may(Role.ORDERS)
    if not keeps_orders and caller.viewer_id is None:
        raise login_required()
    owner = None if keeps_orders else caller.viewer_id
    if await sql.fetchval(_FIND, caller.shop_id, order_id, owner) is None:
        raise no_such_order(*path)


def no_such_order(*path: str) -> Refusal:
    """Return the refusal of an order that is not there, or not the caller's."""
    return Refusal(UserErrorCode.NOT_FOUND, "找不到该订单", "No such order", *(path or ("orderId",)))
