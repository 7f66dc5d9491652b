"""What customers and staff do with after-sales."""

from typing import Annotated

import strawberry

import models.after_sale as stored
from models.staff import Role
from resolvers import after_sale as resolver
from resolvers import after_sale_keep as keeping
from schema.after_sale import AfterSale, AfterSaleType
from schema.attempt import IdempotencyKey, Info, attempt, open_mutation, referred, staff_mutation
from schema.given import as_stored, known, optional, plain
from schema.money import MoneyInput
from schema.payload import Payload, outcome
from schema.refund_mutation import fen_of
from schema.scalars import Url


@strawberry.input(description="What a customer is not content with, and what they want.")
class AfterSaleApplyInput:
    """About one line."""

    order_line_id: strawberry.ID = strawberry.field(description="The line of the customer's own order.")
    quantity: int = strawberry.field(description="Pieces, from 1 to those that were not refunded.")
    type: AfterSaleType = strawberry.field(description="What is wanted. Goods can be returned when all were sent.")
    reason: str = strawberry.field(description="Why, as chosen from the page's list; 1 to 64 characters.")
    description: str | None = optional("In their own words, up to 500 characters.")
    evidence: list[Url] | None = optional("Up to 9 pictures that were uploaded by `mediaUploadCreate`.")

    def draft(self) -> resolver.AfterSaleDraft:
        """Return it as the command takes it."""
        return resolver.AfterSaleDraft(
            order_line_id=known("oln", self.order_line_id),
            type=as_stored(stored.AfterSaleType, self.type),
            quantity=self.quantity,
            reason=self.reason,
            description=plain(self.description) or "",
            evidence=plain(self.evidence) or (),
        )


@strawberry.type(description="What became of a step of an after-sale.")
class AfterSalePayload(Payload):
    """The after-sale as it is now."""

    after_sale: AfterSale | None = outcome("The after-sale as it is now.")


Id = Annotated[strawberry.ID, strawberry.argument(description="The after-sale.")]
Reason = Annotated[str, strawberry.argument(description="Why, for the customer to read; 1 to 500 characters.")]
Carrier = Annotated[str, strawberry.argument(description="A code of `carriers`.")]
Tracking = Annotated[str, strawberry.argument(description="The number on the parcel.")]


