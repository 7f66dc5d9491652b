"""After-sales: what a customer is not content with, and what becomes of it."""

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from engine.declare import Order as Sorting
from engine.declare import expression, field, many, one, page, reads, value
from engine.keyset import TIME
from engine.rows import Rows
from models.after_sale import AfterSale as AfterSaleRow
from models.after_sale import AfterSaleChange as ChangeRow
from models.staff import Role
from schema.connection import Connection, paged
from schema.money import Money
from schema.node import Node
from schema.order_line import OrderLine
from schema.refund import NEWEST_FIRST, Refund, word
from schema.scalars import Url

_OLDEST_FIRST = Sorting("{t}.created_at", TIME)
OWN_AFTER_SALES = page("{t}.customer_id = {p}.id", order=NEWEST_FIRST, is_public=True)
"""A customer's own."""

_CUSTOMER_ACTIONS = """
case {t}.status when 'APPLIED' then array['CANCEL'] when 'AWAITING_RETURN' then array['CANCEL', 'RETURN_SHIP']
                when 'EXCHANGE_SHIPPED' then array['EXCHANGE_CONFIRM'] else array[]::text[] end
"""
_STAFF_ACTIONS = """
case when {t}.status = 'APPLIED' then array['APPROVE', 'REJECT']
     when {t}.status <> 'RETURN_SHIPPED' then array[]::text[]
     when {t}.type = 'RETURN' then array['RECEIVE', 'REFUSE_RECEIPT'] else array['EXCHANGE_SHIP', 'REFUSE_RECEIPT'] end
"""


@strawberry.enum(description="What a customer wants.")
class AfterSaleType(Enum):
    """As stored."""

    REFUND = strawberry.enum_value("REFUND", description="仅退款: money back.")
    RETURN = strawberry.enum_value("RETURN", description="退货退款: goods back, then money back.")
    EXCHANGE = strawberry.enum_value("EXCHANGE", description="换货: goods back, then others for them.")


@strawberry.enum(description="How far an after-sale has come.")
class AfterSaleStatus(Enum):
    """As stored."""

    APPLIED = strawberry.enum_value("APPLIED", description="Asked for; unanswered it is granted at `deadlineAt`.")
    AWAITING_RETURN = strawberry.enum_value(
        "AWAITING_RETURN", description="Granted: the goods are waited for until `deadlineAt`."
    )
    RETURN_SHIPPED = strawberry.enum_value("RETURN_SHIPPED", description="The goods are on their way back.")
    REFUNDING = strawberry.enum_value("REFUNDING", description="The money is on its way back.")
    EXCHANGE_SHIPPED = strawberry.enum_value(
        "EXCHANGE_SHIPPED", description="The other goods are on their way; they count as come at `deadlineAt`."
    )
    COMPLETED = strawberry.enum_value("COMPLETED", description="Done.")
    REJECTED = strawberry.enum_value("REJECTED", description="The shop said no; see the last step's note.")
    RECEIVE_REFUSED = strawberry.enum_value(
        "RECEIVE_REFUSED", description="The shop did not take what came back; see the last step's note."
    )
    CANCELLED = strawberry.enum_value("CANCELLED", description="Taken back, or the goods were not sent in time.")


@strawberry.enum(description="Something that can be done with an after-sale.")
class AfterSaleActionKind(Enum):
    """Each is a mutation."""

    CANCEL = strawberry.enum_value("CANCEL", description="`afterSaleCancel`, by the customer.")
    RETURN_SHIP = strawberry.enum_value("RETURN_SHIP", description="`afterSaleReturnShip`, by the customer.")
    EXCHANGE_CONFIRM = strawberry.enum_value(
        "EXCHANGE_CONFIRM", description="`afterSaleExchangeConfirm`, by the customer."
    )
    APPROVE = strawberry.enum_value("APPROVE", description="`afterSaleApprove`, by staff.")
    REJECT = strawberry.enum_value("REJECT", description="`afterSaleReject`, by staff.")
    RECEIVE = strawberry.enum_value("RECEIVE", description="`afterSaleReceive`, by staff.")
    REFUSE_RECEIPT = strawberry.enum_value("REFUSE_RECEIPT", description="`afterSaleRefuseReceipt`, by staff.")
    EXCHANGE_SHIP = strawberry.enum_value("EXCHANGE_SHIP", description="`afterSaleExchangeShip`, by staff.")


