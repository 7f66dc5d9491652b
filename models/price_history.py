"""Every price a variant ever had; the law asks for the lowest of the last seven days."""

from tortoise import fields

from models.owned import Owned


class PriceHistory(Owned):
    """Append-only: one row when a variant is made and one for each change of price, in fen."""

    variant_id = fields.UUIDField()
    price_fen = fields.BigIntField()
    compare_at_price_fen = fields.BigIntField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "price_history"
        indexes = (("shop_id", "variant_id", "created_at"),)
