"""What staff can do with metafields."""

from typing import Annotated

import strawberry

from models.staff import Role
from resolvers import metafield as resolver
from schema.attempt import Info, attempt, referred_list, staff_mutation
from schema.given import global_ids
from schema.metafield import Metafield
from schema.metafield_input import MetafieldNameInput, MetafieldSetInput
from schema.payload import Payload, outcome


@strawberry.type(description="What became of metafieldsSet.")
class MetafieldsSetPayload(Payload):
    """New and replaced ones."""

    metafields: list[Metafield] | None = outcome("The metafields as they are now, in the order of the input.")


@strawberry.type(description="What became of metafieldsDelete.")
class MetafieldsDeletePayload(Payload):
    """Ids that name nothing any more."""

    deleted_metafield_ids: list[strawberry.ID] | None = outcome("The ids of the metafields that are gone.")


@strawberry.type
class MetafieldMutation:
    """Part of Mutation."""

    @staff_mutation(
        "Set metafields, all of them or none: CATALOGUE those of products and variants, ORDERS those of customers,"
        " carts, lines of carts and orders; refused with NOT_ALLOWED else.",
        Role.CATALOGUE,
        Role.ORDERS,
    )
    async def metafields_set(
        self,
        info: Info,
        metafields: Annotated[
            list[MetafieldSetInput], strawberry.argument(description="What they shall be, at most 250.")
        ],
    ) -> MetafieldsSetPayload:
        """The same again changes nothing."""
        caller, wishes = info.context.caller, [metafield.owned() for metafield in metafields]
        ids, errors = await attempt(caller, resolver.metafields_set(caller, wishes))
        return MetafieldsSetPayload(metafields=referred_list(Metafield, ids), user_errors=errors)

    @staff_mutation(
        "Delete metafields, all of them or none: CATALOGUE those of products and variants, ORDERS those of customers,"
        " carts, lines of carts and orders; refused with NOT_ALLOWED else.",
        Role.CATALOGUE,
        Role.ORDERS,
    )
    async def metafields_delete(
        self,
        info: Info,
        metafields: Annotated[list[MetafieldNameInput], strawberry.argument(description="Which, at most 250.")],
    ) -> MetafieldsDeletePayload:
        """All must be there."""
        caller, names = info.context.caller, [metafield.name() for metafield in metafields]
        ids, errors = await attempt(caller, resolver.metafields_delete(caller, names))
        return MetafieldsDeletePayload(deleted_metafield_ids=global_ids("mtf", ids), user_errors=errors)
