"""What a shop can do with its promoters."""

from typing import Annotated

import strawberry

from models.promoter import PromoterKind as StoredKind
from models.staff import Role
from resolvers import promoter as resolver
from resolvers.promoter import PromoterDraft
from schema.attempt import IdempotencyKey, Info, attempt, referred, staff_mutation
from schema.given import as_stored, given, given_or_null, known, known_or_keep, optional, plain
from schema.payload import Payload, outcome
from schema.promoter import Promoter, PromoterKind
from schema.scalars import Url


@strawberry.input(description="What a promoter has beside a name.")
class PromoterFieldsInput:
    """What is left out stays as it is."""

    avatar_url: Url | None = optional("A picture; null for none.")
    staff_id: strawberry.ID | None = optional("The member of staff who it is; null for none. Their shares are its own.")
    customer_id: strawberry.ID | None = optional("The customer who it is; null for none. Their shares are its own.")
    active: bool | None = optional("Whether visits are put to their credit; true when a new one says nothing.")

    def fields(self, name: str | None) -> PromoterDraft:
        """Return what was said, as the command takes it."""
        return PromoterDraft(
            name=given(name),
            avatar_url=given_or_null(self.avatar_url),
            staff_id=known_or_keep("stf", self.staff_id),
            customer_id=known_or_keep("cus", self.customer_id),
            active=given(self.active),
        )


@strawberry.input(description="Somebody who brings visitors.")
class PromoterCreateInput(PromoterFieldsInput):
    """The kind stays for good."""

    kind: PromoterKind = strawberry.field(description="What makes them one.")
    name: str = strawberry.field(description="As visitors read it; 1 to 64 characters.")

    def draft(self) -> PromoterDraft:
        """Return it as the command takes it."""
        return self.fields(self.name)


@strawberry.input(description="What shall be different in a promoter. What is left out stays as it is.")
class PromoterUpdateInput(PromoterFieldsInput):
    """`version` guards against overwriting what somebody else wrote."""

    version: int | None = optional("The version you have read; refused with CONFLICT when it no longer stands.")
    name: str | None = optional("As visitors read it; 1 to 64 characters.")

    def draft(self) -> PromoterDraft:
        """Return it as the command takes it."""
        return self.fields(self.name)


@strawberry.type(description="What became of promoterCreate.")
class PromoterCreatePayload(Payload):
    """The new one."""

    promoter: Promoter | None = outcome("The promoter as it is now.")


@strawberry.type(description="What became of promoterUpdate.")
class PromoterUpdatePayload(Payload):
    """The changed one."""

    promoter: Promoter | None = outcome("The promoter as it is now.")


@strawberry.type
class PromoterMutation:
    """Part of Mutation."""

    @staff_mutation("Name somebody who brings visitors. Refused with TAKEN for who is a promoter already.", Role.OWNER)
    async def promoter_create(
        self,
        info: Info,
        input: Annotated[PromoterCreateInput, strawberry.argument(description="Who it shall be.")],
        idempotency_key: IdempotencyKey,
    ) -> PromoterCreatePayload:
        """Read back with the client's selection."""
        caller, kind = info.context.caller, as_stored(StoredKind, input.kind)
        id_, errors = await attempt(caller, resolver.promoter_create(caller, kind, input.draft(), idempotency_key))
        return PromoterCreatePayload(promoter=referred(Promoter, id_), user_errors=errors)

    @staff_mutation("Change a promoter, or let one go: who is not active is credited with nothing more.", Role.OWNER)
    async def promoter_update(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The promoter.")],
        input: Annotated[PromoterUpdateInput, strawberry.argument(description="What shall be different.")],
    ) -> PromoterUpdatePayload:
        """Refused with CONFLICT for a stale version."""
        caller, version = info.context.caller, plain(input.version)
        id_, errors = await attempt(caller, resolver.promoter_update(caller, known("pro", id), input.draft(), version))
        return PromoterUpdatePayload(promoter=referred(Promoter, id_), user_errors=errors)
