"""What somebody looked at lately."""

from typing import Annotated, Final

import strawberry

from engine.declare import Order, many, read
from engine.keyset import TIME
from engine.rows import Rows
from schema.connection import PAGE_ARGUMENTS

_LAST_FIRST: Final = many(order=Order("{m}.viewed_at", TIME, descending=True))
# A customer's list is theirs on all devices; a device has one while nobody is logged in. By the key of either.
_OF_WHO_ASKS: Final = (
    "({m}.customer_id = {viewer} or {viewer} is null and {m}.customer_id is null and {m}.visitor_id = {visitor})"
)
Products = list[Annotated["Product", strawberry.lazy("schema.product")]]  # type: ignore[name-defined]  # noqa: F821


def viewed_products(whose: str, description: str) -> object:
    """A list of products looked at lately; `whose` is a condition on {m}, the look."""

    def viewed(rows: Rows) -> None:
        """By the key of who looked."""
        rows.m = rows.join("viewed_product")
        rows.where(rows.fill("{m}.shop_id = {shop} and {m}.product_id = {t}.id"))
        rows.where(rows.fill(whose))

    return read(_LAST_FIRST, Products, description=description, arguments=PAGE_ARGUMENTS[:1])(viewed)


RECENTLY_VIEWED: Final = viewed_products(
    _OF_WHO_ASKS,
    "The products this customer, or before a login this visitor (`X-Visitor-Id`), looked at lately that are on sale"
    " now, last seen first; 100 are remembered. A look is a `product` or a `landing` on one that was asked for; it"
    " shows here within a second. Empty for those who are no customer and send no such header.",
)
