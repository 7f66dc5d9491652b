"""The time of the sandbox's WeChat Pay: payments follow the clock of a shop, signed headers and retries the wall's."""

from datetime import datetime, timedelta, timezone
from typing import Final
from uuid import UUID

from clock import wall_now
from models.database import pool
from wechat.sandbox.pay_merchants import Merchant

CHINA: Final = timezone(timedelta(hours=8))

_OFFSET = "select clock_offset_ms from shop where id = $1 -- for wechat_sandbox.pay_merchant"
_SUB = "select shop_id from wechat_sandbox.pay_sub_merchant where mchid = $1 and sub_mchid = $2"


async def shop_of(merchant: Merchant, sub_mchid: str) -> UUID | None:
    """Return the shop whose clock a payment follows: the sub-merchant's, else the merchant's.

    Raises LookupError when the sub-merchant is not one of this partner's.
    """
    if not sub_mchid:
        return merchant.shop_id
    row = await pool().fetchrow(_SUB, merchant.mchid, sub_mchid)
    if row is None:
        raise LookupError(sub_mchid)
    return row["shop_id"] or merchant.shop_id


async def time_of(shop_id: UUID | None) -> datetime:
    """Return the time on a shop's clock; the wall's for none, and for one that was thrown away."""
    offset_ms = await pool().fetchval(_OFFSET, shop_id) if shop_id else 0
    return wall_now() + timedelta(milliseconds=offset_ms or 0)


def stamp(moment: datetime) -> str:
    """Write a moment as WeChat Pay does: whole seconds, in China's time."""
    return moment.astimezone(CHINA).isoformat(timespec="seconds")
