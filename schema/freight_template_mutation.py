"""What staff can do with freight templates."""

from typing import Annotated

import strawberry

from models.staff import Role
from resolvers import freight_template as resolver
from schema.attempt import IdempotencyKey, Info, attempt, referred, referred_list, staff_mutation
from schema.freight_template import FreightTemplate
from schema.freight_template_input import FreightTemplateCreateInput, FreightTemplateUpdateInput
from schema.given import global_id, known, known_or_none
from schema.payload import Payload, Version, outcome

TemplateId = Annotated[strawberry.ID, strawberry.argument(description="The template.")]


@strawberry.type(description="What became of freightTemplateCreate.")
class FreightTemplateCreatePayload(Payload):
    """The new one."""

    freight_template: FreightTemplate | None = outcome("The template as it is now.")


@strawberry.type(description="What became of freightTemplateUpdate.")
class FreightTemplateUpdatePayload(Payload):
    """The changed one."""

    freight_template: FreightTemplate | None = outcome("The template as it is now.")


@strawberry.type(description="What became of freightTemplateDelete.")
class FreightTemplateDeletePayload(Payload):
    """It is gone."""

    deleted_freight_template_id: strawberry.ID | None = outcome("The id of the template that is gone.")


@strawberry.type(description="What became of freightTemplateSetDefault.")
class FreightTemplateSetDefaultPayload(Payload):
    """All of them, for two may have changed."""

    freight_templates: list[FreightTemplate] | None = outcome("All templates as they are now, the oldest first.")


@strawberry.type
class FreightTemplateMutation:
    """Part of Mutation."""

    @staff_mutation("Make a freight template.", Role.CATALOGUE)
    async def freight_template_create(
        self,
        info: Info,
        input: Annotated[FreightTemplateCreateInput, strawberry.argument(description="The template.")],
        idempotency_key: IdempotencyKey,
    ) -> FreightTemplateCreatePayload:
        """With all its rules."""
        caller = info.context.caller
        wish = resolver.freight_template_create(caller, input.draft(), idempotency_key)
        id_, errors = await attempt(caller, wish)
        return FreightTemplateCreatePayload(freight_template=referred(FreightTemplate, id_), user_errors=errors)

    @staff_mutation("Change a freight template. What was ordered before keeps its freight.", Role.CATALOGUE)
    async def freight_template_update(
        self,
        info: Info,
        id: TemplateId,
        input: Annotated[FreightTemplateUpdateInput, strawberry.argument(description="What shall be different.")],
    ) -> FreightTemplateUpdatePayload:
        """Given rules are the whole list."""
        caller = info.context.caller
        wish = resolver.freight_template_update(caller, known("frt", id), input.draft())
        id_, errors = await attempt(caller, wish)
        return FreightTemplateUpdatePayload(freight_template=referred(FreightTemplate, id_), user_errors=errors)

    @staff_mutation(
        "Delete a freight template. Refused with IN_USE while a product has it or it is the default.", Role.CATALOGUE
    )
    async def freight_template_delete(
        self, info: Info, id: TemplateId, version: Version = None
    ) -> FreightTemplateDeletePayload:
        """For good."""
        caller = info.context.caller
        id_, errors = await attempt(caller, resolver.freight_template_delete(caller, known("frt", id), version))
        return FreightTemplateDeletePayload(deleted_freight_template_id=global_id("frt", id_), user_errors=errors)

    @staff_mutation(
        "Say which template products without one have. Without an id there is none, and they are sent for nothing.",
        Role.CATALOGUE,
    )
    async def freight_template_set_default(
        self,
        info: Info,
        id: Annotated[
            strawberry.ID | None, strawberry.argument(description="The template; none when left out.")
        ] = None,
    ) -> FreightTemplateSetDefaultPayload:
        """One at most."""
        caller = info.context.caller
        ids, errors = await attempt(caller, resolver.freight_template_set_default(caller, known_or_none("frt", id)))
        return FreightTemplateSetDefaultPayload(
            freight_templates=referred_list(FreightTemplate, ids), user_errors=errors
        )
