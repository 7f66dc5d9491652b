"""A member of staff: only permission. One person may be staff in many shops."""

from enum import StrEnum

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField

from models.owned import Owned


class Role(StrEnum):
    """What a member of staff may do; OWNER may everything."""

    OWNER = "OWNER"
    CATALOGUE = "CATALOGUE"
    ORDERS = "ORDERS"
    ANALYTICS = "ANALYTICS"
    KOL = "KOL"


class Staff(Owned):
    """Raising `token_version` makes every token given out before worthless."""

    name = fields.CharField(max_length=120)
    roles = ArrayField(element_type="text")
    active = fields.BooleanField(default=True)
    token_version = fields.IntField(default=1)
    created_at = fields.DatetimeField()

    class Meta:
        table = "staff"
        unique_together = (("shop_id", "id"),)
