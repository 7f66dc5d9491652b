"""Pictures and films of a product."""

from enum import Enum

import strawberry

from engine.declare import field, reads
from models.media import Media as MediaRow
from schema.node import Node
from schema.scalars import Url
from schema.visibility import of_product_on_sale


@strawberry.enum(description="Whether to show a medium in an image or a video tag.")
class MediaKind(Enum):
    """As stored."""

    IMAGE = strawberry.enum_value("IMAGE", description="A picture.")
    VIDEO = strawberry.enum_value("VIDEO", description="A film; `url` is the file.")


@reads(MediaRow, prefix="med", guard=of_product_on_sale())
@strawberry.type(description="A picture or film of a product.")
class Media(Node):
    """Ordered by position within its product."""

    kind: MediaKind = field(description="Whether it is a picture or a film.")
    url: Url = field(description="Where the file is.")
    alt: str = field(description="What is to be seen, for those who cannot see it; may be empty.")
    width: int | None = field(description="Width in pixels; null while nobody has measured it.")
    height: int | None = field(description="Height in pixels; null while nobody has measured it.")
    position: int = field(description="Place among the product's media, from 1.")