@strawberry.type
class AfterSaleMutation:
    """Part of Mutation."""

    @open_mutation(
        "Ask for money back, for returning goods or for others. Refused with LOGIN_REQUIRED; NOT_FOUND; NOT_ALLOWED for"
        " an order that is not paid, is over or whose group is forming, and for returning what was not sent; EXPIRED"
        " after the days the shop gives; TAKEN while one is open for the line; LIMIT_REACHED when it was asked anew"
        " three times."
    )
    async def after_sale_apply(
        self,
        info: Info,
        input: Annotated[AfterSaleApplyInput, strawberry.argument(description="What is wanted.")],
        idempotency_key: IdempotencyKey,
    ) -> AfterSalePayload:
        """Unanswered it is granted."""
        caller = info.context.caller
        wish = resolver.after_sale_apply(caller, input.draft(), idempotency_key)
        id_, errors = await attempt(caller, wish, "input")
        return AfterSalePayload(after_sale=referred(AfterSale, id_), user_errors=errors)

    @open_mutation("Take an after-sale back, before anything was sent. Refused with NOT_ALLOWED later.")
    async def after_sale_cancel(self, info: Info, id: Id) -> AfterSalePayload:
        """By its customer."""
        caller = info.context.caller
        id_, errors = await attempt(caller, resolver.after_sale_cancel(caller, known("afs", id)))
        return AfterSalePayload(after_sale=referred(AfterSale, id_), user_errors=errors)

    @open_mutation("Say by whom the goods come back. Refused with NOT_ALLOWED unless they are waited for.")
    async def after_sale_return_ship(
        self, info: Info, id: Id, carrier_code: Carrier, tracking_no: Tracking
    ) -> AfterSalePayload:
        """By its customer."""
        caller = info.context.caller
        wish = resolver.after_sale_return_ship(caller, known("afs", id), carrier_code, tracking_no)
        id_, errors = await attempt(caller, wish)
        return AfterSalePayload(after_sale=referred(AfterSale, id_), user_errors=errors)

    @open_mutation("Say that the other goods have come. Refused with NOT_ALLOWED unless they are on their way.")
    async def after_sale_exchange_confirm(self, info: Info, id: Id) -> AfterSalePayload:
        """By its customer; else it happens by itself."""
        caller = info.context.caller
        id_, errors = await attempt(caller, resolver.after_sale_exchange_confirm(caller, known("afs", id)))
        return AfterSalePayload(after_sale=referred(AfterSale, id_), user_errors=errors)

    @staff_mutation(
        "Grant an after-sale: a refund is made, goods are waited for. Refused with NOT_ALLOWED unless it was just asked"
        " for, OUT_OF_RANGE for more than was asked for or is left.",
        Role.ORDERS,
    )
    async def after_sale_approve(
        self,
        info: Info,
        id: Id,
        amount: Annotated[
            MoneyInput | None, strawberry.argument(description="Less than was asked for; all of it when left out.")
        ] = None,
    ) -> AfterSalePayload:
        """All of it, or less money."""
        caller = info.context.caller
        wish = keeping.after_sale_approve(caller, known("afs", id), fen_of(amount))
        id_, errors = await attempt(caller, wish)
        return AfterSalePayload(after_sale=referred(AfterSale, id_), user_errors=errors)

    @staff_mutation("Say no to an after-sale. Refused with NOT_ALLOWED unless it was just asked for.", Role.ORDERS)
    async def after_sale_reject(self, info: Info, id: Id, reason: Reason) -> AfterSalePayload:
        """With a reason."""
        caller = info.context.caller
        id_, errors = await attempt(caller, keeping.after_sale_reject(caller, known("afs", id), reason))
        return AfterSalePayload(after_sale=referred(AfterSale, id_), user_errors=errors)

    @staff_mutation(
        "Say that returned goods came as they should: the money goes back, and they are on the shelf again. Refused"
        " with NOT_ALLOWED unless a return is on its way.",
        Role.ORDERS,
    )
    async def after_sale_receive(self, info: Info, id: Id) -> AfterSalePayload:
        """Of returns."""
        caller = info.context.caller
        id_, errors = await attempt(caller, keeping.after_sale_receive(caller, known("afs", id)))
        return AfterSalePayload(after_sale=referred(AfterSale, id_), user_errors=errors)

    @staff_mutation(
        "Say that what came back is not what was sent. Refused with NOT_ALLOWED unless goods are on their way back.",
        Role.ORDERS,
    )
    async def after_sale_refuse_receipt(self, info: Info, id: Id, reason: Reason) -> AfterSalePayload:
        """With a reason."""
        caller = info.context.caller
        id_, errors = await attempt(caller, keeping.after_sale_refuse_receipt(caller, known("afs", id), reason))
        return AfterSalePayload(after_sale=referred(AfterSale, id_), user_errors=errors)

    @staff_mutation(
        "Say that returned goods came, and by whom others go out for them. Refused with NOT_ALLOWED unless an exchange"
        " is on its way back.",
        Role.ORDERS,
    )
    async def after_sale_exchange_ship(
        self, info: Info, id: Id, carrier_code: Carrier, tracking_no: Tracking
    ) -> AfterSalePayload:
        """Of exchanges."""
        caller = info.context.caller
        wish = keeping.after_sale_exchange_ship(caller, known("afs", id), carrier_code, tracking_no)
        id_, errors = await attempt(caller, wish)
        return AfterSalePayload(after_sale=referred(AfterSale, id_), user_errors=errors)
