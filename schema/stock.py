"""Stock as staff see it: levels by location and the moves behind them."""

from datetime import datetime
from enum import Enum

import strawberry

from engine.declare import field, one, reads
from models.stock import Location as LocationRow
from models.stock import StockLevel as StockLevelRow
from models.stock import StockMove as StockMoveRow
from schema.node import Node


@strawberry.enum(description="Why stock moved.")
class StockReason(Enum):
    """As stored."""

    IMPORT = strawberry.enum_value("IMPORT", description="A catalogue file said so.")
    RECEIVED = strawberry.enum_value("RECEIVED", description="Goods came in.")
    COUNTED = strawberry.enum_value("COUNTED", description="Somebody counted.")
    DAMAGED = strawberry.enum_value("DAMAGED", description="Broken or lost.")
    RETURNED = strawberry.enum_value("RETURNED", description="A customer sent it back.")
    CORRECTION = strawberry.enum_value("CORRECTION", description="A mistake put right.")


@reads(LocationRow, prefix="loc", guard="false")
@strawberry.type(description="A place that holds stock. Seen by staff only.")
class Location(Node):
    """Every shop has exactly one default."""

    name: str = field(description="What staff call it.")
    is_default: bool = field(description="Whether stock goes here when nobody says where.")


@reads(StockLevelRow, prefix="lvl", guard="false")
@strawberry.type(description="How many of a variant are at a location. Seen by staff only.")
class StockLevel(Node):
    """What may be sold is what is on hand and not reserved."""

    location: Location = field(one("{t}.id = {p}.location_id"), description="Where.")
    on_hand: int = field(description="Pieces on the shelf.")
    reserved: int = field(description="Pieces promised to orders that are not shipped.")
    updated_at: datetime = field(description="When it last changed.")


@reads(StockMoveRow, prefix="mov", guard="false")
@strawberry.type(description="One change of stock. Seen by staff only; never changed or deleted.")
class StockMove(Node):
    """Append-only."""

    location: Location = field(one("{t}.id = {p}.location_id"), description="Where.")
    delta: int = field(description="Pieces added, or taken when negative.")
    on_hand_after: int = field(description="Pieces on the shelf after it.")
    reason: StockReason = field(description="Why.")
    note: str = field(description="What staff wrote about it; may be empty.")
    created_at: datetime = field(description="When.")
