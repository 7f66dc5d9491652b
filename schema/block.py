"""A description's blocks: what rich text comes down to, safe to show as it is."""

import strawberry

from engine.declare import expression, field, reads, reads_kinds
from schema.scalars import Handle, Url


@reads_kinds("({t}.block ->> 'kind')", TEXT="TextBlock", IMAGE="ImageBlock", VIDEO="VideoBlock", PRODUCT="ProductBlock")
@strawberry.interface(description="One part of a description. Show each by its type.")
class DescriptionBlock:
    """Told apart by the stored kind."""

    html: str = field(
        expression("({t}.block ->> 'html')"), description="This part as HTML of the safe subset, for a rich-text tag."
    )


@reads()
@strawberry.type(description="Words.")
class TextBlock(DescriptionBlock):
    """Plain and marked up."""

    text: str = field(expression("({t}.block ->> 'text')"), description="The words without any mark-up.")


@reads()
@strawberry.type(description="A picture among the words.")
class ImageBlock(DescriptionBlock):
    """A picture by address."""

    url: Url = field(expression("({t}.block ->> 'url')"), description="Where the picture is.")
    alt: str = field(expression("({t}.block ->> 'alt')"), description="What is to be seen; may be empty.")


@reads()
@strawberry.type(description="A film among the words.")
class VideoBlock(DescriptionBlock):
    """A film by address."""

    url: Url = field(expression("({t}.block ->> 'url')"), description="Where the film is.")


@reads()
@strawberry.type(description="A card of another product among the words.")
class ProductBlock(DescriptionBlock):
    """Names the product; ask for it with `product(handle:)`."""

    handle: Handle = field(expression("({t}.block ->> 'handle')"), description="The product's handle.")
