"""Favourites: what a customer wants to find again."""

from tortoise import fields

from models.owned import Owned


class Favourite(Owned):
    """A product, or the shop itself when `product_id` is null. Each once; goes with its customer or product.

    When two customers turn out to be one person, the survivor keeps what either had.
    """

    customer_id = fields.UUIDField()
    product_id = fields.UUIDField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "favourite"
        unique_together = (("shop_id", "customer_id", "product_id"),)
        indexes = (("shop_id", "customer_id", "created_at", "id"), ("shop_id", "product_id"))
