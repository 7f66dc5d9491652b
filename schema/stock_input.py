"""Stock and the places that hold it, coming in."""

import strawberry

from models.stock import StockReason as StoredReason
from resolvers.location import LocationDraft
from resolvers.stock import StockAdjustment
from schema.given import as_stored, given, known, known_or_none, optional, plain
from schema.stock import StockReason


@strawberry.input(description="Pieces of a variant to add to a location, or to take away.")
class StockAdjustmentInput:
    """A variant comes once per location."""

    variant_id: strawberry.ID = strawberry.field(description="The variant.")
    location_id: strawberry.ID | None = optional("Where; the shop's default location when left out.")
    delta: int = strawberry.field(description="Pieces to add, or to take when negative; not 0.")
    reason: StockReason = strawberry.field(description="Why.")
    note: str | None = optional("What staff will want to know of it later, at most 5,000 characters.")

    def adjustment(self) -> StockAdjustment:
        """Return it as the command takes it."""
        return StockAdjustment(
            variant_id=known("var", self.variant_id),
            location_id=known_or_none("loc", self.location_id),
            delta=self.delta,
            reason=as_stored(StoredReason, self.reason),
            note=plain(self.note) or "",
        )


@strawberry.input(description="A place that holds stock.")
class LocationCreateInput:
    """Every shop has a first one already."""

    name: str = strawberry.field(description="What staff call it; 1 to 120 characters, unique in the shop.")
    make_default: bool | None = optional("Whether stock goes here from now on when nobody says where.")

    def draft(self) -> LocationDraft:
        """Return it as the command takes it."""
        return LocationDraft(name=self.name, make_default=bool(plain(self.make_default)))


@strawberry.input(description="What shall be different in a place that holds stock.")
class LocationUpdateInput:
    """A default is replaced by making another the default."""

    name: str | None = optional("What staff call it; 1 to 120 characters, unique in the shop.")
    make_default: bool | None = optional("True: stock goes here from now on when nobody says where.")

    def draft(self) -> LocationDraft:
        """Return it as the command takes it."""
        return LocationDraft(name=given(self.name), make_default=bool(plain(self.make_default)))
