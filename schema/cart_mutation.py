"""What people can do with their cart."""

from collections.abc import Awaitable
from typing import Annotated
from uuid import UUID

import strawberry

from resolvers import cart as resolver
from schema.attempt import IdempotencyKey, Info, attempt, open_mutation, referred
from schema.attribute import AttributeInput, words_of
from schema.cart import Cart
from schema.cart_input import CartBuyerInput, CartCreateInput, CartLineAddInput, CartLineUpdateInput
from schema.given import known_all, known_or_none, plain
from schema.payload import Payload, outcome

CartId = Annotated[
    strawberry.ID | None,
    strawberry.argument(description="Your cart, made when there is none; any other is NOT_FOUND. May be left out."),
]
LineIds = Annotated[list[strawberry.ID], strawberry.argument(description="Lines of the cart; all must be there.")]


@strawberry.type(description="What became of a change of the cart.")
class CartPayload(Payload):
    """The same for all of them."""

    cart: Cart | None = outcome("The cart as it is now.")


async def _answer(info: Info, command: Awaitable[UUID]) -> CartPayload:
    id_, errors = await attempt(info.context.caller, command)
    return CartPayload(cart=referred(Cart, id_), user_errors=errors)


@strawberry.type
class CartMutation:
    """Part of Mutation."""

    @open_mutation(
        "Begin a cart. Who has one gets it, with the lines added. Refused as cartLinesAdd is. Before login a cart"
        " belongs to the device that names itself by X-Visitor-Id; the login makes it the customer's."
    )
    async def cart_create(
        self,
        info: Info,
        input: Annotated[CartCreateInput, strawberry.argument(description="What to begin with.")],
        idempotency_key: IdempotencyKey,
    ) -> CartPayload:
        """One living cart for each person."""
        return await _answer(info, resolver.cart_create(info.context.caller, input.draft(), idempotency_key))

    @open_mutation(
        "Put pieces into the cart, all lines or none. The same variant with the same attributes adds up. More than is"
        " in stock may be put in: the line says so. Refused with NOT_FOUND for what is not on sale, and LIMIT_REACHED"
        " above 100 lines or 9,999 pieces of a line."
    )
    async def cart_lines_add(
        self,
        info: Info,
        lines: Annotated[list[CartLineAddInput], strawberry.argument(description="At most 100.")],
        idempotency_key: IdempotencyKey,
        cart_id: CartId = None,
    ) -> CartPayload:
        """Keyed, for adding twice is another thing than adding once."""
        drafts = [line.draft() for line in lines]
        command = resolver.cart_lines_add(info.context.caller, known_or_none("crt", cart_id), drafts, idempotency_key)
        return await _answer(info, command)

    @open_mutation("Change pieces, ticks, variant or attributes of lines, all or none. NOT_FOUND for a line not there.")
    async def cart_lines_update(
        self,
        info: Info,
        lines: Annotated[list[CartLineUpdateInput], strawberry.argument(description="What shall be different.")],
        cart_id: CartId = None,
    ) -> CartPayload:
        """Absolute values: twice is once."""
        changes = [line.change() for line in lines]
        return await _answer(
            info, resolver.cart_lines_update(info.context.caller, known_or_none("crt", cart_id), changes)
        )

    @open_mutation("Take lines out of the cart, all or none. Refused with NOT_FOUND for a line that is not there.")
    async def cart_lines_remove(self, info: Info, line_ids: LineIds, cart_id: CartId = None) -> CartPayload:
        """By their ids."""
        command = resolver.cart_lines_remove(
            info.context.caller, known_or_none("crt", cart_id), known_all("cln", line_ids)
        )
        return await _answer(info, command)

    @open_mutation("Tick or untick lines of the cart: what is ticked is bought next. All lines when none are named.")
    async def cart_lines_select(
        self,
        info: Info,
        selected: Annotated[bool, strawberry.argument(description="True ticks, false unticks.")],
        line_ids: Annotated[
            list[strawberry.ID] | None, strawberry.argument(description="Which lines; all when left out.")
        ] = None,
        cart_id: CartId = None,
    ) -> CartPayload:
        """Absolute: twice is once."""
        ids = None if line_ids is None else known_all("cln", line_ids)
        command = resolver.cart_lines_select(info.context.caller, known_or_none("crt", cart_id), ids, selected=selected)
        return await _answer(info, command)

    @open_mutation(
        "Say where freight is estimated for. Refused with NOT_FOUND for an address of another or a region there is"
        " not, INVALID for both at once."
    )
    async def cart_buyer_update(
        self,
        info: Info,
        buyer: Annotated[CartBuyerInput, strawberry.argument(description="An address or a region.")],
        cart_id: CartId = None,
    ) -> CartPayload:
        """Absolute: twice is once."""
        command = resolver.cart_buyer_update(
            info.context.caller, known_or_none("crt", cart_id), known_or_none("adr", buyer.address_id),
            plain(buyer.region_code),
        )  # fmt: skip
        return await _answer(info, command)

    @open_mutation("Write the buyer's note on the cart. Refused with TOO_LONG above 500 characters.")
    async def cart_note_update(
        self,
        info: Info,
        note: Annotated[str, strawberry.argument(description="What to tell the shop; empty takes it away.")],
        cart_id: CartId = None,
    ) -> CartPayload:
        """Absolute: twice is once."""
        return await _answer(info, resolver.cart_note_update(info.context.caller, known_or_none("crt", cart_id), note))

    @open_mutation("Write the cart's attributes anew. Refused with TOO_LONG above twenty.")
    async def cart_attributes_update(
        self,
        info: Info,
        attributes: Annotated[list[AttributeInput], strawberry.argument(description="All of them, at most 20.")],
        cart_id: CartId = None,
    ) -> CartPayload:
        """Absolute: twice is once."""
        command = resolver.cart_attributes_update(
            info.context.caller, known_or_none("crt", cart_id), words_of(attributes)
        )
        return await _answer(info, command)

    @open_mutation("Empty the cart, or take out only what can no longer be had.")
    async def cart_clear(
        self,
        info: Info,
        only_invalid: Annotated[bool, strawberry.argument(description="True: only `invalidLines` go.")] = False,
        cart_id: CartId = None,
    ) -> CartPayload:
        """The cart stays."""
        command = resolver.cart_clear(info.context.caller, known_or_none("crt", cart_id), only_invalid=only_invalid)
        return await _answer(info, command)
