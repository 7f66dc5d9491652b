"""Metafields: typed extras of a product or variant."""

from enum import Enum

import strawberry

from engine.declare import Order, field, reads
from engine.keyset import TEXT
from models.metafield import Metafield as MetafieldRow
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
    STOREFRONT = strawberry.enum_value("STOREFRONT", description="Everybody.")


@reads(
    MetafieldRow,
    prefix="mtf",
    guard=f"{{t}}.visibility = 'STOREFRONT' and ({of_product_on_sale()} or {OF_VARIANT_ON_SALE})",
)
@strawberry.type(description="A typed extra that the shop keeps on a product or variant.")
class Metafield(Node):
    """Found by namespace and key on its owner."""

    namespace: str = field(description="Whose it is, such as `import` or `care`.")
    key: str = field(description="What it is called within its namespace.")
    type: MetafieldType = field(description="How to read `value`.")
    value: str = field(description="The value as text.")
    visibility: MetafieldVisibility = field(description="Who sees it.")
