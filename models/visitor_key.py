"""A visitor key: the public credential of one app of one shop, sent as X-Shop-Key."""

from tortoise import fields

from models.owned import Owned


class VisitorKey(Owned):
    """The key itself finds the shop, so it is unique over the platform; it is public and not a secret."""

    app_id = fields.UUIDField()
    key = fields.CharField(max_length=64, unique=True)
    created_at = fields.DatetimeField()
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "visitor_key"
        unique_together = (("shop_id", "id"),)
