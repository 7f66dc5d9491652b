"""Paying orders."""

from collections.abc import Mapping
from typing import Annotated, Self

import strawberry

from models.staff import Role
from resolvers import order_pay as resolver
from resolvers import order_payment_sync as syncing
from resolvers import payment_refund as refunding
from schema.attempt import IdempotencyKey, Info, attempt, open_mutation, referred, staff_mutation
from schema.given import known, known_or_none, optional, plain
from schema.order import Order
from schema.payload import Payload, outcome
from schema.payment import Payment
from schema.refund import Refund


@strawberry.input(description="Which order is paid: the customer's own by `orderId`, or a friend's by `payToken`.")
class OrderPayInput:
    """Exactly one of the two."""

    order_id: strawberry.ID | None = optional("The caller's own order.")
    pay_token: str | None = optional("A friend's `order.payToken`.")

    def wish(self) -> resolver.PayWish:
        """Return it as the command takes it."""
        return resolver.PayWish(known_or_none("ord", self.order_id), plain(self.pay_token))


@strawberry.type(description="What `wx.requestPayment` takes, signed; hand all of it over as it stands.")
class RequestPayment:
    """Good for two hours at most, and never longer than the order waits."""

    app_id: str = strawberry.field(description="The mini-program that it is signed for.")
    time_stamp: str = strawberry.field(description="Seconds since 1970, as a string.")
    nonce_str: str = strawberry.field(description="A random text.")
    package: str = strawberry.field(description="`prepay_id=...`")
    sign_type: str = strawberry.field(description="`RSA`")
    pay_sign: str = strawberry.field(description="The merchant's signature.")

    @classmethod
    def of(cls, appid: str, signed: Mapping[str, str]) -> Self:
        """Show what was signed."""
        return cls(
            app_id=appid,
            time_stamp=signed["timeStamp"],
            nonce_str=signed["nonceStr"],
            package=signed["package"],
            sign_type=signed["signType"],
            pay_sign=signed["paySign"],
        )


@strawberry.type(description="What became of orderPay.")
class OrderPayPayload(Payload):
    """The payment, open or done."""

    payment: Payment | None = outcome("The payment.")
    request_payment: RequestPayment | None = strawberry.field(
        description="What opens the pay sheet; null when nothing is left to pay, and when there are user errors. What"
        " the phone hears from WeChat is a hint only: ask orderPaymentSync, or follow the order."
    )
    order: Order | None = strawberry.field(
        description="The order as it is now; null for a friend who pays, and when there are user errors."
    )


@strawberry.type(description="What became of orderPaymentSync.")
class OrderPaymentSyncPayload(Payload):
    """The order that was asked about."""

    order: Order | None = outcome("The order as it is now.")


@strawberry.type(description="What became of paymentRefund.")
class PaymentRefundPayload(Payload):
    """The payment, and what goes back."""

    payment: Payment | None = outcome("The payment: what came, all of it on its way back.")
    refund: Refund | None = outcome("The refund, on its way.")


@strawberry.type
class PaymentMutation:
    """Part of Mutation."""

    @staff_mutation(
        "Give back all of a payment that came otherwise than it was asked for (`payment.problem`). Its order can then"
        " be paid again, or ends unpaid in its time. Such money is never taken as payment: an order is paid by its"
        " total alone. Refused with NOT_FOUND, or NOT_ALLOWED for a payment without a problem that waits.",
        Role.ORDERS,
    )
    async def payment_refund(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The payment.")],
        idempotency_key: IdempotencyKey,
    ) -> PaymentRefundPayload:
        """WeChat hears of it right after."""
        caller, payment_id = info.context.caller, known("pay", id)
        refund_id, errors = await attempt(caller, refunding.payment_refund(caller, payment_id, idempotency_key))
        payment = None if errors else referred(Payment, payment_id)
        return PaymentRefundPayload(payment=payment, refund=referred(Refund, refund_id), user_errors=errors)

    @open_mutation(
        "Pay an order: opens one payment for the caller, this app and the price of now, or finds it open. An order that"
        " costs nothing is paid by this. Refused with LOGIN_REQUIRED, BLANK, NOT_FOUND, NOT_ALLOWED (it is paid, or"
        " over), EXPIRED, NOT_CONFIGURED, WECHAT_APP_REJECTED, and with BUSY or WECHAT_RATE_LIMITED, after which the"
        " same is sent again: nothing is paid twice."
    )
    async def order_pay(
        self,
        info: Info,
        input: Annotated[OrderPayInput, strawberry.argument(description="Which order.")],
        idempotency_key: IdempotencyKey,
    ) -> OrderPayPayload:
        """Phases are rows; see resolvers."""
        caller = info.context.caller
        paying, errors = await attempt(caller, resolver.order_pay(caller, input.wish(), idempotency_key), "input")
        if paying is None:
            return OrderPayPayload(payment=None, request_payment=None, order=None, user_errors=errors)
        request = None if paying.request is None else RequestPayment.of(paying.appid, paying.request)
        return OrderPayPayload(
            payment=referred(Payment, paying.payment_id),
            request_payment=request,
            order=referred(Order, paying.order_id),
            user_errors=errors,
        )

    @open_mutation(
        "Ask WeChat now what became of an order's payments, when the pay sheet has closed and the order still waits."
        " Asked more than once in two seconds it answers with what is known. Refused with LOGIN_REQUIRED or NOT_FOUND."
    )
    async def order_payment_sync(
        self, info: Info, order_id: Annotated[strawberry.ID, strawberry.argument(description="The caller's order.")]
    ) -> OrderPaymentSyncPayload:
        """Of customers and staff who keep orders."""
        caller = info.context.caller
        id_, errors = await attempt(caller, syncing.order_payment_sync(caller, known("ord", order_id)))
        return OrderPaymentSyncPayload(order=referred(Order, id_), user_errors=errors)
