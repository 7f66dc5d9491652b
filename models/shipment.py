"""Shipments: parcels that left the house, and what WeChat was told about them."""

from enum import StrEnum

from tortoise import fields

from models.owned import Owned


class Shipment(Owned):
    """One parcel of an order; without a carrier when nothing is sent (virtual goods). May be corrected once."""

    order_id = fields.UUIDField()
    carrier_code = fields.CharField(max_length=16, null=True)
    tracking_no = fields.CharField(max_length=64, null=True)
    note = fields.TextField(default="")
    staff_id = fields.UUIDField(null=True)
    corrected_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "shipment"
        unique_together = (("shop_id", "id"),)
        indexes = (("shop_id", "order_id"),)


class ShipmentLine(Owned):
    """How many pieces of a line are in a parcel."""

    shipment_id = fields.UUIDField()
    order_line_id = fields.UUIDField()
    quantity = fields.IntField()

    class Meta:
        table = "shipment_line"
        unique_together = (("shop_id", "shipment_id", "order_line_id"),)
        indexes = (("shop_id", "order_line_id"),)


class UploadState(StrEnum):
    """WAITING until WeChat has taken what is known; FAILED when it refused for good, and a person must look."""

    WAITING = "WAITING"
    DONE = "DONE"
    FAILED = "FAILED"


class ShippingUpload(Owned):
    """What WeChat must know before it frees a payment's money: one job for each payment, renewed by each parcel.

    `revision` counts changes of the parcels, `uploaded_revision` is the one WeChat has. Times are the wall clock's.
    """

    order_id = fields.UUIDField()
    payment_id = fields.UUIDField()
    state = fields.CharEnumField(UploadState, max_length=8, default=UploadState.WAITING)
    revision = fields.IntField(default=1)
    uploaded_revision = fields.IntField(default=0)
    attempts = fields.IntField(default=0)
    next_attempt_at = fields.DatetimeField(null=True)
    last_error = fields.TextField(default="")
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "shipping_upload"
        unique_together = (("shop_id", "payment_id"),)
        indexes = (("shop_id", "order_id"),)
