"""Metafields coming in, with or without the owner they belong to."""

from typing import Final

import strawberry

from ids import decode_id
from models.metafield import MetafieldType as StoredType
from models.metafield import MetafieldVisibility as StoredVisibility
from models.metafield import OwnerKind
from resolvers.checks import NOBODY
from resolvers.metafield import MetafieldName
from resolvers.metafield_draft import MetafieldDraft
from resolvers.metafield_owner import Owner
from resolvers.metafield_save import OwnedMetafield
from schema.given import optional, stored_or
from schema.metafield import MetafieldType, MetafieldVisibility

_OWNER: Final = "Id of a product or variant, of a customer, a cart, one of its lines or an order."
_KINDS: Final = {
    "prd": OwnerKind.PRODUCT,
    "var": OwnerKind.VARIANT,
    "cus": OwnerKind.CUSTOMER,
    "crt": OwnerKind.CART,
    "cln": OwnerKind.CART_LINE,
    "ord": OwnerKind.ORDER,
}


@strawberry.input(description="A typed extra. One with the same namespace and key is replaced.")
class MetafieldInput:
    """Of the product or variant that it is sent with."""

    namespace: str = strawberry.field(description="Whose it is, at most 64 characters: `custom`.")
    key: str = strawberry.field(description="What it is called, at most 128 characters: `care`.")
    value: str = strawberry.field(description="The value as text; it must read as its type.")
    type: MetafieldType | None = optional("How to read the value; STRING when left out.")
    visibility: MetafieldVisibility | None = optional("Who sees it; PRIVATE when left out.")

    def draft(self) -> MetafieldDraft:
        """Return it as the command takes it."""
        return MetafieldDraft(
            namespace=self.namespace,
            key=self.key,
            value=self.value,
            type=stored_or(StoredType, self.type, StoredType.STRING),
            visibility=stored_or(StoredVisibility, self.visibility, StoredVisibility.PRIVATE),
        )


@strawberry.input(description="A typed extra and what has it.")
class MetafieldSetInput(MetafieldInput):
    """The owner's id tells its kind."""

    owner_id: strawberry.ID = strawberry.field(description=_OWNER)

    def owned(self) -> OwnedMetafield:
        """Return it as the command takes it."""
        return OwnedMetafield(self.draft(), owner(self.owner_id))


@strawberry.input(description="Names one metafield of one owner.")
class MetafieldNameInput:
    """By owner, namespace and key."""

    owner_id: strawberry.ID = strawberry.field(description=_OWNER)
    namespace: str = strawberry.field(description="Its namespace.")
    key: str = strawberry.field(description="Its key.")

    def name(self) -> MetafieldName:
        """Return it as the command takes it."""
        return MetafieldName(self.namespace, self.key, owner(self.owner_id))


def owner(id: str) -> Owner:
    """Return what an id names by its prefix; one of no such kind is a product that is not found."""
    for prefix, kind in _KINDS.items():
        if found := decode_id(prefix, id):
            return Owner(kind, found)
    return Owner(OwnerKind.PRODUCT, NOBODY)
