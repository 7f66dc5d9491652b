"""A product as a file or a feed tells it: complete, checked, not yet in the database. Money in fen."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from models.metafield import MetafieldVisibility
from models.product import Origin, ProductStatus
from models.variant import InventoryPolicy

SAYABLE: Final = frozenset(
    {
        "description", "vendor", "category", "product_type", "tags", "status", "seo_title", "seo_description",
        "images", "collection", "sku", "barcode", "compare_at_price_fen", "cost_fen", "tracked", "quantity",
        "inventory_policy", "requires_shipping", "weight_grams", "variant_image",
    }
)  # fmt: skip
"""What a file may leave unsaid by not having the column: then a product that is there keeps what it has."""


@dataclass(frozen=True, slots=True)
class MetafieldRecord:
    """One extra value, stored as text."""

    namespace: str
    key: str
    value: str
    visibility: MetafieldVisibility = MetafieldVisibility.PRIVATE


@dataclass(frozen=True, slots=True)
class OptionRecord:
    """What can be chosen, and the values there are, in the order they first appear."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """A picture; its place in the list is its place on the page."""

    url: str
    alt: str = ""


@dataclass(frozen=True, slots=True)
class VariantRecord:
    """`quantity` (pieces, may be negative) counts only when tracked; `image_url` is one of the product's images."""

    row: int
    option_values: tuple[str, ...]
    price_fen: int
    compare_at_price_fen: int | None = None
    cost_fen: int | None = None
    sku: str = ""
    barcode: str = ""
    tracked: bool = True
    quantity: int = 0
    inventory_policy: InventoryPolicy = InventoryPolicy.DENY
    requires_shipping: bool = True
    weight_grams: int = 0
    image_url: str = ""
    metafields: tuple[MetafieldRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class ProductRecord:
    """`row` is where the product starts in its file; `category` is the way of names from the root."""

    row: int
    handle: str
    title: str
    variants: tuple[VariantRecord, ...]
    options: tuple[OptionRecord, ...] = ()
    images: tuple[ImageRecord, ...] = ()
    description_html: str = ""
    vendor: str = ""
    category: tuple[str, ...] = ()
    product_type: str = ""
    tags: tuple[str, ...] = ()
    status: ProductStatus = ProductStatus.ACTIVE
    seo_title: str = ""
    seo_description: str = ""
    collection: str = ""
    metafields: tuple[MetafieldRecord, ...] = ()
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Where records come from: the name kept beside `external_id`, what it says, and whose metafields it rules.

    `product_keys` and `variant_keys` are (namespace, key) of the columns there are: an empty cell takes the
    metafield away, a column that is not there leaves it alone.
    """

    name: str
    origin: Origin = Origin.IMPORTED
    says: frozenset[str] = SAYABLE
    product_keys: tuple[tuple[str, str], ...] = field(default=())
    variant_keys: tuple[tuple[str, str], ...] = field(default=())
