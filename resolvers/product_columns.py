"""The columns of Shopify's product CSV, old and new names; every other column becomes a metafield."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from resolvers.import_report import UnreadableFile

OPTIONS: Final = (1, 2, 3)
METAFIELD_NAMESPACE: Final = "import"
NAMESPACE_CHARS_MAX: Final = 64
KEY_CHARS_MAX: Final = 128

FIELD_OF_COLUMN: Final[dict[str, str]] = {
    "handle": "handle",
    "url handle": "handle",
    "title": "title",
    "body (html)": "description",
    "body html": "description",
    "description": "description",
    "vendor": "vendor",
    "product category": "category",
    "standardized product type": "category",
    "type": "product_type",
    "custom product type": "product_type",
    "tags": "tags",
    "collection": "collection",
    "published": "published",
    "published on online store": "published",
    "status": "status",
    "seo title": "seo_title",
    "seo description": "seo_description",
    **{f"option{n} name": f"option{n}_name" for n in OPTIONS},
    **{f"option{n} value": f"option{n}_value" for n in OPTIONS},
    "variant sku": "sku",
    "sku": "sku",
    "variant barcode": "barcode",
    "barcode": "barcode",
    "variant price": "price_fen",
    "price": "price_fen",
    "variant compare at price": "compare_at_price_fen",
    "compare-at price": "compare_at_price_fen",
    "cost per item": "cost_fen",
    "variant cost": "cost_fen",
    "variant inventory tracker": "tracked",
    "inventory tracker": "tracked",
    "variant inventory qty": "quantity",
    "inventory quantity": "quantity",
    "variant inventory policy": "inventory_policy",
    "continue selling when out of stock": "inventory_policy",
    "variant requires shipping": "requires_shipping",
    "requires shipping": "requires_shipping",
    "variant grams": "weight_grams",
    "weight value (grams)": "weight_grams",
    "variant image": "variant_image",
    "variant image url": "variant_image",
    "image src": "image_url",
    "product image url": "image_url",
    "image position": "image_position",
    "image alt text": "image_alt",
}
"""Column name in lower case -> what its cells hold."""

REQUIRED: Final = {"handle": "Handle", "title": "Title", "price_fen": "Variant Price"}

# Columns of the variant that do not say so in their name.
_VARIANT_COLUMNS: Final = frozenset(
    {"charge tax", "tax code", "weight unit for display", "fulfillment service", "taxable"}
)
_VARIANT_STARTS: Final = ("variant ", "price /", "compare at price /", "compare-at price /", "unit price ")
_OWN_NAME: Final = re.compile(r".*\((product|variant)\.metafields\.([\w-]+)\.([\w-]+)\)", re.IGNORECASE)
_NOT_KEY: Final = re.compile(r"[^\w]+")


@dataclass(frozen=True, slots=True)
class ExtraColumn:
    """A column kept as a metafield of the product or the variant."""

    index: int
    namespace: str
    key: str
    of_variant: bool


@dataclass(frozen=True, slots=True)
class Columns:
    """What a header means: `fields` by what the cells hold, `extras` for the rest."""

    header: tuple[str, ...]
    fields: dict[str, int]
    extras: tuple[ExtraColumn, ...]

    def says(self) -> frozenset[str]:
        """Return what the file speaks about; see `product_record.SAYABLE`."""
        said = set(self.fields)
        if "published" in said:
            said.add("status")
        if said & {"image_url", "variant_image"}:
            said.add("images")
        # Without a tracker column a quantity says it: who counts, tracks.
        if "quantity" in said:
            said.add("tracked")
        return frozenset(said)

    def keys(self, *, of_variant: bool) -> tuple[tuple[str, str], ...]:
        """Return (namespace, key) of every metafield column of products or of variants."""
        return tuple((extra.namespace, extra.key) for extra in self.extras if extra.of_variant is of_variant)


def columns_of(header: Sequence[str]) -> Columns:
    """Read a header row. Raises UnreadableFile when a needed column is missing or one is there twice."""
    fields: dict[str, int] = {}
    extras: list[ExtraColumn] = []
    taken: set[tuple[bool, str, str]] = set()
    for index, name in enumerate(header):
        field = FIELD_OF_COLUMN.get(name.casefold())
        if field in fields:
            message = f"two columns hold the same: {header[fields[field]]!r} and {name!r}"
            raise UnreadableFile(message, column=name)
        if field is not None:
            fields[field] = index
        elif name:
            extras.append(_extra(index, name, taken))
    missing = [name for field, name in REQUIRED.items() if field not in fields]
    if missing:
        message = f"there is no column {', '.join(missing)}"
        raise UnreadableFile(message)
    return Columns(tuple(header), fields, tuple(extras))


def _extra(index: int, name: str, taken: set[tuple[bool, str, str]]) -> ExtraColumn:
    own = _OWN_NAME.fullmatch(name)
    if own:
        of_variant, namespace, key = own[1].casefold() == "variant", own[2], own[3]
    else:
        lower = name.casefold()
        of_variant = lower in _VARIANT_COLUMNS or lower.startswith(_VARIANT_STARTS)
        namespace, key = METAFIELD_NAMESPACE, _NOT_KEY.sub("-", lower).strip("-_") or f"column-{index + 1}"
    namespace, key = namespace[:NAMESPACE_CHARS_MAX], key[:KEY_CHARS_MAX]
    if (of_variant, namespace, key) in taken:
        suffix = f"-{index + 1}"
        key = key[: KEY_CHARS_MAX - len(suffix)] + suffix
    taken.add((of_variant, namespace, key))
    return ExtraColumn(index, namespace, key, of_variant)
