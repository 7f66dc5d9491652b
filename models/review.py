"""Reviews: what customers say of a product. Never deleted by the shop, only hidden with a reason."""

from enum import StrEnum

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField

from models.owned import Owned


class ReviewStatus(StrEnum):
    """PENDING waits for moderation; PUBLISHED is seen and counted; HIDDEN is neither and carries a reason."""

    PENDING = "PENDING"
    PUBLISHED = "PUBLISHED"
    HIDDEN = "HIDDEN"


REVIEW_TRANSITIONS: dict[ReviewStatus, frozenset[ReviewStatus]] = {
    ReviewStatus.PENDING: frozenset({ReviewStatus.PUBLISHED, ReviewStatus.HIDDEN}),
    ReviewStatus.PUBLISHED: frozenset({ReviewStatus.HIDDEN}),
    ReviewStatus.HIDDEN: frozenset({ReviewStatus.PUBLISHED}),
}


class Review(Owned):
    """`rating` is 1 to 5. `author_name` is what is shown, already masked.

    `order_line_id` is what was bought and is spoken of; null for reviews that came from elsewhere.
    """

    product_id = fields.UUIDField()
    customer_id = fields.UUIDField(null=True)
    order_line_id = fields.UUIDField(null=True)
    author_name = fields.CharField(max_length=64)
    rating = fields.SmallIntField()
    body = fields.TextField()
    image_urls = ArrayField(element_type="text")
    status = fields.CharEnumField(ReviewStatus, max_length=12)
    hidden_reason = fields.TextField(default="")
    reply = fields.TextField(null=True)
    replied_at = fields.DatetimeField(null=True)
    source = fields.CharField(max_length=64, default="")
    external_id = fields.CharField(max_length=255, null=True)
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField()

    class Meta:
        table = "review"
        unique_together = (("shop_id", "id"), ("shop_id", "source", "external_id"))
        indexes = (("shop_id", "product_id", "status", "created_at", "id"),)
