"""What staff can do with products."""

from datetime import datetime
from typing import Annotated

import strawberry

from models.staff import Role
from resolvers import product as resolver
from schema.attempt import IdempotencyKey, Info, attempt, referred, referred_list, staff_mutation
from schema.given import global_id, known, known_all
from schema.media_input import MediaInput
from schema.payload import Payload, Version, outcome
from schema.product import Product
from schema.product_input import ProductCreateInput, ProductUpdateInput, ProductUpsertInput

ProductId = Annotated[strawberry.ID, strawberry.argument(description="The product.")]
ProductIds = Annotated[list[strawberry.ID], strawberry.argument(description="The products, at most 250.")]


@strawberry.type(description="What became of a product.")
class OneProduct(Payload):
    """For mutations of one."""

    product: Product | None = outcome("The product as it is now.")


@strawberry.type(description="What became of several products.")
class ManyProducts(Payload):
    """For mutations of many."""

    products: list[Product] | None = outcome("The products as they are now, in the order of the input.")


@strawberry.type(description="What became of productCreate.")
class ProductCreatePayload(OneProduct):
    """The new one."""


@strawberry.type(description="What became of productUpdate.")
class ProductUpdatePayload(OneProduct):
    """The changed one."""


@strawberry.type(description="What became of productMediaSet.")
class ProductMediaSetPayload(OneProduct):
    """With its new media."""


@strawberry.type(description="What became of productDelete.")
class ProductDeletePayload(Payload):
    """An id that names nothing any more."""

    deleted_product_id: strawberry.ID | None = outcome("The id of the product that is gone.")


@strawberry.type(description="What became of productsUpsert.")
class ProductsUpsertPayload(ManyProducts):
    """Changed and new ones."""


@strawberry.type(description="What became of productsPublish.")
class ProductsPublishPayload(ManyProducts):
    """With their window."""


@strawberry.type(description="What became of productsUnpublish.")
class ProductsUnpublishPayload(ManyProducts):
    """Off the shelf, now or later."""


@strawberry.type
class ProductMutation:
    """Part of Mutation."""

    @staff_mutation("Make a product with its variants, options, media and metafields.", Role.CATALOGUE)
    async def product_create(
        self,
        info: Info,
        input: Annotated[ProductCreateInput, strawberry.argument(description="What it shall be.")],
        idempotency_key: IdempotencyKey,
    ) -> ProductCreatePayload:
        """Read back with the client's selection."""
        caller = info.context.caller
        id_, errors = await attempt(caller, resolver.product_create(caller, input.draft(), idempotency_key))
        return ProductCreatePayload(product=referred(Product, id_), user_errors=errors)

    @staff_mutation("Change a product; lists that are sent are the whole list.", Role.CATALOGUE)
    async def product_update(
        self,
        info: Info,
        id: ProductId,
        input: Annotated[ProductUpdateInput, strawberry.argument(description="What shall be different.")],
    ) -> ProductUpdatePayload:
        """Refused with CONFLICT for a stale version."""
        caller = info.context.caller
        id_, errors = await attempt(caller, resolver.product_update(caller, known("prd", id), input.draft()))
        return ProductUpdatePayload(product=referred(Product, id_), user_errors=errors)

    @staff_mutation(
        "Delete a product with all it has. Refused with IN_USE when it has reviews or group-buys, or is held by orders:"
        " archive it then, by productUpdate.",
        Role.CATALOGUE,
    )
    async def product_delete(self, info: Info, id: ProductId, version: Version = None) -> ProductDeletePayload:
        """For good."""
        caller = info.context.caller
        id_, errors = await attempt(caller, resolver.product_delete(caller, known("prd", id), version))
        return ProductDeletePayload(deleted_product_id=global_id("prd", id_), user_errors=errors)

    @staff_mutation("Change or make up to 250 products at once, all of them or none.", Role.CATALOGUE)
    async def products_upsert(
        self,
        info: Info,
        products: Annotated[
            list[ProductUpsertInput], strawberry.argument(description="What they shall be, at most 250.")
        ],
        idempotency_key: IdempotencyKey,
    ) -> ProductsUpsertPayload:
        """Paths of user errors begin with `products` and the index."""
        caller, drafts = info.context.caller, [product.draft() for product in products]
        ids, errors = await attempt(caller, resolver.products_upsert(caller, drafts, idempotency_key))
        return ProductsUpsertPayload(products=referred_list(Product, ids), user_errors=errors)

    @staff_mutation("Put products on sale for a window of time, all of them or none.", Role.CATALOGUE)
    async def products_publish(
        self,
        info: Info,
        ids: ProductIds,
        opens: Annotated[
            datetime | None, strawberry.argument(name="from", description="From when; now when left out.")
        ] = None,
        closes: Annotated[
            datetime | None, strawberry.argument(name="until", description="Until when; for good when left out.")
        ] = None,
    ) -> ProductsPublishPayload:
        """They become ACTIVE."""
        caller = info.context.caller
        shown, errors = await attempt(caller, resolver.products_publish(caller, known_all("prd", ids), opens, closes))
        return ProductsPublishPayload(products=referred_list(Product, shown), user_errors=errors)

    @staff_mutation("Take products off sale, now or at a moment to come, all of them or none.", Role.CATALOGUE)
    async def products_unpublish(
        self,
        info: Info,
        ids: ProductIds,
        at: Annotated[
            datetime | None,
            strawberry.argument(description="When; left out: now, and they become DRAFT."),
        ] = None,
    ) -> ProductsUnpublishPayload:
        """A later moment must be after the window opens."""
        caller = info.context.caller
        gone, errors = await attempt(caller, resolver.products_unpublish(caller, known_all("prd", ids), at))
        return ProductsUnpublishPayload(products=referred_list(Product, gone), user_errors=errors)

    @staff_mutation("Show these pictures and films with a product, in this order, and no others.", Role.CATALOGUE)
    async def product_media_set(
        self,
        info: Info,
        product_id: ProductId,
        media: Annotated[list[MediaInput], strawberry.argument(description="The whole list, at most 250.")],
        version: Version = None,
    ) -> ProductMediaSetPayload:
        """A picture that stays keeps its id."""
        caller, wished = info.context.caller, [medium.draft() for medium in media]
        id_, errors = await attempt(
            caller, resolver.product_media_set(caller, known("prd", product_id), wished, version)
        )
        return ProductMediaSetPayload(product=referred(Product, id_), user_errors=errors)
