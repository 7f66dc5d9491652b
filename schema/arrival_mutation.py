"""What customers do when their parcels arrive: say so, ask for more time, say how it was."""

from typing import Annotated

import strawberry

from resolvers import order_confirm as confirming
from resolvers import order_review as reviewing
from schema.attempt import IdempotencyKey, Info, attempt, open_mutation, referred
from schema.given import known
from schema.order import Order
from schema.order_line import OrderLine
from schema.order_mutation import OrderId, OrderPayload
from schema.payload import Payload, outcome
from schema.scalars import Url


@strawberry.type(description="What became of orderReview.")
class OrderReviewPayload(Payload):
    """The line with its review."""

    line: OrderLine | None = outcome("The line as it is now, with its `review`.")


@strawberry.type
class ArrivalMutation:
    """Part of Mutation."""

    @open_mutation(
        "Say that everything has arrived: the order is complete. Said again nothing changes. Refused with"
        " LOGIN_REQUIRED, NOT_FOUND, and NOT_ALLOWED before everything was sent."
    )
    async def order_confirm(self, info: Info, order_id: OrderId) -> OrderPayload:
        """It happens by itself at `autoConfirmAt`."""
        caller = info.context.caller
        id_, errors = await attempt(caller, confirming.order_confirm(caller, known("ord", order_id)))
        return OrderPayload(order=referred(Order, id_), user_errors=errors)

    @open_mutation(
        "Ask for more time before an order counts as received by itself: as much again, once. Refused with"
        " LOGIN_REQUIRED, NOT_FOUND, NOT_ALLOWED unless everything is on its way, LIMIT_REACHED the second time."
    )
    async def order_confirm_extend(self, info: Info, order_id: OrderId) -> OrderPayload:
        """The parcel is late."""
        caller = info.context.caller
        id_, errors = await attempt(caller, confirming.order_confirm_extend(caller, known("ord", order_id)))
        return OrderPayload(order=referred(Order, id_), user_errors=errors)

    @open_mutation(
        "Review something that was bought and has arrived, once. WeChat looks at the words first: what is harmless is"
        " published, doubtful words and pictures wait for the shop. Refused with LOGIN_REQUIRED, NOT_FOUND, NOT_ALLOWED"
        " (not received, refunded, reviewed before, or the product is gone), OUT_OF_RANGE, TOO_LONG, INVALID,"
        " CONTENT_REJECTED, and what WeChat refuses."
    )
    async def order_review(  # noqa: PLR0913, PLR0917 - arguments of the schema
        self,
        info: Info,
        line_id: Annotated[strawberry.ID, strawberry.argument(description="The line of the order.")],
        rating: Annotated[int, strawberry.argument(description="1 to 5 stars.")],
        idempotency_key: IdempotencyKey,
        body: Annotated[str, strawberry.argument(description="In words, at most 1,000 characters.")] = "",
        image_urls: Annotated[list[Url] | None, strawberry.argument(description="At most 9 pictures.")] = None,
    ) -> OrderReviewPayload:
        """Under a masked name."""
        caller = info.context.caller
        draft = reviewing.ReviewDraft(known("oln", line_id), rating, body, tuple(image_urls or ()))
        id_, errors = await attempt(caller, reviewing.order_review(caller, draft, idempotency_key))
        return OrderReviewPayload(line=referred(OrderLine, id_), user_errors=errors)
