"""What staff can do with stock and the places that hold it."""

from typing import Annotated

import strawberry

from models.staff import Role
from resolvers import location as locations
from resolvers import stock as resolver
from schema.attempt import IdempotencyKey, Info, attempt, referred, referred_list, staff_mutation
from schema.given import known
from schema.payload import Payload, outcome
from schema.stock import Location
from schema.stock_input import LocationCreateInput, LocationUpdateInput, StockAdjustmentInput
from schema.variant import Variant


@strawberry.type(description="What became of stockAdjust.")
class StockAdjustPayload(Payload):
    """With their new stock."""

    variants: list[Variant] | None = outcome("The variants as they are now, in the order of the adjustments.")


@strawberry.type(description="What became of locationCreate.")
class LocationCreatePayload(Payload):
    """The new one."""

    location: Location | None = outcome("The location as it is now.")


@strawberry.type(description="What became of locationUpdate.")
class LocationUpdatePayload(Payload):
    """The changed one."""

    location: Location | None = outcome("The location as it is now.")


@strawberry.type
class StockMutation:
    """Part of Mutation."""

    @staff_mutation(
        "Add pieces to stock or take them, all adjustments or none; each is written down. A shortage answers with a"
        " StockUserError that says how many could be taken.",
        Role.CATALOGUE,
    )
    async def stock_adjust(
        self,
        info: Info,
        adjustments: Annotated[list[StockAdjustmentInput], strawberry.argument(description="What to do, at most 250.")],
        idempotency_key: IdempotencyKey,
    ) -> StockAdjustPayload:
        """What is reserved for orders cannot be taken."""
        caller, wishes = info.context.caller, [adjustment.adjustment() for adjustment in adjustments]
        ids, errors = await attempt(caller, resolver.stock_adjust(caller, wishes, idempotency_key))
        return StockAdjustPayload(variants=referred_list(Variant, ids), user_errors=errors)

    @staff_mutation("Make a place that holds stock.", Role.CATALOGUE)
    async def location_create(
        self,
        info: Info,
        input: Annotated[LocationCreateInput, strawberry.argument(description="What it shall be.")],
        idempotency_key: IdempotencyKey,
    ) -> LocationCreatePayload:
        """Names are unique in the shop."""
        caller = info.context.caller
        id_, errors = await attempt(caller, locations.location_create(caller, input.draft(), idempotency_key))
        return LocationCreatePayload(location=referred(Location, id_), user_errors=errors)

    @staff_mutation("Rename a place that holds stock, or make it the default.", Role.CATALOGUE)
    async def location_update(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The location.")],
        input: Annotated[LocationUpdateInput, strawberry.argument(description="What shall be different.")],
    ) -> LocationUpdatePayload:
        """There is always one default."""
        caller = info.context.caller
        id_, errors = await attempt(caller, locations.location_update(caller, known("loc", id), input.draft()))
        return LocationUpdatePayload(location=referred(Location, id_), user_errors=errors)
