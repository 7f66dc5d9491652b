"""Refunds: money on its way back, always through the account that took it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from tortoise import fields

from models.owned import Owned


class RefundReason(StrEnum):
    """Why money goes back."""

    AFTER_SALE = "AFTER_SALE"
    CANCEL = "CANCEL"
    GROUP_FAILED = "GROUP_FAILED"
    SURPLUS = "SURPLUS"
    PRICE_DIFFERENCE = "PRICE_DIFFERENCE"
    LEADER_REWARD = "LEADER_REWARD"


class RefundState(StrEnum):
    """REQUESTED: written down, WeChat not told or its answer lost. ABNORMAL: a person must act at WeChat.

    CLOSED ended without money; a further try has a number of its own.
    """

    REQUESTED = "REQUESTED"
    PROCESSING = "PROCESSING"
    SUCCEEDED = "SUCCEEDED"
    ABNORMAL = "ABNORMAL"
    CLOSED = "CLOSED"


NEXT_REFUND_STATE: Final[Mapping[RefundState, frozenset[RefundState]]] = {
    RefundState.REQUESTED: frozenset(
        {RefundState.PROCESSING, RefundState.SUCCEEDED, RefundState.ABNORMAL, RefundState.CLOSED}
    ),
    RefundState.PROCESSING: frozenset({RefundState.SUCCEEDED, RefundState.ABNORMAL, RefundState.CLOSED}),
    RefundState.ABNORMAL: frozenset({RefundState.PROCESSING, RefundState.SUCCEEDED, RefundState.CLOSED}),
    RefundState.SUCCEEDED: frozenset(),
    RefundState.CLOSED: frozenset(),
}


class Refund(Owned):
    """One amount in fen back to the payers of an order. Its allocations say how much through which payment.

    `freight_fen` is the part that is no line's. `restock` puts what was returned back on the shelf, once.
    """

    order_id = fields.UUIDField()
    reason = fields.CharEnumField(RefundReason, max_length=20)
    state = fields.CharEnumField(RefundState, max_length=12, default=RefundState.REQUESTED)
    amount_fen = fields.BigIntField()
    freight_fen = fields.BigIntField(default=0)
    restock = fields.BooleanField(default=False)
    note = fields.TextField(default="")
    after_sale_id = fields.UUIDField(null=True)
    staff_id = fields.UUIDField(null=True)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()
    succeeded_at = fields.DatetimeField(null=True)

    class Meta:
        table = "refund"
        unique_together = (("shop_id", "id"),)
        indexes = (("shop_id", "order_id"), ("shop_id", "created_at", "id"))


class RefundAllocation(Owned):
    """The part of a refund that goes back through one payment, with its number at WeChat, kept until it has ended.

    `next_attempt_at` is when the worker tells or asks WeChat next, of the wall clock; null when there is nothing to do.
    """

    refund_id = fields.UUIDField()
    payment_id = fields.UUIDField()
    amount_fen = fields.BigIntField()
    state = fields.CharEnumField(RefundState, max_length=12, default=RefundState.REQUESTED)
    out_refund_no = fields.CharField(max_length=64)
    wechat_refund_id = fields.CharField(max_length=64, null=True)
    attempts = fields.IntField(default=0)
    next_attempt_at = fields.DatetimeField(null=True)
    last_error = fields.TextField(default="")
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "refund_allocation"
        unique_together = (("shop_id", "id"), ("shop_id", "out_refund_no"))
        indexes = (("shop_id", "refund_id"), ("shop_id", "payment_id"))


class RefundLine(Owned):
    """How many pieces of a line a refund is about, and how much of it in fen. Zero pieces: money only."""

    refund_id = fields.UUIDField()
    order_line_id = fields.UUIDField()
    quantity = fields.IntField()
    amount_fen = fields.BigIntField()

    class Meta:
        table = "refund_line"
        unique_together = (("shop_id", "refund_id", "order_line_id"),)
        indexes = (("shop_id", "order_line_id"),)
