"""An identity: how WeChat knows a customer in one app. A customer has one in each app they have logged in to."""

from tortoise import fields

from models.owned import Owned


class Identity(Owned):
    """`openid` is WeChat's name of the person in the app, `unionid` the one in an Open Platform account.

    `person_hash` is keyed and the same in every shop: it tells that two are one person without saying who.
    `session_key_sealed` is the newest one only, AES-GCM under the process's sealing key; it leaves the house never.
    """

    customer_id = fields.UUIDField()
    appid = fields.CharField(max_length=32)
    openid = fields.CharField(max_length=64)
    open_account = fields.CharField(max_length=64, default="")
    unionid = fields.CharField(max_length=64, null=True)
    person_hash = fields.BinaryField()
    session_key_sealed = fields.BinaryField()
    created_at = fields.DatetimeField()
    seen_at = fields.DatetimeField()

    class Meta:
        table = "identity"
        unique_together = (("shop_id", "id"), ("shop_id", "appid", "openid"))
