"""That something of the viewer's own changed, told to all their devices or to who asks from time to time."""

from datetime import datetime

import strawberry

from engine.declare import Following, expression, field, live, one, read, reads
from engine.rows import Rows
from models.customer import Customer as CustomerRow
from schema.catalogue_change import After
from schema.customer import Customer

# The state itself in short: whatever of it changes, the cursor is another. Only its owner ever sees it.
_CURSOR = (
    "encode(sha256(convert_to(concat_ws(chr(10), {t}.id::text, {t}.nickname, coalesce({t}.avatar_url, chr(9)),"
    " coalesce({t}.phone_masked, chr(9)), (select string_agg(concat_ws(' ', c.id, extract(epoch from c.withdrawn_at)),"
    " chr(10) order by c.id) from consent c where c.shop_id = {shop} and c.customer_id = {t}.id"
    " and c.is_current)), 'UTF8')), 'hex')"
)


@reads(CustomerRow, scope="{t}.shop_id = {shop} and {t}.id = {viewer}")
@strawberry.type(description="The newest state of the customer who asks. Changes close together are told once.")
class ViewerChange:
    """Read from the customer's row: no list of changes is kept, so none can be lost or cut off."""

    cursor: str = field(
        expression(_CURSOR), description="Where you are now; give it as `after` when you come back. Opaque."
    )
    viewer: Customer = field(one("{t}.id = {p}.id", is_public=True), description="The customer as they are now.")
    at: datetime = field(expression("{now}"), description="The shop's time when this was true.")


def _newer(rows: Rows, after: object) -> None:
    if after is not None:
        rows.where(f"{rows.fill(_CURSOR)} is distinct from {rows.bind(after, 'text')}")


@strawberry.type
class ViewerChangeQuery:
    """Part of Query."""

    @read(
        one(),
        ViewerChange | None,
        description="Whether name, picture, phone or consents of the customer who asks changed since a cursor, for"
        " clients without a socket; null when they did not, and for visitors and staff.",
    )
    def viewer_change(rows: Rows, after: After = None) -> None:
        """Their own."""
        _newer(rows, after)


@strawberry.type
class ViewerChangeSubscription:
    """Part of Subscription."""

    @live(
        one(),
        ViewerChange | None,
        following=Following(("customer.",), is_own=True),
        description="Tells that name, picture, phone or consents of the customer who asks changed, on whichever device:"
        " at once unless `after` is where they are, then after each change. Never null; visitors and staff are told"
        " nothing. The query `viewerChange` gives the same.",
    )
    def viewer_updated(rows: Rows, after: After = None) -> None:
        """Their own."""
        _newer(rows, after)
