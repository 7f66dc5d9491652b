"""Files that a shop has stored, and the one-time addresses to which they are sent."""

from tortoise import fields

from models.media import MediaKind
from models.owned import Owned


class MediaFile(Owned):
    """`name` is the start of the SHA-256 of what is stored and the format's ending: the same file is stored once."""

    name = fields.CharField(max_length=48)
    kind = fields.CharEnumField(MediaKind, max_length=8)
    content_type = fields.CharField(max_length=32)
    size_bytes = fields.BigIntField()
    width = fields.IntField()
    height = fields.IntField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "media_file"
        unique_together = (("shop_id", "id"), ("shop_id", "name"))


class MediaUpload(Owned):
    """Kept as the SHA-256 of its token; `sent_sha256` is what came, so that a lost answer can be had again.

    The times are of the wall clock.
    """

    token_sha256 = fields.BinaryField()
    kind = fields.CharEnumField(MediaKind, max_length=8)
    content_type = fields.CharField(max_length=32)
    size_bytes = fields.BigIntField()
    file_id = fields.UUIDField(null=True)
    sent_sha256 = fields.BinaryField(null=True)
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()

    class Meta:
        table = "media_upload"
        indexes = (("token_sha256",), ("expires_at",), ("shop_id", "file_id"))
