"""A product's option: what can be chosen (colour, size) and the values there are, in order."""

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField

from models.owned import Owned


class ProductOption(Owned):
    """`position` counts from 1 and indexes a variant's `option_values`."""

    product_id = fields.UUIDField()
    name = fields.CharField(max_length=255)
    position = fields.SmallIntField()
    values = ArrayField(element_type="text")

    class Meta:
        table = "product_option"
        unique_together = (("shop_id", "id"), ("shop_id", "product_id", "position"), ("shop_id", "product_id", "name"))