@reads(ChangeRow)
@strawberry.type(description="One step of an after-sale.")
class AfterSaleChange:
    """Append-only rows of an after-sale."""

    from_status: AfterSaleStatus | None = field(description="Where it stood; null for the first.")
    to_status: AfterSaleStatus = field(description="Where it stands since.")
    actor_kind: str = field(description="Who moved it: `CUSTOMER`, `STAFF`, `SYSTEM`.")
    note: str = field(description="What they said; may be empty.")
    created_at: datetime = field(description="When, on the shop's clock.")


@reads(AfterSaleRow, prefix="afs", guard="{t}.customer_id = {viewer}", keeper="ORDERS")
@strawberry.type(
    description="A customer's wish about one line of an order. Customers see their own, staff with the role ORDERS see"
    " all."
)
class AfterSale(Node):
    """One wish, and how far it has come."""

    after_sale_no: str = field(description="The number to read aloud.")
    type: AfterSaleType = field(description="What is wanted.")
    status: AfterSaleStatus = field(description="How far it has come.")
    order_line: OrderLine = field(one("{t}.id = {p}.order_line_id", is_public=True), description="What it is about.")
    order: Annotated["Order", strawberry.lazy("schema.order")] = field(  # type: ignore[name-defined]  # noqa: F821
        one("{t}.id = {p}.order_id", is_public=True), description="The order."
    )
    quantity: int = field(description="Pieces.")
    amount: Money = field(
        value("{t}.amount_fen"),
        description="What goes back for them, freight apart: asked for, or granted. 0 for an exchange.",
    )
    reason: str = field(description="Why, as the customer chose it.")
    description: str = field(description="In the customer's words; may be empty.")
    evidence: list[Url] = field(description="Pictures that show it.")
    return_carrier_code: str | None = field(description="Who brings the goods back; null before.")
    return_tracking_no: str | None = field(description="By which number; null before.")
    exchange_carrier_code: str | None = field(description="Who brings the other goods; null before.")
    exchange_tracking_no: str | None = field(description="By which number; null before.")
    deadline_at: datetime | None = field(description="When it moves on by itself; null when it waits for somebody.")
    timeline: list[AfterSaleChange] = field(
        many("{t}.after_sale_id = {p}.id", order=_OLDEST_FIRST, is_public=True),
        description="Its steps, the oldest first.",
    )
    refund: Refund | None = field(
        one("{t}.after_sale_id = {p}.id", is_public=True), description="The money that goes back; null before."
    )
    actions: list[AfterSaleActionKind] = field(
        expression(_CUSTOMER_ACTIONS), description="What the customer can do now."
    )
    staff_actions: list[AfterSaleActionKind] | None = field(
        expression(_STAFF_ACTIONS), description="What staff can do now. Requires: ORDERS.", roles=[Role.ORDERS]
    )
    version: int = field(description="Counts its steps.")
    created_at: datetime = field(description="When it was asked for.")
    updated_at: datetime = field(description="When it last changed.")


AfterSaleConnection = Connection[AfterSale]


@strawberry.type
class AfterSaleQuery:
    """Part of Query."""

    @paged(
        page(order=NEWEST_FIRST),
        AfterSaleConnection | None,
        description="The shop's after-sales, the newest first. Requires: ORDERS.",
        roles=[Role.ORDERS],
    )
    def after_sales(
        rows: Rows,
        status: Annotated[
            AfterSaleStatus | None, strawberry.argument(description="Only those that stand here.")
        ] = None,
    ) -> None:
        """In one status, or all."""
        if status is not None:
            rows.where(f"{rows.t}.status = {rows.bind(status, 'text', word)}")
