"""Reservations: stock that an order line speaks for."""

from enum import StrEnum

from tortoise import fields

from models.owned import Owned


class ReservationState(StrEnum):
    """HELD counts in the level's `reserved`; TAKEN was paid for and left `on_hand`; RELEASED was given back unpaid."""

    HELD = "HELD"
    TAKEN = "TAKEN"
    RELEASED = "RELEASED"


class Reservation(Owned):
    """One line at one stock level. `returned` is how many of the taken came back on the shelf by refunds."""

    order_id = fields.UUIDField()
    order_line_id = fields.UUIDField()
    stock_level_id = fields.UUIDField()
    quantity = fields.IntField()
    returned = fields.IntField(default=0)
    state = fields.CharEnumField(ReservationState, max_length=8, default=ReservationState.HELD)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "reservation"
        unique_together = (("shop_id", "order_line_id", "stock_level_id"),)
        indexes = (("shop_id", "order_id"), ("shop_id", "stock_level_id", "state"))
