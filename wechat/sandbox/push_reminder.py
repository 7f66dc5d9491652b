"""WeChat's reminder of an order that was paid more than 48 hours ago and not sent, pushed when a tester asks for it."""

from datetime import timedelta
from typing import Any, Final

from clock import wall_now
from models.database import pool
from wechat.sandbox.apps import App
from wechat.sandbox.inputs import InputError
from wechat.sandbox.pay_payments import COLUMNS, Payment, payment_of
from wechat.sandbox.pay_time import time_of
from wechat.sandbox.push import push

UNSENT: Final = timedelta(hours=48)
EVENT: Final = "trade_manage_remind_shipping"
_SYSTEM: Final = "o_sandbox_trade_manage"

_PAID: Final = f"""
select {COLUMNS} from wechat_sandbox.pay_transaction
where payer_appid = $1 and out_trade_no = $2 and paid_at is not null order by id desc limit 1
"""  # noqa: S608 - fixed words
_IS_SENT: Final = "select exists (select from wechat_sandbox.shipment where payment_id = $1)"


async def remind(app: App, out_trade_no: str, times: int) -> list[list[dict[str, Any]]]:
    """Push the reminder, `times` over; what each try was answered. Raises InputError when there is nothing to remind.

    Time is the shop's. The message is made once: told again it is the same, to the letter.
    """
    payment = payment_of(await pool().fetchrow(_PAID, app.appid, out_trade_no))
    if payment is None or payment.paid_at is None:
        message = "order: nobody paid such an order in this app"
        raise InputError(message)
    if await pool().fetchval(_IS_SENT, payment.id):
        message = "order: WeChat was told that it is sent"
        raise InputError(message)
    if await time_of(payment.shop_id) - payment.paid_at < UNSENT:
        message = "order: it was paid less than 48 hours ago, on the shop's clock"
        raise InputError(message)
    said = _message(app, payment)
    return [await push(app, said, is_safe=True) for _ in range(times)]


def _message(app: App, payment: Payment) -> dict[str, Any]:
    paid_at = int(payment.paid_at.timestamp()) if payment.paid_at else 0
    return {
        "ToUserName": f"gh_{app.appid}",
        "FromUserName": _SYSTEM,
        "CreateTime": int(wall_now().timestamp()),
        "MsgType": "event",
        "Event": EVENT,
        "transaction_id": payment.transaction_id,
        "merchant_id": payment.mchid,
        "sub_merchant_id": payment.sub_mchid,
        "merchant_trade_no": payment.out_trade_no,
        "pay_time": paid_at,
        "msg": "你的小程序有订单超过48小时未发货，请及时录入发货信息，以免影响资金结算",
    }
