"""Carts, as their owner sees them, and the root of reading one."""

from datetime import datetime
from typing import Annotated, Final

import strawberry

from engine.declare import expression, field, many, one, read, reads, value
from engine.rows import Rows
from ids import decode_id
from models.cart import Cart as CartRow
from resolvers.cart_facts import CART_LINES
from schema.address import Address
from schema.attribute import ATTRIBUTES, Attribute
from schema.cart_line import CartLine
from schema.metafield import metafield_of_trade, metafields_of_trade
from schema.money import Money
from schema.node import Node
from schema.region import Region
from schema.scalars import RegionCode

# The customer's, or the device's own while nobody is logged in on it.
OWN: Final = (
    "({t}.customer_id = {viewer} or ({viewer} is null and {t}.customer_id is null and {t}.visitor_id = {visitor}))"
)

_LINES: Final = (
    f"select l.* from ({CART_LINES.replace('{cart}', '{p}.id')}) l where l.is_invalid = %s order by l.created_at, l.id"
)
_OF_CART: Final = CART_LINES.replace("{cart}", "{t}.id")


def _summed(what: str, where: str) -> str:
    return f"(select coalesce({what}, 0) from ({_OF_CART}) f where {where})"


_VALID: Final = "not f.is_invalid"
_CHOSEN: Final = "f.selected and not f.is_invalid"


@reads()
@strawberry.type(description="Where freight is estimated for.")
class CartBuyer:
    """Derived from the cart."""

    address: Address | None = field(
        one("{t}.id = {p}.address_id"), description="An address of the customer's book; null when none was named."
    )
    region: Region | None = field(
        one(rows="select r.code, r.name, r.level, r.parent_code from region r where r.code = {p}.region_code"),
        description="The region, when no address was named.",
    )
    region_code: RegionCode | None = field(description="The region's code; null when none was named.")


@reads(CartRow, prefix="crt", scope=f"{{t}}.shop_id = {{shop}} and {{t}}.merged_into is null and {OWN}")
@strawberry.type(description="What somebody means to buy. Each customer has one, and each device before its login.")
class Cart(Node):
    """Rows of the caller only."""

    lines: list[CartLine] = field(
        many(rows=_LINES % "false"),
        description="What can be bought, in the order it was put in, 100 lines at most.",
    )
    invalid_lines: list[CartLine] = field(
        many(rows=_LINES % "true"),
        description="What was sold out or taken off sale since, in the same order. Never bought and never counted.",
    )
    total_quantity: int = field(
        expression(_summed("sum(f.quantity)::int", _VALID)), description="Pieces in `lines`: the number on the icon."
    )
    selected_count: int = field(
        expression(_summed("count(*)::int", _CHOSEN)), description="How many of `lines` are ticked."
    )
    selected_quantity: int = field(
        expression(_summed("sum(f.quantity)::int", _CHOSEN)), description="Pieces in ticked lines."
    )
    subtotal: Money = field(
        value(_summed("sum(f.unit_fen * f.quantity)::bigint", _CHOSEN)),
        description="The ticked lines at today's prices, before discounts and freight: ask `quote` for those.",
    )
    note: str = field(description="What the buyer wants to tell the shop; may be empty.")
    attributes: list[Attribute] = field(many(rows=ATTRIBUTES), description="The client's own words, by name.")
    buyer: CartBuyer = field(
        one(rows="select {p}.shop_id, {p}.address_id, {p}.region_code"), description="Where freight is estimated for."
    )
    metafields = metafields_of_trade("cart_id")
    metafield = metafield_of_trade("cart_id")
    version: int = field(description="Grows with every change.")
    created_at: datetime = field(description="When it was begun.")
    updated_at: datetime = field(description="When it last changed.")


def _cart(text: str) -> object:
    return decode_id("crt", text)


@strawberry.type
class CartQuery:
    """Part of Query."""

    @read(
        one(),
        Cart | None,
        description="A cart of who asks: by its id, also one that it had before a login joined it to another, or"
        " without an id the one there is. Null for others', and before anything was put in. Before login it is found"
        " by the header X-Visitor-Id.",
    )
    def cart(
        rows: Rows,
        id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Its id; your own cart when left out.")
        ] = None,
    ) -> None:
        """One of one's own."""
        if id is not None:
            asked = rows.bind(id, "uuid", _cart)
            rows.where(
                f"{rows.t}.id = (select coalesce(c.merged_into, c.id) from cart c"
                f" where c.shop_id = {rows.fill('{shop}')} and c.id = {asked})"
            )
