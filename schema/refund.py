"""Refunds of an order: what goes back, why, and by which ways."""

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from engine.declare import Order as Sorting
from engine.declare import expression, field, many, one, page, reads, value
from engine.keyset import TIME
from engine.rows import Rows
from models.refund import Refund as RefundRow
from models.refund import RefundAllocation as AllocationRow
from models.refund import RefundLine as LineRow
from models.staff import Role
from schema.connection import Connection, paged
from schema.money import Money
from schema.node import Node
from schema.order_line import OF_OWN_ORDER, OrderLine
from schema.payment import Payment

_OF_REFUND = "{t}.refund_id = {p}.id"
NEWEST_FIRST = Sorting("{t}.created_at", TIME, descending=True)
_OLDEST_FIRST = Sorting("{t}.created_at", TIME)
_LAST_ERROR = (
    "coalesce((select a.last_error from refund_allocation a where a.shop_id = {shop} and a.refund_id = {t}.id"
    " order by a.created_at desc, a.id desc limit 1), '')"
)


@strawberry.enum(description="Why money goes back.")
class RefundReason(Enum):
    """As stored."""

    AFTER_SALE = strawberry.enum_value("AFTER_SALE", description="The customer was not content, or staff gave it.")
    CANCEL = strawberry.enum_value("CANCEL", description="The order ended before it was sent.")
    GROUP_FAILED = strawberry.enum_value("GROUP_FAILED", description="Its group was not full in time.")
    SURPLUS = strawberry.enum_value(
        "SURPLUS", description="It was paid twice, or at a price that no longer stood, or otherwise than asked for."
    )
    PRICE_DIFFERENCE = strawberry.enum_value(
        "PRICE_DIFFERENCE", description="It is cheaper now; the goods stay where they are."
    )
    LEADER_REWARD = strawberry.enum_value("LEADER_REWARD", description="For who began a group that was full in time.")


@strawberry.enum(description="Where a refund stands, or one of its parts.")
class RefundState(Enum):
    """As stored."""

    REQUESTED = strawberry.enum_value("REQUESTED", description="Written down; WeChat has not taken it on yet.")
    PROCESSING = strawberry.enum_value("PROCESSING", description="On its way.")
    SUCCEEDED = strawberry.enum_value("SUCCEEDED", description="The money has arrived.")
    ABNORMAL = strawberry.enum_value(
        "ABNORMAL", description="Somebody of the shop must see to it: `refundAbnormalApply`, `refundRetry`."
    )
    CLOSED = strawberry.enum_value("CLOSED", description="A part that brought nothing; another took its place.")


@reads(LineRow)
@strawberry.type(description="A line of an order in a refund.")
class RefundLine:
    """Rows of a refund."""

    order_line: OrderLine = field(one("{t}.id = {p}.order_line_id", is_public=True), description="The line.")
    quantity: int = field(description="Pieces; 0 for money only.")
    amount: Money = field(value("{t}.amount_fen"), description="How much of the line.")


@reads(AllocationRow)
@strawberry.type(description="The part of a refund that goes back through one payment, by the way it came.")
class RefundAllocation:
    """Rows of a refund."""

    state: RefundState = field(description="Where it stands.")
    amount: Money = field(value("{t}.amount_fen"), description="How much.")
    payment: Payment = field(one("{t}.id = {p}.payment_id", is_public=True), description="Which payment it came by.")
    out_refund_no: str = field(description="Its number at WeChat.")
    created_at: datetime = field(description="When it was asked for.")
    updated_at: datetime = field(description="When it last changed.")


@reads(RefundRow, prefix="rfd", guard=OF_OWN_ORDER, keeper="ORDERS")
@strawberry.type(
    description="Money on its way back, always through the payment that brought it. Customers see those of their own"
    " orders, staff with the role ORDERS see all."
)
class Refund(Node):
    """What it is for, and its parts."""

    reason: RefundReason = field(description="Why.")
    state: RefundState = field(description="Where it stands.")
    amount: Money = field(value("{t}.amount_fen"), description="How much in all.")
    freight: Money = field(value("{t}.freight_fen"), description="What of it is freight, and no line's.")
    restock: bool = field(description="Whether the pieces are on the shelf again when the money has arrived.")
    lines: list[RefundLine] = field(
        many(_OF_REFUND, order=Sorting("{t}.id"), is_public=True),
        description="What of the order it is about; empty for a payment too much, which was never part of it.",
    )
    allocations: list[RefundAllocation] = field(
        many(_OF_REFUND, order=_OLDEST_FIRST, is_public=True), description="By which ways it goes, the oldest first."
    )
    order: Annotated["Order", strawberry.lazy("schema.order")] = field(  # type: ignore[name-defined]  # noqa: F821
        one("{t}.id = {p}.order_id", is_public=True), description="The order."
    )
    last_error: str | None = field(
        expression(_LAST_ERROR),
        description="What went wrong last, in WeChat's word; empty when nothing did. Requires: ORDERS.",
        roles=[Role.ORDERS],
    )
    note: str | None = field(
        description="What staff wrote about it; may be empty. Requires: ORDERS.", roles=[Role.ORDERS]
    )
    created_at: datetime = field(description="When it was asked for.")
    updated_at: datetime = field(description="When it last changed.")
    succeeded_at: datetime | None = field(description="When all of it had arrived; null before.")


RefundConnection = Connection[Refund]


@strawberry.type
class RefundQuery:
    """Part of Query."""

    @paged(
        page(order=NEWEST_FIRST),
        RefundConnection | None,
        description="The shop's refunds, the newest first. Requires: ORDERS.",
        roles=[Role.ORDERS],
    )
    def refunds(
        rows: Rows,
        state: Annotated[
            RefundState | None, strawberry.argument(description="Only those in this state; ABNORMAL wait for somebody.")
        ] = None,
    ) -> None:
        """In one state, or all."""
        if state is not None:
            rows.where(f"{rows.t}.state = {rows.bind(state, 'text', word)}")


def word(member: object) -> str:
    """Return the stored word of an enum's member, as variables or literals bring it."""
    return str(getattr(member, "value", member))
