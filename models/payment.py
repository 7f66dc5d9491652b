"""Payments: each attempt to pay an order, and what WeChat said about it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from tortoise import fields

from models.owned import Owned


class PaymentMethod(StrEnum):
    """FREE is for totals of zero, which no bank is asked about."""

    WECHAT = "WECHAT"
    FREE = "FREE"


class PaymentProblem(StrEnum):
    """In what WeChat's word of a payment whose money came differs from what was asked: the first that does."""

    WRONG_MERCHANT = "WRONG_MERCHANT"
    WRONG_APP = "WRONG_APP"
    WRONG_CURRENCY = "WRONG_CURRENCY"
    WRONG_AMOUNT = "WRONG_AMOUNT"
    WRONG_TRANSACTION = "WRONG_TRANSACTION"


class PaymentState(StrEnum):
    """CREATED before WeChat was asked, or its answer was lost; PREPAID with a prepay id; the rest is final.

    SUCCEEDED may still follow CLOSED: a customer can pay in the moment in which we close.
    """

    CREATED = "CREATED"
    PREPAID = "PREPAID"
    SUCCEEDED = "SUCCEEDED"
    CLOSED = "CLOSED"
    FAILED = "FAILED"


NEXT_PAYMENT_STATE: Final[Mapping[PaymentState, frozenset[PaymentState]]] = {
    PaymentState.CREATED: frozenset(
        {PaymentState.PREPAID, PaymentState.SUCCEEDED, PaymentState.CLOSED, PaymentState.FAILED}
    ),
    PaymentState.PREPAID: frozenset({PaymentState.SUCCEEDED, PaymentState.CLOSED}),
    PaymentState.SUCCEEDED: frozenset(),
    PaymentState.CLOSED: frozenset({PaymentState.SUCCEEDED}),
    PaymentState.FAILED: frozenset({PaymentState.SUCCEEDED}),
}


class Payment(Owned):
    """One number at WeChat (`out_trade_no`), for one amount in fen, by one payer in one app.

    `is_surplus`: the order was paid or over when this came in; it goes back whole. `next_query_at` is when the worker
    asks WeChat next, of the wall clock; null when there is nothing to ask.
    `provider_appid` is the service provider's app that it was asked through, null where the shop asks for itself.
    `problem` says that money came, and not as it was asked for: `told_fen` of it, at `told_at` where WeChat says when.
    It waits for a person until it is SUCCEEDED: then it goes back, and `amount_fen` is what came.
    A CHECK keeps refunds at or below `amount_fen`.
    """

    order_id = fields.UUIDField()
    method = fields.CharEnumField(PaymentMethod, max_length=8)
    state = fields.CharEnumField(PaymentState, max_length=12, default=PaymentState.CREATED)
    is_surplus = fields.BooleanField(default=False)
    amount_fen = fields.BigIntField()
    refunding_fen = fields.BigIntField(default=0)
    refunded_fen = fields.BigIntField(default=0)
    merchant_account_id = fields.UUIDField(null=True)
    mchid = fields.CharField(max_length=32, null=True)
    provider_appid = fields.CharField(max_length=32, null=True)
    out_trade_no = fields.CharField(max_length=32)
    transaction_id = fields.CharField(max_length=64, null=True)
    app_id = fields.UUIDField(null=True)
    payer_customer_id = fields.UUIDField(null=True)
    payer_openid = fields.CharField(max_length=64, null=True)
    prepay_id = fields.CharField(max_length=64, null=True)
    prepay_expires_at = fields.DatetimeField(null=True)
    expires_at = fields.DatetimeField()
    succeeded_at = fields.DatetimeField(null=True)
    closed_at = fields.DatetimeField(null=True)
    queries = fields.IntField(default=0)
    next_query_at = fields.DatetimeField(null=True)
    last_error = fields.TextField(default="")
    problem = fields.CharEnumField(PaymentProblem, max_length=20, null=True)
    told_fen = fields.BigIntField(null=True)
    told_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "payment"
        unique_together = (("shop_id", "id"), ("mchid", "out_trade_no"), ("mchid", "transaction_id"))
        indexes = (("shop_id", "order_id"),)


class PaymentNotification(Owned):
    """What WeChat told us, verified and kept before anything is done about it; each of its ids once.

    `resource_sealed` is the decrypted JSON, which names people. `next_attempt_at` is null once handled.
    """

    merchant_account_id = fields.UUIDField()
    mchid = fields.CharField(max_length=32)
    notification_id = fields.CharField(max_length=64)
    event_type = fields.CharField(max_length=64)
    resource_sealed = fields.BinaryField()
    outcome = fields.CharField(max_length=24, default="")
    attempts = fields.IntField(default=0)
    next_attempt_at = fields.DatetimeField(null=True)
    last_error = fields.TextField(default="")
    created_at = fields.DatetimeField()
    handled_at = fields.DatetimeField(null=True)

    class Meta:
        table = "payment_notification"
        unique_together = (("mchid", "notification_id"),)
