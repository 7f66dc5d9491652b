"""Code images: the mini-program code of a share link as WeChat drew it, kept because it is good for ever."""

from tortoise import fields

from models.owned import Owned


class CodeImage(Owned):
    """One for each app that a link is opened with; `picture` is the file as WeChat sent it, PNG or JPEG."""

    app_id = fields.UUIDField()
    share_link_id = fields.UUIDField()
    picture = fields.BinaryField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "code_image"
        unique_together = (("shop_id", "share_link_id", "app_id"),)
