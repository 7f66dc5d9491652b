"""Metafields: typed extras that a shop keeps on a product or variant, private unless said otherwise."""

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


class Metafield(Owned):
    """A CHECK holds that exactly one owner column is set; each owner has its own composite foreign key."""

    product_id = fields.UUIDField(null=True)
    variant_id = fields.UUIDField(null=True)
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
