"""Merchant accounts: who takes the money at WeChat Pay, and which apps pay through whom."""

from enum import StrEnum

from tortoise import fields

from models.owned import Owned


class MerchantMode(StrEnum):
    """DIRECT: the shop's own account. PARTNER: a service provider's, for the shop's `sub_mchid`."""

    DIRECT = "DIRECT"
    PARTNER = "PARTNER"


class MerchantAccount(Owned):
    """Secrets are sealed and can only be written. `channel` is the opaque last part of the notification address.

    `provider_appid` is the service provider's own app at WeChat, null for DIRECT.
    `platform_keys` maps a certificate's serial number or a public key's id to its PEM: public things.
    """

    name = fields.CharField(max_length=120)
    mode = fields.CharEnumField(MerchantMode, max_length=8)
    mchid = fields.CharField(max_length=32)
    sub_mchid = fields.CharField(max_length=32, null=True)
    provider_appid = fields.CharField(max_length=32, null=True)
    serial_no = fields.CharField(max_length=64)
    api_v3_key_sealed = fields.BinaryField()
    private_key_sealed = fields.BinaryField()
    platform_keys: fields.JSONField[dict[str, str]] = fields.JSONField(default=dict, db_default={})
    keys_fetched_at = fields.DatetimeField(null=True)
    channel = fields.CharField(max_length=32, unique=True)
    base_url = fields.TextField()
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "merchant_account"
        unique_together = (("shop_id", "id"), ("shop_id", "mchid", "sub_mchid"))


class MerchantAccountApp(Owned):
    """The account through which an app pays; each app has one at most."""

    merchant_account_id = fields.UUIDField()
    app_id = fields.UUIDField()

    class Meta:
        table = "merchant_account_app"
        unique_together = (("shop_id", "app_id"),)
        indexes = (("shop_id", "merchant_account_id"),)
