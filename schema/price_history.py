"""The prices a variant has had."""

from datetime import datetime

import strawberry

from engine.declare import field, reads, value
from models.price_history import PriceHistory as PriceHistoryRow
from schema.money import Money
from schema.node import Node


@reads(PriceHistoryRow, prefix="prh", guard="false")
@strawberry.type(description="A price a variant had from some moment on. Seen by staff only.")
class PriceChange(Node):
    """One row for the first price and one for each change."""

    price: Money = field(value("{t}.price_fen"), description="The price from then on.")
    compare_at_price: Money | None = field(
        value("{t}.compare_at_price_fen"), description="The struck-out price from then on; null when there was none."
    )
    created_at: datetime = field(description="When it came into force.")
