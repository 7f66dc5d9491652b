"""Giving back a payment that came otherwise than it was asked for: staff's one answer to a problem.

There is no accepting it. An order is paid by its total and by nothing else: what WeChat makes of another amount, an app
or a merchant that is not ours, no refund, parcel or bill of the order could ever agree with. Money that came right and
was told wrong needs no decision either: asked again (`orderPaymentSync`), WeChat's right word pays the order.
"""

from typing import Final
from uuid import UUID

from models.database import Connection
from models.refusal import Refusal, UserErrorCode
from resolvers.caller import Caller
from resolvers.idempotency import once
from resolvers.order_paid import hold_order
from resolvers.refund_surplus import request_surplus_refund

_ORDER: Final = "select order_id from payment where shop_id = $1 and id = $2"
# The guard: of rivals one takes it. What came is what it is worth from now on, and all of it goes back.
_TAKE: Final = """
update payment set state = 'SUCCEEDED', is_surplus = true, amount_fen = told_fen,
                   succeeded_at = coalesce(told_at, $3), next_query_at = null, last_error = '', updated_at = $3
where shop_id = $1 and id = $2 and problem is not null and told_fen > 0 and state <> 'SUCCEEDED'
returning id
"""


async def payment_refund(caller: Caller, payment_id: UUID, key: str) -> UUID:
    """Give all that came of a payment with a problem back, once; its order is free to be paid or cancelled again.

    Returns the refund. Raises Refusal NOT_FOUND; NOT_ALLOWED for a payment without a problem, or given back already.
    """

    async def write(sql: Connection) -> str:
        order_id = await sql.fetchval(_ORDER, caller.shop_id, payment_id)
        if order_id is None:
            raise Refusal(UserErrorCode.NOT_FOUND, "找不到该支付", "No such payment", "id")
        await hold_order(sql, caller.shop_id, order_id)
        if await sql.fetchval(_TAKE, caller.shop_id, payment_id, caller.now) is None:
            raise Refusal(
                UserErrorCode.NOT_ALLOWED,
                "该支付无需人工退回",
                "The payment has no problem that waits for anybody",
                "id",
            )
        return str(await request_surplus_refund(sql, caller.shop_id, payment_id, caller.now, caller.staff_id))

    return UUID(await once(caller, "paymentRefund", key, [payment_id], write))
