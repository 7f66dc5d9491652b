"""Pictures and films of a product, in the order they are shown."""

from enum import StrEnum

from tortoise import fields

from models.owned import Owned


class MediaKind(StrEnum):
    """Whether to show it in an image or a video tag."""

    IMAGE = "IMAGE"
    VIDEO = "VIDEO"


class Media(Owned):
    """`width` and `height` in pixels, null while nobody has measured the file."""

    product_id = fields.UUIDField()
    kind = fields.CharEnumField(MediaKind, max_length=8, default=MediaKind.IMAGE)
    url = fields.TextField()
    alt = fields.TextField(default="")
    position = fields.IntField(default=1)
    width = fields.IntField(null=True)
    height = fields.IntField(null=True)

    class Meta:
        table = "media"
        unique_together = (("shop_id", "id"),)
        indexes = (("shop_id", "product_id", "position", "id"),)
