"""The category tree: where a product stands on the shelf; each node knows the way from the root."""

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField

from models.owned import Owned


class Category(Owned):
    """`path` holds the ids from the root down to this node itself, so one comparison finds a whole branch."""

    parent_id = fields.UUIDField(null=True)
    handle = fields.CharField(max_length=128)
    name = fields.CharField(max_length=120)
    image_url = fields.TextField(null=True)
    position = fields.IntField(default=0)
    path = ArrayField(element_type="uuid")
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "category"
        unique_together = (("shop_id", "id"), ("shop_id", "handle"))
        indexes = (("shop_id", "parent_id", "position", "id"),)
