"""Metafields: typed extras that a shop keeps on what it sells and on what is bought, private unless said otherwise."""

from enum import StrEnum

from tortoise import fields

from models.owned import Owned


class MetafieldType(StrEnum):
    """How `value`, always stored as text, is to be read."""

    STRING = "STRING"
    INTEGER = "INTEGER"
    DECIMAL = "DECIMAL"
    BOOLEAN = "BOOLEAN"
    DATETIME = "DATETIME"
    URL = "URL"
    JSON = "JSON"


class MetafieldVisibility(StrEnum):
    """PRIVATE is for staff; STOREFRONT is for everybody."""

    PRIVATE = "PRIVATE"
    STOREFRONT = "STOREFRONT"


class OwnerKind(StrEnum):
    """What may have metafields, by the column that names it."""

    PRODUCT = "product_id"
    VARIANT = "variant_id"
    CUSTOMER = "customer_id"
    CART = "cart_id"
    CART_LINE = "cart_line_id"
    ORDER = "order_id"


class Metafield(Owned):
    """A CHECK holds that exactly one owner column is set; each owner has its own composite foreign key.

    Names are unique for each owner, which partial indexes hold for what is bought.
    """

    product_id = fields.UUIDField(null=True)
    variant_id = fields.UUIDField(null=True)
    customer_id = fields.UUIDField(null=True)
    cart_id = fields.UUIDField(null=True)
    cart_line_id = fields.UUIDField(null=True)
    order_id = fields.UUIDField(null=True)
    namespace = fields.CharField(max_length=64)
    key = fields.CharField(max_length=128)
    type = fields.CharEnumField(MetafieldType, max_length=12, default=MetafieldType.STRING)
    value = fields.TextField()
    visibility = fields.CharEnumField(MetafieldVisibility, max_length=12, default=MetafieldVisibility.PRIVATE)
    updated_at = fields.DatetimeField()

    class Meta:
        table = "metafield"
        unique_together = (
            ("shop_id", "product_id", "namespace", "key"),
            ("shop_id", "variant_id", "namespace", "key"),
        )
