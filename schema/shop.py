"""The shop as its visitors see it."""

from datetime import datetime
from enum import Enum

import strawberry

from engine.declare import field, many, reads
from models.shop import Shop as ShopRow
from models.staff import Role
from schema.money import CurrencyCode
from schema.node import Node
from schema.promise import PROMISES, ServicePromise
from schema.scalars import Handle, Url


@strawberry.enum(description="Whether a shop sells or is a sandbox.")
class ShopMode(Enum):
    """As stored."""

    LIVE = strawberry.enum_value("LIVE", description="Real customers and real money.")
    SANDBOX = strawberry.enum_value("SANDBOX", description="For trying out: made-up money, a clock that can be moved.")


@reads(ShopRow, prefix="shp", scope="{t}.id = {shop}")
@strawberry.type(description="The shop that the visitor key belongs to.")
class Shop(Node):
    """One row: the viewer's own."""

    handle: Handle = field(description="Name for addresses, unique on the platform.")
    name: str = field(description="As shown to customers.")
    description: str = field(description="A few words about it; may be empty.")
    logo_url: Url | None = field(description="Its logo; null when there is none.")
    mode: ShopMode = field(description="Whether it is real.")
    currency_code: CurrencyCode = field(description="The currency of all its prices.")
    language: str = field(description="The language its texts are in, BCP 47: `zh-CN`.")
    catalogue_version: int | None = field(
        description="Counts every change of the catalogue. Requires: CATALOGUE.", roles=[Role.CATALOGUE]
    )
    service_promises: list[ServicePromise] = field(
        many(rows=PROMISES), description="What it promises with everything it sells, in order."
    )
    version: int = field(description="Send it back when changing the shop; refused with CONFLICT when stale.")
    created_at: datetime = field(description="When it opened.")
