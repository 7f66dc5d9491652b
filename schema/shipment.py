"""Parcels of an order, and whether WeChat knows of them."""

from datetime import datetime
from enum import Enum
from typing import Annotated, Final

import strawberry

from engine.declare import Order as Sorting
from engine.declare import expression, field, many, one, page, reads
from engine.keyset import TIME
from engine.rows import Rows
from models.shipment import Shipment as ShipmentRow
from models.shipment import ShipmentLine as ShipmentLineRow
from models.shipment import ShippingUpload as ShippingUploadRow
from models.staff import Role
from schema.connection import Connection, paged
from schema.node import Node
from schema.order_line import OF_OWN_ORDER, OrderLine
from schema.region import Carrier

# By primary key.
_CARRIER: Final = """
select c.code, c.name, c.tracking_pattern, c.needs_phone_tail from carrier c where c.code = {p}.carrier_code
"""
_BY_LINE: Final = Sorting(
    "(select l.position from order_line l where l.shop_id = {t}.shop_id and l.id = {t}.order_line_id)"
)
OLDEST_FIRST: Final = Sorting("{t}.created_at", TIME)


@reads(ShipmentLineRow)
@strawberry.type(description="How many pieces of a line are in a parcel.")
class ShipmentLine:
    """Rows of a shipment."""

    quantity: int = field(description="Pieces.")
    line: OrderLine | None = field(
        one("{t}.id = {p}.order_line_id", is_public=True), description="What they are of; never null."
    )


@reads(ShipmentRow, prefix="pcl", guard=OF_OWN_ORDER, keeper="ORDERS")
@strawberry.type(description="A parcel of an order that has left the house.")
class Shipment(Node):
    """Customers see those of their own orders."""

    carrier: Carrier | None = field(
        one(rows=_CARRIER), description="Who brings it; null when nothing in it had to be sent."
    )
    tracking_no: str | None = field(description="Its number at the carrier; null when nobody brings it.")
    note: str = field(description="What the shop says of it; may be empty.")
    lines: list[ShipmentLine] = field(
        many("{t}.shipment_id = {p}.id", order=_BY_LINE, is_public=True), description="What is in it."
    )
    shipped_at: datetime = field(expression("{t}.created_at"), description="When it left.")
    corrected_at: datetime | None = field(
        description="When carrier and number were written anew, which is done once; null when they were not."
    )


@strawberry.enum(description="Whether WeChat knows of an order's parcels.")
class ShippingUploadState(Enum):
    """As stored."""

    WAITING = strawberry.enum_value("WAITING", description="It is being told.")
    DONE = strawberry.enum_value("DONE", description="It knows what there is to know.")
    FAILED = strawberry.enum_value("FAILED", description="It refused; somebody has to look.")


@reads(ShippingUploadRow, prefix="upl", guard="false", keeper="ORDERS")
@strawberry.type(
    description="What WeChat has to know of an order's parcels before it frees the money of its payment. Seen by staff"
    " with the role ORDERS."
)
class ShippingUpload(Node):
    """One for each payment, made anew by each parcel."""

    state: ShippingUploadState = field(description="How far it has come.")
    attempts: int = field(description="How often it was tried, since the parcels last changed.")
    last_error: str = field(description="What WeChat said last; empty when nothing was wrong.")
    next_attempt_at: datetime | None = field(
        description="When it is tried again, in real time; null when it is done or failed."
    )
    created_at: datetime = field(description="When the first parcel left, in real time.")
    order: Annotated["Order", strawberry.lazy("schema.order")] | None = field(  # type: ignore[name-defined]  # noqa: F821
        one("{t}.id = {p}.order_id"), description="Whose parcels; never null."
    )


ShippingUploadConnection = Connection[ShippingUpload]


@strawberry.type
class ShipmentQuery:
    """Part of Query."""

    @paged(
        page(order=OLDEST_FIRST),
        ShippingUploadConnection | None,
        description="Orders whose parcels WeChat refused to hear of, the oldest first; `shippingUploadRetry` when what"
        " stood in the way was mended. Requires: ORDERS.",
        roles=[Role.ORDERS],
    )
    def failed_shipping_uploads(rows: Rows) -> None:
        """The money of their payments stays frozen meanwhile."""
        rows.where(f"{rows.t}.state = 'FAILED'")
