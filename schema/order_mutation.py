"""What customers do with orders."""

from typing import Annotated

import strawberry

from models.refusal import Refusal, Refusals
from models.staff import Role
from resolvers.order_cancel import order_cancel
from resolvers.order_keep import order_hide, order_note_add
from resolvers.order_place import order_place
from resolvers.order_price import order_price_change
from resolvers.placement_terms import PriceRefusal
from resolvers.quote import quoted
from schema.attempt import IdempotencyKey, Info, attempt, open_mutation, referred, staff_mutation, user_error
from schema.given import known
from schema.order import Order
from schema.payload import Payload, outcome
from schema.placement_input import PlacementInput, asked_of
from schema.quote import Quote


@strawberry.type(description="What became of orderPlace.")
class OrderPlacePayload(Payload):
    """An order, or why there is none."""

    order: Order | None = outcome("The order, waiting for payment.")
    quote: Quote | None = strawberry.field(description="With PRICE_CHANGED, the price that stands; otherwise null.")


@strawberry.type(description="What became of a change of an order.")
class OrderPayload(Payload):
    """The order as it is now."""

    order: Order | None = outcome("The order as it is now.")


OrderId = Annotated[strawberry.ID, strawberry.argument(description="The order.")]


@strawberry.type
class OrderMutation:
    """Part of Mutation."""

    @open_mutation(
        "Buy: stock is held, the price is frozen, and what was bought is copied. Refused with LOGIN_REQUIRED for"
        " visitors, PRICE_CHANGED with the new quote, OUT_OF_STOCK with what is left, LIMIT_REACHED, NO_LONGER_SOLD,"
        " QUOTE_EXPIRED, NOT_DELIVERABLE; then nothing is held. Unpaid, it ends by itself at `expiresAt`."
    )
    async def order_place(
        self, info: Info, input: Annotated[PlacementInput, strawberry.argument(description="What is bought, and how.")]
    ) -> OrderPlacePayload:
        """At the shop's desk."""
        caller = info.context.caller
        try:
            asked = asked_of(input)
            order_id = await order_place(caller, asked.placement, input.idempotency_key, asked.quote_token)
        except Refusal as refusal:
            return _refused(info, [refusal])
        except Refusals as several:
            return _refused(info, several.refusals)
        return OrderPlacePayload(order=referred(Order, order_id), quote=None, user_errors=[])

    @open_mutation(
        "Cancel an order that is not paid: a customer their own, who keeps orders any. What it held is free again."
        " Asked twice it is cancelled once. Refused with NOT_ALLOWED when it is paid, BUSY while somebody is paying."
    )
    async def order_cancel(
        self, info: Info, order_id: OrderId, reason: Annotated[str, strawberry.argument(description="Why.")] = ""
    ) -> OrderPayload:
        """What is open at WeChat is closed first."""
        caller = info.context.caller
        id_, errors = await attempt(caller, order_cancel(caller, known("ord", order_id), reason))
        return OrderPayload(order=referred(Order, id_), user_errors=errors)

    @open_mutation(
        "Take an order that is at its end out of the customer's list. Refused with NOT_ALLOWED while it is under way."
    )
    async def order_hide(self, info: Info, order_id: OrderId) -> OrderPayload:
        """It stays in the shop's list."""
        caller = info.context.caller
        id_, errors = await attempt(caller, order_hide(caller, known("ord", order_id)))
        return OrderPayload(order=referred(Order, id_), user_errors=errors)

    @staff_mutation(
        "Change the price of the goods of an order that is not paid: it takes the place of an earlier change and is"
        " shared on the lines. A payment that was begun is closed first. Refused with NOT_ALLOWED once it is paid.",
        Role.ORDERS,
    )
    async def order_price_change(
        self,
        info: Info,
        order_id: OrderId,
        change: Annotated[
            int, strawberry.argument(description="Fen to add, negative to take off; 0 takes an earlier change back.")
        ],
    ) -> OrderPayload:
        """As agreed on with the customer."""
        caller = info.context.caller
        id_, errors = await attempt(caller, order_price_change(caller, known("ord", order_id), change))
        return OrderPayload(order=referred(Order, id_), user_errors=errors)

    @staff_mutation("Write down something about an order, which customers never see.", Role.ORDERS)
    async def order_note_add(
        self,
        info: Info,
        order_id: OrderId,
        text: Annotated[str, strawberry.argument(description="The words, 1 to 2,000 characters.")],
        idempotency_key: IdempotencyKey,
    ) -> OrderPayload:
        """Each note stays."""
        caller = info.context.caller
        id_, errors = await attempt(caller, order_note_add(caller, known("ord", order_id), text, idempotency_key))
        return OrderPayload(order=referred(Order, id_), user_errors=errors)


def _refused(info: Info, refusals: list[Refusal]) -> OrderPlacePayload:
    language = info.context.caller.language
    changed = next((refusal for refusal in refusals if isinstance(refusal, PriceRefusal)), None)
    return OrderPlacePayload(
        order=None,
        quote=Quote.of(quoted(changed.judgement), language) if changed else None,
        user_errors=[user_error(refusal.under("input"), language) for refusal in refusals],
    )
