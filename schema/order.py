"""Orders as customers see theirs, and as staff see all."""

from datetime import datetime
from enum import Enum

import strawberry

from engine.declare import Order as Sorting
from engine.declare import computed, expression, field, listed, many, one, page, reads, value
from engine.keyset import TIME
from models.order import NEXT_STATUS
from models.order import Order as OrderRow
from models.order import OrderChange as ChangeRow
from models.order import OrderNote as NoteRow
from models.order_hold import OrderHold as HoldRow
from models.staff import Role
from resolvers.order_confirm import CONFIRM_AT
from schema.after_sale import AfterSale
from schema.attribute import ATTRIBUTES, Attribute
from schema.connection import Connection
from schema.delivery import Delivery
from schema.metafield import metafield_of_trade, metafields_of_trade
from schema.money import Money
from schema.next_states import next_states
from schema.node import Node
from schema.order_action import ACTIONS, OrderAction
from schema.order_line import BY_POSITION, OrderAdjustment, OrderLine
from schema.order_status import (
    CancelReason,
    FulfilmentStatus,
    OrderAxis,
    OrderStatus,
    PaymentStatus,
    RefundStatus,
)
from schema.order_task import OPEN_TASKS, OrderTask
from schema.payment import PAYABLE_PARTS, Payment, token_of
from schema.promoter import Promoter
from schema.refund import Refund
from schema.shipment import Shipment, ShippingUpload

OWN_ORDER = "{t}.customer_id = {viewer}"
OF_ORDER = "{t}.order_id = {p}.id"
NEWEST_FIRST = Sorting("{t}.created_at", TIME, descending=True)
_OLDEST_FIRST = Sorting("{t}.created_at", TIME)


@strawberry.enum(description="What a paid order waits for before it may be sent.")
class HoldKind(Enum):
    """As stored."""

    GROUP_FORMING = strawberry.enum_value("GROUP_FORMING", description="For its team to be full.")
    RECIPIENT_ADDRESS = strawberry.enum_value("RECIPIENT_ADDRESS", description="For the recipient to say where to.")
    RISK_REVIEW = strawberry.enum_value("RISK_REVIEW", description="For somebody of the shop to look at it.")


@reads(HoldRow)
@strawberry.type(description="Something that must happen before an order may be sent.")
class OrderHold:
    """Rows of an order."""

    kind: HoldKind = field(description="What is waited for.")
    reason: str = field(description="In words; may be empty.")
    created_at: datetime = field(description="Since when.")
    released_at: datetime | None = field(description="When it happened; null while it is waited for.")


@reads(ChangeRow)
@strawberry.type(description="One step of an order along one of its axes.")
class OrderChange:
    """Append-only rows of an order."""

    axis: OrderAxis = field(description="Along which axis.")
    from_value: str | None = field(description="Where it stood; null for the first.")
    to_value: str = field(description="Where it stands since.")
    actor_kind: str = field(description="Who moved it: `CUSTOMER`, `STAFF`, `SYSTEM`.")
    reason: str = field(description="Why, in words; may be empty.")
    created_at: datetime = field(description="When, on the shop's clock.")


@reads(NoteRow)
@strawberry.type(description="What staff remember about an order.")
class OrderNote:
    """Rows of an order."""

    text: str = field(description="The words.")
    created_at: datetime = field(description="When.")


