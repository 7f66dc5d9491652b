"""A variant: the thing that is priced, counted and bought."""

from enum import StrEnum

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField

from models.owned import Owned
from models.product import Origin


class InventoryPolicy(StrEnum):
    """What happens at zero: DENY refuses the buyer, CONTINUE sells on."""

    DENY = "DENY"
    CONTINUE = "CONTINUE"


class Variant(Owned):
    """`available` is the sum of on_hand - reserved over all locations, kept by every stock write.

    It can be bought when it is not tracked, or its policy is CONTINUE, or `available` is above zero.
    """

    product_id = fields.UUIDField()
    title = fields.CharField(max_length=255)
    position = fields.IntField(default=1)
    option_values = ArrayField(element_type="text")
    sku = fields.CharField(max_length=255, default="")
    barcode = fields.CharField(max_length=255, default="")
    price_fen = fields.BigIntField()
    compare_at_price_fen = fields.BigIntField(null=True)
    cost_fen = fields.BigIntField(null=True)
    tracked = fields.BooleanField(default=True)
    inventory_policy = fields.CharEnumField(InventoryPolicy, max_length=8, default=InventoryPolicy.DENY)
    available = fields.BigIntField(default=0)
    requires_shipping = fields.BooleanField(default=True)
    weight_grams = fields.IntField(default=0)
    media_id = fields.UUIDField(null=True)
    per_person_limit = fields.IntField(null=True)
    per_order_limit = fields.IntField(null=True)
    origin = fields.CharEnumField(Origin, max_length=8, default=Origin.OWN)
    source = fields.CharField(max_length=64, default="")
    external_id = fields.CharField(max_length=255, null=True)
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "variant"
        unique_together = (
            ("shop_id", "id"),
            ("shop_id", "product_id", "option_values"),
            ("shop_id", "source", "external_id"),
        )
        indexes = (("shop_id", "product_id", "position", "id"), ("shop_id", "sku"))
