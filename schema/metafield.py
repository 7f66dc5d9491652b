"""Metafields: typed extras of what is sold and of what is bought."""

from enum import Enum
from functools import partial
from typing import Annotated, Any, Final

import strawberry

from engine.declare import Order, field, many, one, read, reads
from engine.keyset import TEXT
from engine.rows import Rows
from models.metafield import Metafield as MetafieldRow
from schema.connection import limited_rows
from schema.node import Node
from schema.visibility import OF_VARIANT_ON_SALE, of_product_on_sale

BY_NAMESPACE = Order('({t}.namespace collate "C")', TEXT)


@strawberry.enum(description="How a metafield's value is to be read.")
class MetafieldType(Enum):
    """As stored."""

    STRING = strawberry.enum_value("STRING", description="Text.")
    INTEGER = strawberry.enum_value("INTEGER", description="A whole number.")
    DECIMAL = strawberry.enum_value("DECIMAL", description="An exact number.")
    BOOLEAN = strawberry.enum_value("BOOLEAN", description="`true` or `false`.")
    DATETIME = strawberry.enum_value("DATETIME", description="A moment, ISO 8601.")
    URL = strawberry.enum_value("URL", description="An address.")
    JSON = strawberry.enum_value("JSON", description="JSON text.")


@strawberry.enum(description="Who sees a metafield.")
class MetafieldVisibility(Enum):
    """As stored."""

    PRIVATE = strawberry.enum_value("PRIVATE", description="Staff only; how every metafield starts.")
    STOREFRONT = strawberry.enum_value(
        "STOREFRONT", description="Whoever sees what has it: everybody, or the customer whose own it is."
    )


_OF_GOODS: Final = (
    f"({{keeps}} or {{t}}.visibility = 'STOREFRONT' and ({of_product_on_sale()} or {OF_VARIANT_ON_SALE}))"
)
_OWN_CART: Final = (
    "exists (select from cart c where c.shop_id = {shop} and c.merged_into is null and c.id = %s and ("
    "c.customer_id = {viewer} or ({viewer} is null and c.customer_id is null and c.visitor_id = {visitor})))"
)
_CART_OF_LINE: Final = "(select l.cart_id from cart_line l where l.shop_id = {shop} and l.id = {t}.cart_line_id)"
_OF_TRADE: Final = f"""({{keeps ORDERS}} or {{t}}.visibility = 'STOREFRONT' and (
    {{t}}.customer_id = {{viewer}} or {_OWN_CART % "{t}.cart_id"} or {_OWN_CART % _CART_OF_LINE} or exists (
        select from orders o where o.shop_id = {{shop}} and o.id = {{t}}.order_id and o.customer_id = {{viewer}})))"""


# Who keeps the catalogue keeps no orders, and the other way round: so no keeper sees all.
@reads(
    MetafieldRow,
    prefix="mtf",
    guard=f"case when num_nonnulls({{t}}.product_id, {{t}}.variant_id) = 1 then {_OF_GOODS} else {_OF_TRADE} end",
    keeper=None,
)
@strawberry.type(
    description="A typed extra that the shop keeps on a product, a variant, a customer, a cart, its lines or an order."
)
class Metafield(Node):
    """Found by namespace and key on its owner."""

    namespace: str = field(description="Whose it is, such as `import` or `care`.")
    key: str = field(description="What it is called within its namespace.")
    type: MetafieldType = field(description="How to read `value`.")
    value: str = field(description="The value as text.")
    visibility: MetafieldVisibility = field(description="Who sees it.")


# What hangs from a row that may be seen needs no more than its own word.
_MAY_BE_SEEN: Final = "{t}.%s = {p}.id and ({%s} or {t}.visibility = 'STOREFRONT')"


def _named(
    rows: Rows,
    namespace: Annotated[str, strawberry.argument(description="Whose it is.")],
    key: Annotated[str, strawberry.argument(description="What it is called.")],
) -> None:
    """Found by its unique key."""
    rows.where(f"{rows.t}.namespace = {rows.bind(namespace, 'text')} and {rows.t}.key = {rows.bind(key, 'text')}")


def _all(column: str, keeper: str) -> Any:  # noqa: ANN401 - a field of any type
    """Declare `metafields` of the type whose rows `column` names."""
    return limited_rows(
        many(_MAY_BE_SEEN % (column, keeper), order=BY_NAMESPACE, is_public=True),
        list[Metafield],
        description="Its extras that the asker may see, by namespace; staff see the private ones too.",
    )


def _one(column: str, keeper: str) -> Any:  # noqa: ANN401 - a field of any type
    """Declare `metafield` of the type whose rows `column` names."""
    declare = read(
        one(_MAY_BE_SEEN % (column, keeper), is_public=True),
        Metafield | None,
        description="One extra of it, by namespace and key; null when there is none to be seen.",
    )
    return declare(_named)


metafields_of_goods = partial(_all, keeper="keeps")
metafield_of_goods = partial(_one, keeper="keeps")
metafields_of_trade = partial(_all, keeper="keeps ORDERS")
metafield_of_trade = partial(_one, keeper="keeps ORDERS")
