"""Keeping products and the shop to find them again."""

from typing import Annotated

import strawberry

from resolvers import favourite as resolver
from schema.attempt import Info, attempt, open_mutation, referred
from schema.customer import Customer
from schema.given import known_or_none
from schema.payload import Payload, outcome

ProductId = Annotated[
    strawberry.ID | None, strawberry.argument(description="The product; the shop itself when left out.")
]


@strawberry.type(description="What became of favouriteAdd.")
class FavouriteAddPayload(Payload):
    """The customer who asked."""

    customer: Customer | None = outcome("The customer, with `favourites` as they are now.")


@strawberry.type(description="What became of favouriteRemove.")
class FavouriteRemovePayload(Payload):
    """The customer who asked."""

    customer: Customer | None = outcome("The customer, with `favourites` as they are now.")


@strawberry.type
class FavouriteMutation:
    """Part of Mutation."""

    @open_mutation(
        "Keep a product on sale, or the shop, to find it again. Asked twice it is kept once. Refused with"
        " LOGIN_REQUIRED for visitors."
    )
    async def favourite_add(self, info: Info, product_id: ProductId = None) -> FavouriteAddPayload:
        """Keyed by what it is."""
        caller = info.context.caller
        id_, errors = await attempt(caller, resolver.favourite_add(caller, known_or_none("prd", product_id)))
        return FavouriteAddPayload(customer=referred(Customer, id_), user_errors=errors)

    @open_mutation("Let a product or the shop go that was kept. Refused with LOGIN_REQUIRED for visitors.")
    async def favourite_remove(self, info: Info, product_id: ProductId = None) -> FavouriteRemovePayload:
        """Keyed by what it is."""
        caller = info.context.caller
        id_, errors = await attempt(caller, resolver.favourite_remove(caller, known_or_none("prd", product_id)))
        return FavouriteRemovePayload(customer=referred(Customer, id_), user_errors=errors)
