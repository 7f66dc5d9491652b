"""What customers do with orders."""

from typing import Annotated

import strawberry

from models.refusal import Refusal, Refusals
from resolvers.order_place import order_place
from resolvers.placement_terms import PriceRefusal
from resolvers.quote import quoted
from schema.attempt import Info, open_mutation, referred, user_error
from schema.order import Order
from schema.payload import Payload, outcome
from schema.placement_input import PlacementInput, asked_of
from schema.quote import Quote


@strawberry.type(description="What became of orderPlace.")
class OrderPlacePayload(Payload):
    """An order, or why there is none."""

    order: Order | None = outcome("The order, waiting for payment.")
    quote: Quote | None = strawberry.field(description="With PRICE_CHANGED, the price that stands; otherwise null.")


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


def _refused(info: Info, refusals: list[Refusal]) -> OrderPlacePayload:
    language = info.context.caller.language
    changed = next((refusal for refusal in refusals if isinstance(refusal, PriceRefusal)), None)
    return OrderPlacePayload(
        order=None,
        quote=Quote.of(quoted(changed.judgement), language) if changed else None,
        user_errors=[user_error(refusal.under("input"), language) for refusal in refusals],
    )
