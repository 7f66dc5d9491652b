"""Teams: those who buy together, until when, and how many are missing."""

from datetime import datetime
from typing import Annotated, Final

import strawberry

from engine.declare import Order, expression, field, listed, many, one, page, read, reads, value
from engine.keyset import TIME
from engine.rows import Rows
from models.group_buy import ACTIVE_SQL, NEXT_TEAM_STATE
from models.group_buy import GroupBuyChange as ChangeRow
from models.group_buy import GroupBuyTeam as TeamRow
from models.staff import Role
from schema.connection import Connection, limited_rows, paged_rows
from schema.group_buy import GroupBuy
from schema.group_buy_card import CARD, GroupBuyShareCard
from schema.group_buy_seat import GroupBuyMember, GroupBuySeat, GroupBuySeatConnection
from schema.group_buy_status import GroupBuyTeamState, LeaderAdvantage
from schema.group_buy_team_terms import (
    MISSING,
    NEXT_TIER,
    PRICE_NOW,
    TIER,
    TIERS,
    VARIANTS,
    GroupBuyTeamTier,
    GroupBuyTeamVariant,
)
from schema.group_buy_viewer import open_teams
from schema.money import Money
from schema.next_states import next_states
from schema.node import Node
from schema.share_link import ShareLink

MEMBERS_SHOWN_MOST: Final = 100
NEWEST_FIRST: Final = Order("{t}.created_at", TIME, descending=True)
IS_PUBLIC: Final = "{t}.state in ('FORMING', 'SUCCEEDED', 'FAILED')"
"""The condition for a team's row: everybody may see it. OPENING and LAPSED ones are their leader's affair."""
_OLDEST_FIRST: Final = Order("{t}.created_at", TIME)
_ACTIVE_FIRST: Final = Order(f"({{t}}.state in {ACTIVE_SQL})::int", descending=True)
# Whoever has got everything back is no member any more.
_IS_MEMBER: Final = """{t}.team_id = {p}.id and {t}.state in ('JOINED', 'FULFILLING') and not exists (
    select 1 from orders o where o.shop_id = {shop} and o.id = {t}.order_id and o.refund_status = 'ALL'
)"""
_OTHERS: Final = """{t}.group_buy_id = {p}.group_buy_id and {t}.id <> {p}.id and exists (
    select 1 from group_buy b where b.shop_id = {shop} and b.id = {p}.group_buy_id and b.join_by = 'LIST'
)"""
OWN_TEAMS: Final = page(
    "exists (select 1 from group_buy_seat s where s.shop_id = {shop} and s.customer_id = {p}.id"
    " and s.team_id = {t}.id and s.state <> 'RELEASED')",
    order=NEWEST_FIRST,
    is_public=True,
)
"""A customer's: those in which they have or had a seat that was more than reserved, or may still be."""


@reads(ChangeRow)
@strawberry.type(description="One step of a team, or of a seat in it.")
class GroupBuyChange:
    """Append-only rows of a team."""

    seat: GroupBuySeat | None = field(
        one("{t}.id = {p}.seat_id"), description="The seat that moved; null when it was the team."
    )
    from_state: str | None = field(description="Where it stood; null for the first.")
    to_state: str = field(description="Where it stands since.")
    actor_kind: str = field(description="Who moved it: `CUSTOMER`, `STAFF`, `SYSTEM`.")
    reason: str = field(description="Why, in words; may be empty.")
    created_at: datetime = field(description="When, on the shop's clock.")


