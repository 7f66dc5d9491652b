"""Reviews of a product."""

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from engine.declare import expression, field, one, reads
from models.review import Review as ReviewRow
from models.staff import Role
from schema.connection import Connection
from schema.node import Node
from schema.scalars import Url
from schema.visibility import of_product_on_sale


@strawberry.enum(description="Where a review stands in moderation.")
class ReviewStatus(Enum):
    """As stored."""

    PENDING = strawberry.enum_value("PENDING", description="Waits for moderation; seen by staff only.")
    PUBLISHED = strawberry.enum_value("PUBLISHED", description="Seen by everybody and counted in the rating.")
    HIDDEN = strawberry.enum_value("HIDDEN", description="Taken down with a reason; seen by staff only.")


@reads(ReviewRow, prefix="rev", guard=f"{{t}}.status = 'PUBLISHED' and {of_product_on_sale()}")
@strawberry.type(description="What a customer says of a product.")
class Review(Node):
    """The public sees published ones."""

    author_name: str = field(description="Who wrote it, masked: `小**鱼`.")
    rating: int = field(description="1 to 5 stars.")
    body: str = field(description="The words; may be empty when there are only stars.")
    image_urls: list[Url] = field(description="Pictures the customer added, in order.")
    reply: str | None = field(description="The shop's answer; null when there is none.")
    replied_at: datetime | None = field(description="When the shop answered.")
    created_at: datetime = field(description="When it was written.")
    is_verified: bool = field(
        expression("{t}.order_line_id is not null"), description="Whether who wrote it bought the product here."
    )
    status: ReviewStatus = field(description="Where it stands in moderation; always PUBLISHED for the public.")
    hidden_reason: str | None = field(
        description="Why it was hidden; empty unless it was. Requires: CATALOGUE.", roles=[Role.CATALOGUE]
    )
    product: Annotated["Product", strawberry.lazy("schema.product")] | None = field(  # type: ignore[name-defined]  # noqa: F821
        one("{t}.id = {p}.product_id"), description="What it is about; null when that is no longer shown."
    )
    version: int = field(description="Send it back when moderating; refused with CONFLICT when stale.")


ReviewConnection = Connection[Review]
