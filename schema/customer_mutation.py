"""What customers can do with what the shop knows of them."""

from typing import Annotated
from uuid import UUID

import strawberry

import models.consent as stored
from resolvers import customer as resolver
from schema.attempt import Info, attempt, open_mutation, referred
from schema.customer import ConsentKind, Customer
from schema.given import as_stored, given, given_or_null, optional
from schema.payload import Payload, outcome
from schema.scalars import Url
from schema.user_error import UserError


@strawberry.input(description="What shall be different. What is left out stays as it is.")
class ProfileUpdateInput:
    """WeChat looks at the name before others read it."""

    nickname: str | None = optional("As customers call themselves; 1 to 64 characters.")
    avatar_url: Url | None = optional("The address of their picture; null takes it away.")


@strawberry.input(description="One word of a customer on one matter.")
class ConsentSetInput:
    """Kept for ever, with its time."""

    kind: ConsentKind = strawberry.field(description="To what.")
    policy_version: str = strawberry.field(description="The version of the policy that was shown; 1 to 64 characters.")
    agreed: bool = strawberry.field(description="True when they agree, false when they take it back.")


@strawberry.type(description="What became of a change of what is known of a customer.")
class CustomerPayload(Payload):
    """The customer who asked."""

    customer: Customer | None = outcome("The customer as they are now.")


@strawberry.type
class CustomerMutation:
    """Part of Mutation."""

    @open_mutation(
        "Keep the phone number that the customer gave by WeChat's phone button. Refused with LOGIN_REQUIRED,"
        " PHONE_CODE_EXPIRED, WECHAT_RATE_LIMITED, BUSY, WECHAT_ANSWER_LOST or WECHAT_APP_REJECTED."
    )
    async def phone_bind(
        self,
        info: Info,
        code: Annotated[str, strawberry.argument(description="The code of `open-type=getPhoneNumber`; it works once.")],
    ) -> CustomerPayload:
        """Keyed by the code."""
        caller = info.context.caller
        return _payload(*await attempt(caller, resolver.phone_bind(caller, code)))

    @open_mutation(
        "Write name and picture anew. Refused with LOGIN_REQUIRED, CONTENT_REJECTED, and what WeChat says when asked"
        " about the name: WECHAT_RATE_LIMITED, BUSY, WECHAT_ANSWER_LOST or WECHAT_APP_REJECTED."
    )
    async def profile_update(
        self,
        info: Info,
        input: Annotated[ProfileUpdateInput, strawberry.argument(description="What shall be different.")],
    ) -> CustomerPayload:
        """Of the customer who asks."""
        caller = info.context.caller
        changes = resolver.ProfileChanges(given(input.nickname), given_or_null(input.avatar_url))
        return _payload(*await attempt(caller, resolver.profile_update(caller, changes), "input"))

    @open_mutation(
        "Agree to a policy, or take it back; saying the same again changes nothing. Refused with LOGIN_REQUIRED."
    )
    async def consent_set(
        self,
        info: Info,
        input: Annotated[ConsentSetInput, strawberry.argument(description="The customer's word.")],
    ) -> CustomerPayload:
        """Of the customer who asks."""
        caller = info.context.caller
        kind = as_stored(stored.ConsentKind, input.kind)
        wish = resolver.consent_set(caller, kind, input.policy_version, agreed=input.agreed)
        return _payload(*await attempt(caller, wish, "input"))


def _payload(customer_id: UUID | None, errors: list[UserError]) -> CustomerPayload:
    return CustomerPayload(customer=referred(Customer, customer_id), user_errors=errors)
