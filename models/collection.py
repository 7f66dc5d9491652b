"""Collections: shelves put together by hand, or by a rule that products meet."""

from enum import StrEnum

from tortoise import fields

from models.owned import Owned


class CollectionKind(StrEnum):
    """MANUAL holds what staff put in; RULE holds what meets its rules."""

    MANUAL = "MANUAL"
    RULE = "RULE"


class RuleMatch(StrEnum):
    """Whether a product must meet all rules of a collection or any one of them."""

    ALL = "ALL"
    ANY = "ANY"


class RuleField(StrEnum):
    """What of a product a rule looks at; prices in fen."""

    TITLE = "TITLE"
    TAG = "TAG"
    VENDOR = "VENDOR"
    PRODUCT_TYPE = "PRODUCT_TYPE"
    CATEGORY = "CATEGORY"
    MIN_PRICE = "MIN_PRICE"
    IN_STOCK = "IN_STOCK"


class RuleRelation(StrEnum):
    """How a rule compares the product's value with its own."""

    EQUALS = "EQUALS"
    NOT_EQUALS = "NOT_EQUALS"
    CONTAINS = "CONTAINS"
    STARTS_WITH = "STARTS_WITH"
    GREATER_THAN = "GREATER_THAN"
    LESS_THAN = "LESS_THAN"


class Collection(Owned):
    """`rules` is a list of {field, relation, value}; `product_count` counts members of any status."""

    handle = fields.CharField(max_length=255)
    title = fields.CharField(max_length=255)
    description = fields.TextField(default="")
    image_url = fields.TextField(null=True)
    kind = fields.CharEnumField(CollectionKind, max_length=8, default=CollectionKind.MANUAL)
    rule_match = fields.CharEnumField(RuleMatch, max_length=4, default=RuleMatch.ALL)
    rules: fields.JSONField[list[dict[str, object]]] = fields.JSONField()
    position = fields.IntField(default=0)
    published = fields.BooleanField(default=True)
    product_count = fields.IntField(default=0)
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "collection"
        unique_together = (("shop_id", "id"), ("shop_id", "handle"))
        indexes = (("shop_id", "position", "id"),)


class CollectionProduct(Owned):
    """Membership, stored for both kinds so that a shelf is read the same way; rules are applied on write."""

    collection_id = fields.UUIDField()
    product_id = fields.UUIDField()
    position = fields.BigIntField(default=0)

    class Meta:
        table = "collection_product"
        unique_together = (("shop_id", "collection_id", "product_id"),)
        indexes = (("shop_id", "collection_id", "position", "product_id"), ("shop_id", "product_id"))
