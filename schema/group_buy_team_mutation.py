"""What shoppers do with teams: start one, join one, leave it."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import strawberry

from models.refusal import Refusal, Refusals
from resolvers.caller import Caller
from resolvers.group_buy_leave import group_buy_team_leave
from resolvers.group_buy_place import TeamRefusal
from resolvers.group_buy_team import Seated, group_buy_team_join, group_buy_team_start, other_teams
from resolvers.placement import Placement
from resolvers.placement_terms import PriceRefusal
from resolvers.quote import quoted
from schema.attempt import IdempotencyKey, Info, attempt, open_mutation, referred, referred_list, user_error
from schema.given import known
from schema.group_buy_team import GroupBuyTeam
from schema.order import Order
from schema.payload import Payload, outcome
from schema.placement_input import PlacementInput, asked_of
from schema.quote import Quote


@strawberry.type(description="What became of a wish for a seat in a team.")
class GroupBuyTeamPayload(Payload):
    """An order with its team, or why there is none."""

    team: GroupBuyTeam | None = outcome("The team, in which a seat is held until the order is paid or expires.")
    order: Order | None = outcome("The order, waiting for payment.")
    quote: Quote | None = strawberry.field(description="With PRICE_CHANGED, the price that stands; otherwise null.")
    other_teams: list[GroupBuyTeam] = strawberry.field(
        description="With TEAM_FULL and TEAM_ENDED, teams of the same group-buy that may be joined instead, those that"
        " end first in front, at most 5; otherwise empty."
    )


@strawberry.type(description="What became of leaving a team.")
class GroupBuyTeamLeavePayload(Payload):
    """The team without the caller."""

    team: GroupBuyTeam | None = outcome("The team as it is now.")


Placing = Callable[[Caller, Placement, str, str | None], Awaitable[Seated]]

Wish = Annotated[
    PlacementInput,
    strawberry.argument(description="What is bought, and how: `source.offer`, or the token of a quote for it."),
]


@strawberry.type
class GroupBuyTeamMutation:
    """Part of Mutation."""

    @open_mutation(
        "Start a team: places an order at the group price and holds the leader's seat. Others see the team, and its"
        " time begins to run, when that order is paid. Refused as `orderPlace` is, and with OFFER_CLOSED,"
        " NEW_CUSTOMERS_ONLY, LIMIT_REACHED or OUT_OF_STOCK of the group-buy itself."
    )
    async def group_buy_team_start(self, info: Info, input: Wish) -> GroupBuyTeamPayload:
        """The seat is taken in the order's own transaction."""
        return await _placed(info, input, group_buy_team_start)

    @open_mutation(
        "Join a team: places an order at the team's price and holds a seat until it is paid. Refused as `orderPlace`"
        " is, and with TEAM_FULL or TEAM_ENDED and `otherTeams`, ALREADY_JOINED, SHARE_ONLY, NEW_CUSTOMERS_ONLY,"
        " LIMIT_REACHED or OUT_OF_STOCK of the group-buy itself."
    )
    async def group_buy_team_join(self, info: Info, input: Wish) -> GroupBuyTeamPayload:
        """The seat is taken in the order's own transaction."""
        return await _placed(info, input, group_buy_team_join)

    @open_mutation(
        "Leave a team while it is forming: an unpaid order is cancelled, a paid one refunded whole. When the leader"
        " leaves, whoever joined first leads; without anybody left the team has failed. Refused with NOT_ALLOWED when"
        " it has succeeded, BUSY while a payment is under way."
    )
    async def group_buy_team_leave(
        self,
        info: Info,
        team_id: Annotated[strawberry.ID, strawberry.argument(description="The team.")],
        idempotency_key: IdempotencyKey,
    ) -> GroupBuyTeamLeavePayload:
        """Joining again is allowed."""
        caller = info.context.caller
        id_, errors = await attempt(caller, group_buy_team_leave(caller, known("gbt", team_id), idempotency_key))
        return GroupBuyTeamLeavePayload(team=referred(GroupBuyTeam, id_), user_errors=errors)


async def _placed(info: Info, input: PlacementInput, place: Placing) -> GroupBuyTeamPayload:
    caller = info.context.caller
    try:
        asked = asked_of(input)
        seated = await place(caller, asked.placement, input.idempotency_key, asked.quote_token)
    except Refusal as refusal:
        return await _refused(caller, [refusal])
    except Refusals as several:
        return await _refused(caller, several.refusals)
    return GroupBuyTeamPayload(
        team=referred(GroupBuyTeam, seated.team_id),
        order=referred(Order, seated.order_id),
        quote=None,
        other_teams=[],
        user_errors=[],
    )


async def _refused(caller: Caller, refusals: list[Refusal]) -> GroupBuyTeamPayload:
    changed = next((refusal for refusal in refusals if isinstance(refusal, PriceRefusal)), None)
    full = next((refusal for refusal in refusals if isinstance(refusal, TeamRefusal)), None)
    others = await other_teams(caller, full.group_buy_id) if full else []
    return GroupBuyTeamPayload(
        team=None,
        order=None,
        quote=Quote.of(quoted(changed.judgement), caller.language) if changed else None,
        other_teams=(referred_list(GroupBuyTeam, others) or []) if others else [],
        user_errors=[user_error(refusal.under("input"), caller.language) for refusal in refusals],
    )
