"""What staff can do with collections."""

from typing import Annotated

import strawberry

from models.collection import CollectionKind as StoredKind
from models.staff import Role
from resolvers import collection as resolver
from schema.attempt import IdempotencyKey, Info, attempt, referred, staff_mutation
from schema.collection import Collection
from schema.collection_input import CollectionCreateInput, CollectionUpdateInput
from schema.given import as_stored, global_id, known, known_all, known_or_none, plain
from schema.payload import Payload, Version, outcome

CollectionId = Annotated[strawberry.ID, strawberry.argument(description="The collection.")]
ProductIds = Annotated[list[strawberry.ID], strawberry.argument(description="The products, at most 250.")]


@strawberry.type(description="What became of a collection.")
class OneCollection(Payload):
    """For mutations of one."""

    collection: Collection | None = outcome("The collection as it is now.")


@strawberry.type(description="What became of collectionCreate.")
class CollectionCreatePayload(OneCollection):
    """The new one."""


@strawberry.type(description="What became of collectionUpdate.")
class CollectionUpdatePayload(OneCollection):
    """The changed one."""


@strawberry.type(description="What became of collectionDelete.")
class CollectionDeletePayload(Payload):
    """Its products stay in the shop."""

    deleted_collection_id: strawberry.ID | None = outcome("The id of the collection that is gone.")


@strawberry.type(description="What became of collectionProductsAdd.")
class CollectionProductsAddPayload(OneCollection):
    """With its new members."""


@strawberry.type(description="What became of collectionProductsRemove.")
class CollectionProductsRemovePayload(OneCollection):
    """Without them."""


@strawberry.type(description="What became of collectionProductsMove.")
class CollectionProductsMovePayload(OneCollection):
    """In its new order."""


@strawberry.type
class CollectionMutation:
    """Part of Mutation."""

    @staff_mutation("Make a collection; one of kind RULE is filled at once.", Role.CATALOGUE)
    async def collection_create(
        self,
        info: Info,
        input: Annotated[CollectionCreateInput, strawberry.argument(description="What it shall be.")],
        idempotency_key: IdempotencyKey,
    ) -> CollectionCreatePayload:
        """Empty when MANUAL."""
        caller, kind = info.context.caller, as_stored(StoredKind, input.kind)
        id_, errors = await attempt(caller, resolver.collection_create(caller, kind, input.draft(), idempotency_key))
        return CollectionCreatePayload(collection=referred(Collection, id_), user_errors=errors)

    @staff_mutation("Change a collection; new rules fill it anew.", Role.CATALOGUE)
    async def collection_update(
        self,
        info: Info,
        id: CollectionId,
        input: Annotated[CollectionUpdateInput, strawberry.argument(description="What shall be different.")],
    ) -> CollectionUpdatePayload:
        """Its kind stays."""
        caller = info.context.caller
        id_, errors = await attempt(
            caller, resolver.collection_update(caller, known("col", id), input.draft(), plain(input.version))
        )
        return CollectionUpdatePayload(collection=referred(Collection, id_), user_errors=errors)

    @staff_mutation("Delete a collection; its products stay in the shop.", Role.CATALOGUE)
    async def collection_delete(self, info: Info, id: CollectionId, version: Version = None) -> CollectionDeletePayload:
        """For good."""
        caller = info.context.caller
        id_, errors = await attempt(caller, resolver.collection_delete(caller, known("col", id), version))
        return CollectionDeletePayload(deleted_collection_id=global_id("col", id_), user_errors=errors)

    @staff_mutation(
        "Put products at the end of a MANUAL collection, all of them or none; those in it keep their place.",
        Role.CATALOGUE,
    )
    async def collection_products_add(
        self, info: Info, id: CollectionId, product_ids: ProductIds
    ) -> CollectionProductsAddPayload:
        """Refused with NOT_ALLOWED for kind RULE."""
        caller = info.context.caller
        id_, errors = await attempt(
            caller, resolver.collection_products_add(caller, known("col", id), known_all("prd", product_ids))
        )
        return CollectionProductsAddPayload(collection=referred(Collection, id_), user_errors=errors)

    @staff_mutation("Take products out of a MANUAL collection, all of them or none.", Role.CATALOGUE)
    async def collection_products_remove(
        self, info: Info, id: CollectionId, product_ids: ProductIds
    ) -> CollectionProductsRemovePayload:
        """They stay in the shop."""
        caller = info.context.caller
        id_, errors = await attempt(
            caller, resolver.collection_products_remove(caller, known("col", id), known_all("prd", product_ids))
        )
        return CollectionProductsRemovePayload(collection=referred(Collection, id_), user_errors=errors)

    @staff_mutation("Give members of a MANUAL collection another place, in the order they are sent.", Role.CATALOGUE)
    async def collection_products_move(
        self,
        info: Info,
        id: CollectionId,
        product_ids: ProductIds,
        after: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="The member they shall follow; left out: they come first."),
        ] = None,
    ) -> CollectionProductsMovePayload:
        """The others close up."""
        caller, wanted = info.context.caller, known_all("prd", product_ids)
        id_, errors = await attempt(
            caller,
            resolver.collection_products_move(caller, known("col", id), wanted, known_or_none("prd", after)),
        )
        return CollectionProductsMovePayload(collection=referred(Collection, id_), user_errors=errors)
