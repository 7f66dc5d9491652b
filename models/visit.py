"""Visits: somebody opened a shop's app once. Many requests of one launch are one visit."""

from enum import StrEnum

from tortoise import fields

from models.owned import Owned
from models.scene import SceneGroup


class AttributionSource(StrEnum):
    """What a visit is owed to, the strongest first."""

    SHARE = "SHARE"
    CAMPAIGN = "CAMPAIGN"
    AD = "AD"
    SCENE = "SCENE"
    DIRECT = "DIRECT"


class Visit(Owned):
    """`visit_id` and `visitor_id` are what the client made up. What was told first stays; what is missing may follow.

    `told_channel` and `told_campaign` are the client's own words; `channel`, `campaign`, `promoter_id` and `source`
    are what attribution makes of all that is known. `counts` is false for crawlers and test builds.
    """

    visit_id = fields.UUIDField()
    visitor_id = fields.UUIDField()
    customer_id = fields.UUIDField(null=True)
    app_id = fields.UUIDField(null=True)
    path = fields.TextField(null=True)
    query = fields.TextField(null=True)
    scene_value = fields.IntField(null=True)
    scene_group = fields.CharEnumField(SceneGroup, max_length=20, null=True)
    counts = fields.BooleanField(default=True)
    share_link_id = fields.UUIDField(null=True)
    told_channel = fields.CharField(max_length=64, null=True)
    told_campaign = fields.CharField(max_length=64, null=True)
    ad_click_id = fields.CharField(max_length=128, null=True)
    article = fields.TextField(null=True)
    open_gid = fields.CharField(max_length=128, null=True)
    referrer_appid = fields.CharField(max_length=32, null=True)
    platform = fields.CharField(max_length=32, null=True)
    client_time = fields.DatetimeField(null=True)
    arrived_at = fields.DatetimeField()
    source = fields.CharEnumField(AttributionSource, max_length=12, default=AttributionSource.DIRECT)
    promoter_id = fields.UUIDField(null=True)
    channel = fields.CharField(max_length=64, null=True)
    campaign = fields.CharField(max_length=64, null=True)
    is_self_share = fields.BooleanField(default=False)

    class Meta:
        table = "visit"
        unique_together = (("shop_id", "visit_id"),)
        indexes = (("shop_id", "arrived_at", "id"), ("shop_id", "visitor_id", "arrived_at"))
