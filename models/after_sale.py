"""After-sales: a customer is not content with a line of an order, and what becomes of it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from tortoise import fields

from models.owned import Owned


class AfterSaleType(StrEnum):
    """REFUND: money back. RETURN: goods and money back. EXCHANGE: other goods for these."""

    REFUND = "REFUND"
    RETURN = "RETURN"
    EXCHANGE = "EXCHANGE"


class AfterSaleStatus(StrEnum):
    """Commerce rules 3.16."""

    APPLIED = "APPLIED"
    AWAITING_RETURN = "AWAITING_RETURN"
    RETURN_SHIPPED = "RETURN_SHIPPED"
    REFUNDING = "REFUNDING"
    EXCHANGE_SHIPPED = "EXCHANGE_SHIPPED"
    COMPLETED = "COMPLETED"
    REJECTED = "REJECTED"
    RECEIVE_REFUSED = "RECEIVE_REFUSED"
    CANCELLED = "CANCELLED"


_S = AfterSaleStatus
NEXT_AFTER_SALE_STATUS: Final[Mapping[AfterSaleStatus, frozenset[AfterSaleStatus]]] = {
    _S.APPLIED: frozenset({_S.AWAITING_RETURN, _S.REFUNDING, _S.REJECTED, _S.CANCELLED}),
    _S.AWAITING_RETURN: frozenset({_S.RETURN_SHIPPED, _S.CANCELLED}),
    _S.RETURN_SHIPPED: frozenset({_S.REFUNDING, _S.EXCHANGE_SHIPPED, _S.RECEIVE_REFUSED}),
    _S.REFUNDING: frozenset({_S.COMPLETED}),
    _S.EXCHANGE_SHIPPED: frozenset({_S.COMPLETED}),
    _S.COMPLETED: frozenset(),
    _S.REJECTED: frozenset(),
    _S.RECEIVE_REFUSED: frozenset(),
    _S.CANCELLED: frozenset(),
}


class AfterSale(Owned):
    """One wish about one line, for `quantity` pieces and at most `amount_fen`; one open at a time for each line.

    `deadline_at` is when the wish moves on by itself: unanswered it is granted, a return that is not sent is dropped.
    """

    after_sale_no = fields.CharField(max_length=24)
    order_id = fields.UUIDField()
    order_line_id = fields.UUIDField()
    customer_id = fields.UUIDField()
    type = fields.CharEnumField(AfterSaleType, max_length=8)
    status = fields.CharEnumField(AfterSaleStatus, max_length=20, default=AfterSaleStatus.APPLIED)
    quantity = fields.IntField()
    amount_fen = fields.BigIntField()
    reason = fields.CharField(max_length=64)
    description = fields.TextField(default="")
    evidence: fields.JSONField[list[str]] = fields.JSONField(default=list, db_default=[])
    return_carrier_code = fields.CharField(max_length=16, null=True)
    return_tracking_no = fields.CharField(max_length=64, null=True)
    exchange_carrier_code = fields.CharField(max_length=16, null=True)
    exchange_tracking_no = fields.CharField(max_length=64, null=True)
    deadline_at = fields.DatetimeField(null=True)
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "after_sale"
        unique_together = (("shop_id", "id"), ("shop_id", "after_sale_no"))
        indexes = (
            ("shop_id", "order_id"),
            ("shop_id", "customer_id", "created_at", "id"),
            ("shop_id", "created_at", "id"),
        )


class AfterSaleChange(Owned):
    """Append-only: one step of an after-sale, who made it, and what they said."""

    after_sale_id = fields.UUIDField()
    from_status = fields.CharEnumField(AfterSaleStatus, max_length=20, null=True)
    to_status = fields.CharEnumField(AfterSaleStatus, max_length=20)
    actor_kind = fields.CharField(max_length=12)
    actor_id = fields.UUIDField(null=True)
    note = fields.TextField(default="")
    created_at = fields.DatetimeField()

    class Meta:
        table = "after_sale_change"
        indexes = (("shop_id", "after_sale_id", "created_at", "id"),)