@reads(OrderRow, prefix="ord", guard=OWN_ORDER, keeper="ORDERS")
@strawberry.type(description="An order. Customers see their own, staff with the role ORDERS see all.")
class Order(Node):
    """What was agreed on, and how far it has come along four axes."""

    order_no: str = field(description="The number to read aloud; it tells nobody how much the shop sells.")
    status: OrderStatus = field(description="How far it has come.")
    payment_status: PaymentStatus = field(description="What became of its total.")
    fulfilment_status: FulfilmentStatus = field(description="How much has been sent.")
    refund_status: RefundStatus = field(description="How much of the goods was refunded.")
    next_states: list[OrderStatus] = field(
        expression(next_states("status", NEXT_STATUS)), description="Where `status` can go from here."
    )
    cancel_reason: CancelReason | None = field(description="Why it was cancelled; null when it was not.")
    actions = listed(
        many(rows=ACTIONS), list[OrderAction], description="What the customer can do now, and why not what not."
    )
    lines: list[OrderLine] = field(many(OF_ORDER, order=BY_POSITION, is_public=True), description="What was bought.")
    item_count: int = field(description="Pieces of all lines.")
    subtotal: Money = field(value("{t}.goods_fen"), description="All pieces, before discounts and freight.")
    adjustments: list[OrderAdjustment] = field(
        many(OF_ORDER, order=BY_POSITION, is_public=True),
        description="Discounts and additions, freight among them: with `subtotal` they make `total`.",
    )
    freight: Money = field(value("{t}.freight_fen"), description="What sending costs.")
    total: Money = field(value("{t}.total_fen"), description="What is to be paid, or was.")
    paid: Money = field(value("{t}.paid_fen"), description="What was paid.")
    refunded: Money = field(value("{t}.refunded_fen"), description="What went back, and has arrived.")
    refunding: Money = field(value("{t}.refunding_fen"), description="What is on its way back.")
    deliveries: list[Delivery] = field(
        many(OF_ORDER, order=_OLDEST_FIRST, is_public=True), description="How it reaches whom; today exactly one."
    )
    holds: list[OrderHold] = field(
        many(OF_ORDER, order=_OLDEST_FIRST, is_public=True),
        description="What it waits or waited for before it is sent.",
    )
    shipments: list[Shipment] = field(
        many(OF_ORDER, order=_OLDEST_FIRST, is_public=True), description="Its parcels, the first that left first."
    )
    shipping_upload: ShippingUpload | None = field(
        one(OF_ORDER, order=_OLDEST_FIRST, is_public=True),
        description="Whether WeChat knows of its parcels; null before one left, and for what cost nothing. Requires:"
        " ORDERS.",
        roles=[Role.ORDERS],
    )
    history: list[OrderChange] = field(
        many(OF_ORDER, order=_OLDEST_FIRST, is_public=True), description="Its steps, the oldest first."
    )
    payments: list[Payment] = field(
        many(OF_ORDER, order=_OLDEST_FIRST, is_public=True),
        description="What was tried to pay it, the oldest first, by friends too.",
    )
    refunds: list[Refund] = field(
        many(OF_ORDER, order=_OLDEST_FIRST, is_public=True),
        description="What goes or went back, the oldest first; payments too much among them.",
    )
    after_sales: list[AfterSale] = field(
        many(OF_ORDER, order=_OLDEST_FIRST, is_public=True), description="What was not right, the oldest first."
    )
    pay_token: str | None = field(
        computed(PAYABLE_PARTS, token_of),
        description="With it a friend may pay, by `orderPay`, and see what for, by `payPreview`, with no more than a"
        " hint of who asks. Null when it waits for no payment, and for staff.",
    )
    note: str = field(description="What the customer wrote; may be empty.")
    attributes: list[Attribute] = field(many(rows=ATTRIBUTES), description="The customer's own words on it.")
    tasks: list[OrderTask] | None = field(
        expression(OPEN_TASKS),
        description="What in it waits for somebody of the shop. Requires: ORDERS.",
        roles=[Role.ORDERS],
    )
    metafields = metafields_of_trade("order_id")
    metafield = metafield_of_trade("order_id")
    staff_notes: list[OrderNote] | None = field(
        many(OF_ORDER, order=_OLDEST_FIRST, is_public=True),
        description="What staff remember about it. Requires: ORDERS.",
        roles=[Role.ORDERS],
    )
    promoter: Promoter | None = field(
        one("{t}.id = {p}.promoter_id"),
        description="Who brought the customer. Requires: ORDERS.",
        roles=[Role.ORDERS],
    )
    channel: str | None = field(
        description="The channel that brought the customer. Requires: ORDERS.", roles=[Role.ORDERS]
    )
    campaign: str | None = field(
        description="The campaign that brought the customer. Requires: ORDERS.", roles=[Role.ORDERS]
    )
    scene_value: int | None = field(
        description="WeChat's scene that the customer came by. Requires: ORDERS.", roles=[Role.ORDERS]
    )
    prior_paid_orders: int | None = field(
        description="How many orders the customer had paid before this one. Requires: ORDERS.", roles=[Role.ORDERS]
    )
    shipping_reminded_at: datetime | None = field(
        description="When WeChat last reminded of it, paid more than 48 hours ago and not sent; null when it did not."
        " Requires: ORDERS.",
        roles=[Role.ORDERS],
    )
    expires_at: datetime = field(description="Until when it can be paid.")
    paid_at: datetime | None = field(description="When it was paid; null before.")
    shipped_at: datetime | None = field(description="When the last parcel left; null before.")
    auto_confirm_at: datetime | None = field(
        expression(CONFIRM_AT),
        description="When it counts as received by itself; null before everything is sent. While an after-sale is open"
        " the time stands still.",
    )
    is_confirm_extended: bool = field(description="Whether the customer asked for more time by orderConfirmExtend.")
    completed_at: datetime | None = field(description="When it was received; null before.")
    cancelled_at: datetime | None = field(description="When it was cancelled.")
    closed_at: datetime | None = field(description="When it was refunded whole.")
    hidden_at: datetime | None = field(description="When the customer took it out of their list.")
    version: int = field(description="Counts its changes.")
    created_at: datetime = field(description="When it was placed.")
    updated_at: datetime = field(description="When it last changed.")


OrderConnection = Connection[Order]
OWN_ORDERS = page("{t}.customer_id = {p}.id and {t}.hidden_at is null", order=NEWEST_FIRST, is_public=True)
"""A customer's list: what they hid is not in it."""
