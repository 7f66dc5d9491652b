"""What WeChat wants to know of parcels: money of a mini-program stays frozen until a payment's shipping is uploaded.

Zero-yuan orders have no payment and no upload; virtual things that were paid for have one.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Any, Final

from wechat.client import MiniProgram
from wechat.pay import CHINA

UPLOAD: Final = "/wxa/sec/order/upload_shipping_info"
CONFIRM: Final = "/wxa/sec/order/notify_confirm_receive"

PARCELS_MAX: Final = 15
ITEM_CHARS: Final = 120
_BY_OUT_TRADE_NO: Final = 1
_UNIFIED: Final = 1
_SPLIT: Final = 2
_OPEN_DIGITS: Final = 4


class LogisticsType(IntEnum):
    """How things come to the customer, in WeChat's numbers."""

    EXPRESS = 1
    CITY = 2
    VIRTUAL = 3
    PICKUP = 4


@dataclass(frozen=True, slots=True)
class Parcel:
    """A parcel; number, company (WeChat's code) and the receiver's phone belong to EXPRESS alone."""

    item: str
    """What is in it; cut to 120 characters."""
    tracking_no: str | None = None
    company: str | None = None
    receiver_phone: str | None = field(default=None, repr=False)
    """Sent masked; some companies want its last four digits."""


@dataclass(frozen=True, slots=True)
class Shipping:
    """The shipping of one payment. Said again it replaces what was said, once; `uploaded_at` has to grow.

    More than one parcel, or one while others follow, is a split shipping, which WeChat takes for EXPRESS alone.
    """

    mchid: str
    """Who took the money: the sub-merchant in partner mode."""
    out_trade_no: str
    openid: str = field(repr=False)
    """Of who paid."""
    logistics: LogisticsType
    parcels: tuple[Parcel, ...]
    is_all: bool
    """Whether nothing follows."""
    uploaded_at: datetime


async def upload_shipping_info(app: MiniProgram, shipping: Shipping) -> None:
    """Tell WeChat what was shipped. Raises ShippingKnown, PaymentNotSeen, ShippingNotWanted, ShippingInvalid.

    Raises ValueError for no parcel, or more than PARCELS_MAX.
    """
    if not 1 <= len(shipping.parcels) <= PARCELS_MAX:
        message = f"1 to {PARCELS_MAX} parcels, not {len(shipping.parcels)}"
        raise ValueError(message)
    is_split = len(shipping.parcels) > 1 or not shipping.is_all
    mode = {"delivery_mode": _SPLIT, "is_all_delivered": shipping.is_all} if is_split else {"delivery_mode": _UNIFIED}
    body = {
        "order_key": {
            "order_number_type": _BY_OUT_TRADE_NO,
            "mchid": shipping.mchid,
            "out_trade_no": shipping.out_trade_no,
        },
        "logistics_type": int(shipping.logistics),
        **mode,
        "shipping_list": [_said(parcel) for parcel in shipping.parcels],
        "upload_time": shipping.uploaded_at.astimezone(CHINA).isoformat(timespec="milliseconds"),
        "payer": {"openid": shipping.openid},
    }
    await app.post(UPLOAD, body)


async def notify_confirm_receive(app: MiniProgram, mchid: str, out_trade_no: str, received_at: datetime) -> None:
    """Have WeChat remind the customer to confirm what came; once for a payment, and after its upload."""
    received = int(received_at.timestamp())
    body = {"merchant_id": mchid, "merchant_trade_no": out_trade_no, "received_time": received}
    await app.post(CONFIRM, body)


def _said(parcel: Parcel) -> dict[str, Any]:
    said: dict[str, Any] = {"item_desc": parcel.item[:ITEM_CHARS]}
    said |= {"tracking_no": parcel.tracking_no} if parcel.tracking_no else {}
    said |= {"express_company": parcel.company} if parcel.company else {}
    if parcel.receiver_phone:
        said["contact"] = {"receiver_contact": masked(parcel.receiver_phone)}
    return said


def masked(phone: str) -> str:
    """Hide the four digits before the last four, as WeChat wants it: 189****1234."""
    return f"{phone[: -2 * _OPEN_DIGITS]}{'*' * _OPEN_DIGITS}{phone[-_OPEN_DIGITS:]}"
