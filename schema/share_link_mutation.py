"""Passing something on."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from models.share_link import ShareTarget as StoredTarget
from resolvers import share_link as resolver
from resolvers.share_link import ShareDraft
from schema.attempt import IdempotencyKey, Info, attempt, open_mutation, referred
from schema.given import known_or_none, optional, plain
from schema.payload import Payload, outcome
from schema.share_link import ShareLink


@strawberry.input(description="What to pass on: exactly one of these, else it is refused with INVALID.")
class ShareTargetInput:
    """One way to say it for each kind."""

    product_id: strawberry.ID | None = optional("A product.")
    collection_id: strawberry.ID | None = optional("A collection.")
    page_id: strawberry.ID | None = optional("A page that the shop put together.")
    team_id: strawberry.ID | None = optional("A team that is forming.")
    shop: bool | None = optional("The shop's home page, when true.")

    def named(self) -> list[tuple[StoredTarget, UUID | None]]:
        """Return what was named."""
        ids = {
            StoredTarget.PRODUCT: known_or_none("prd", self.product_id),
            StoredTarget.COLLECTION: known_or_none("col", self.collection_id),
            StoredTarget.PAGE: known_or_none("pag", self.page_id),
            StoredTarget.TEAM: known_or_none("gbt", self.team_id),
        }
        shop: list[tuple[StoredTarget, UUID | None]] = [(StoredTarget.SHOP, None)] if plain(self.shop) else []
        return [*((kind, id_) for kind, id_ in ids.items() if id_ is not None), *shop]


@strawberry.input(description="A share link to make.")
class ShareCreateInput:
    """Whose it is follows from who asks."""

    target: ShareTargetInput = strawberry.field(description="What to pass on.")
    channel: str | None = optional("Where it is passed on: `moments`, `poster`, ...; at most 64 characters.")
    campaign: str | None = optional("For which campaign; at most 64 characters.")
    parent_token: str | None = optional("The token that had brought the one who shares; unknown ones are left out.")
    expires_at: datetime | None = optional("When it ends; left out it does not.")
    promoter_id: strawberry.ID | None = optional(
        "In whose name; for staff only. Left out: in their own, or the shop's."
    )

    def draft(self) -> ShareDraft:
        """Return it as the command takes it."""
        return ShareDraft(
            targets=self.target.named(),
            channel=plain(self.channel),
            campaign=plain(self.campaign),
            parent_token=plain(self.parent_token),
            expires_at=plain(self.expires_at),
            promoter_id=known_or_none("pro", self.promoter_id),
        )


@strawberry.type(description="What became of shareCreate.")
class ShareCreatePayload(Payload):
    """The new one."""

    share_link: ShareLink | None = outcome("The link.")


@strawberry.type
class ShareLinkMutation:
    """Part of Mutation."""

    @open_mutation(
        "Pass something on: makes a link of the customer's own, of the promoter who asks, or of the shop"
        " when staff ask. Refused with LOGIN_REQUIRED for visitors."
    )
    async def share_create(
        self,
        info: Info,
        input: Annotated[ShareCreateInput, strawberry.argument(description="What to pass on, and where.")],
        idempotency_key: IdempotencyKey,
    ) -> ShareCreatePayload:
        """Each share is a link of its own, so that each can be followed."""
        caller = info.context.caller
        id_, errors = await attempt(caller, resolver.share_create(caller, input.draft(), idempotency_key))
        return ShareCreatePayload(share_link=referred(ShareLink, id_), user_errors=errors)
