"""What staff do with refunds."""

from enum import Enum
from typing import Annotated

import strawberry

from models.staff import Role
from resolvers import order_refund as resolver
from resolvers import refund_abnormal as abnormal
from resolvers.refund_plan import LineWish
from schema.attempt import IdempotencyKey, Info, attempt, referred, staff_mutation
from schema.given import known, optional, plain
from schema.money import MoneyInput
from schema.order import Order
from schema.payload import Payload, outcome
from schema.refund import Refund, word


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


@strawberry.enum(description="Where an abnormal refund goes instead of to where the money came from.")
class RefundDestination(Enum):
    """WeChat Pay's words."""

    USER_BANK_CARD = strawberry.enum_value("USER_BANK_CARD", description="To a debit card of the payer's.")
    MERCHANT_BANK_CARD = strawberry.enum_value(
        "MERCHANT_BANK_CARD", description="Back to the merchant's own account; the shop gives it back by hand."
    )


@strawberry.enum(description="A bank whose debit cards WeChat Pay sends abnormal refunds to.")
class DebitBank(Enum):
    """WeChat Pay's words, without `_DEBIT`."""

    CMB = strawberry.enum_value("CMB", description="招商银行")
    COMM = strawberry.enum_value("COMM", description="交通银行")
    ABC = strawberry.enum_value("ABC", description="农业银行")
    CCB = strawberry.enum_value("CCB", description="建设银行")
    ICBC = strawberry.enum_value("ICBC", description="工商银行")
    BOC = strawberry.enum_value("BOC", description="中国银行")
    PAB = strawberry.enum_value("PAB", description="平安银行")
    SPDB = strawberry.enum_value("SPDB", description="浦发银行")
    CITIC = strawberry.enum_value("CITIC", description="中信银行")
    CEB = strawberry.enum_value("CEB", description="光大银行")
    CMBC = strawberry.enum_value("CMBC", description="民生银行")
    CIB = strawberry.enum_value("CIB", description="兴业银行")
    GDB = strawberry.enum_value("GDB", description="广发银行")
    PSBC = strawberry.enum_value("PSBC", description="邮储银行")
    NBCB = strawberry.enum_value("NBCB", description="宁波银行")


@strawberry.input(description="Which abnormal refund goes where.")
class RefundAbnormalApplyInput:
    """The card's three with USER_BANK_CARD, none of them else."""

    refund_id: strawberry.ID = strawberry.field(description="The refund.")
    to: RefundDestination = strawberry.field(description="Where it goes.")
    bank: DebitBank | None = optional("The card's bank; with USER_BANK_CARD alone.")
    bank_account: str | None = optional(
        "The card's number, 10 to 21 digits; with USER_BANK_CARD alone. It is sealed for WeChat and kept nowhere."
    )
    real_name: str | None = optional("Whose card it is; with USER_BANK_CARD alone. Kept nowhere.")

    def draft(self) -> abnormal.AbnormalDraft:
        """Return it as the command takes it."""
        bank = plain(self.bank)
        return abnormal.AbnormalDraft(
            word(self.to),
            None if bank is None else word(bank),
            plain(self.bank_account),
            plain(self.real_name),
        )


@strawberry.type(description="What became of refundAbnormalApply.")
class RefundAbnormalApplyPayload(Payload):
    """The refund."""

    refund: Refund | None = outcome("The refund, on its way again.")


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
        "Have a refund that WeChat cannot bring to where the money came from (a card that was closed: ABNORMAL) made"
        " another way, under the number it has. Refused with NOT_FOUND, NOT_ALLOWED when WeChat does not have it as"
        " abnormal, BLANK, TOO_LONG or INVALID for the card, by WeChat too; then it is abnormal as before.",
        Role.ORDERS,
    )
    async def refund_abnormal_apply(
        self,
        info: Info,
        input: Annotated[RefundAbnormalApplyInput, strawberry.argument(description="Which, and where to.")],
        idempotency_key: IdempotencyKey,
    ) -> RefundAbnormalApplyPayload:
        """WeChat is told before this answers."""
        caller, id_ = info.context.caller, known("rfd", input.refund_id)
        wish = abnormal.refund_abnormal_apply(caller, id_, input.draft(), idempotency_key)
        refund_id, errors = await attempt(caller, wish)
        return RefundAbnormalApplyPayload(refund=referred(Refund, refund_id), user_errors=errors)

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
