"""A customer of one shop. Two that turn out to be one person are merged: the older id answers for the survivor."""

from tortoise import fields

from models.owned import Owned


class Customer(Owned):
    """`merged_into` names the survivor; null for everyone who stands for themselves. `merged_at` is of the wall clock.

    `first_paid_at` and `paid_orders` speak of orders ever paid, whatever became of them later.
    The phone number is kept sealed, as a keyed hash to search by, and as it may be shown: `138****0000`.
    """

    nickname = fields.CharField(max_length=64)
    avatar_url = fields.TextField(null=True)
    phone_sealed = fields.BinaryField(null=True)
    phone_hash = fields.BinaryField(null=True)
    phone_masked = fields.CharField(max_length=32, null=True)
    merged_into = fields.UUIDField(null=True)
    merged_at = fields.DatetimeField(null=True)
    first_paid_at = fields.DatetimeField(null=True)
    paid_orders = fields.IntField(default=0, db_default=0)
    created_at = fields.DatetimeField()

    class Meta:
        table = "customer"
        unique_together = (("shop_id", "id"),)
