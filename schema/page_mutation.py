"""What staff can do with pages."""

from typing import Annotated

import strawberry

from models.staff import Role
from resolvers import page as resolver
from schema.attempt import IdempotencyKey, Info, attempt, referred, staff_mutation
from schema.given import global_id, known
from schema.page import Page
from schema.page_input import PageUpsertInput
from schema.payload import Payload, Version, outcome


@strawberry.type(description="What became of pageUpsert.")
class PageUpsertPayload(Payload):
    """New or changed."""

    page: Page | None = outcome("The page as it is now.")


@strawberry.type(description="What became of pageDelete.")
class PageDeletePayload(Payload):
    """It is gone."""

    deleted_page_id: strawberry.ID | None = outcome("The id of the page that is gone.")


@strawberry.type
class PageMutation:
    """Part of Mutation."""

    @staff_mutation("Put a page together, or change one.", Role.CATALOGUE)
    async def page_upsert(
        self,
        info: Info,
        input: Annotated[PageUpsertInput, strawberry.argument(description="The page.")],
        idempotency_key: IdempotencyKey,
    ) -> PageUpsertPayload:
        """With all its blocks, or leaving them as they are."""
        caller = info.context.caller
        id_, errors = await attempt(caller, resolver.page_upsert(caller, input.draft(), idempotency_key))
        return PageUpsertPayload(page=referred(Page, id_), user_errors=errors)

    @staff_mutation("Take a page away. What led to it leads home from now on.", Role.CATALOGUE)
    async def page_delete(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The page.")],
        version: Version = None,
    ) -> PageDeletePayload:
        """For good."""
        caller = info.context.caller
        id_, errors = await attempt(caller, resolver.page_delete(caller, known("pag", id), version))
        return PageDeletePayload(deleted_page_id=global_id("pag", id_), user_errors=errors)
