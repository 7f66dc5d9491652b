"""Telling WeChat what was shipped: due work, outside of any transaction, each payment in one worker's hands.

What WeChat may take later is said again with growing pauses, under the same moment; what it refuses for good, or has
not taken after many attempts, is FAILED and waits for a person (`shippingUploadRetry`).
"""

import asyncio
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson
from asyncpg import Record

from clock import wall_now
from logs import log
from models.database import pool
from models.failpoint import failpoint
from models.wechat_app import WechatApp
from resolvers.address_draft import recipient_of
from wechat.connection import NoSandboxError, wechat
from wechat.errors import AccessTokenInvalid, LostAnswer, ShippingKnown, WechatError
from wechat.shipping import LogisticsType, Parcel, Shipping, upload_shipping_info

PAUSES_SECONDS: Final = (5, 30, 60, 300, 1800, 3600)
ATTEMPTS_MAX: Final = 20
LEASE_SECONDS: Final = 60
BATCH_UPLOADS: Final = 50
AT_ONCE: Final = 8

# Partial index shipping_upload_due. A rival's claim is skipped; the lease ends by itself when its process is gone.
_CLAIM: Final = """
update shipping_upload set next_attempt_at = $2, attempts = attempts + 1, last_error = ''
where id in (
    select id from shipping_upload where next_attempt_at <= $1 and ($3::uuid is null or shop_id = $3)
    order by next_attempt_at limit $4 for update skip locked
)
returning shop_id, id
"""
# One statement, so that parcels and revision are of one moment. The money is the sub-merchant's in partner mode.
_LOAD: Final = """
select job.revision, job.attempts, job.updated_at, payment.out_trade_no, payment.payer_openid, payment.app_id,
       coalesce(account.sub_mchid, account.mchid) as mchid,
       orders.fulfilment_status in ('SHIPPED', 'RECEIVED') as is_all,
       (select recipient_sealed from delivery where delivery.shop_id = $1 and delivery.order_id = job.order_id
        order by delivery.created_at limit 1) as recipient_sealed,
       (select jsonb_agg(to_jsonb(parcel) order by parcel.created_at, parcel.id) from (
           select shipment.id, shipment.created_at, shipment.carrier_code, shipment.tracking_no,
                  coalesce(carrier.needs_phone_tail, false) as needs_phone_tail,
                  string_agg(line.title || ' x' || part.quantity, '; ' order by line.position) as item
           from shipment
           join shipment_line part on part.shop_id = $1 and part.shipment_id = shipment.id
           join order_line line on line.shop_id = $1 and line.id = part.order_line_id
           left join carrier on carrier.code = shipment.carrier_code
           where shipment.shop_id = $1 and shipment.order_id = job.order_id
           group by shipment.id, carrier.code
       ) parcel) as parcels
from shipping_upload job
join payment on payment.shop_id = $1 and payment.id = job.payment_id
join merchant_account account on account.shop_id = $1 and account.id = payment.merchant_account_id
join orders on orders.shop_id = $1 and orders.id = job.order_id
where job.shop_id = $1 and job.id = $2 and job.state = 'WAITING'
"""
# Of a revision that was made meanwhile nothing is known yet: it stays as it stands.
_DONE: Final = """
update shipping_upload
set uploaded_revision = greatest(uploaded_revision, $3),
    state = case when revision = $3 then 'DONE' else state end,
    next_attempt_at = case when revision = $3 then null else next_attempt_at end,
    last_error = case when revision = $3 then $4 else last_error end
where shop_id = $1 and id = $2
"""
_AGAIN: Final = """
update shipping_upload set next_attempt_at = $5, last_error = $4
where shop_id = $1 and id = $2 and revision = $3 and state = 'WAITING'
"""
_FAILED: Final = """
update shipping_upload set state = 'FAILED', next_attempt_at = null, last_error = $4
where shop_id = $1 and id = $2 and revision = $3 and state = 'WAITING'
"""


async def upload_shipping(wall: datetime, shop_id: UUID | None) -> int:
    """Tell WeChat of every payment that is due, of one shop or of all; returns how many. Due work, by wall time."""
    done = 0
    limit = asyncio.Semaphore(AT_ONCE)

    async def one(row: Record) -> None:
        async with limit:
            await _upload(row["shop_id"], row["id"])

    while due := await pool().fetch(
        _CLAIM, wall, wall_now() + timedelta(seconds=LEASE_SECONDS), shop_id, BATCH_UPLOADS
    ):
        await asyncio.gather(*(one(row) for row in due))
        done += len(due)
        if len(due) < BATCH_UPLOADS:
            break
    return done


async def _upload(shop_id: UUID, upload_id: UUID) -> None:
    job = await pool().fetchrow(_LOAD, shop_id, upload_id)
    app = await WechatApp.get_or_none(shop_id=shop_id, id=job["app_id"]) if job else None
    if job is None or app is None:
        return
    at = (shop_id, upload_id, job["revision"])
    try:
        await failpoint("shipping.before_call")
        await upload_shipping_info(wechat().mini_program(app), _shipping(job))
        await failpoint("shipping.after_call")
    except ShippingKnown as known:
        # It was heard before, though its answer got lost; or WeChat takes no more corrections.
        await pool().execute(_DONE, *at, _said(known))
    except (WechatError, NoSandboxError) as fault:
        log("shipping_not_uploaded", level="warning", upload=upload_id.hex, fault=_said(fault))
        if _is_final(fault) or job["attempts"] >= ATTEMPTS_MAX:
            await pool().execute(_FAILED, *at, _said(fault))
        else:
            await pool().execute(_AGAIN, *at, _said(fault), _later(job["attempts"], fault))
    else:
        await pool().execute(_DONE, *at, "")


def _shipping(job: Record) -> Shipping:
    phone = recipient_of(bytes(job["recipient_sealed"])).phone if job["recipient_sealed"] else None
    parcels = [_parcel(parcel, phone) for parcel in orjson.loads(job["parcels"])]
    is_express = any(parcel.company for parcel in parcels)
    return Shipping(
        mchid=job["mchid"],
        out_trade_no=job["out_trade_no"],
        openid=job["payer_openid"],
        logistics=LogisticsType.EXPRESS if is_express else LogisticsType.VIRTUAL,
        parcels=tuple(parcels),
        is_all=job["is_all"],
        uploaded_at=job["updated_at"],
    )


def _parcel(parcel: dict[str, Any], phone: str | None) -> Parcel:
    """Nobody is told of a phone number, masked as it is, who has no use for it."""
    phone = phone if parcel["needs_phone_tail"] else None
    return Parcel(parcel["item"], parcel["tracking_no"], parcel["carrier_code"], phone)


def _is_final(fault: Exception) -> bool:
    """Whether saying the same again never helps. A call that was lost, or came with an old token, may go well next."""
    if isinstance(fault, LostAnswer | AccessTokenInvalid | NoSandboxError):
        return False
    return isinstance(fault, WechatError) and fault.retry_after_seconds is None


def _later(attempts: int, fault: Exception) -> datetime:
    pause: float = PAUSES_SECONDS[min(attempts, len(PAUSES_SECONDS)) - 1]
    return wall_now() + timedelta(seconds=max(pause, getattr(fault, "retry_after_seconds", None) or 0))


def _said(fault: Exception) -> str:
    """Name a fault for staff and the log; WeChat's number and its name of the call, nothing that was sent."""
    if isinstance(fault, WechatError):
        return f"{type(fault).__name__} {fault.errcode} {fault.rid}".rstrip()
    return type(fault).__name__
