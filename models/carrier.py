"""A carrier: who brings parcels, under WeChat's id for them. Data of the platform, the same for all shops."""

from tortoise import fields
from tortoise.models import Model


class Carrier(Model):
    """`tracking_pattern` is a regular expression that whole tracking numbers meet; `position` orders lists."""

    code = fields.CharField(primary_key=True, max_length=32)
    name = fields.CharField(max_length=32)
    tracking_pattern = fields.CharField(max_length=120)
    needs_phone_tail = fields.BooleanField(default=False)
    position = fields.IntField()

    class Meta:
        table = "carrier"
