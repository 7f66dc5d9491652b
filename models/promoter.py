"""Promoters: who brings visitors to a shop, and is named beside what they share."""

from enum import StrEnum

from tortoise import fields

from models.owned import Owned


class PromoterKind(StrEnum):
    """KOL has an audience, GUIDE sells in the shop's name, CUSTOMER recommends, PARTNER is another business."""

    KOL = "KOL"
    GUIDE = "GUIDE"
    CUSTOMER = "CUSTOMER"
    PARTNER = "PARTNER"


class Promoter(Owned):
    """Never deleted, for visits and orders name them: one that is not `active` brings nobody from then on.

    `staff_id` and `customer_id` say who it is when they work here or buy here; each is a promoter once.
    """

    kind = fields.CharEnumField(PromoterKind, max_length=8)
    name = fields.CharField(max_length=64)
    avatar_url = fields.TextField(null=True)
    staff_id = fields.UUIDField(null=True)
    customer_id = fields.UUIDField(null=True)
    active = fields.BooleanField(default=True)
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "promoter"
        unique_together = (("shop_id", "id"), ("shop_id", "staff_id"), ("shop_id", "customer_id"))
