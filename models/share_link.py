"""Share links: what somebody passed on, under a token that cards, codes and posters carry."""

from enum import StrEnum

from tortoise import fields

from models.owned import Owned


class ShareTarget(StrEnum):
    """What a link leads to."""

    PRODUCT = "PRODUCT"
    COLLECTION = "COLLECTION"
    PAGE = "PAGE"
    SHOP = "SHOP"
    TEAM = "TEAM"


class ShareLink(Owned):
    """Of a promoter, of a customer, or of the shop itself when it has neither. Never changed once made.

    `parent_id` is the link that had brought the sharer, `depth` how many stand above it. `visitor_id` is the device
    it was shared from, so that opening one's own link counts nothing before login either.
    """

    token = fields.CharField(max_length=12)
    parent_id = fields.UUIDField(null=True)
    depth = fields.IntField(default=0)
    promoter_id = fields.UUIDField(null=True)
    customer_id = fields.UUIDField(null=True)
    visitor_id = fields.UUIDField(null=True)
    target_kind = fields.CharEnumField(ShareTarget, max_length=12)
    target_id = fields.UUIDField(null=True)
    channel = fields.CharField(max_length=64, null=True)
    campaign = fields.CharField(max_length=64, null=True)
    expires_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "share_link"
        unique_together = (("shop_id", "id"), ("shop_id", "token"))
        indexes = (("shop_id", "created_at", "id"),)
