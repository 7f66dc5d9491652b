"""Lines of a cart, as they stand today, with what is in the way and what is worth knowing."""

from datetime import datetime
from enum import Enum
from typing import Final

import strawberry

from engine.declare import column, expression, field, many, one, reads, value
from schema.attribute import ATTRIBUTES, Attribute
from schema.metafield import metafield_of_trade, metafields_of_trade
from schema.money import Money
from schema.product import Product
from schema.promoter import Promoter
from schema.variant import Variant

LOW_STOCK: Final = 10
"""From so many pieces down a line tells how many are left."""


@strawberry.enum(description="Why a line cannot be bought as it is.")
class CartLineProblemCode(Enum):
    """The first two leave nothing to mend: such lines stand apart."""

    NO_LONGER_SOLD = strawberry.enum_value("NO_LONGER_SOLD", description="The product was taken off sale.")
    OUT_OF_STOCK = strawberry.enum_value("OUT_OF_STOCK", description="Nothing is left.")
    NOT_ENOUGH_STOCK = strawberry.enum_value(
        "NOT_ENOUGH_STOCK", description="Less is left than the ticked lines and this one want; see `available`."
    )
    LIMIT_EXCEEDED = strawberry.enum_value(
        "LIMIT_EXCEEDED", description="More than one order or one person may have; see `limit`."
    )


@strawberry.enum(description="What a customer should know of a line before buying.")
class CartLineWarningCode(Enum):
    """Nothing stands in the way."""

    PRICE_CHANGED = strawberry.enum_value(
        "PRICE_CHANGED", description="The price is another than when the line was last changed; see `oldPrice`."
    )
    LOW_STOCK = strawberry.enum_value("LOW_STOCK", description="Few are left; see `left`.")


@reads()
@strawberry.type(description="Something that stands in the way of buying a line. Placing it would be refused.")
class CartLineProblem:
    """Derived."""

    code: CartLineProblemCode = field(description="What it is.")
    available: int | None = field(description="Pieces that could be had, for stock; null otherwise.")
    limit: int | None = field(column("allowed"), description="Pieces allowed, for a limit; null otherwise.")


@reads()
@strawberry.type(description="Something worth knowing of a line. It can be bought all the same.")
class CartLineWarning:
    """Derived."""

    code: CartLineWarningCode = field(description="What it is.")
    old_price: Money | None = field(value("{t}.old_fen"), description="The price before, when it changed; else null.")
    left: int | None = field(column("pieces"), description="Pieces that are left, when they are few; else null.")


# What a limit or the stock allows is held against all ticked lines of the variant or product together.
_PROBLEMS: Final = """
select 'NO_LONGER_SOLD' as code, null::int as available, null::int as allowed where not {p}.is_sold
union all
select 'OUT_OF_STOCK', 0, null where {p}.is_sold and {p}.stock_left = 0
union all
select 'NOT_ENOUGH_STOCK', {p}.stock_left, null
where {p}.is_sold and {p}.stock_left > 0 and {p}.of_variant > {p}.stock_left
union all
select 'LIMIT_EXCEEDED', null, {p}.passed_limit where {p}.is_sold and {p}.passed_limit is not null
"""
_WARNINGS: Final = f"""
select 'PRICE_CHANGED' as code, {{p}}.seen_price_fen as old_fen, null::int as pieces
where {{p}}.is_sold and {{p}}.unit_fen <> {{p}}.seen_price_fen
union all
select 'LOW_STOCK', null, {{p}}.stock_left where {{p}}.is_sold and {{p}}.stock_left between 1 and {LOW_STOCK}
"""


@reads()
@strawberry.type(description="A variant that somebody means to buy, in their words. Found by its cart.")
class CartLine:
    """Derived: the line with its price, its stock and its limits of today."""

    id: strawberry.ID = field(
        expression("'cln_' || replace({t}.id::text, '-', '')"), description="Opaque; for mutations of the cart."
    )
    variant: Variant | None = field(
        one("{t}.id = {p}.variant_id"), description="What is meant; null when it is no longer sold."
    )
    product: Product | None = field(
        one("{t}.id = {p}.product_id"), description="Its product; null when it is no longer sold."
    )
    title: str = field(description="The product's title, also of one that is no longer sold.")
    variant_title: str = field(description="The variant's title, also of one that is no longer sold.")
    quantity: int = field(description="Pieces, 1 to 9,999.")
    selected: bool = field(description="Whether it is ticked, to be bought next.")
    attributes: list[Attribute] = field(many(rows=ATTRIBUTES), description="The client's own words, by name.")
    promoter: Promoter | None = field(
        one("{t}.id = (select l.promoter_id from share_link l where l.shop_id = {shop} and l.id = {p}.share_link_id)"),
        description="Whose share brought it; null when nobody's did, or a customer's.",
    )
    unit_price: Money = field(value("{t}.unit_fen"), description="One piece today.")
    line_total: Money = field(value("({t}.unit_fen * {t}.quantity)"), description="All pieces today.")
    problems: list[CartLineProblem] = field(many(rows=_PROBLEMS), description="What stands in the way of buying it.")
    warnings: list[CartLineWarning] = field(many(rows=_WARNINGS), description="What is worth knowing of it.")
    metafields = metafields_of_trade("cart_line_id")
    metafield = metafield_of_trade("cart_line_id")
    created_at: datetime = field(description="When it was first put in.")
    updated_at: datetime = field(description="When it last changed.")
