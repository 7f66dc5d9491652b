"""Idempotency keys: a wish made twice under one key is carried out once."""

from tortoise import fields

from models.owned import Owned


class IdempotencyKey(Owned):
    """Written in the transaction of the effect. `outcome` holds the ids to answer from, never a rendered answer."""

    actor = fields.CharField(max_length=80)
    mutation = fields.CharField(max_length=64)
    key = fields.CharField(max_length=128)
    input_sha256 = fields.BinaryField()
    outcome: fields.JSONField[object] = fields.JSONField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "idempotency_key"
        unique_together = (("shop_id", "actor", "mutation", "key"),)
        indexes = (("created_at",),)
