"""A wished line: what somebody means to buy, whichever way they came to it: the cart, a link, an offer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True, slots=True)
class WishedLine:
    """One variant, how many pieces, in which words. `cart_line_id` is the line it leaves when the order is placed.

    `share_link_id` is the share that brought the wish, for whoever is to be thanked for it.
    """

    variant_id: UUID
    quantity: int
    attributes: Mapping[str, str] = field(default_factory=dict)
    share_link_id: UUID | None = None
    cart_line_id: UUID | None = None
