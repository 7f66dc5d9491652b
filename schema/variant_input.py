"""Variants coming in."""

import strawberry

from models.product import Origin as StoredOrigin
from models.variant import InventoryPolicy as StoredPolicy
from resolvers.variant_draft import VariantDraft
from schema.given import fen, fen_or_null, given, given_or_null, known_or_none, optional, plain, stored
from schema.metafield_input import MetafieldInput
from schema.money import MoneyInput
from schema.product import Origin
from schema.scalars import Url
from schema.variant import InventoryPolicy


@strawberry.input(
    description="A variant as it shall be. What is left out stays as it is; a new one takes the default, and needs a"
    " price. Without an id, the variant with the same option values is meant; when there is none, one is made."
)
class VariantInput:
    """Null empties what may be empty, and says nothing elsewhere."""

    id: strawberry.ID | None = optional("The variant to change.")
    version: int | None = optional("The version you have read; refused with CONFLICT when it no longer stands.")
    option_values: list[str] | None = optional("One value of each option of the product, in the options' order.")
    sku: str | None = optional("The shop's own number for it.")
    barcode: str | None = optional("EAN or other code on the pack.")
    price: MoneyInput | None = optional("What everybody pays.")
    compare_at_price: MoneyInput | None = optional("The price to strike out beside it; null for none.")
    cost: MoneyInput | None = optional("What it costs the shop; null when unknown. Never shown to customers.")
    tracked: bool | None = optional("Whether stock is counted; true when left out. Not counted is never sold out.")
    inventory_policy: InventoryPolicy | None = optional("What happens when stock is used up; DENY when left out.")
    requires_shipping: bool | None = optional("Whether something has to be sent; true when left out.")
    weight_grams: int | None = optional("Weight in grams; 0 when unknown.")
    media_url: Url | None = optional("The address of one of the product's pictures; null for none of its own.")
    per_person_limit: int | None = optional("The most one customer may ever buy, 1 or more; null without limit.")
    per_order_limit: int | None = optional("The most in one order, 1 or more; null without limit.")
    origin: Origin | None = optional("Where it comes from; OWN when left out.")
    source: str | None = optional("The system it comes from, at most 64 characters.")
    external_id: str | None = optional("Its id in that system, unique with the source; null for none.")
    on_hand: int | None = optional(
        "Pieces there shall be at the default location; the difference is written down as COUNTED. To add or take,"
        " use stockAdjust."
    )
    metafields: list[MetafieldInput] | None = optional("Extras to set; others stay.")

    def draft(self) -> VariantDraft:
        """Return it as the command takes it."""
        return VariantDraft(
            id=known_or_none("var", self.id),
            version=plain(self.version),
            option_values=given(self.option_values),
            sku=given(self.sku),
            barcode=given(self.barcode),
            price_fen=fen(self.price),
            compare_at_price_fen=fen_or_null(self.compare_at_price),
            cost_fen=fen_or_null(self.cost),
            tracked=given(self.tracked),
            inventory_policy=stored(StoredPolicy, self.inventory_policy),
            requires_shipping=given(self.requires_shipping),
            weight_grams=given(self.weight_grams),
            media_url=given_or_null(self.media_url),
            per_person_limit=given_or_null(self.per_person_limit),
            per_order_limit=given_or_null(self.per_order_limit),
            origin=stored(StoredOrigin, self.origin),
            source=given(self.source),
            external_id=given_or_null(self.external_id),
            on_hand=given(self.on_hand),
            metafields=[metafield.draft() for metafield in plain(self.metafields) or ()],
        )
