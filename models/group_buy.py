"""Group-buys: a product that costs less for those who buy it together, the teams they form, and their seats."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField

from models.campaign import Offer, OfferInstance, OfferVariant, Participation
from models.owned import Owned


class LeaderAdvantage(StrEnum):
    """What whoever starts a team has of it: a price of their own, or all their money back when it succeeds."""

    NONE = "NONE"
    PRICE = "PRICE"
    FREE = "FREE"


class JoinBy(StrEnum):
    """Whether open teams are listed for everybody, or joined only through a link that somebody shared."""

    LIST = "LIST"
    SHARE = "SHARE"


class LatePayment(StrEnum):
    """What becomes of money that comes when its team has ended: another team, a new one, or back to the payer."""

    JOIN_OTHER = "JOIN_OTHER"
    NEW_TEAM = "NEW_TEAM"
    REFUND = "REFUND"


class TeamState(StrEnum):
    """OPENING: its leader has not paid; nobody sees or joins it. LAPSED: nor did they ever pay."""

    OPENING = "OPENING"
    FORMING = "FORMING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    LAPSED = "LAPSED"


NEXT_TEAM_STATE: Final[Mapping[TeamState, frozenset[TeamState]]] = {
    TeamState.OPENING: frozenset({TeamState.FORMING, TeamState.LAPSED}),
    TeamState.FORMING: frozenset({TeamState.SUCCEEDED, TeamState.FAILED}),
    TeamState.SUCCEEDED: frozenset(),
    TeamState.FAILED: frozenset(),
    TeamState.LAPSED: frozenset(),
}


class SeatRole(StrEnum):
    """LEADER is whoever leads the team now: it passes on when they leave."""

    LEADER = "LEADER"
    MEMBER = "MEMBER"


class SeatState(StrEnum):
    """RESERVED by an unpaid order, JOINED with a paid one; FULFILLING when the team has succeeded.

    REFUNDING: paid, and on its way back, for the team failed, they left it, or it had no place for them.
    """

    RESERVED = "RESERVED"
    JOINED = "JOINED"
    RELEASED = "RELEASED"
    FULFILLING = "FULFILLING"
    REFUNDING = "REFUNDING"
    REFUNDED = "REFUNDED"


NEXT_SEAT_STATE: Final[Mapping[SeatState, frozenset[SeatState]]] = {
    SeatState.RESERVED: frozenset({SeatState.JOINED, SeatState.RELEASED, SeatState.REFUNDING}),
    SeatState.JOINED: frozenset({SeatState.FULFILLING, SeatState.REFUNDING}),
    SeatState.RELEASED: frozenset(),
    SeatState.FULFILLING: frozenset(),
    SeatState.REFUNDING: frozenset({SeatState.REFUNDED}),
    SeatState.REFUNDED: frozenset(),
}

ACTIVE_SEATS: Final = (SeatState.RESERVED, SeatState.JOINED, SeatState.FULFILLING)
"""A person has at most one of these in a team."""

ACTIVE_SQL: Final = f"({', '.join(repr(str(state)) for state in ACTIVE_SEATS)})"
"""The same, for `state in ...`."""


class GroupBuy(Offer):
    """The offer. `tier_sizes` ascend: how many must have joined for the price of the same place to hold.

    One size is a team of just so many, and then `max_size` is the same. Several are a ladder: the first is the least
    to succeed with, and everybody pays its price first. `team_hours` is how long a team has after its leader paid.
    `virtual_fill_percent`: a team in which at least so many of the least have joined succeeds at its deadline with
    seats that nobody has; null is never.
    """

    tier_sizes = ArrayField(element_type="int")
    max_size = fields.IntField()
    team_hours = fields.IntField()
    leader_advantage = fields.CharEnumField(LeaderAdvantage, max_length=8, default=LeaderAdvantage.NONE)
    join_by = fields.CharEnumField(JoinBy, max_length=8, default=JoinBy.LIST)
    late_payment = fields.CharEnumField(LatePayment, max_length=12, default=LatePayment.REFUND)
    virtual_fill_percent = fields.IntField(null=True)

    class Meta:
        table = "group_buy"
        unique_together = (("shop_id", "id"),)
        indexes = (("shop_id", "product_id"), ("shop_id", "created_at", "id"))


class GroupBuyVariant(OfferVariant):
    """What a piece costs at each tier in fen, never rising; `leader_price_fen` instead for leaders with a price."""

    group_buy_id = fields.UUIDField()
    tier_prices_fen = ArrayField(element_type="bigint")
    leader_price_fen = fields.BigIntField(null=True)

    class Meta:
        table = "group_buy_variant"
        unique_together = (("shop_id", "id"), ("shop_id", "group_buy_id", "variant_id"))


class GroupBuyTeam(OfferInstance):
    """A team. `joined` have paid, `reserved` may still: their sum is never above `size`, and a CHECK keeps it so.

    `terms` freezes {tierSizes, teamHours, leaderAdvantage, prices: {variant: {tiers: [fen], leader: fen}}}.
    `virtual_seats` were filled by nobody at the deadline; they count in neither. `tier_size` is the tier it ended at.
    `activity_id` is WeChat's name of the card in chats that counts up.
    """

    group_buy_id = fields.UUIDField()
    state = fields.CharEnumField(TeamState, max_length=12, default=TeamState.OPENING)
    size = fields.IntField()
    joined = fields.IntField(default=0)
    reserved = fields.IntField(default=0)
    virtual_seats = fields.IntField(default=0)
    tier_size = fields.IntField(null=True)
    activity_id = fields.CharField(max_length=128, null=True)
    activity_expires_at = fields.DatetimeField(null=True)

    class Meta:
        table = "group_buy_team"
        unique_together = (("shop_id", "id"),)
        indexes = (("shop_id", "group_buy_id", "state", "expires_at", "id"), ("shop_id", "leader_id"))


class GroupBuySeat(Participation):
    """A seat. Prices are of one piece in fen: what the order was placed at, and what it came to in the end.

    `is_virtual` has neither customer nor order. `refund_id` is the refund of a seat that gets all its money back.
    """

    group_buy_id = fields.UUIDField()
    team_id = fields.UUIDField()
    role = fields.CharEnumField(SeatRole, max_length=8, default=SeatRole.MEMBER)
    state = fields.CharEnumField(SeatState, max_length=12, default=SeatState.RESERVED)
    is_virtual = fields.BooleanField(default=False)
    price_paid_fen = fields.BigIntField(null=True)
    price_final_fen = fields.BigIntField(null=True)
    refund_id = fields.UUIDField(null=True)
    joined_at = fields.DatetimeField(null=True)
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "group_buy_seat"
        unique_together = (("shop_id", "id"),)
        indexes = (("shop_id", "team_id", "created_at", "id"), ("shop_id", "customer_id", "group_buy_id"))


class GroupBuyChange(Owned):
    """Append-only: one step of a team, or of a seat in it, who made it, and why."""

    team_id = fields.UUIDField()
    seat_id = fields.UUIDField(null=True)
    from_state = fields.CharField(max_length=12, null=True)
    to_state = fields.CharField(max_length=12)
    actor_kind = fields.CharField(max_length=12)
    actor_id = fields.UUIDField(null=True)
    reason = fields.TextField(default="")
    created_at = fields.DatetimeField()

    class Meta:
        table = "group_buy_change"
        indexes = (("shop_id", "team_id", "created_at", "id"),)
