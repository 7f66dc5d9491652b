"""Carts: what somebody means to buy. A visitor has one before login; at login it joins the customer's."""

from tortoise import fields

from models.owned import Owned


class Cart(Owned):
    """Of a customer, or of a visitor nobody knows yet. `merged_into` names the cart that took its lines over.

    `address_id`, or else `region_code`, is where freight is estimated for. Its id is random: it follows no seed.
    """

    visitor_id = fields.UUIDField(null=True)
    customer_id = fields.UUIDField(null=True)
    merged_into = fields.UUIDField(null=True)
    address_id = fields.UUIDField(null=True)
    region_code = fields.CharField(max_length=6, null=True)
    note = fields.TextField(default="")
    attributes: fields.JSONField[dict[str, str]] = fields.JSONField(default=dict, db_default={})
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "cart"
        unique_together = (("shop_id", "id"),)


class CartLine(Owned):
    """One variant with one set of attributes; the same again adds to `quantity`.

    `attributes_key` is the SHA-256 of the attributes, so that a unique key can tell lines apart. `seen_price_fen` is
    the unit price when the line was last touched: a change since then is a warning. `share_link_id` brought the line.
    """

    cart_id = fields.UUIDField()
    variant_id = fields.UUIDField()
    quantity = fields.IntField()
    selected = fields.BooleanField(default=True)
    attributes: fields.JSONField[dict[str, str]] = fields.JSONField(default=dict, db_default={})
    attributes_key = fields.BinaryField()
    share_link_id = fields.UUIDField(null=True)
    seen_price_fen = fields.BigIntField()
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "cart_line"
        unique_together = (("shop_id", "id"), ("shop_id", "cart_id", "variant_id", "attributes_key"))
