"""Pages that the shop puts together."""

from datetime import datetime
from enum import Enum

import strawberry

from engine.declare import field, many, reads
from models.page import Page as PageRow
from schema.connection import Connection
from schema.node import Node
from schema.page_block import PageBlock
from schema.scalars import Handle, Url

BLOCKS = """
select b.value as block from jsonb_array_elements({p}.blocks) with ordinality as b(value, place) order by b.place
"""


@strawberry.enum(description="Which of a shop's pages one is.")
class PageKind(Enum):
    """As stored."""

    HOME = strawberry.enum_value("HOME", description="Where everybody lands who was led nowhere else; one at most.")
    TOPIC = strawberry.enum_value("TOPIC", description="Any other.")


@reads(PageRow, prefix="pag", guard="{t}.published")
@strawberry.type(description="A page that the shop put together from blocks.")
class Page(Node):
    """The public sees published ones."""

    handle: Handle = field(description="Name for addresses, unique in the shop.")
    kind: PageKind = field(description="Whether it is the home page.")
    title: str = field(description="As shown above it.")
    blocks: list[PageBlock] = field(many(rows=BLOCKS), description="Its parts, in order.")
    share_title: str = field(description="Title of a card that is passed on; may be empty.")
    share_image_url: Url | None = field(description="Picture of such a card; null when there is none.")
    published: bool = field(description="Always true for the public.")
    version: int = field(description="Send it back when changing the page; refused with CONFLICT when stale.")
    created_at: datetime = field(description="When it was made.")
    updated_at: datetime = field(description="When it last changed.")


PageConnection = Connection[Page]
