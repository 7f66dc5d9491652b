"""Drafts for tests: what a believable product is made of, with whatever the test cares about replaced."""

from typing import Any

from resolvers.option import OptionDraft
from resolvers.product_draft import ProductDraft
from resolvers.variant_draft import VariantDraft


def variant(*values: str, **more: Any) -> VariantDraft:
    """A variant at 99.00 yuan, ten in stock."""
    return VariantDraft(**{"option_values": list(values), "price_fen": 9900, "on_hand": 10, **more})


def tee(handle: str = "tee", **more: Any) -> ProductDraft:
    """A T-shirt in two sizes."""
    draft = {
        "handle": handle,
        "title": "纯棉 T 恤",
        "options": [OptionDraft("尺码", ["S", "M"])],
        "variants": [variant("S"), variant("M", price_fen=10900)],
    }
    return ProductDraft(**{**draft, **more})
