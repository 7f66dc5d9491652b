"""That a shop's catalogue changed, told to whoever follows it or asks from time to time."""

from datetime import datetime
from typing import Annotated

import strawberry

from engine.declare import Following, expression, field, live, one, read, reads
from engine.rows import Rows
from models.shop import Shop as ShopRow

# Opaque to clients. Every write of the catalogue, and every window that opens or shuts, counts the version up.
_CURSOR = "('v' || {t}.catalogue_version)"
_FOLLOWING = Following(
    ("product.", "collection.", "category.", "review.", "stock.", "location.", "shop.", "group_buy.")
)

After = Annotated[
    str | None,
    strawberry.argument(
        description="The `cursor` of the last answer you had; left out, or one that is no more, you get what is now."
    ),
]


@reads(ShopRow, scope="{t}.id = {shop}")
@strawberry.type(
    description="The newest state of a catalogue. Several changes close together are told once: ask for what you show."
)
class CatalogueChange:
    """Read from the shop's row: no list of changes is kept, so none can be lost or cut off."""

    cursor: str = field(
        expression(_CURSOR), description="Where you are now; give it as `after` when you come back. Opaque."
    )
    catalogue_version: int = field(description="Counts every change of the catalogue; only ever grows.")
    at: datetime = field(expression("{now}"), description="The shop's time when this was true.")


def _newer(rows: Rows, after: object) -> None:
    """Keep the state unless it is the one that the client has. Another, even an older one, is news after a restore."""
    if after is not None:
        rows.where(f"{rows.fill(_CURSOR)} is distinct from {rows.bind(after, 'text')}")


@strawberry.type
class CatalogueChangeQuery:
    """Part of Query."""

    @read(
        one(),
        CatalogueChange | None,
        description="Whether the catalogue changed since a cursor, for clients without a socket; null when it did not.",
    )
    def catalogue_change(rows: Rows, after: After = None) -> None:
        """The shop's own."""
        _newer(rows, after)


@strawberry.type
class CatalogueChangeSubscription:
    """Part of Subscription."""

    @live(
        one(),
        CatalogueChange | None,
        following=_FOLLOWING,
        description="Tells that the catalogue changed: at once unless `after` is where it is, then after each change."
        " Never null. The query `catalogueChange` gives the same.",
    )
    def catalogue_updated(rows: Rows, after: After = None) -> None:
        """The shop's own."""
        _newer(rows, after)
