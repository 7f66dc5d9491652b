"""Group-buys: a product that costs less for those who buy it together."""

from datetime import datetime
from typing import Annotated, Final

import strawberry

from engine.declare import Order, expression, field, many, one, reads, value
from models.campaign import NEXT_OFFER_STATUS
from models.group_buy import GroupBuy as GroupBuyRow
from models.group_buy import GroupBuyVariant as VariantRow
from models.staff import Role
from schema.connection import Connection, limited_rows
from schema.group_buy_status import JoinBy, LatePayment, LeaderAdvantage
from schema.group_buy_viewer import OF_VIEWER, GroupBuyViewerContext, open_teams
from schema.money import Money
from schema.next_states import next_states
from schema.node import Node
from schema.offer import Offer, OfferStatus, is_open
from schema.variant import STOCK_SHOWN_MOST, Variant
from schema.visibility import of_product_on_sale

_OF_SHOWN: Final = (
    "exists (select 1 from group_buy b where b.shop_id = {shop} and b.id = {t}.group_buy_id"
    f" and {is_open('b')} and {of_product_on_sale('b.product_id')})"
)


def _of_variants(sql: str) -> str:
    return f"(select {sql} from group_buy_variant v where v.shop_id = {{shop}} and v.group_buy_id = {{t}}.id)"


def _of_teams(sql: str, condition: str) -> str:
    return (
        f"(select {sql} from group_buy_team m where m.shop_id = {{shop}} and m.group_buy_id = {{t}}.id and {condition})"
    )


_FIRST_PRICE: Final = _of_variants("min(v.tier_prices_fen[1])")
_LAST_PRICE: Final = _of_variants("min(v.tier_prices_fen[cardinality(v.tier_prices_fen)])")
_LEADER_PRICE: Final = (
    "case when {t}.leader_advantage = 'PRICE' then "
    f"{_of_variants('min(coalesce(v.leader_price_fen, v.tier_prices_fen[1]))')} end"
)
_STOCK_LEFT: Final = _of_variants(
    "case when bool_and(v.stock is not null)"
    f" then least(sum(greatest(v.stock - v.taken, 0)), {STOCK_SHOWN_MOST})::int end"
)
JOINED_COUNT: Final = _of_teams("coalesce(sum(m.joined), 0)", "m.state in ('FORMING', 'SUCCEEDED')")
"""How many have joined teams that form or succeeded; nobody who is not real counts."""
_SUCCESSFUL: Final = _of_teams("count(*)::int", "m.state = 'SUCCEEDED' and m.virtual_seats = 0")
_TIERS: Final = """
select tier.size, (
    select min(v.tier_prices_fen[tier.place]) from group_buy_variant v
    where v.shop_id = {shop} and v.group_buy_id = {p}.id
) as price_fen
from unnest({p}.tier_sizes) with ordinality as tier(size, place) order by tier.place
"""
_TIERS_OF_VARIANT: Final = """
select tier.size, {p}.tier_prices_fen[tier.place] as price_fen
from group_buy b, unnest(b.tier_sizes) with ordinality as tier(size, place)
where b.shop_id = {shop} and b.id = {p}.group_buy_id and tier.place <= cardinality({p}.tier_prices_fen)
order by tier.place
"""
_BY_VARIANT: Final = Order(
    "coalesce((select v.position from variant v where v.shop_id = {shop} and v.id = {t}.variant_id), 0)"
)


@reads()
@strawberry.type(description="How many must have joined for a price to hold.")
class GroupBuyTier:
    """Derived."""

    size: int = field(description="So many people.")
    price: Money | None = field(
        value("{t}.price_fen"), description="Of one piece; of the cheapest variant, where of all."
    )


@reads(VariantRow, prefix="gbv", guard=_OF_SHOWN)
@strawberry.type(description="What a variant costs those who buy it together.")
class GroupBuyVariant(Node):
    """Rows of a group-buy."""

    variant: Variant | None = field(
        one("{t}.id = {p}.variant_id"), description="The variant, with its usual price; null when it is not on sale."
    )
    price: Money = field(value("{t}.tier_prices_fen[1]"), description="Of one piece, as a member first pays it.")
    tiers: list[GroupBuyTier] = field(
        many(rows=_TIERS_OF_VARIANT), description="Its price by how many have joined; one when there is no ladder."
    )
    leader_price: Money | None = field(
        value("{t}.leader_price_fen"), description="Of one piece for whoever starts a team; null when the same."
    )
    stock_left: int | None = field(
        expression(
            "case when {t}.stock is not null"
            f" then least(greatest({{t}}.stock - {{t}}.taken, 0), {STOCK_SHOWN_MOST}) end"
        ),
        description="Pieces left for the group-buy, 99 at most; null when it takes as many as the shop has.",
    )
    stock: int | None = field(
        description="Pieces set aside for the group-buy; null: as many as the shop has. Requires: CATALOGUE.",
        roles=[Role.CATALOGUE],
    )
    taken: int | None = field(
        description="Pieces of them that are spoken for. Requires: CATALOGUE.", roles=[Role.CATALOGUE]
    )


