"""Where group-buys and teams are found."""

from enum import Enum
from typing import Annotated, Final

import strawberry

from engine.arguments import Leaf
from engine.declare import Order, one, page, read
from engine.keyset import TIME
from engine.rows import Rows
from ids import decode_id
from models.staff import Role
from resolvers.visit_address import share_token as token_in
from schema.connection import paged
from schema.group_buy import JOINED_COUNT, GroupBuy, GroupBuyConnection
from schema.group_buy_status import GroupBuyTeamState
from schema.group_buy_team import NEWEST_FIRST, GroupBuyTeam, GroupBuyTeamConnection
from schema.offer import OfferStatus


@strawberry.enum(description="An order of group-buys.")
class GroupBuySort(Enum):
    """Each is an order by keyset."""

    ENDING_SOON = strawberry.enum_value("ENDING_SOON", description="Those that end first in front.")
    MOST_JOINED = strawberry.enum_value("MOST_JOINED", description="Those that most have joined in front.")
    NEWEST = strawberry.enum_value("NEWEST", description="Those that were made last in front.")


_ENDING_SOON: Final = Order("{t}.ends_at", TIME)
_ORDERS: Final = {
    "ENDING_SOON": _ENDING_SOON,
    "MOST_JOINED": Order(JOINED_COUNT, descending=True),
    "NEWEST": NEWEST_FIRST,
}


def _offer(text: str) -> object:
    return decode_id("gbo", text)


def _team(text: str) -> object:
    return decode_id("gbt", text)


def _product(text: str) -> object:
    return decode_id("prd", text)


def _name(member: object) -> str:
    return str(getattr(member, "value", member))


@strawberry.type
class GroupBuyQuery:
    """Part of Query."""

    @read(one(), GroupBuy | None, description="One group-buy; null when there is none to be seen.")
    def group_buy(rows: Rows, id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")]) -> None:
        """By its primary key."""
        rows.where(f"{rows.t}.id = {rows.bind(id, 'uuid', _offer)}")

    @paged(
        page(order=_ENDING_SOON),
        GroupBuyConnection,
        description="The shop's group-buys: those that are open, and all of them for staff who keep the catalogue.",
    )
    def group_buys(
        rows: Rows,
        sort: Annotated[GroupBuySort, strawberry.argument(description="In which order.")] = GroupBuySort.ENDING_SOON,
        product_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Only those of this product.")
        ] = None,
        status: Annotated[
            OfferStatus | None, strawberry.argument(description="Only those in this status; for staff.")
        ] = None,
    ) -> None:
        """Narrowed and ordered."""
        if isinstance(sort, Leaf):
            rows.order_by(_ORDERS[_name(sort.value)])
        if product_id is not None:
            rows.where(f"{rows.t}.product_id = {rows.bind(product_id, 'uuid', _product)}")
        if status is not None:
            rows.where(f"{rows.t}.status = {rows.bind(status, 'text', _name)}")

    @read(
        one(),
        GroupBuyTeam | None,
        description="One team, by its id or by the token of a share link that leads to it; null when there is none to"
        " be seen.",
    )
    def group_buy_team(
        rows: Rows,
        id: Annotated[strawberry.ID | None, strawberry.argument(description="Its id.")] = None,
        share_token: Annotated[
            str | None, strawberry.argument(description="What a card carried as `st=`; `id` goes before it.")
        ] = None,
    ) -> None:
        """By the one that is given."""
        if id is not None:
            rows.where(f"{rows.t}.id = {rows.bind(id, 'uuid', _team)}")
        elif share_token is not None:
            of_link = (
                "{t}.id = (select l.target_id from share_link l where l.shop_id = {shop} and l.target_kind = 'TEAM'"
                " and (l.expires_at is null or l.expires_at > {now}) and l.token = "
            )
            rows.where(f"{rows.fill(of_link)}{rows.bind(share_token, 'text', token_in)})")
        else:
            rows.where("false")

    @paged(
        page(order=NEWEST_FIRST),
        GroupBuyTeamConnection | None,
        description="The shop's teams, the newest first. Requires: ORDERS.",
        roles=[Role.ORDERS],
    )
    def group_buy_teams(
        rows: Rows,
        group_buy_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Only those of this group-buy.")
        ] = None,
        state: Annotated[GroupBuyTeamState | None, strawberry.argument(description="Only those in this state.")] = None,
    ) -> None:
        """All, or some."""
        if group_buy_id is not None:
            rows.where(f"{rows.t}.group_buy_id = {rows.bind(group_buy_id, 'uuid', _offer)}")
        if state is not None:
            rows.where(f"{rows.t}.state = {rows.bind(state, 'text', _name)}")
