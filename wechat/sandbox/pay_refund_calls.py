"""The calls about refunds: ask for one, ask about one, send an abnormal one elsewhere."""

import re
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from clock import wall_now
from models.database import pool
from wechat.sandbox.pay_faults import PayCode, PayFault
from wechat.sandbox.pay_keys import Key
from wechat.sandbox.pay_merchants import Merchant, RefundStatus
from wechat.sandbox.pay_notifications import deliver_pay_notifications
from wechat.sandbox.pay_orders import sub_merchant_shop
from wechat.sandbox.pay_payments import Payment, by_key
from wechat.sandbox.pay_protocol import PayAnswer, PayCall
from wechat.sandbox.pay_refunds import Refund, Way, find_refund, move, refunded_payment, take_on
from wechat.sandbox.pay_signing import unseal
from wechat.sandbox.pay_time import time_of
from wechat.sandbox.pay_wishes import DEBIT_CARDS, AbnormalRefundWish, RefundWish, read_wish

_ACCOUNT: Final = re.compile(r"[0-9]{10,21}", re.ASCII)


async def refund(call: PayCall) -> PayAnswer:
    """`POST /v3/refund/domestic/refunds`: a new one is answered PROCESSING, and goes on when the answer is out.

    So the notification comes as the real one does, by a way of its own; the same number again tells what is now.
    """
    wish = read_wish(call.body, RefundWish)
    now = await time_of(await sub_merchant_shop(call.merchant, wish.sub_mchid or ""))
    payment = await refunded_payment(pool(), call.merchant.mchid, wish)
    taken, is_new = await take_on(payment, wish, dict(call.body), now)
    return PayAnswer(taken.told(payment), await _going_on(call.merchant, taken, payment) if is_new else None)


async def query_refund(call: PayCall) -> PayAnswer:
    """`GET /v3/refund/domestic/refunds/{out_refund_no}`."""
    sub_mchid = call.query.get("sub_mchid", "")
    await sub_merchant_shop(call.merchant, sub_mchid)
    found = await find_refund(pool(), call.merchant.mchid, sub_mchid, call.path["out_refund_no"])
    if found is None:
        raise PayFault(PayCode.RESOURCE_NOT_EXISTS, "退款单不存在")
    return PayAnswer(found.told(await by_key(pool(), found.payment_id)))


async def apply_abnormal_refund(call: PayCall) -> PayAnswer:
    """`POST /v3/refund/domestic/refunds/{refund_id}/apply-abnormal-refund`: under way again, to another account."""
    wish = read_wish(call.body, AbnormalRefundWish)
    sub_mchid = wish.sub_mchid or ""
    now = await time_of(await sub_merchant_shop(call.merchant, sub_mchid))
    found = await find_refund(pool(), call.merchant.mchid, sub_mchid, wish.out_refund_no)
    if found is None or found.refund_id != call.path["refund_id"]:
        raise PayFault(PayCode.RESOURCE_NOT_EXISTS, "退款单不存在")
    goes_to = _other_way(call, wish)
    payment = await by_key(pool(), found.payment_id)
    moved = await move(found, payment, RefundStatus.PROCESSING, now, goes_to)
    if moved is None:
        raise PayFault(PayCode.INVALID_REQUEST, "退款单状态不是退款异常")
    return PayAnswer(moved[0].told(payment), await _going_on(call.merchant, moved[0], payment))


def _other_way(call: PayCall, wish: AbnormalRefundWish) -> Way:
    """Return where the money goes now; a card is known by its last four digits alone. Raises PayFault PARAM_ERROR."""
    if wish.type == "MERCHANT_BANK_CARD":
        return Way("OTHER_BANKCARD", "商户结算银行账户")
    if call.sealing_key is None:
        raise PayFault(PayCode.PARAM_ERROR, "HTTP头Wechatpay-Serial有误，请使用微信支付公钥ID或平台证书序列号")
    account, name = (_opened(call.sealing_key, wish, part) for part in ("bank_account", "real_name"))
    if not _ACCOUNT.fullmatch(account) or not name.strip():
        raise PayFault(PayCode.PARAM_ERROR, "收款银行卡号或收款用户姓名有误", field="bank_account")
    return Way("OTHER_BANKCARD", f"{DEBIT_CARDS[wish.bank_type or '']}借记卡{account[-4:]}")


def _opened(key: Key, wish: AbnormalRefundWish, part: str) -> str:
    plain = unseal(getattr(wish, part), key)
    if plain is None:
        raise PayFault(PayCode.PARAM_ERROR, f"{part}解密失败", field=part)
    return plain


async def _going_on(merchant: Merchant, taken: Refund, payment: Payment) -> Callable[[], Awaitable[object]] | None:
    """Let a refund become what the merchant's setting says; the shop hears of it when the answer is out."""
    if merchant.refunds_become is RefundStatus.PROCESSING:
        return None
    moved = await move(taken, payment, merchant.refunds_become, await time_of(payment.shop_id))
    if moved is None or moved[1] is None:
        return None
    return partial(deliver_pay_notifications, wall_now(), numbers=[moved[1]])
