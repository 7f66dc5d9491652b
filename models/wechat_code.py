"""Codes from WeChat on their way to being exchanged: each works once, and an answer may get lost on the way back."""

from enum import StrEnum

from tortoise import fields

from models.owned import Owned


class WechatCodeKind(StrEnum):
    """What a code is exchanged for: a login, or a phone number."""

    LOGIN = "LOGIN"
    PHONE = "PHONE"


class WechatCode(Owned):
    """Who inserts the row asks WeChat; the others wait for `answer_sealed`, which is kept for a minute.

    The code itself is not kept, only its SHA-256. Times are of the wall clock.
    """

    app_id = fields.UUIDField()
    kind = fields.CharEnumField(WechatCodeKind, max_length=8)
    code_sha256 = fields.BinaryField()
    claimed_at = fields.DatetimeField()
    answered_at = fields.DatetimeField(null=True)
    answer_sealed = fields.BinaryField(null=True)

    class Meta:
        table = "wechat_code"
        unique_together = (("shop_id", "app_id", "kind", "code_sha256"),)
        indexes = (("claimed_at",),)
