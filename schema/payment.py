"""Payments of an order, as who pays, whose order it is, and staff see them."""

from datetime import UTC, datetime
from enum import Enum
from uuid import UUID

import strawberry

from engine.declare import expression, field, reads, value
from models.payment import Payment as PaymentRow
from models.staff import Role
from resolvers.pay_token import pay_token
from schema.money import Money
from schema.node import Node

OWN_PAYMENT = (
    "({t}.payer_customer_id = {viewer} or exists (select 1 from orders o"
    " where o.shop_id = {shop} and o.id = {t}.order_id and o.customer_id = {viewer}))"
)


# For the customer alone, and while it can be paid.
PAYABLE_PARTS = (
    "case when {t}.status = 'PENDING_PAYMENT' and {t}.customer_id = {viewer}"
    " then {t}.shop_id || ' ' || {t}.id || ' ' || extract(epoch from {t}.expires_at)::bigint end"
)


def token_of(parts: str | None) -> str | None:
    """Return the pay token of an order; null for null."""
    if parts is None:
        return None
    shop_id, order_id, ends_at = parts.split()
    return pay_token(UUID(shop_id), UUID(order_id), datetime.fromtimestamp(int(ends_at), UTC))


@strawberry.enum(description="By what an order is paid.")
class PaymentMethod(Enum):
    """As stored."""

    WECHAT = strawberry.enum_value("WECHAT", description="WeChat Pay.")
    FREE = strawberry.enum_value("FREE", description="Nothing was to be paid.")


@strawberry.enum(description="Where a payment stands.")
class PaymentState(Enum):
    """As stored."""

    CREATED = strawberry.enum_value("CREATED", description="Written down; WeChat has not answered yet.")
    PREPAID = strawberry.enum_value("PREPAID", description="The payer can pay.")
    SUCCEEDED = strawberry.enum_value("SUCCEEDED", description="The money came.")
    CLOSED = strawberry.enum_value("CLOSED", description="Nobody can pay it any more.")
    FAILED = strawberry.enum_value("FAILED", description="WeChat did not accept it.")


@strawberry.enum(description="In what money that came differs from what was asked for: the first that does.")
class PaymentProblem(Enum):
    """As stored."""

    WRONG_MERCHANT = strawberry.enum_value("WRONG_MERCHANT", description="It went to another merchant.")
    WRONG_APP = strawberry.enum_value("WRONG_APP", description="It was paid in another app.")
    WRONG_CURRENCY = strawberry.enum_value("WRONG_CURRENCY", description="It is no yuan.")
    WRONG_AMOUNT = strawberry.enum_value("WRONG_AMOUNT", description="It is another amount.")
    WRONG_TRANSACTION = strawberry.enum_value(
        "WRONG_TRANSACTION", description="WeChat's number of it is missing, or another payment's."
    )


@reads(PaymentRow, prefix="pay", guard=OWN_PAYMENT, keeper="ORDERS")
@strawberry.type(
    description="One attempt to pay an order, seen by who pays, by whose order it is, and by staff with the role"
    " ORDERS."
)
class Payment(Node):
    """Whoever pays is not named: a friend may have paid."""

    method: PaymentMethod = field(description="By what.")
    state: PaymentState = field(description="Where it stands.")
    amount: Money = field(value("{t}.amount_fen"), description="How much.")
    refunded: Money = field(value("{t}.refunded_fen"), description="What of it has gone back.")
    is_surplus: bool = field(
        description="Whether it came when nothing was owed any more, or otherwise than it was asked for; then it goes"
        " back whole."
    )
    is_own: bool = field(
        expression("coalesce({t}.payer_customer_id = {viewer}, false)"), description="Whether the caller is who pays."
    )
    out_trade_no: str = field(description="The number that WeChat shows the payer as the merchant's.")
    transaction_id: str | None = field(
        description="WeChat's own number; null before the money came. Requires: ORDERS.", roles=[Role.ORDERS]
    )
    problem: PaymentProblem | None = field(
        description="What is wrong with money that came; null when nothing is. It waits for `paymentRefund` until its"
        " state is SUCCEEDED. Requires: ORDERS.",
        roles=[Role.ORDERS],
    )
    told: Money | None = field(
        value("{t}.told_fen"),
        description="How much came, by WeChat's word, where there is a problem; null elsewhere. Requires: ORDERS.",
        roles=[Role.ORDERS],
    )
    succeeded_at: datetime | None = field(description="When the money came; null before.")
    closed_at: datetime | None = field(description="When it was closed; null while it is not.")
    created_at: datetime = field(description="When it was opened.")
