"""What staff can do with the category tree."""

from typing import Annotated

import strawberry

from models.staff import Role
from resolvers import category as resolver
from schema.attempt import IdempotencyKey, Info, attempt, referred, staff_mutation
from schema.category import Category
from schema.category_input import CategoryCreateInput, CategoryUpdateInput
from schema.given import global_id, known, plain
from schema.payload import Payload, Version, outcome

CategoryId = Annotated[strawberry.ID, strawberry.argument(description="The category.")]


@strawberry.type(description="What became of categoryCreate.")
class CategoryCreatePayload(Payload):
    """The new one."""

    category: Category | None = outcome("The category as it is now.")


@strawberry.type(description="What became of categoryUpdate.")
class CategoryUpdatePayload(Payload):
    """The changed one."""

    category: Category | None = outcome("The category as it is now.")


@strawberry.type(description="What became of categoryDelete.")
class CategoryDeletePayload(Payload):
    """An id that names nothing any more."""

    deleted_category_id: strawberry.ID | None = outcome("The id of the category that is gone.")


@strawberry.type
class CategoryMutation:
    """Part of Mutation."""

    @staff_mutation("Make a category, at the root or below another.", Role.CATALOGUE)
    async def category_create(
        self,
        info: Info,
        input: Annotated[CategoryCreateInput, strawberry.argument(description="What it shall be.")],
        idempotency_key: IdempotencyKey,
    ) -> CategoryCreatePayload:
        """At most ten levels."""
        caller = info.context.caller
        id_, errors = await attempt(caller, resolver.category_create(caller, input.draft(), idempotency_key))
        return CategoryCreatePayload(category=referred(Category, id_), user_errors=errors)

    @staff_mutation(
        "Change a category. With another parent it moves there with all below it; refused with INVALID when that"
        " would put it below itself.",
        Role.CATALOGUE,
    )
    async def category_update(
        self,
        info: Info,
        id: CategoryId,
        input: Annotated[CategoryUpdateInput, strawberry.argument(description="What shall be different.")],
    ) -> CategoryUpdatePayload:
        """Collections that look at categories are filled anew."""
        caller = info.context.caller
        id_, errors = await attempt(
            caller, resolver.category_update(caller, known("cat", id), input.draft(), plain(input.version))
        )
        return CategoryUpdatePayload(category=referred(Category, id_), user_errors=errors)

    @staff_mutation("Delete a category; refused with IN_USE while anything is below or in it.", Role.CATALOGUE)
    async def category_delete(self, info: Info, id: CategoryId, version: Version = None) -> CategoryDeletePayload:
        """For good."""
        caller = info.context.caller
        id_, errors = await attempt(caller, resolver.category_delete(caller, known("cat", id), version))
        return CategoryDeletePayload(deleted_category_id=global_id("cat", id_), user_errors=errors)
