"""Orders: what was agreed on, and the four axes along which it moves."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from tortoise import fields

from models.owned import Owned


class OrderStatus(StrEnum):
    """How far the agreement has come. Payment, shipping and refunds are axes of their own."""

    PENDING_PAYMENT = "PENDING_PAYMENT"
    PAID = "PAID"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"
    CLOSED = "CLOSED"


class PaymentStatus(StrEnum):
    """Whether the order's total has been paid. What went back is another axis."""

    UNPAID = "UNPAID"
    PAID = "PAID"
    PARTIALLY_REFUNDED = "PARTIALLY_REFUNDED"
    REFUNDED = "REFUNDED"


class FulfilmentStatus(StrEnum):
    """How much of the order has left the house, and whether it arrived."""

    NOT_SHIPPED = "NOT_SHIPPED"
    PARTIALLY_SHIPPED = "PARTIALLY_SHIPPED"
    SHIPPED = "SHIPPED"
    RECEIVED = "RECEIVED"


class RefundStatus(StrEnum):
    """How much of the goods was refunded. A price difference moves nothing here."""

    NONE = "NONE"
    PARTIAL = "PARTIAL"
    ALL = "ALL"


class CancelReason(StrEnum):
    """Why an order ended before it was paid."""

    BUYER = "BUYER"
    PAY_TIMEOUT = "PAY_TIMEOUT"
    MERCHANT = "MERCHANT"


# commerce rules 3.1: paid is never unpaid again, and what has ended stays ended.
NEXT_STATUS: Final[Mapping[OrderStatus, frozenset[OrderStatus]]] = {
    OrderStatus.PENDING_PAYMENT: frozenset({OrderStatus.PAID, OrderStatus.CANCELLED}),
    OrderStatus.PAID: frozenset({OrderStatus.COMPLETED, OrderStatus.CLOSED}),
    OrderStatus.COMPLETED: frozenset({OrderStatus.CLOSED}),
    OrderStatus.CANCELLED: frozenset(),
    OrderStatus.CLOSED: frozenset(),
}


class Order(Owned):
    """One agreement. All amounts in fen: `total_fen` = `goods_fen` + the sum of its adjustments, freight among them.

    `paid_fen` is what the payments that count brought in (a surplus payment does not), `refunding_fen` what is on its
    way back and `refunded_fen` what has arrived; a CHECK keeps their sum at or below what was paid.
    `is_counted`: its pieces are in its products' `sales_count`, which due work brings up to date behind the payments.
    What brought the buyer, and how many paid orders they had before, is a snapshot of the moment of placing.
    """

    order_no = fields.CharField(max_length=24)
    customer_id = fields.UUIDField()
    app_id = fields.UUIDField(null=True)
    visitor_id = fields.UUIDField(null=True)
    status = fields.CharEnumField(OrderStatus, max_length=16, default=OrderStatus.PENDING_PAYMENT)
    payment_status = fields.CharEnumField(PaymentStatus, max_length=20, default=PaymentStatus.UNPAID)
    fulfilment_status = fields.CharEnumField(FulfilmentStatus, max_length=20, default=FulfilmentStatus.NOT_SHIPPED)
    refund_status = fields.CharEnumField(RefundStatus, max_length=8, default=RefundStatus.NONE)
    cancel_reason = fields.CharEnumField(CancelReason, max_length=12, null=True)
    goods_fen = fields.BigIntField()
    freight_fen = fields.BigIntField(default=0)
    total_fen = fields.BigIntField()
    paid_fen = fields.BigIntField(default=0)
    refunding_fen = fields.BigIntField(default=0)
    refunded_fen = fields.BigIntField(default=0)
    item_count = fields.IntField()
    note = fields.TextField(default="")
    attributes: fields.JSONField[dict[str, str]] = fields.JSONField(default=dict, db_default={})
    promoter_id = fields.UUIDField(null=True)
    share_link_id = fields.UUIDField(null=True)
    share_chain: fields.JSONField[list[str]] = fields.JSONField(default=list, db_default=[])
    visit_id = fields.UUIDField(null=True)
    scene_value = fields.IntField(null=True)
    channel = fields.CharField(max_length=64, null=True)
    campaign = fields.CharField(max_length=64, null=True)
    article = fields.TextField(null=True)
    live_session_id = fields.UUIDField(null=True)
    prior_paid_orders = fields.IntField(default=0)
    is_confirm_extended = fields.BooleanField(default=False)
    is_counted = fields.BooleanField(default=False, db_default=False)
    expires_at = fields.DatetimeField()
    paid_at = fields.DatetimeField(null=True)
    shipped_at = fields.DatetimeField(null=True)
    auto_confirm_at = fields.DatetimeField(null=True)
    completed_at = fields.DatetimeField(null=True)
    cancelled_at = fields.DatetimeField(null=True)
    closed_at = fields.DatetimeField(null=True)
    hidden_at = fields.DatetimeField(null=True)
    shipping_reminded_at = fields.DatetimeField(null=True)
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "orders"
        unique_together = (("shop_id", "id"), ("shop_id", "order_no"))
        indexes = (("shop_id", "customer_id", "created_at", "id"), ("shop_id", "created_at", "id"))


