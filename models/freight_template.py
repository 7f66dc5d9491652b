"""Freight templates: what it costs to send goods somewhere, by weight or by pieces."""

from enum import StrEnum

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField

from models.owned import Owned


class ChargeBy(StrEnum):
    """What is added up: grams or pieces."""

    WEIGHT = "WEIGHT"
    COUNT = "COUNT"


class FreightTemplate(Owned):
    """A product has one or none; none is the shop's default, and a shop without a default sends for nothing."""

    name = fields.CharField(max_length=120)
    charge_by = fields.CharEnumField(ChargeBy, max_length=8)
    is_default = fields.BooleanField(default=False)
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "freight_template"
        unique_together = (("shop_id", "id"), ("shop_id", "name"))


class FreightRule(Owned):
    """What a template takes for some regions; for the rest of the country where `region_codes` is empty.

    Amounts are grams or pieces as the template charges. Where `delivers` is false nothing is sent at all. Freight is
    free from `free_from_fen` and `free_from_pieces` on: both, where both are set.
    """

    template_id = fields.UUIDField()
    position = fields.IntField()
    region_codes = ArrayField(element_type="text")
    delivers = fields.BooleanField(default=True)
    first_amount = fields.IntField(default=1)
    first_fee_fen = fields.BigIntField(default=0)
    further_amount = fields.IntField(default=1)
    further_fee_fen = fields.BigIntField(default=0)
    free_from_fen = fields.BigIntField(null=True)
    free_from_pieces = fields.IntField(null=True)

    class Meta:
        table = "freight_rule"
        unique_together = (("shop_id", "template_id", "position"),)
