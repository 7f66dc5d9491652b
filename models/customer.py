"""A customer of one shop. Two that turn out to be one person are merged: the older id answers for the survivor."""

from tortoise import fields

from models.owned import Owned


class Customer(Owned):
    """`merged_into` names the survivor; null for everyone who stands for themselves."""

    nickname = fields.CharField(max_length=64)
    avatar_url = fields.TextField(null=True)
    merged_into = fields.UUIDField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "customer"
        unique_together = (("shop_id", "id"),)
