"""Carts coming in."""

import strawberry

from resolvers.cart_draft import CartDraft, CartLineChange, CartLineDraft
from resolvers.keep import KEEP, Keep
from schema.attribute import AttributeInput, words_of
from schema.given import given, known, plain
from schema.scalars import RegionCode


def attributes_of(attributes: list[AttributeInput] | None) -> dict[str, str] | Keep:
    """Return attributes by name; KEEP when they were left out."""
    sent = plain(attributes)
    return KEEP if sent is None else words_of(sent)


@strawberry.input(description="Pieces of a variant to put into the cart.")
class CartLineAddInput:
    """The same variant with the same attributes adds up."""

    variant_id: strawberry.ID = strawberry.field(description="Which variant.")
    quantity: int = strawberry.field(default=1, description="Pieces, 1 to 9,999.")
    attributes: list[AttributeInput] | None = strawberry.field(
        default=strawberry.UNSET, description="The client's own words, such as an engraving; another line for others."
    )
    share_token: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="The share that brought the wish; what the visit came by (X-Visit-Id) when left out.",
    )

    def draft(self) -> CartLineDraft:
        """Return it as the command takes it."""
        return CartLineDraft(
            variant_id=known("var", self.variant_id),
            quantity=self.quantity,
            attributes=words_of(plain(self.attributes)),
            share_token=plain(self.share_token),
        )


@strawberry.input(description="What shall be different in a line. What is left out stays.")
class CartLineUpdateInput:
    """A line that becomes like another joins it."""

    line_id: strawberry.ID = strawberry.field(description="Which line.")
    quantity: int | None = strawberry.field(default=strawberry.UNSET, description="Pieces, 1 to 9,999.")
    selected: bool | None = strawberry.field(default=strawberry.UNSET, description="Whether it is ticked.")
    variant_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="Another variant: another colour or size."
    )
    attributes: list[AttributeInput] | None = strawberry.field(
        default=strawberry.UNSET, description="All attributes anew."
    )

    def change(self) -> CartLineChange:
        """Return it as the command takes it."""
        variant_id = plain(self.variant_id)
        return CartLineChange(
            line_id=known("cln", self.line_id),
            quantity=given(self.quantity),
            selected=given(self.selected),
            variant_id=KEEP if variant_id is None else known("var", variant_id),
            attributes=attributes_of(self.attributes),
        )


@strawberry.input(description="What to begin a cart with.")
class CartCreateInput:
    """Lines are added to what is there."""

    lines: list[CartLineAddInput] = strawberry.field(default_factory=list, description="What to put in.")
    note: str | None = strawberry.field(
        default=strawberry.UNSET, description="What the buyer wants to tell the shop, at most 500 characters."
    )
    attributes: list[AttributeInput] | None = strawberry.field(
        default=strawberry.UNSET, description="The client's own words; all anew."
    )

    def draft(self) -> CartDraft:
        """Return it as the command takes it."""
        return CartDraft(
            lines=[line.draft() for line in self.lines],
            note=given(self.note),
            attributes=attributes_of(self.attributes),
        )


@strawberry.input(description="Where freight is estimated for: an address or a region; neither takes it away.")
class CartBuyerInput:
    """One of the two."""

    address_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="An address of the customer's book."
    )
    region_code: RegionCode | None = strawberry.field(
        default=strawberry.UNSET, description="A region, for who has no address yet or is not logged in."
    )
