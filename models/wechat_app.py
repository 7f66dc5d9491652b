"""A WeChat app of a shop: mini-program, official account or website, with the WeChat it speaks to."""

from enum import StrEnum
from typing import Final

from tortoise import fields

from models.owned import Owned

WECHAT_URL: Final = "https://api.weixin.qq.com"
SANDBOX_URL: Final = "sandbox:"
"""The base URL of an app that speaks to the sandbox of whichever server asks, wherever that listens today."""

LANDING_PAGE: Final = "pages/landing/landing"
"""The page of a mini-program that nobody has named another of; it asks for `landing(input: {shareToken})`."""


class WechatAppKind(StrEnum):
    """What kind of WeChat app an appid names."""

    MINI_PROGRAM = "MINI_PROGRAM"
    OFFICIAL_ACCOUNT = "OFFICIAL_ACCOUNT"
    WEBSITE = "WEBSITE"


class WechatApp(Owned):
    """`secret_sealed` is AES-GCM under the process's sealing key; `base_url` decides real WeChat or sandbox.

    `open_account` names the Open Platform account that the app is bound to, in the shop's own words; apps with the
    same one know a person by the same unionid. Most shops have one account, so it may stay empty.
    `landing_page` is the page of a mini-program on which whoever taps a card lands; `?st=<token>` follows it.
    """

    appid = fields.CharField(max_length=32)
    kind = fields.CharEnumField(WechatAppKind, max_length=20)
    name = fields.CharField(max_length=120)
    secret_sealed = fields.BinaryField()
    base_url = fields.TextField()
    landing_page = fields.CharField(max_length=128, default=LANDING_PAGE, db_default=LANDING_PAGE)
    open_account = fields.CharField(max_length=64, default="", db_default="")
    created_at = fields.DatetimeField()

    class Meta:
        table = "wechat_app"
        unique_together = (("shop_id", "id"), ("shop_id", "appid"))
