"""WeChat's reminder that an order was paid more than 48 hours ago and WeChat knows of no parcel: a task for staff."""

from collections.abc import Mapping
from typing import Any, Final

from models.database import Connection
from resolvers.message_push import PushDoor
from resolvers.order_step import TOLD_COLUMNS, tell_order
from resolvers.shop_clock import shop_now

TOPIC: Final = "order.shipping_reminded"
REMINDED: Final = "REMINDED"
NO_ORDER: Final = "NO_ORDER"

_OFFSET: Final = "select clock_offset_ms from shop where id = $1"
# A shop's few accounts, unique (mchid, out_trade_no), then the order. Of one that is sent or over there is nothing to
# remind.
_REMIND: Final = f"""
update orders set shipping_reminded_at = $6, version = version + 1, updated_at = $6
where shop_id = $1 and status = 'PAID' and fulfilment_status in ('NOT_SHIPPED', 'PARTIALLY_SHIPPED') and id = (
    select payment.order_id from merchant_account account
    join payment on payment.mchid = account.mchid and payment.out_trade_no = $4
        and payment.shop_id = $1 and payment.merchant_account_id = account.id
    where account.shop_id = $1 and $5 = coalesce(account.sub_mchid, account.mchid)
      and payment.app_id = $2 and payment.transaction_id = $3 and payment.state = 'SUCCEEDED'
      and not payment.is_surplus
)
returning {TOLD_COLUMNS}
"""  # noqa: S608 - fixed words


async def remind_of_shipping(sql: Connection, door: PushDoor, message: Mapping[str, Any]) -> str:
    """Note on the order that WeChat reminds of it, and tell the shop; an order that is another's is none."""
    merchant = _word(message, "sub_merchant_id") or _word(message, "merchant_id")
    numbers = (_word(message, "transaction_id"), _word(message, "merchant_trade_no"), merchant)
    now = shop_now(await sql.fetchval(_OFFSET, door.shop_id))
    order = await sql.fetchrow(_REMIND, door.shop_id, door.app_id, *numbers, now)
    if order is None:
        return NO_ORDER
    await tell_order(sql, door.shop_id, TOPIC, order)
    return REMINDED


def _word(message: Mapping[str, Any], name: str) -> str:
    value = message.get(name)
    return value.replace("\x00", "") if isinstance(value, str) else ""
