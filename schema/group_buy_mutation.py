"""What staff can do with group-buys."""

from typing import Annotated

import strawberry

from models.staff import Role
from resolvers import group_buy as resolver
from schema.attempt import IdempotencyKey, Info, attempt, referred, staff_mutation
from schema.given import known
from schema.group_buy import GroupBuy
from schema.group_buy_input import GroupBuyCreateInput, GroupBuyUpdateInput
from schema.payload import Payload, Version, outcome

GroupBuyId = Annotated[strawberry.ID, strawberry.argument(description="The group-buy.")]


@strawberry.type(description="What became of groupBuyCreate.")
class GroupBuyCreatePayload(Payload):
    """The new one."""

    group_buy: GroupBuy | None = outcome("The group-buy as it is now.")


@strawberry.type(description="What became of groupBuyUpdate.")
class GroupBuyUpdatePayload(Payload):
    """The changed one."""

    group_buy: GroupBuy | None = outcome("The group-buy as it is now.")


@strawberry.type(description="What became of groupBuyPublish.")
class GroupBuyPublishPayload(Payload):
    """On show."""

    group_buy: GroupBuy | None = outcome("The group-buy as it is now.")


@strawberry.type(description="What became of groupBuyEnd.")
class GroupBuyEndPayload(Payload):
    """Over."""

    group_buy: GroupBuy | None = outcome("The group-buy as it is now.")


@strawberry.type
class GroupBuyMutation:
    """Part of Mutation."""

    @staff_mutation("Prepare a group-buy; nobody but staff sees it until it is published.", Role.CATALOGUE)
    async def group_buy_create(
        self,
        info: Info,
        input: Annotated[GroupBuyCreateInput, strawberry.argument(description="The group-buy.")],
        idempotency_key: IdempotencyKey,
    ) -> GroupBuyCreatePayload:
        """A draft."""
        caller = info.context.caller
        id_, errors = await attempt(caller, resolver.group_buy_create(caller, input.draft(), idempotency_key))
        return GroupBuyCreatePayload(group_buy=referred(GroupBuy, id_), user_errors=errors)

    @staff_mutation(
        "Change a group-buy. Teams keep the terms they were started with. One that has ended stays as it is.",
        Role.CATALOGUE,
    )
    async def group_buy_update(
        self,
        info: Info,
        id: GroupBuyId,
        input: Annotated[GroupBuyUpdateInput, strawberry.argument(description="What shall be different.")],
    ) -> GroupBuyUpdatePayload:
        """Given variants are the whole list."""
        caller = info.context.caller
        id_, errors = await attempt(caller, resolver.group_buy_update(caller, known("gbo", id), input.draft()))
        return GroupBuyUpdatePayload(group_buy=referred(GroupBuy, id_), user_errors=errors)

    @staff_mutation(
        "Put a group-buy on show for its window. Refused with TAKEN while another of the same product is published for"
        " some of the same time.",
        Role.CATALOGUE,
    )
    async def group_buy_publish(self, info: Info, id: GroupBuyId, version: Version = None) -> GroupBuyPublishPayload:
        """Once is enough."""
        caller = info.context.caller
        id_, errors = await attempt(caller, resolver.group_buy_publish(caller, known("gbo", id), version))
        return GroupBuyPublishPayload(group_buy=referred(GroupBuy, id_), user_errors=errors)

    @staff_mutation(
        "End a group-buy for good: no team starts any more, and those under way go on to their own end.",
        Role.CATALOGUE,
    )
    async def group_buy_end(self, info: Info, id: GroupBuyId, version: Version = None) -> GroupBuyEndPayload:
        """Once is enough."""
        caller = info.context.caller
        id_, errors = await attempt(caller, resolver.group_buy_end(caller, known("gbo", id), version))
        return GroupBuyEndPayload(group_buy=referred(GroupBuy, id_), user_errors=errors)
