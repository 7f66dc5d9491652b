"""Promoters, as visitors read who brought them and as staff keep them."""

from datetime import datetime
from enum import Enum

import strawberry

from engine.declare import field, reads
from models.promoter import Promoter as PromoterRow
from models.staff import Role
from schema.connection import Connection
from schema.node import Node
from schema.scalars import Url


@strawberry.enum(description="What makes somebody a promoter.")
class PromoterKind(Enum):
    """As stored."""

    KOL = strawberry.enum_value("KOL", description="Has an audience.")
    GUIDE = strawberry.enum_value("GUIDE", description="Sells in the shop's name.")
    CUSTOMER = strawberry.enum_value("CUSTOMER", description="A customer who recommends.")
    PARTNER = strawberry.enum_value("PARTNER", description="Another business.")


@reads(PromoterRow, prefix="pro")
@strawberry.type(
    description="Somebody who brings visitors to the shop. Name and picture are shown to whom they brought."
)
class Promoter(Node):
    """Never deleted."""

    kind: PromoterKind = field(description="What makes them one.")
    name: str = field(description="As visitors read it.")
    avatar_url: Url | None = field(description="A picture; null when there is none.")
    active: bool = field(description="Whether visits are still put to their credit.")
    version: int | None = field(
        description="Send it back when changing the promoter; refused with CONFLICT when stale. Requires: OWNER.",
        roles=[Role.OWNER],
    )
    created_at: datetime | None = field(
        description="When they became one. Requires: ANALYTICS.", roles=[Role.ANALYTICS]
    )
    updated_at: datetime | None = field(
        description="When it last changed. Requires: ANALYTICS.", roles=[Role.ANALYTICS]
    )


PromoterConnection = Connection[Promoter]