@reads(TeamRow, prefix="gbt", guard=f"{IS_PUBLIC} or {{t}}.leader_id = {{viewer}}", keeper="ORDERS")
@strawberry.type(
    description="Those who buy together. Who they are is seen by nobody but themselves and staff with the role ORDERS."
)
class GroupBuyTeam(Node):
    """Its terms are what the group-buy's were when it was started."""

    state: GroupBuyTeamState = field(description="How far it has come.")
    next_states: list[GroupBuyTeamState] = field(
        expression(next_states("state", NEXT_TEAM_STATE)), description="Where `state` can go from here."
    )
    size: int = field(description="How many can be in it.")
    joined: int = field(description="How many have paid. Real people only.")
    seats_left: int = field(
        expression(
            "case when {t}.ended_at is null then {t}.size - {t}.joined - {t}.reserved - {t}.virtual_seats else 0 end"
        ),
        description="Seats that nobody has, nor is paying for; 0 when it has ended.",
    )
    missing: int = field(expression(MISSING), description="How many it waits for to succeed; 0 unless it is FORMING.")
    started_at: datetime | None = field(description="When its leader had paid; null before.")
    expires_at: datetime | None = field(description="Until when it waits; null before it has started.")
    ended_at: datetime | None = field(description="When it ended; null before.")
    is_virtual: bool = field(
        expression("{t}.virtual_seats > 0"), description="Whether the shop filled it up with seats that nobody has."
    )
    tier_size: int | None = field(description="At which tier it succeeded; null unless it has.")
    tiers: list[GroupBuyTeamTier] = field(TIERS, description="Its prices by how many have joined.")
    tier: GroupBuyTeamTier | None = field(TIER, description="The highest tier that was reached; null when none was.")
    next_tier: GroupBuyTeamTier | None = field(NEXT_TIER, description="The next one; null when all were reached.")
    price: Money | None = field(
        value(PRICE_NOW), description="What a piece of the cheapest variant comes to as many have joined now."
    )
    variants: list[GroupBuyTeamVariant] = field(
        VARIANTS, description="What can be bought in it, in the product's order."
    )
    leader_advantage: LeaderAdvantage = field(
        expression("({t}.terms ->> 'leaderAdvantage')"), description="What whoever started it has of it."
    )
    group_buy: GroupBuy = field(
        one("{t}.id = {p}.group_buy_id", is_public=True), description="What it was started in, also when that is over."
    )

    @read(
        many(_IS_MEMBER, order=_OLDEST_FIRST),
        list[GroupBuyMember],
        description="Who has paid and is in it, the first in front, at most 100. Whoever got everything back is not.",
    )
    def members(rows: Rows) -> None:
        """As many as a team can have."""
        rows.at_most(str(MEMBERS_SHOWN_MOST))

    leader = listed(
        one("{t}.team_id = {p}.id and {t}.customer_id = {p}.leader_id", order=_ACTIVE_FIRST),
        GroupBuyMember | None,
        description="Who leads it now.",
    )
    viewer_seat: GroupBuySeat | None = field(
        one("{t}.team_id = {p}.id and {t}.customer_id = {viewer}", order=_ACTIVE_FIRST, is_public=True),
        description="The seat of the customer who asks, or the last one they had; null for all others.",
    )
    share: ShareLink | None = field(
        one("{t}.id = {p}.share_link_id"), description="The link of whoever started it; null when there is none."
    )
    share_token: str | None = field(
        expression("(select l.token from share_link l where l.shop_id = {shop} and l.id = {t}.share_link_id)"),
        description="Its token, for a code or a card.",
    )
    share_card: GroupBuyShareCard = field(CARD, description="The card by which it is passed on into a chat.")
    other_teams = limited_rows(
        open_teams(_OTHERS),
        list[Annotated["GroupBuyTeam", strawberry.lazy("schema.group_buy_team")]],
        description="Other teams of the same group-buy that one may join, those that end first in front, without the"
        " viewer's own. Empty when they are joined only through links.",
    )
    seats = paged_rows(
        page("{t}.team_id = {p}.id", order=_OLDEST_FIRST),
        GroupBuySeatConnection | None,
        description="All its seats, the oldest first, with their orders. Requires: ORDERS.",
        roles=[Role.ORDERS],
    )
    history: list[GroupBuyChange] | None = field(
        many("{t}.team_id = {p}.id", order=_OLDEST_FIRST),
        description="Its steps and those of its seats, the oldest first. Requires: ORDERS.",
        roles=[Role.ORDERS],
    )
    version: int = field(description="Counts whatever of it changed for those who look at it.")
    created_at: datetime = field(description="When it was started.")
    updated_at: datetime = field(description="When it last changed.")


GroupBuyTeamConnection = Connection[GroupBuyTeam]
