"""Shipping of paid orders: what the shop tells of parcels, checked as WeChat does, and kept for testers to read."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import orjson

from models.database import pool
from wechat.sandbox.faults import OK, Fault
from wechat.sandbox.pay_payments import Payment, by_key
from wechat.sandbox.protocol import Call

PARCELS_MAX: Final = 15
ITEM_CHARS_MAX: Final = 120
UPLOADS_MAX: Final = 2
"""The first, and one correction."""
_BY_NUMBER, _BY_ID = 1, 2
_EXPRESS: Final = 1
_LOGISTICS: Final = (1, 2, 3, 4)
_UNIFIED, _SPLIT = 1, 2

# The mchid is whose money it is: the sub-merchant in partner mode.
_OF_NUMBER = """
select id from wechat_sandbox.pay_transaction
where out_trade_no = $2 and (sub_mchid = $1 or (mchid = $1 and sub_mchid = '')) and state = 'SUCCESS'
"""
_OF_ID = "select id from wechat_sandbox.pay_transaction where transaction_id = $1 and state = 'SUCCESS'"
_UPLOADS = """
select kind, asked from wechat_sandbox.shipment where payment_id = $1 order by id
"""
_LOCK = "select 1 from wechat_sandbox.pay_transaction where id = $1 for update"
_SAVE = "insert into wechat_sandbox.shipment (at, appid, payment_id, kind, asked) values ($1, $2, $3, $4, $5::jsonb)"
_LIST = """
select s.id, s.at, s.kind, t.mchid, nullif(t.sub_mchid, '') as "subMchid", t.out_trade_no as "outTradeNo",
    t.transaction_id as "transactionId", s.asked
from wechat_sandbox.shipment s join wechat_sandbox.pay_transaction t on t.id = s.payment_id
where s.appid = $1 and ($2::text is null or t.out_trade_no = $2) order by s.id
"""


async def upload_shipping_info(call: Call) -> dict[str, Any]:
    """`POST /wxa/sec/order/upload_shipping_info`: again replaces, once; in parts until all is on its way."""
    parcels = call.asked.get("shipping_list")
    # The most asked question about this call: one parcel is a list, too.
    if not isinstance(parcels, list) or not all(isinstance(parcel, dict) for parcel in parcels):
        raise Fault(47001)
    payment = await _payment(call, _mapping(call, "order_key"))
    if _mapping(call, "payer").get("openid") != payment.payer_openid:
        raise Fault(10060031)
    _check_parcels(call, parcels)
    uploaded_at = _moment(call.asked.get("upload_time"))
    async with pool().acquire() as sql, sql.transaction():
        await sql.execute(_LOCK, payment.id)
        before = [
            orjson.loads(row["asked"]) for row in await sql.fetch(_UPLOADS, payment.id) if row["kind"] == "SHIPPED"
        ]
        if before and uploaded_at <= _moment(before[-1].get("upload_time")):
            raise Fault(10060023)
        # Parts that follow parts are no corrections.
        if sum(_is_last(each) for each in before) >= UPLOADS_MAX:
            raise Fault(10060003)
        await sql.execute(_SAVE, call.now, call.appid, payment.id, "SHIPPED", _stored(call))
    return OK


async def notify_confirm_receive(call: Call) -> dict[str, Any]:
    """`POST /wxa/sec/order/notify_confirm_receive`: WeChat reminds the customer, once."""
    named = {"mchid": call.text("merchant_id"), "out_trade_no": call.text("merchant_trade_no")}
    is_by_id = bool(call.text("transaction_id"))
    key = {"order_number_type": _BY_ID if is_by_id else _BY_NUMBER, "transaction_id": call.text("transaction_id")}
    payment = await _payment(call, named | key)
    if not isinstance(call.asked.get("received_time"), int):
        raise Fault(47001)
    async with pool().acquire() as sql, sql.transaction():
        await sql.execute(_LOCK, payment.id)
        kinds = [row["kind"] for row in await sql.fetch(_UPLOADS, payment.id)]
        if "SHIPPED" not in kinds or "RECEIVED" in kinds:
            raise Fault(10060004)
        await sql.execute(_SAVE, call.now, call.appid, payment.id, "RECEIVED", _stored(call))
    return OK


async def shipments_of(appid: str, out_trade_no: str | None) -> list[dict[str, Any]]:
    """List what an app told of parcels, and the reminders to confirm; the newest at the end."""
    return [
        {**dict(row), "asked": orjson.loads(row["asked"])} for row in await pool().fetch(_LIST, appid, out_trade_no)
    ]


async def _payment(call: Call, key: Mapping[str, Any]) -> Payment:
    kind, mchid, number = key.get("order_number_type"), key.get("mchid"), key.get("out_trade_no")
    transaction_id = key.get("transaction_id")
    found: int | None = None
    if kind == _BY_ID and isinstance(transaction_id, str):
        found = await pool().fetchval(_OF_ID, transaction_id)
    elif kind == _BY_NUMBER and isinstance(mchid, str) and isinstance(number, str):
        found = await pool().fetchval(_OF_NUMBER, mchid, number)
    payment = await by_key(pool(), found) if found else None
    if payment is None or call.appid not in {payment.appid, payment.sub_appid}:
        raise Fault(10060001)
    return payment


def _check_parcels(call: Call, parcels: list[dict[str, Any]]) -> None:
    logistics, mode = call.asked.get("logistics_type"), call.asked.get("delivery_mode")
    if logistics not in _LOGISTICS or isinstance(logistics, bool):
        raise Fault(10060005)
    if mode not in {_UNIFIED, _SPLIT} if isinstance(mode, int) else True:
        raise Fault(10060014)
    if mode == _SPLIT and logistics != _EXPRESS:
        raise Fault(10060006)
    if mode == _SPLIT and not isinstance(call.asked.get("is_all_delivered"), bool):
        raise Fault(10060007)
    if not parcels or len(parcels) > (PARCELS_MAX if mode == _SPLIT else 1):
        raise Fault(10060024 if parcels else 10060014)
    for parcel in parcels:
        _check_parcel(parcel, is_express=logistics == _EXPRESS)


def _check_parcel(parcel: dict[str, Any], *, is_express: bool) -> None:
    item = parcel.get("item_desc")
    if not isinstance(item, str) or not item:
        raise Fault(10060008)
    if len(item) > ITEM_CHARS_MAX:
        raise Fault(10060009)
    if is_express and not (parcel.get("tracking_no") and parcel.get("express_company")):
        raise Fault(10060014)
    contact = parcel.get("contact")
    # A number in the clear is refused: 189****1234.
    if isinstance(contact, dict) and not all("*" in str(number) for number in contact.values()):
        raise Fault(10060014)


def _is_last(told: dict[str, Any]) -> bool:
    return told.get("delivery_mode") != _SPLIT or told.get("is_all_delivered") is True


def _moment(text: object) -> datetime:
    try:
        moment = datetime.fromisoformat(text if isinstance(text, str) else "")
    except ValueError:
        raise Fault(10060014) from None
    if moment.tzinfo is None:
        raise Fault(10060014)
    return moment


def _mapping(call: Call, name: str) -> Mapping[str, Any]:
    value = call.asked.get(name)
    if not isinstance(value, dict):
        raise Fault(47001)
    return value


def _stored(call: Call) -> str:
    return orjson.dumps({name: value for name, value in call.asked.items() if name != "access_token"}).decode()
