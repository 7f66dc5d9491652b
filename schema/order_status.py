"""The axes along which an order moves."""

from enum import Enum

import strawberry


@strawberry.enum(description="How far an order has come. Payment, shipping and refunds are told apart.")
class OrderStatus(Enum):
    """As stored."""

    PENDING_PAYMENT = strawberry.enum_value("PENDING_PAYMENT", description="Placed; stock is held until it expires.")
    PAID = strawberry.enum_value("PAID", description="Paid, and not yet at its end.")
    COMPLETED = strawberry.enum_value("COMPLETED", description="Received, or nothing had to be sent.")
    CANCELLED = strawberry.enum_value("CANCELLED", description="Ended without payment; what was held is free again.")
    CLOSED = strawberry.enum_value("CLOSED", description="Paid once, and refunded whole.")


@strawberry.enum(description="What became of an order's total.")
class PaymentStatus(Enum):
    """As stored."""

    UNPAID = strawberry.enum_value("UNPAID", description="Nothing was paid.")
    PAID = strawberry.enum_value("PAID", description="All was paid.")
    PARTIALLY_REFUNDED = strawberry.enum_value("PARTIALLY_REFUNDED", description="Some of it went back.")
    REFUNDED = strawberry.enum_value("REFUNDED", description="All of it went back.")


@strawberry.enum(description="How much of an order has been sent.")
class FulfilmentStatus(Enum):
    """As stored."""

    NOT_SHIPPED = strawberry.enum_value("NOT_SHIPPED", description="Nothing yet.")
    PARTIALLY_SHIPPED = strawberry.enum_value("PARTIALLY_SHIPPED", description="Some parcels are on their way.")
    SHIPPED = strawberry.enum_value("SHIPPED", description="Everything is on its way.")
    RECEIVED = strawberry.enum_value("RECEIVED", description="The customer has it.")


@strawberry.enum(description="How much of an order's goods was refunded; differences of price move nothing here.")
class RefundStatus(Enum):
    """As stored."""

    NONE = strawberry.enum_value("NONE", description="Nothing.")
    PARTIAL = strawberry.enum_value("PARTIAL", description="Some pieces.")
    ALL = strawberry.enum_value("ALL", description="All pieces.")


@strawberry.enum(description="Why an order ended unpaid.")
class CancelReason(Enum):
    """As stored."""

    BUYER = strawberry.enum_value("BUYER", description="The customer cancelled it.")
    PAY_TIMEOUT = strawberry.enum_value("PAY_TIMEOUT", description="It was not paid in time.")
    MERCHANT = strawberry.enum_value("MERCHANT", description="The shop cancelled it.")


@strawberry.enum(description="An axis of an order.")
class OrderAxis(Enum):
    """As stored."""

    STATUS = strawberry.enum_value("STATUS", description="`status`.")
    PAYMENT = strawberry.enum_value("PAYMENT", description="`paymentStatus`.")
    FULFILMENT = strawberry.enum_value("FULFILMENT", description="`fulfilmentStatus`.")
    REFUND = strawberry.enum_value("REFUND", description="`refundStatus`.")


@strawberry.enum(description="Something a customer can do with an order.")
class OrderActionKind(Enum):
    """Contract: each comes with a reason when it is not possible."""

    PAY = strawberry.enum_value("PAY", description="`orderPay`.")
    CANCEL = strawberry.enum_value("CANCEL", description="`orderCancel`.")
    CONFIRM = strawberry.enum_value("CONFIRM", description="`orderConfirm`: say that it has arrived.")
    AFTER_SALE = strawberry.enum_value("AFTER_SALE", description="`afterSaleApply`.")
    REVIEW = strawberry.enum_value("REVIEW", description="`orderReview`: say how it was.")
    HIDE = strawberry.enum_value("HIDE", description="`orderHide`: take it out of one's list.")


@strawberry.enum(description="Why something can't be done with an order.")
class OrderActionReason(Enum):
    """In the order in which they are looked for."""

    ALREADY_PAID = strawberry.enum_value("ALREADY_PAID", description="It is paid.")
    NOT_PAID = strawberry.enum_value("NOT_PAID", description="It is not paid.")
    CANCELLED = strawberry.enum_value("CANCELLED", description="It was cancelled.")
    EXPIRED = strawberry.enum_value("EXPIRED", description="The time to pay is over.")
    NOT_SHIPPED = strawberry.enum_value("NOT_SHIPPED", description="Not everything has been sent.")
    ALREADY_RECEIVED = strawberry.enum_value("ALREADY_RECEIVED", description="It was said to have arrived.")
    NOT_FINISHED = strawberry.enum_value("NOT_FINISHED", description="It is still under way.")
    TOO_LATE = strawberry.enum_value("TOO_LATE", description="The time for it is over.")
    NOTHING_LEFT = strawberry.enum_value("NOTHING_LEFT", description="There is nothing left to do it with.")
    ON_HOLD = strawberry.enum_value("ON_HOLD", description="Something must happen first; see `holds`.")
    HIDDEN = strawberry.enum_value("HIDDEN", description="It is hidden already.")
