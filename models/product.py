"""A product: something the shop sells, in one or more variants. Its list-page figures are stored, not computed."""

from enum import StrEnum

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.fields.db_defaults import SqlDefault

from models.owned import Owned


class ProductStatus(StrEnum):
    """ACTIVE is on sale inside its window; DRAFT is being written; ARCHIVED is kept for history."""

    DRAFT = "DRAFT"
    ACTIVE = "ACTIVE"
    ARCHIVED = "ARCHIVED"


class Origin(StrEnum):
    """Where a product or variant comes from: made here, imported from a file or feed, or supplied by a partner."""

    OWN = "OWN"
    IMPORTED = "IMPORTED"
    SUPPLIED = "SUPPLIED"


class Product(Owned):
    """Seen by the public when ACTIVE and `published_at <= now < unpublish_at` on the shop's clock.

    `min_price_fen` to `image_count` are aggregates of variants, media and reviews, kept by every write;
    a product always has at least one variant, so the price range is always true.
    `rating_hundredths` is the average rating times 100, rounded half up; 0 without reviews.
    `freight_template_id` null is the shop's default template.
    `announced` is whether the world was last told that the product is on show, `next_edge_at` when that may next
    change (a new row: at once; null: never by itself); both are kept by resolvers/publication.py.
    """

    handle = fields.CharField(max_length=255)
    title = fields.CharField(max_length=255)
    vendor = fields.CharField(max_length=255, default="")
    product_type = fields.CharField(max_length=255, default="")
    category_id = fields.UUIDField(null=True)
    tags = ArrayField(element_type="text")
    description_blocks: fields.JSONField[list[dict[str, object]]] = fields.JSONField()
    seo_title = fields.TextField(default="")
    seo_description = fields.TextField(default="")
    status = fields.CharEnumField(ProductStatus, max_length=8)
    published_at = fields.DatetimeField()
    unpublish_at = fields.DatetimeField(null=True)
    announced = fields.BooleanField(db_default=False)
    next_edge_at = fields.DatetimeField(null=True, db_default=SqlDefault("'1970-01-01T00:00:00Z'"))
    origin = fields.CharEnumField(Origin, max_length=8, default=Origin.OWN)
    source = fields.CharField(max_length=64, default="")
    external_id = fields.CharField(max_length=255, null=True)
    per_person_limit = fields.IntField(null=True)
    per_order_limit = fields.IntField(null=True)
    freight_template_id = fields.UUIDField(null=True)
    min_price_fen = fields.BigIntField(default=0)
    max_price_fen = fields.BigIntField(default=0)
    in_stock = fields.BooleanField(default=False)
    variant_count = fields.IntField(default=0)
    image_count = fields.IntField(default=0)
    rating_sum = fields.BigIntField(default=0)
    rating_count = fields.IntField(default=0)
    rating_hundredths = fields.IntField(default=0)
    sales_count = fields.BigIntField(default=0)
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "product"
        unique_together = (("shop_id", "id"), ("shop_id", "handle"), ("shop_id", "source", "external_id"))
        indexes = (
            ("shop_id", "published_at", "id"),
            ("shop_id", "created_at", "id"),
            ("shop_id", "updated_at", "id"),
            ("shop_id", "min_price_fen", "id"),
            ("shop_id", "sales_count", "id"),
            ("shop_id", "rating_hundredths", "id"),
            ("shop_id", "category_id"),
            ("shop_id", "vendor"),
        )
