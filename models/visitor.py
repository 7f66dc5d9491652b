"""A visitor: a device that said who it is once it had logged in. What it did before is the customer's too."""

from tortoise import fields

from models.owned import Owned


class Visitor(Owned):
    """`visitor_id` is what the client made up; of several who log in on one device the last has it."""

    visitor_id = fields.UUIDField()
    customer_id = fields.UUIDField()
    joined_at = fields.DatetimeField()

    class Meta:
        table = "visitor"
        unique_together = (("shop_id", "visitor_id"),)
