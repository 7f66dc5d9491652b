"""Pages that a shop puts together: its home, and topics beside it."""

from enum import StrEnum

from tortoise import fields

from models.owned import Owned


class PageKind(StrEnum):
    """HOME is where everybody lands who was led nowhere else, one for each shop; TOPIC is any other."""

    HOME = "HOME"
    TOPIC = "TOPIC"


class BlockKind(StrEnum):
    """What a part of a page shows."""

    BANNER = "BANNER"
    PRODUCTS = "PRODUCTS"
    COLLECTION = "COLLECTION"
    TEXT = "TEXT"
    IMAGE = "IMAGE"
    VIDEO = "VIDEO"
    LOOK = "LOOK"
    GROUP_BUYS = "GROUP_BUYS"


class Page(Owned):
    """`blocks` is a list of {kind, title, ...} as resolvers/page_block.py writes it, ids in their stored form.

    An id in a block may name what has gone since: readers leave it out.
    """

    handle = fields.CharField(max_length=255)
    kind = fields.CharEnumField(PageKind, max_length=8)
    title = fields.CharField(max_length=255)
    blocks: fields.JSONField[list[dict[str, object]]] = fields.JSONField()
    published = fields.BooleanField(default=False)
    share_title = fields.CharField(max_length=255, default="")
    share_image_url = fields.TextField(null=True)
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "page"
        unique_together = (("shop_id", "id"), ("shop_id", "handle"))
        indexes = (("shop_id", "created_at", "id"),)
