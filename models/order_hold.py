"""Holds: reasons for which a paid order may not be shipped yet. Campaigns add holds, never statuses."""

from enum import StrEnum

from tortoise import fields

from models.owned import Owned


class HoldKind(StrEnum):
    """What is being waited for."""

    GROUP_FORMING = "GROUP_FORMING"
    RECIPIENT_ADDRESS = "RECIPIENT_ADDRESS"
    RISK_REVIEW = "RISK_REVIEW"


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
