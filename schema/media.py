"""Pictures and films of a product."""

from enum import Enum
from typing import Annotated

import strawberry

from engine.arguments import Leaf
from engine.declare import field, reads, written
from engine.errors import bad_input
from engine.rows import Rows
from models.media import Media as MediaRow
from resolvers.media_size import step
from schema.node import Node
from schema.scalars import Url
from schema.visibility import of_product_on_sale


@strawberry.enum(description="Whether to show a medium in an image or a video tag.")
class MediaKind(Enum):
    """As stored."""

    IMAGE = strawberry.enum_value("IMAGE", description="A picture.")
    VIDEO = strawberry.enum_value("VIDEO", description="A film; `url` is the file.")


@strawberry.enum(description="How a picture is written.")
class ImageFormat(Enum):
    """The endings of its addresses."""

    JPEG = strawberry.enum_value("jpg", description="For photographs, where WEBP is not read.")
    PNG = strawberry.enum_value("png", description="Exact, and large.")
    WEBP = strawberry.enum_value("webp", description="Smallest of all.")


# Unique (shop_id, name). Only a file that the shop has stored is there in other sizes.
_IS_STORED = """
exists (select from media_file f where f.shop_id = {shop} and f.kind = 'IMAGE'
    and f.name = substring({t}.url from '/media/' || replace({shop}::text, '-', '') || '/([0-9a-f]+[.][a-z]+)$'))
"""

Width = Annotated[
    int | None,
    strawberry.argument(description="At most so many pixels wide; the next step of about 14 is taken. Not cropped."),
]
Height = Annotated[int | None, strawberry.argument(description="At most so many pixels high, in the same way.")]
Written = Annotated[
    ImageFormat | None, strawberry.argument(description="Written so; as the picture is stored when left out.")
]


def _step(asked: int) -> int:
    try:
        return step(asked)
    except ValueError as refused:
        raise bad_input(str(refused)) from None


def _ending(format_: object) -> str:
    return str(getattr(format_, "value", format_))


def _resized(rows: Rows, width: object, height: object, ending: object) -> str:
    """The address of a smaller picture: the stored one's with the box put in before the ending."""
    if not any(isinstance(one, Leaf) for one in (width, height, ending)):
        return "{t}.url"
    box = [rows.bind(side, "int", _step) if isinstance(side, Leaf) else "0" for side in (width, height)]
    last = f"'{_ending(ending.value)}'" if isinstance(ending, Leaf) else "'\\1'"
    made = f"regexp_replace({{t}}.url, '[.]([a-z]+)$', '_' || {box[0]} || 'x' || {box[1]} || '.' || {last})"
    return f"case when {_IS_STORED} then {made} else {{t}}.url end"


@reads(MediaRow, prefix="med", guard=of_product_on_sale())
@strawberry.type(description="A picture or film of a product.")
class Media(Node):
    """Ordered by position within its product."""

    kind: MediaKind = field(description="Whether it is a picture or a film.")

    @written(
        Url,
        description="Where the file is. With a size or a format, of a picture that the shop has stored, where it is in"
        " that size; of others the same as without.",
    )
    def url(
        rows: Rows,
        width: Width = None,
        height: Height = None,
        format: Written = None,
    ) -> str:
        """Only addresses: a size is made when it is first fetched."""
        return _resized(rows, width, height, format)

    alt: str = field(description="What is to be seen, for those who cannot see it; may be empty.")
    width: int | None = field(description="Width in pixels; null while nobody has measured it.")
    height: int | None = field(description="Height in pixels; null while nobody has measured it.")
    position: int = field(description="Place among the product's media, from 1.")
