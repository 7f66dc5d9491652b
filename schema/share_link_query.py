"""Who brings visitors, by what, and who came: the roots of reading it."""

from typing import Annotated

import strawberry

from engine.declare import Order, one, page, read
from engine.keyset import TIME
from engine.rows import Rows
from ids import client_uuid, decode_id
from models.staff import Role
from schema.connection import paged, paged_rows
from schema.own_share_link import OwnShareLinkConnection
from schema.promoter import PromoterConnection
from schema.share_link import NEWEST_VISITS, ShareLink, ShareLinkConnection
from schema.visit import VisitConnection

NEWEST = Order("{t}.created_at", TIME, descending=True)

PromoterId = Annotated[strawberry.ID | None, strawberry.argument(description="Only this promoter's.")]


def _promoter(text: str) -> object:
    return decode_id("pro", text)


@strawberry.type
class ShareLinkQuery:
    """Part of Query."""

    @read(one(), ShareLink | None, description="The share link of a token; null when there is none.")
    def share_link(
        rows: Rows, token: Annotated[str, strawberry.argument(description="The token, without `t=` or `st=`.")]
    ) -> None:
        """By its unique key."""
        rows.where(f"{rows.t}.token = {rows.bind(token, 'text')}")

    @paged(
        page(order=NEWEST),
        ShareLinkConnection | None,
        description="The share links of the shop, newest first. Requires: ANALYTICS.",
        roles=[Role.ANALYTICS],
    )
    def share_links(
        rows: Rows,
        promoter: PromoterId = None,
        campaign: Annotated[str | None, strawberry.argument(description="Only those of this campaign.")] = None,
    ) -> None:
        """All, or one promoter's."""
        if promoter is not None:
            rows.where(f"{rows.t}.promoter_id = {rows.bind(promoter, 'uuid', _promoter)}")
        if campaign is not None:
            rows.where(f"{rows.t}.campaign = {rows.bind(campaign, 'text')}")

    my_share_links = paged_rows(
        page(order=NEWEST),
        OwnShareLinkConnection | None,
        description="The share links of the promoter who asks, newest first, each with what came of it; empty for staff"
        " whom nobody has made a promoter. Requires: KOL.",
        roles=[Role.KOL],
    )

    @paged(
        page(order=NEWEST),
        PromoterConnection | None,
        description="The promoters of the shop, newest first. Requires: ANALYTICS.",
        roles=[Role.ANALYTICS],
    )
    def promoters(
        rows: Rows,
        active: Annotated[bool | None, strawberry.argument(description="Only those who are, or who are not.")] = None,
    ) -> None:
        """All, or some."""
        if active is not None:
            rows.where(f"{rows.t}.active = {rows.bind(active, 'boolean')}")

    @paged(
        page(order=NEWEST_VISITS),
        VisitConnection | None,
        description="The visits of the shop, newest first. Requires: ANALYTICS.",
        roles=[Role.ANALYTICS],
    )
    def visits(
        rows: Rows,
        promoter: PromoterId = None,
        visitor_id: Annotated[strawberry.ID | None, strawberry.argument(description="Only this device's.")] = None,
    ) -> None:
        """All, or those of one promoter or device."""
        if promoter is not None:
            rows.where(f"{rows.t}.promoter_id = {rows.bind(promoter, 'uuid', _promoter)}")
        if visitor_id is not None:
            rows.where(f"{rows.t}.visitor_id = {rows.bind(visitor_id, 'uuid', client_uuid)}")
