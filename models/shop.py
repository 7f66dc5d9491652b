"""A shop: the tenant. Everything else in the house belongs to exactly one."""

from enum import StrEnum

from tortoise import fields
from tortoise.models import Model

from ids import new_id


class ShopMode(StrEnum):
    """Fixed at creation: only a sandbox shop has a clock that moves and rows that may be thrown away."""

    LIVE = "LIVE"
    SANDBOX = "SANDBOX"


class Shop(Model):
    """`clock_offset_ms` is added to the wall clock (sandbox only); `catalogue_version` counts catalogue writes.

    `service_promises` is a list of {title, text}, shown with every product. An order that is not paid within
    `pay_minutes` is cancelled; nobody may hold more than `unpaid_orders_max` of them; a parcel counts as received after
    `confirm_days`; after that there are `after_sale_days` to complain.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    handle = fields.CharField(max_length=64, unique=True)
    name = fields.CharField(max_length=120)
    description = fields.TextField(default="")
    logo_url = fields.TextField(null=True)
    mode = fields.CharEnumField(ShopMode, max_length=8)
    currency_code = fields.CharField(max_length=3, default="CNY")
    language = fields.CharField(max_length=8, default="zh-CN")
    seed = fields.BigIntField(default=0)
    clock_offset_ms = fields.BigIntField(default=0)
    catalogue_version = fields.BigIntField(default=1)
    service_promises: fields.JSONField[list[dict[str, str]]] = fields.JSONField(default=list, db_default=[])
    pay_minutes = fields.IntField(default=30, db_default=30)
    unpaid_orders_max = fields.IntField(default=5, db_default=5)
    confirm_days = fields.IntField(default=10, db_default=10)
    after_sale_days = fields.IntField(default=7, db_default=7)
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "shop"
