"""An address in a customer's book: who takes the parcel, and where. What tells a person is kept sealed."""

from tortoise import fields

from models.owned import Owned


class Address(Owned):
    """Of a customer's addresses exactly one is the default, as long as there is any: a partial unique index has it.

    The recipient is sealed JSON {name, phone, detail}, as deliveries have it; masks may be shown in lists.
    The names are those the customer chose by; a code is null where they chose a place that has none yet.
    """

    customer_id = fields.UUIDField()
    recipient_sealed = fields.BinaryField()
    name_masked = fields.CharField(max_length=64)
    phone_masked = fields.CharField(max_length=32)
    province_code = fields.CharField(max_length=6)
    city_code = fields.CharField(max_length=6, null=True)
    district_code = fields.CharField(max_length=6, null=True)
    province_name = fields.CharField(max_length=32)
    city_name = fields.CharField(max_length=32)
    district_name = fields.CharField(max_length=32)
    postcode = fields.CharField(max_length=6, default="")
    tag = fields.CharField(max_length=16, default="")
    is_default = fields.BooleanField(default=False)
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "address"
        unique_together = (("shop_id", "id"),)
        indexes = (("shop_id", "customer_id", "id"),)
