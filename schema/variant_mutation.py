"""What staff can do with the variants of a product."""

from typing import Annotated

import strawberry

from models.staff import Role
from resolvers import variant as resolver
from schema.attempt import IdempotencyKey, Info, attempt, referred, referred_list, staff_mutation
from schema.given import global_ids, known, known_all
from schema.payload import Payload, outcome
from schema.product import Product
from schema.product_mutation import ProductId
from schema.variant import Variant
from schema.variant_input import VariantInput


@strawberry.type(description="What became of variantsUpsert.")
class VariantsUpsertPayload(Payload):
    """The product's figures change with them."""

    product: Product | None = outcome("The product as it is now.")
    variants: list[Variant] | None = outcome("The variants that were sent, in their order.")


@strawberry.type(description="What became of variantsDelete.")
class VariantsDeletePayload(Payload):
    """The product's figures change with them."""

    product: Product | None = outcome("The product as it is now.")
    deleted_variant_ids: list[strawberry.ID] | None = outcome("The ids of the variants that are gone.")


@strawberry.type
class VariantMutation:
    """Part of Mutation."""

    @staff_mutation("Change or make variants of a product, all of them or none; the others stay.", Role.CATALOGUE)
    async def variants_upsert(
        self,
        info: Info,
        product_id: ProductId,
        variants: Annotated[list[VariantInput], strawberry.argument(description="What they shall be, at most 250.")],
        idempotency_key: IdempotencyKey,
    ) -> VariantsUpsertPayload:
        """Every change of price is kept in the price history."""
        caller, of, drafts = info.context.caller, known("prd", product_id), [variant.draft() for variant in variants]
        ids, errors = await attempt(caller, resolver.variants_upsert(caller, of, drafts, idempotency_key))
        return VariantsUpsertPayload(
            product=referred(Product, None if errors else of), variants=referred_list(Variant, ids), user_errors=errors
        )

    @staff_mutation(
        "Delete variants of a product, all of them or none. A product keeps at least one; refused with IN_USE when"
        " orders hold some.",
        Role.CATALOGUE,
    )
    async def variants_delete(
        self,
        info: Info,
        product_id: ProductId,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="The variants.")],
    ) -> VariantsDeletePayload:
        """For good."""
        caller, of = info.context.caller, known("prd", product_id)
        gone, errors = await attempt(caller, resolver.variants_delete(caller, of, known_all("var", ids)))
        return VariantsDeletePayload(
            product=referred(Product, None if errors else of),
            deleted_variant_ids=global_ids("var", gone),
            user_errors=errors,
        )
