"""Deliveries: how an order reaches whom, as agreed on at placing."""

from enum import StrEnum

from tortoise import fields

from models.owned import Owned


class DeliveryMethod(StrEnum):
    """EXPRESS by carrier, VIRTUAL without any parcel; PICKUP and LOCAL are named, not offered yet."""

    EXPRESS = "EXPRESS"
    PICKUP = "PICKUP"
    LOCAL = "LOCAL"
    VIRTUAL = "VIRTUAL"


class Delivery(Owned):
    """Today exactly one for each order. The recipient is sealed JSON {name, phone, detail}; masks may be shown.

    `region_code` is the district's, or the smallest one there is.
    """

    order_id = fields.UUIDField()
    method = fields.CharEnumField(DeliveryMethod, max_length=8)
    recipient_sealed = fields.BinaryField(null=True)
    name_masked = fields.CharField(max_length=64, null=True)
    phone_masked = fields.CharField(max_length=32, null=True)
    region_code = fields.CharField(max_length=6, null=True)
    region_text = fields.CharField(max_length=200, null=True)
    postcode = fields.CharField(max_length=12, null=True)
    freight_fen = fields.BigIntField(default=0)
    origin = fields.CharField(max_length=8)
    store_id = fields.UUIDField(null=True)
    pickup_code = fields.CharField(max_length=16, null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "delivery"
        unique_together = (("shop_id", "id"),)
        indexes = (("shop_id", "order_id"),)
