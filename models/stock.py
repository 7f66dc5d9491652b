"""Stock: how many there are, where, how many are spoken for, and every move that made it so."""

from enum import StrEnum

from tortoise import fields

from models.owned import Owned


class Location(Owned):
    """A place that holds stock; every shop has exactly one default."""

    name = fields.CharField(max_length=120)
    is_default = fields.BooleanField(default=False)
    created_at = fields.DatetimeField()

    class Meta:
        table = "location"
        unique_together = (("shop_id", "id"), ("shop_id", "name"))


class StockLevel(Owned):
    """One variant at one location. A CHECK holds `reserved` between 0 and `on_hand` unless `may_oversell`.

    `may_oversell` mirrors the variant (untracked, or policy CONTINUE) so that the database itself
    refuses to sell what is not there.

    `figured` is false while `variant.available` and the product's figures are behind: who reserves for an order
    touches this row alone, and due work brings the others up to date.
    """

    variant_id = fields.UUIDField()
    location_id = fields.UUIDField()
    on_hand = fields.BigIntField(default=0)
    reserved = fields.BigIntField(default=0)
    may_oversell = fields.BooleanField(default=False)
    figured = fields.BooleanField(default=True, db_default=True)
    updated_at = fields.DatetimeField()

    class Meta:
        table = "stock_level"
        unique_together = (("shop_id", "id"), ("shop_id", "variant_id", "location_id"))


class StockReason(StrEnum):
    """Why stock moved."""

    IMPORT = "IMPORT"
    RECEIVED = "RECEIVED"
    COUNTED = "COUNTED"
    DAMAGED = "DAMAGED"
    RETURNED = "RETURNED"
    CORRECTION = "CORRECTION"
    SOLD = "SOLD"


class StockMove(Owned):
    """Append-only: the sum of `delta` over a level's moves is its `on_hand`."""

    variant_id = fields.UUIDField()
    location_id = fields.UUIDField()
    delta = fields.BigIntField()
    on_hand_after = fields.BigIntField()
    reason = fields.CharEnumField(StockReason, max_length=16)
    note = fields.TextField(default="")
    staff_id = fields.UUIDField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "stock_move"
        indexes = (("shop_id", "variant_id", "created_at", "id"),)
