"""What staff do with refunds."""

from typing import Annotated

import strawberry

from models.staff import Role
from resolvers import order_refund as resolver
from resolvers.refund_plan import LineWish
from schema.attempt import IdempotencyKey, Info, attempt, referred, staff_mutation
from schema.given import known, optional, plain
from schema.money import MoneyInput
from schema.order import Order
from schema.payload import Payload, outcome
from schema.refund import Refund


def fen_of(money: MoneyInput | None) -> int | None:
    """Return an amount in fen; None when it was left out."""
    given = plain(money)
    return None if given is None else given.fen


@strawberry.input(description="How much of a line goes back.")
class RefundLineInput:
    """Pieces, money, or both."""

    order_line_id: strawberry.ID = strawberry.field(description="The line.")
    quantity: int = strawberry.field(description="Pieces; 0 for money only, which is a difference of price.")
    amount: MoneyInput | None = optional("How much; left out, the pieces' share of what the line was paid with.")

    def wish(self) -> LineWish:
        """Return it as the command takes it."""
        return LineWish(known("oln", self.order_line_id), self.quantity, fen_of(self.amount))


@strawberry.input(description="What of an order goes back.")
class OrderRefundInput:
    """What is left out goes by rule."""

    order_id: strawberry.ID = strawberry.field(description="The order.")
    lines: list[RefundLineInput] | None = optional("What of it goes back; all that is left when left out.")
    freight: MoneyInput | None = optional(
        "What of the freight goes back. Left out: all of it with the last pieces of an order of which nothing was sent,"
        " else nothing."
    )
    restock: bool | None = optional(
        "Whether the pieces are back on the shelf when the money has arrived. Left out: when none of them was sent."
    )
    note: str | None = optional("For the shop's own eyes, up to 500 characters.")

    def draft(self) -> resolver.RefundDraft:
        """Return it as the command takes it."""
        lines = plain(self.lines)
        wishes = None if lines is None else [line.wish() for line in lines]
        return resolver.RefundDraft(wishes, fen_of(self.freight), plain(self.restock), plain(self.note) or "")


@strawberry.type(description="What became of orderRefund.")
class OrderRefundPayload(Payload):
    """The refund, and its order."""

    refund: Refund | None = outcome("The refund, on its way.")
    order: Order | None = outcome("The order as it is now.")


@strawberry.type(description="What became of refundRetry.")
class RefundRetryPayload(Payload):
    """The refund."""

    refund: Refund | None = outcome("The refund as it is now.")


@strawberry.type
class RefundMutation:
    """Part of Mutation."""

    @staff_mutation(
        "Give money of a paid order back; it leaves through the payment that brought it. Pieces that go back can no"
        " longer be sent. Refused with NOT_ALLOWED for an order that is not paid or is closed, OUT_OF_RANGE for more"
        " than is left, LIMIT_REACHED after 50 refunds.",
        Role.ORDERS,
    )
    async def order_refund(
        self,
        info: Info,
        input: Annotated[OrderRefundInput, strawberry.argument(description="What goes back.")],
        idempotency_key: IdempotencyKey,
    ) -> OrderRefundPayload:
        """WeChat hears of it right after."""
        caller, id_ = info.context.caller, known("ord", input.order_id)
        wish = resolver.order_refund(caller, id_, input.draft(), idempotency_key)
        refund_id, errors = await attempt(caller, wish, "input")
        order = None if errors else referred(Order, id_)
        return OrderRefundPayload(refund=referred(Refund, refund_id), order=order, user_errors=errors)

    @staff_mutation(
        "Try a refund again that is ABNORMAL, after somebody has seen to it. Refused with NOT_ALLOWED for any other.",
        Role.ORDERS,
    )
    async def refund_retry(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The refund.")]
    ) -> RefundRetryPayload:
        """Nothing is refunded twice."""
        caller = info.context.caller
        id_, errors = await attempt(caller, resolver.refund_retry(caller, known("rfd", id)))
        return RefundRetryPayload(refund=referred(Refund, id_), user_errors=errors)
