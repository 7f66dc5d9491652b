"""Share links: what somebody passed on, and where it leads."""

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from engine.declare import Order, expression, field, one, page, reads
from engine.keyset import TIME
from models.share_link import ShareLink as ShareLinkRow
from models.staff import Role
from schema.collection import Collection
from schema.connection import Connection, paged_rows
from schema.node import Node
from schema.product import Product
from schema.promoter import Promoter
from schema.visit import VisitConnection

NEWEST_VISITS = Order("{t}.arrived_at", TIME, descending=True)
_VISITS = page("{t}.share_link_id = {p}.id", order=NEWEST_VISITS)


@strawberry.enum(description="What a share link leads to.")
class ShareTarget(Enum):
    """As stored."""

    PRODUCT = strawberry.enum_value("PRODUCT", description="A product.")
    COLLECTION = strawberry.enum_value("COLLECTION", description="A collection.")
    PAGE = strawberry.enum_value("PAGE", description="A page that the shop put together.")
    SHOP = strawberry.enum_value("SHOP", description="The shop's home page.")
    TEAM = strawberry.enum_value("TEAM", description="A team of a group-buy.")


@reads(ShareLinkRow, prefix="lnk")
@strawberry.type(description="Something passed on, known by the token that cards, codes and posters carry.")
class ShareLink(Node):
    """Public: whoever has a token may read where it leads and by whom."""

    token: str = field(description="Send it with a card as `?st=<token>`.")
    scene: str = field(expression("('t=' || {t}.token)"), description="What a mini-program code of it carries.")
    target: ShareTarget = field(expression("{t}.target_kind"), description="What it leads to.")
    product: Product | None = field(
        one("{t}.id = {p}.target_id and {p}.target_kind = 'PRODUCT'"),
        description="The product it leads to; null for another target, and when it is no longer shown.",
    )
    collection: Collection | None = field(
        one("{t}.id = {p}.target_id and {p}.target_kind = 'COLLECTION'"),
        description="The collection it leads to; null for another target, and when it is no longer shown.",
    )
    page: Annotated["Page", strawberry.lazy("schema.page")] | None = field(  # type: ignore[name-defined]  # noqa: F821
        one("{t}.id = {p}.target_id and {p}.target_kind = 'PAGE'"),
        description="The page it leads to; null for another target, and when it is no longer shown.",
    )
    team: Annotated["GroupBuyTeam", strawberry.lazy("schema.group_buy_team")] | None = field(  # type: ignore[name-defined]  # noqa: F821
        one("{t}.id = {p}.target_id and {p}.target_kind = 'TEAM'"),
        description="The team it leads to; null for another target, and when it is not shown.",
    )
    promoter: Promoter | None = field(
        one("{t}.id = {p}.promoter_id"), description="Whose it is; null for a customer's or the shop's."
    )
    channel: str | None = field(description="Where it is passed on; null when nobody said.")
    campaign: str | None = field(description="For which campaign; null when nobody said.")
    depth: int = field(description="How many shares stand above it in its chain.")
    expires_at: datetime | None = field(description="When it ends; null when it does not. Then it leads home.")
    created_at: datetime = field(description="When it was made.")
    parent: Annotated["ShareLink", strawberry.lazy("schema.share_link")] | None = field(
        one("{t}.id = {p}.parent_id"),
        description="The link that had brought the sharer. Requires: ANALYTICS.",
        roles=[Role.ANALYTICS],
    )
    visits = paged_rows(
        _VISITS,
        VisitConnection | None,
        description="The visits it brought, newest first. Requires: ANALYTICS.",
        roles=[Role.ANALYTICS],
    )


ShareLinkConnection = Connection[ShareLink]
