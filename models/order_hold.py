"""Holds: reasons for which a paid order may not be shipped yet. Campaigns add holds, never statuses."""

from enum import StrEnum
from typing import Final

from tortoise import fields

from models.owned import Owned


class HoldKind(StrEnum):
    """What is being waited for."""

    GROUP_FORMING = "GROUP_FORMING"
    RECIPIENT_ADDRESS = "RECIPIENT_ADDRESS"
    RISK_REVIEW = "RISK_REVIEW"


KEEPS_MONEY: Final = frozenset({HoldKind.GROUP_FORMING})
"""While one of these is open it is not known what becomes of the order: no after-sale, and no refund by staff."""


def is_kept(shop: str, order: str) -> str:
    """Return the condition that an order's money is kept by an open hold; both are SQL for their ids."""
    kinds = ", ".join(f"'{kind}'" for kind in sorted(KEEPS_MONEY))
    return (
        f"exists (select from order_hold hold where hold.shop_id = {shop} and hold.order_id = {order}"
        f" and hold.kind in ({kinds}) and hold.released_at is null)"
    )


class OrderHold(Owned):
    """Open while `released_at` is null; at most one open hold of a kind for each order."""

    order_id = fields.UUIDField()
    kind = fields.CharEnumField(HoldKind, max_length=20)
    reason = fields.TextField(default="")
    created_at = fields.DatetimeField()
    released_at = fields.DatetimeField(null=True)

    class Meta:
        table = "order_hold"
        indexes = (("shop_id", "order_id"),)
