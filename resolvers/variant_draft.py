"""A variant as it shall be, and what is wrong with the wish by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from models.product import Origin
from models.refusal import Refusal
from models.variant import InventoryPolicy
from resolvers.checks import Checks, Step
from resolvers.keep import KEEP, Keep
from resolvers.metafield_draft import MetafieldDraft, metafield_refusals

WEIGHT_GRAMS_MAX: Final = 100_000_000
STOCK_MAX: Final = 1_000_000_000_000
SOURCE_CHARS_MAX: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantDraft:
    """KEEP leaves what is stored, or takes the default for a new variant; a new one needs a price.

    `id` names a stored variant; without it, one with the same option values is taken to be the same.
    `on_hand` is how many there shall be at the default location (pieces); the difference is written as a move.
    `media_url` names one of the product's pictures by its address.
    """

    id: UUID | None = None
    version: int | None = None
    option_values: Sequence[str] | Keep = KEEP
    sku: str | Keep = KEEP
    barcode: str | Keep = KEEP
    price_fen: int | Keep = KEEP
    compare_at_price_fen: int | Keep | None = KEEP
    cost_fen: int | Keep | None = KEEP
    tracked: bool | Keep = KEEP
    inventory_policy: InventoryPolicy | Keep = KEEP
    requires_shipping: bool | Keep = KEEP
    weight_grams: int | Keep = KEEP
    media_url: str | Keep | None = KEEP
    per_person_limit: int | Keep | None = KEEP
    per_order_limit: int | Keep | None = KEEP
    origin: Origin | Keep = KEEP
    source: str | Keep = KEEP
    external_id: str | Keep | None = KEEP
    on_hand: int | Keep = KEEP
    metafields: Sequence[MetafieldDraft] = ()


VARIANT_DEFAULTS: Final[dict[str, Any]] = {
    "sku": "",
    "barcode": "",
    "price_fen": 0,
    "compare_at_price_fen": None,
    "cost_fen": None,
    "tracked": True,
    "inventory_policy": InventoryPolicy.DENY,
    "requires_shipping": True,
    "weight_grams": 0,
    "per_person_limit": None,
    "per_order_limit": None,
    "origin": Origin.OWN,
    "source": "",
    "external_id": None,
}
"""Column -> what a new variant has when nothing is said; the price must be said."""


def variant_refusals(draft: VariantDraft, *prefix: Step) -> list[Refusal]:
    """Say what is wrong with one variant by itself."""
    checks = Checks(*prefix)
    if not isinstance(draft.option_values, Keep):
        for index, value in enumerate(draft.option_values):
            checks.text(value, "optionValues", index, blank=False)
    checks.text(draft.sku, "sku")
    checks.text(draft.barcode, "barcode")
    checks.fen(draft.price_fen, "price")
    checks.fen(draft.compare_at_price_fen, "compareAtPrice")
    checks.fen(draft.cost_fen, "cost")
    checks.number(draft.weight_grams, "weightGrams", most=WEIGHT_GRAMS_MAX)
    checks.url(draft.media_url, "mediaUrl")
    checks.number(draft.per_person_limit, "perPersonLimit", least=1)
    checks.number(draft.per_order_limit, "perOrderLimit", least=1)
    checks.text(draft.source, "source", chars=SOURCE_CHARS_MAX)
    checks.text(draft.external_id, "externalId", blank=False)
    checks.number(draft.on_hand, "onHand", most=STOCK_MAX)
    checks.add(metafield_refusals(draft.metafields), "metafields")
    return checks.refusals
