"""Orders at the sandbox's WeChat Pay: prepaid, asked about, closed, in direct and in partner mode."""

import secrets
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson

from models.database import pool
from wechat.sandbox.pay_faults import PayCode, PayFault
from wechat.sandbox.pay_merchants import Merchant
from wechat.sandbox.pay_partners import sub_appids
from wechat.sandbox.pay_payments import Payment, by_out_trade_no, by_transaction_id
from wechat.sandbox.pay_protocol import PayAnswer, PayCall
from wechat.sandbox.pay_time import shop_of, time_of
from wechat.sandbox.pay_wishes import CloseWish, DirectPrepay, PartnerPrepay, read_wish

PREPAY_LIVES: Final = timedelta(hours=2)
ORDER_LIVES: Final = timedelta(days=7)
_PREPAY_BYTES: Final = 14

_MAKE = """
insert into wechat_sandbox.pay_transaction (
    mchid, sub_mchid, appid, sub_appid, out_trade_no, shop_id, prepay_id, state, total_fen, payer_appid, openid, asked,
    notify_url, made_at, prepay_ends_at, ends_at
) values ($1, $2, $3, $4, $5, $6, $7, 'NOTPAY', $8, $9, $10, $11::jsonb, $12, $13, $14, $15)
on conflict (mchid, out_trade_no) do nothing
returning prepay_id
"""
# The same order again, a while later: the phone gets a new prepay_id. A rival's is taken as it is.
_RENEW = """
update wechat_sandbox.pay_transaction set prepay_id = $2, prepay_ends_at = $3
where id = $1 and prepay_id = $4
returning prepay_id
"""
_CLOSE = "update wechat_sandbox.pay_transaction set state = 'CLOSED' where id = $1 and state = 'NOTPAY' returning 1"
_KNOWN_PERSON = "select 1 from wechat_sandbox.person where appid = $1 and openid = $2"


async def prepay(call: PayCall) -> PayAnswer:
    """`POST /v3/pay/transactions/jsapi`."""
    return await _prepaid(call, read_wish(call.body, DirectPrepay))


async def partner_prepay(call: PayCall) -> PayAnswer:
    """`POST /v3/pay/partner/transactions/jsapi`."""
    return await _prepaid(call, read_wish(call.body, PartnerPrepay))


async def query_by_no(call: PayCall) -> PayAnswer:
    """`GET /v3/pay/transactions/out-trade-no/{out_trade_no}`."""
    sub_mchid, now = await _asker(call, call.query)
    payment = await by_out_trade_no(pool(), call.merchant.mchid, sub_mchid, call.path["out_trade_no"])
    return PayAnswer(_there(payment).told(now))


async def query_by_id(call: PayCall) -> PayAnswer:
    """`GET /v3/pay/transactions/id/{transaction_id}`: only what was paid has such a number."""
    sub_mchid, now = await _asker(call, call.query)
    payment = await by_transaction_id(pool(), call.merchant.mchid, sub_mchid, call.path["transaction_id"])
    return PayAnswer(_there(payment).told(now))


async def close(call: PayCall) -> PayAnswer:
    """`POST /v3/pay/transactions/out-trade-no/{out_trade_no}/close`: closing what is closed is well, too."""
    sub_mchid, _ = await _asker(call, read_wish(call.body, CloseWish).model_dump(exclude_none=True))
    found = await by_out_trade_no(pool(), call.merchant.mchid, sub_mchid, call.path["out_trade_no"])
    payment = _there(found)
    if not await pool().fetchval(_CLOSE, payment.id):
        # Somebody was quicker: closed it, or paid.
        again = _there(await by_out_trade_no(pool(), payment.mchid, payment.sub_mchid, payment.out_trade_no))
        if again.state == "SUCCESS":
            raise PayFault(PayCode.ORDER_PAID)
    return PayAnswer(None)