class OrderLine(Owned):
    """What was bought, as it was that day: titles, options, picture, price, cost and origin are copies.

    `payable_fen` = `price_fen` x `quantity` + this line's share of the adjustments, never negative; freight is not in
    it. `offer_kind`, `offer_id`, `participation_id` name the campaign it was bought in.
    A product that is gone leaves null.
    """

    order_id = fields.UUIDField()
    position = fields.IntField()
    product_id = fields.UUIDField(null=True)
    variant_id = fields.UUIDField(null=True)
    title = fields.CharField(max_length=255)
    variant_title = fields.CharField(max_length=255)
    options: fields.JSONField[list[dict[str, str]]] = fields.JSONField(default=list, db_default=[])
    sku = fields.CharField(max_length=255, default="")
    image_url = fields.TextField(null=True)
    price_fen = fields.BigIntField()
    cost_fen = fields.BigIntField(null=True)
    quantity = fields.IntField()
    payable_fen = fields.BigIntField()
    refunding_fen = fields.BigIntField(default=0)
    refunded_fen = fields.BigIntField(default=0)
    refunding_quantity = fields.IntField(default=0)
    refunded_quantity = fields.IntField(default=0)
    shipped_quantity = fields.IntField(default=0)
    weight_grams = fields.IntField(default=0)
    requires_shipping = fields.BooleanField(default=True)
    origin = fields.CharField(max_length=8)
    attributes: fields.JSONField[dict[str, str]] = fields.JSONField(default=dict, db_default={})
    share_link_id = fields.UUIDField(null=True)
    offer_kind = fields.CharField(max_length=24, null=True)
    offer_id = fields.UUIDField(null=True)
    participation_id = fields.UUIDField(null=True)
    reviewed_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "order_line"
        unique_together = (("shop_id", "id"), ("shop_id", "order_id", "position"))
        indexes = (("shop_id", "variant_id"), ("shop_id", "product_id"))


class OrderAdjustment(Owned):
    """A discount (negative) or addition (positive) in fen, with its share of each line.

    `allocations` is a list of {line, fen} that sums to `amount_fen`, or is empty for what belongs to no line (freight).
    """

    order_id = fields.UUIDField()
    position = fields.IntField()
    kind = fields.CharField(max_length=24)
    title = fields.CharField(max_length=120)
    amount_fen = fields.BigIntField()
    source_kind = fields.CharField(max_length=24, null=True)
    source_id = fields.UUIDField(null=True)
    allocations: fields.JSONField[list[dict[str, Any]]] = fields.JSONField(default=list, db_default=[])

    class Meta:
        table = "order_adjustment"
        unique_together = (("shop_id", "order_id", "position"),)


class OrderAxis(StrEnum):
    """What a line of an order's history speaks of."""

    STATUS = "STATUS"
    PAYMENT = "PAYMENT"
    FULFILMENT = "FULFILMENT"
    REFUND = "REFUND"


class OrderChange(Owned):
    """Append-only: one step of an order along one axis, who made it, and why."""

    order_id = fields.UUIDField()
    axis = fields.CharEnumField(OrderAxis, max_length=12)
    from_value = fields.CharField(max_length=20, null=True)
    to_value = fields.CharField(max_length=20)
    actor_kind = fields.CharField(max_length=12)
    actor_id = fields.UUIDField(null=True)
    reason = fields.TextField(default="")
    created_at = fields.DatetimeField()

    class Meta:
        table = "order_change"
        indexes = (("shop_id", "order_id", "created_at", "id"),)


class OrderNote(Owned):
    """What staff remember about an order; customers never see it."""

    order_id = fields.UUIDField()
    staff_id = fields.UUIDField(null=True)
    text = fields.TextField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "order_note"
        indexes = (("shop_id", "order_id", "created_at", "id"),)