@reads(GroupBuyRow, prefix="gbo", guard=f"{is_open('{t}')} and {of_product_on_sale()}")
@strawberry.type(description="A product that costs less for those who buy it together.")
class GroupBuy(Node, Offer):
    """The public sees what is open, and behind a team whatever it was started in; staff see all."""

    kind: str = field(expression("'GROUP_BUY'::text"), description="`GROUP_BUY`.")
    title: str = field(description="As shown to customers.")
    status: OfferStatus = field(description="How far it has come; PUBLISHED or ENDED for the public.")
    next_states: list[OfferStatus] = field(
        expression(next_states("status", NEXT_OFFER_STATUS)), description="Where `status` can go from here."
    )
    starts_at: datetime = field(description="From when teams can be started and joined.")
    ends_at: datetime = field(description="Until when. Teams that are forming then go on to their own end.")
    price: Money | None = field(
        value(_FIRST_PRICE),
        description="What a member first pays for a piece of the cheapest variant; null while it has no variants.",
    )
    lowest_price: Money | None = field(
        value(_LAST_PRICE),
        description="The same when as many have joined as the last tier asks for: what was paid more goes back.",
    )
    leader_price: Money | None = field(
        value(_LEADER_PRICE),
        description="What whoever starts a team pays at the least; null unless leaders have a price of their own.",
    )
    stock_left: int | None = field(
        expression(_STOCK_LEFT),
        description="Pieces left of all that was set aside, 99 at most; null when it takes as many as the shop has.",
    )
    tiers: list[GroupBuyTier] = field(
        many(rows=_TIERS), description="The price by how many have joined; one when there is no ladder."
    )
    variants: list[GroupBuyVariant] = field(
        many("{t}.group_buy_id = {p}.id", order=_BY_VARIANT, is_public=True),
        description="Its variants and what each costs, in the product's order.",
    )
    min_size: int = field(expression("{t}.tier_sizes[1]"), description="How many people a team needs to succeed.")
    max_size: int = field(description="How many can be in one; the same when there is no ladder.")
    team_hours: int = field(description="How many hours a team has after its leader paid.")
    per_person_limit: int | None = field(description="The most pieces one customer may have of it; null without limit.")
    per_order_limit: int | None = field(description="The most pieces in one order; null without limit.")
    leader_advantage: LeaderAdvantage = field(description="What whoever starts a team has of it.")
    new_customers_only: bool = field(
        description="Whether it is for people only who have never paid an order in this shop."
    )
    join_by: JoinBy = field(description="How a team is found by those who may join it.")
    late_payment: LatePayment = field(description="What becomes of money that comes when its team has ended.")
    fills_virtually: bool = field(
        expression("{t}.virtual_fill_percent is not null"),
        description="Whether the shop may fill a nearly full team with seats that nobody has, so that it succeeds.",
    )
    virtual_fill_percent: int | None = field(
        description="From how many of a hundred of the least it does; null when it never does. Requires: CATALOGUE.",
        roles=[Role.CATALOGUE],
    )
    joined_count: int = field(
        expression(f"least({JOINED_COUNT}, 2147483647)::int"),
        description="How many have joined teams that form or succeeded. Real people only.",
    )
    successful_teams: int = field(
        expression(_SUCCESSFUL), description="How many teams succeeded, without those that were filled up."
    )
    open_teams = limited_rows(
        open_teams("{t}.group_buy_id = {p}.id and {p}.join_by = 'LIST'"),
        list[Annotated["GroupBuyTeam", strawberry.lazy("schema.group_buy_team")]],  # type: ignore[name-defined]  # noqa: F821
        description="Teams that one may join, those that end first in front, without the viewer's own. Empty when they"
        " are joined only through links.",
    )
    viewer_context: GroupBuyViewerContext | None = field(
        OF_VIEWER, description="What it is to the customer who asks; null for visitors and staff."
    )
    version: int = field(description="Send it back when changing the group-buy; refused with CONFLICT when stale.")
    created_at: datetime = field(description="When it was made.")
    updated_at: datetime = field(description="When it last changed.")


GroupBuyConnection = Connection[GroupBuy]
