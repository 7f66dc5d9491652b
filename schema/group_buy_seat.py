"""Seats in teams: one's own, those of others as far as they may be seen, and all of them for staff."""

from datetime import datetime
from typing import Annotated

import strawberry

from engine.declare import expression, field, one, reads, value
from models.group_buy import NEXT_SEAT_STATE
from models.group_buy import GroupBuySeat as SeatRow
from models.staff import Role
from schema.connection import Connection
from schema.group_buy_status import SeatRole, SeatState
from schema.money import Money
from schema.next_states import next_states
from schema.node import Node
from schema.order import Order
from schema.refund import Refund
from schema.scalars import Url
from schema.share_link import ShareLink
from schema.variant import Variant


def _of_customer(sql: str) -> str:
    return f"(select {sql} from customer c where c.shop_id = {{shop}} and c.id = {{t}}.customer_id)"


@reads(SeatRow)
@strawberry.type(description="Somebody in a team, as others may see them.")
class GroupBuyMember:
    """A seat without its id, its customer and its order: nothing here leads to who they are."""

    name: str | None = field(
        expression(_of_customer("coalesce(nullif(left(c.nickname, 1), ''), '*') || '**'")),
        description="The first character of what they call themselves: `小**`; null for a seat that nobody has.",
    )
    avatar_url: Url | None = field(
        expression(_of_customer("c.avatar_url")), description="Their picture; null when there is none."
    )
    role: SeatRole = field(description="Whether they lead the team.")
    joined_at: datetime | None = field(description="When they paid; null when they have not.")
    is_virtual: bool = field(description="Whether nobody has this seat: the shop filled it up.")


@reads(SeatRow, prefix="gbs", guard="{t}.customer_id = {viewer}", keeper="ORDERS")
@strawberry.type(
    description="A customer's seat in a team, with the order by which they took it. Customers see their own, staff with"
    " the role ORDERS see all."
)
class GroupBuySeat(Node):
    """Rows of a team."""

    state: SeatState = field(description="How it stands.")
    next_states: list[SeatState] = field(
        expression(next_states("state", NEXT_SEAT_STATE)), description="Where `state` can go from here."
    )
    role: SeatRole = field(description="Whether they lead the team.")
    quantity: int = field(description="Pieces.")
    price_paid: Money | None = field(
        value("{t}.price_paid_fen"), description="What a piece was placed at; null for a seat that nobody has."
    )
    price_final: Money | None = field(
        value("{t}.price_final_fen"),
        description="What a piece came to when the team had succeeded: the difference goes back. Null before.",
    )
    variant: Variant | None = field(
        one("{t}.id = {p}.variant_id"), description="What they chose; null when it is not on sale any more."
    )
    team: Annotated["GroupBuyTeam", strawberry.lazy("schema.group_buy_team")] = field(  # type: ignore[name-defined]  # noqa: F821
        one("{t}.id = {p}.team_id", is_public=True), description="The team."
    )
    order: Order | None = field(
        one("{t}.id = {p}.order_id"), description="The order by which they took it; null for a seat that nobody has."
    )
    refund: Refund | None = field(
        one("{t}.id = {p}.refund_id"),
        description="The refund of all their money, when the team failed, or they left it, or it had no place for"
        " them; null when there is none.",
    )
    is_virtual: bool = field(description="Whether nobody has this seat: the shop filled it up.")
    joined_at: datetime | None = field(description="When they paid; null before.")
    ended_at: datetime | None = field(description="When they left it, or it was released; null while it is theirs.")
    created_at: datetime = field(description="When they took it.")
    customer_name: str | None = field(
        expression(_of_customer("c.nickname")),
        description="What the customer calls themselves. Requires: ORDERS.",
        roles=[Role.ORDERS],
    )
    share: ShareLink | None = field(
        one("{t}.id = {p}.share_link_id"),
        description="The link that brought them; null when none did. Requires: ORDERS.",
        roles=[Role.ORDERS],
    )


GroupBuySeatConnection = Connection[GroupBuySeat]