async def sub_merchant_shop(merchant: Merchant, sub_mchid: str) -> UUID | None:
    """Return the shop whose clock counts. Raises PayFault NO_AUTH for somebody else's sub-merchant."""
    try:
        return await shop_of(merchant, sub_mchid)
    except LookupError:
        raise PayFault(PayCode.NO_AUTH, "服务商与特约商户未绑定") from None


async def _prepaid(call: PayCall, wish: DirectPrepay | PartnerPrepay) -> PayAnswer:
    mchid, sub_mchid, appid, sub_appid = wish.parties
    if mchid != call.merchant.mchid:
        raise PayFault(PayCode.PARAM_ERROR, "Http头中的mchid与请求参数中的mchid不一致", field="mchid")
    shop_id = await sub_merchant_shop(call.merchant, sub_mchid)
    is_in_its_app = not sub_appid or sub_appid in await sub_appids(mchid, sub_mchid)
    if appid not in call.merchant.appids or not is_in_its_app:
        raise PayFault(PayCode.APPID_MCHID_NOT_MATCH)
    payer_appid, openid = wish.payer_is
    if not await pool().fetchval(_KNOWN_PERSON, payer_appid, openid):
        raise PayFault(PayCode.OPENID_MISMATCH)
    now, asked = await time_of(shop_id), _compared(call.body)
    ends_at = wish.time_expire or now + ORDER_LIVES
    made = await pool().fetchval(
        _MAKE, *wish.parties, wish.out_trade_no, shop_id, _new_prepay_id(), wish.amount.total, payer_appid, openid,
        orjson.dumps(asked).decode(), wish.notify_url, now, now + PREPAY_LIVES, ends_at,
    ) if ends_at > now else None  # fmt: skip
    if made:
        return PayAnswer({"prepay_id": made})
    known = await by_out_trade_no(pool(), mchid, sub_mchid, wish.out_trade_no)
    if known is None and ends_at <= now:
        raise PayFault(PayCode.PARAM_ERROR, "订单失效时间必须晚于当前时间", field="time_expire")
    if known is None:
        # Another merchant of the same partner has it: they share their numbers.
        raise PayFault(PayCode.OUT_TRADE_NO_USED)
    return PayAnswer({"prepay_id": await _again(known, asked, now)})


async def _again(known: Payment, asked: dict[str, Any], now: datetime) -> str:
    if known.asked != asked:
        raise PayFault(PayCode.OUT_TRADE_NO_USED)
    if known.state == "SUCCESS":
        raise PayFault(PayCode.ORDER_PAID)
    if known.state_at(now) == "CLOSED":
        raise PayFault(PayCode.ORDER_CLOSED)
    if known.prepay_ends_at > now:
        return known.prepay_id
    renewed = await pool().fetchval(_RENEW, known.id, _new_prepay_id(), now + PREPAY_LIVES, known.prepay_id)
    if renewed is None:
        known = _there(await by_out_trade_no(pool(), known.mchid, known.sub_mchid, known.out_trade_no))
    return renewed or known.prepay_id


async def _asker(call: PayCall, said: Any) -> tuple[str, datetime]:  # noqa: ANN401 - a query or a body
    """Return the sub-merchant and the time; the merchant named has to be the one that signed."""
    is_partner = "/partner/" in call.route
    mchid, sub_mchid = said.get("sp_mchid" if is_partner else "mchid", ""), said.get("sub_mchid", "")
    if mchid != call.merchant.mchid or bool(sub_mchid) != is_partner:
        raise PayFault(PayCode.PARAM_ERROR, "商户号有误", field="mchid")
    return sub_mchid, await time_of(await sub_merchant_shop(call.merchant, sub_mchid))


def _there(payment: Payment | None) -> Payment:
    if payment is None:
        raise PayFault(PayCode.ORDER_NOT_EXIST)
    return payment


def _compared(body: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Return what has to be the same when an order comes again: all but where the phone stands."""
    return {name: value for name, value in body.items() if name != "scene_info"}


def _new_prepay_id() -> str:
    return f"wx{secrets.token_hex(_PREPAY_BYTES)}"
