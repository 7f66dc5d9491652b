"""How an order reaches whom."""

from base64 import b64decode
from enum import Enum
from typing import Final

import strawberry

from engine.declare import computed, expression, field, reads, value
from models.delivery import Delivery as DeliveryRow
from resolvers.address_draft import recipient_of
from schema.money import Money
from schema.node import Node
from schema.order_line import OF_OWN_ORDER
from schema.product import Origin
from schema.scalars import Phone, RegionCode


@strawberry.enum(description="How goods reach the customer.")
class DeliveryMethod(Enum):
    """As stored."""

    EXPRESS = strawberry.enum_value("EXPRESS", description="By a carrier.")
    PICKUP = strawberry.enum_value("PICKUP", description="The customer comes for it. Not offered yet.")
    LOCAL = strawberry.enum_value("LOCAL", description="By a rider of the town. Not offered yet.")
    VIRTUAL = strawberry.enum_value("VIRTUAL", description="Nothing is sent.")


_SEALED: Final = "encode({0}, 'base64')"


def _name(sealed: str) -> str:
    return recipient_of(b64decode(sealed)).name


def _phone(sealed: str) -> str:
    return recipient_of(b64decode(sealed)).phone


def _detail(sealed: str) -> str:
    return recipient_of(b64decode(sealed)).detail


@reads()
@strawberry.type(description="Who takes the parcel, as it was agreed on at placing.")
class DeliveryRecipient:
    """Reads the sealed recipient, masks, region and postcode."""

    name: str = field(computed(_SEALED, _name), description="The name.")
    phone: Phone = field(computed(_SEALED, _phone), description="The phone number.")
    detail: str = field(computed(_SEALED, _detail), description="Street, house and door.")
    name_masked: str = field(expression("{1}"), description="The name for lists: `王**`.")
    phone_masked: str = field(expression("{2}"), description="The phone number for lists: `138****0000`.")
    region_code: RegionCode = field(expression("{3}"), description="The district, or the smallest region there is.")
    region_text: str = field(expression("{4}"), description="The region in words.")
    postcode: str = field(expression("{5}"), description="Six digits; may be empty.")


@reads(DeliveryRow, prefix="dlv", guard=OF_OWN_ORDER, keeper="ORDERS")
@strawberry.type(description="How an order reaches whom. Every order has exactly one today.")
class Delivery(Node):
    """Its recipient is seen by the customer who placed the order and by staff, not by a friend who pays."""

    method: DeliveryMethod = field(description="How.")
    recipient: DeliveryRecipient | None = field(
        value(
            "{t}.recipient_sealed",
            "{t}.name_masked",
            "{t}.phone_masked",
            "{t}.region_code",
            "{t}.region_text",
            "{t}.postcode",
        ),
        description="Who takes the parcel; null when nothing is sent.",
    )
    freight: Money = field(value("{t}.freight_fen"), description="What sending costs the customer.")
    origin: Origin = field(description="Whose store room it leaves.")
