"""Metafields coming in, with or without the owner they belong to."""

from uuid import UUID

import strawberry

from ids import decode_id
from models.metafield import MetafieldType as StoredType
from models.metafield import MetafieldVisibility as StoredVisibility
from resolvers.checks import NOBODY
from resolvers.metafield import MetafieldName
from resolvers.metafield_draft import MetafieldDraft
from resolvers.metafield_save import OwnedMetafield
from schema.given import optional, stored_or
from schema.metafield import MetafieldType, MetafieldVisibility


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


@strawberry.input(description="A typed extra and the product or variant that has it.")
class MetafieldSetInput(MetafieldInput):
    """The owner's id tells its kind."""

    owner_id: strawberry.ID = strawberry.field(description="Id of a product or variant.")

    def owned(self) -> OwnedMetafield:
        """Return it as the command takes it."""
        product_id, variant_id = owner(self.owner_id)
        return OwnedMetafield(self.draft(), product_id=product_id, variant_id=variant_id)


@strawberry.input(description="Names one metafield of one owner.")
class MetafieldNameInput:
    """By owner, namespace and key."""

    owner_id: strawberry.ID = strawberry.field(description="Id of a product or variant.")
    namespace: str = strawberry.field(description="Its namespace.")
    key: str = strawberry.field(description="Its key.")

    def name(self) -> MetafieldName:
        """Return it as the command takes it."""
        product_id, variant_id = owner(self.owner_id)
        return MetafieldName(self.namespace, self.key, product_id=product_id, variant_id=variant_id)


def owner(id: str) -> tuple[UUID | None, UUID | None]:
    """Return product and variant of which one is given; an id of neither kind is a product that is not found."""
    variant_id = decode_id("var", id)
    return (None, variant_id) if variant_id else (decode_id("prd", id) or NOBODY, None)
