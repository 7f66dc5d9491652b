"""Whether a product is on sale."""

from enum import Enum

import strawberry


@strawberry.enum(description="Whether a product is on sale.")
class ProductStatus(Enum):
    """As stored."""

    DRAFT = strawberry.enum_value("DRAFT", description="Being written; seen by staff only.")
    ACTIVE = strawberry.enum_value("ACTIVE", description="On sale inside its window.")
    ARCHIVED = strawberry.enum_value("ARCHIVED", description="Kept for history; seen by staff only.")
