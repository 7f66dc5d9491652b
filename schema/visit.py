"""Visits as staff read them; they are written by headers and visitTrack."""

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from engine.declare import column, expression, field, one, reads
from models.visit import Visit as VisitRow
from schema.connection import Connection
from schema.promoter import Promoter


@strawberry.enum(description="The ways into a mini-program, sorted from WeChat's scene values.")
class SceneGroup(Enum):
    """As stored."""

    RECENT = strawberry.enum_value("RECENT", description="Came back: recently used, own mini-programs, favourites.")
    SEARCH = strawberry.enum_value("SEARCH", description="WeChat's search.")
    CHAT_CARD = strawberry.enum_value("CHAT_CARD", description="A card in a chat.")
    GROUP_TOOL = strawberry.enum_value("GROUP_TOOL", description="A group's tools, to-do or notice.")
    APP_SHARE = strawberry.enum_value("APP_SHARE", description="Another app.")
    CODE = strawberry.enum_value("CODE", description="A code that was scanned.")
    OFFICIAL_ACCOUNT = strawberry.enum_value(
        "OFFICIAL_ACCOUNT", description="An official account: menu, article, card."
    )
    MESSAGE = strawberry.enum_value("MESSAGE", description="A message of the service.")
    PAYMENT = strawberry.enum_value("PAYMENT", description="Wallet or payment pages.")
    ADS = strawberry.enum_value("ADS", description="An advertisement.")
    MOMENTS = strawberry.enum_value("MOMENTS", description="Moments.")
    CHANNELS = strawberry.enum_value("CHANNELS", description="Channels: shop, live, links.")
    MINI_TO_MINI = strawberry.enum_value("MINI_TO_MINI", description="Another mini-program.")
    NEARBY = strawberry.enum_value("NEARBY", description="Nearby and city services.")
    LINK = strawberry.enum_value("LINK", description="A link or scheme outside.")
    WECOM = strawberry.enum_value("WECOM", description="WeCom.")
    CARD = strawberry.enum_value("CARD", description="The card pack.")
    OTHER = strawberry.enum_value("OTHER", description="Everything else.")


@strawberry.enum(description="What a visit is owed to; the strongest evidence wins.")
class AttributionSource(Enum):
    """As stored, the strongest first."""

    SHARE = strawberry.enum_value("SHARE", description="Somebody's share link, not their own visit, not expired.")
    CAMPAIGN = strawberry.enum_value("CAMPAIGN", description="A campaign or channel in the address.")
    AD = strawberry.enum_value("AD", description="A click on an advertisement.")
    SCENE = strawberry.enum_value("SCENE", description="The way in that WeChat names.")
    DIRECT = strawberry.enum_value("DIRECT", description="Nothing is known.")


@reads(VisitRow)
@strawberry.type(description="Somebody opened the shop once. Seen by staff only; many requests of one launch are one.")
class Visit:
    """No node, so nobody asks for one by id: it is reached by fields for staff alone."""

    visit_id: strawberry.ID = field(expression("{t}.visit_id::text"), description="The client's own id of this launch.")
    visitor_id: strawberry.ID = field(expression("{t}.visitor_id::text"), description="The client's id of its device.")
    arrived_at: datetime = field(description="When the first request came.")
    client_time: datetime | None = field(description="The same by the client's clock; null when it did not say.")
    path: str | None = field(description="The page that opened; null when unknown.")
    query: str | None = field(description="Its query; what is secret or personal reads `***`.")
    scene: int | None = field(column("scene_value"), description="WeChat's scene value; null when unknown.")
    scene_group: SceneGroup | None = field(description="What that value stands for.")
    source: AttributionSource = field(description="What it is owed to.")
    share_link: Annotated["ShareLink", strawberry.lazy("schema.share_link")] | None = field(  # type: ignore[name-defined]  # noqa: F821
        one("{t}.id = {p}.share_link_id"), description="The link it came by, whether it counts or not."
    )
    promoter: Promoter | None = field(
        one("{t}.id = {p}.promoter_id"), description="To whose credit it is; null when to nobody's."
    )
    channel: str | None = field(description="The channel it came through; null when none was named.")
    campaign: str | None = field(description="The campaign it came by; null when none was named.")
    article: str | None = field(description="The article it came from; null when unknown.")
    open_g_id: str | None = field(column("open_gid"), description="The chat group it came from; null when unknown.")
    referrer_appid: str | None = field(description="The mini-program or account it came from; null when unknown.")
    platform: str | None = field(description="ios, android, ...; null when unknown.")
    is_self_share: bool = field(description="Whether somebody opened their own share, which is put to nobody's credit.")
    counts: bool = field(description="False for crawlers and test builds, which no report counts.")


VisitConnection = Connection[Visit]
