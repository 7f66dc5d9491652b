"""Which products somebody looked at lately."""

from tortoise import fields

from models.owned import Owned


class ViewedProduct(Owned):
    """The last look of one person at one product: of a customer, or of a device on which nobody had logged in.

    `visitor_id` is what the client made up; null for a customer, who has one list on all devices.
    """

    customer_id = fields.UUIDField(null=True)
    visitor_id = fields.UUIDField(null=True)
    product_id = fields.UUIDField()
    viewed_at = fields.DatetimeField()

    class Meta:
        table = "viewed_product"
        indexes = (("shop_id", "product_id"), ("viewed_at",))
