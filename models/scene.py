"""WeChat's scene values: what number stands for which way in. Data of the platform, the same for all shops."""

from enum import StrEnum

from tortoise import fields
from tortoise.models import Model


class SceneGroup(StrEnum):
    """The ways into a mini-program that reports tell apart; OTHER is every number that nobody has sorted."""

    RECENT = "RECENT"
    SEARCH = "SEARCH"
    CHAT_CARD = "CHAT_CARD"
    GROUP_TOOL = "GROUP_TOOL"
    APP_SHARE = "APP_SHARE"
    CODE = "CODE"
    OFFICIAL_ACCOUNT = "OFFICIAL_ACCOUNT"
    MESSAGE = "MESSAGE"
    PAYMENT = "PAYMENT"
    ADS = "ADS"
    MOMENTS = "MOMENTS"
    CHANNELS = "CHANNELS"
    MINI_TO_MINI = "MINI_TO_MINI"
    NEARBY = "NEARBY"
    LINK = "LINK"
    WECOM = "WECOM"
    CARD = "CARD"
    OTHER = "OTHER"


class Scene(Model):
    """`counts` is false for numbers that no person comes with: WeChat's crawler and test builds."""

    value = fields.IntField(primary_key=True, generated=False)
    scene_group = fields.CharEnumField(SceneGroup, max_length=20)
    counts = fields.BooleanField(default=True)

    class Meta:
        table = "scene"
