"""Group-buys coming in."""

from datetime import datetime

import strawberry

from models.group_buy import JoinBy as StoredJoinBy
from models.group_buy import LatePayment as StoredLatePayment
from models.group_buy import LeaderAdvantage as StoredAdvantage
from resolvers.group_buy_draft import GroupBuyDraft, GroupBuyVariantDraft
from resolvers.keep import KEEP
from schema.given import given, given_or_null, known, optional, plain, stored
from schema.group_buy_status import JoinBy, LatePayment, LeaderAdvantage
from schema.money import MoneyInput

_SIZES = (
    "How many must have joined for each price: `[3]` is a team of just three, `[2, 5, 10]` a ladder that succeeds with"
    " two. 1 to 10 rising numbers, each 2 to 100."
)
_MAX_SIZE = "How many can be in a team of a ladder, 2 to 100; the last of `tierSizes` when left out."
_HOURS = "How many hours a team has after its leader paid, 1 to 720."
_FILL = (
    "Virtual fill: a team in which so many of a hundred of the least have joined succeeds at its deadline with seats"
    " that nobody has, 1 to 99. They are flagged everywhere, and count nowhere. Null, the default, is never."
)


@strawberry.input(description="What a variant costs those who buy it together.")
class GroupBuyVariantInput:
    """One row."""

    variant_id: strawberry.ID = strawberry.field(description="A variant of the product.")
    prices: list[MoneyInput] = strawberry.field(
        description="Of one piece, one for each of `tierSizes`. They never rise, and the first is not above the"
        " variant's own price; one fen at least."
    )
    leader_price: MoneyInput | None = optional(
        "Of one piece for whoever starts a team, not above the first of `prices`: with `leaderAdvantage: PRICE` only,"
        " and needed then."
    )
    stock: int | None = optional(
        "Pieces set aside for the group-buy; not below what is taken. Null or left out: as many as the shop has."
    )

    def draft(self) -> GroupBuyVariantDraft:
        """Return it as the command takes it."""
        leader = plain(self.leader_price)
        return GroupBuyVariantDraft(
            variant_id=known("var", self.variant_id),
            prices_fen=tuple(price.fen for price in self.prices),
            leader_price_fen=None if leader is None else leader.fen,
            stock=plain(self.stock),
        )


@strawberry.input(description="A group-buy to prepare.")
class GroupBuyCreateInput:
    """Nobody but staff sees it until it is published."""

    product_id: strawberry.ID = strawberry.field(description="What is bought together.")
    title: str = strawberry.field(description="As shown to customers, 1 to 120 characters.")
    starts_at: datetime = strawberry.field(description="From when teams can be started and joined.")
    ends_at: datetime = strawberry.field(description="Until when; teams that are forming then go on to their own end.")
    tier_sizes: list[int] = strawberry.field(description=_SIZES)
    max_size: int | None = optional(_MAX_SIZE)
    variants: list[GroupBuyVariantInput] = strawberry.field(description="What each variant costs; 1 to 250.")
    team_hours: int = strawberry.field(description=_HOURS)
    per_person_limit: int | None = optional("The most pieces one customer may have of it; null without limit.")
    per_order_limit: int | None = optional("The most pieces in one order; null without limit.")
    leader_advantage: LeaderAdvantage | None = optional("What whoever starts a team has of it; NONE when left out.")
    new_customers_only: bool | None = optional(
        "True: only for people who have never paid an order in this shop, by account, unionid or verified phone."
    )
    join_by: JoinBy | None = optional("How a team is found by those who may join it; LIST when left out.")
    late_payment: LatePayment | None = optional(
        "What becomes of money that comes when its team has ended; REFUND when left out."
    )
    virtual_fill_percent: int | None = optional(_FILL)

    def draft(self) -> GroupBuyDraft:
        """Return it as the command takes it."""
        return _draft(self)


@strawberry.input(
    description="What shall be different in a group-buy. What is left out stays as it is. Once it is published the"
    " product, the sizes and the variants it has stay; teams keep the terms they were started with."
)
class GroupBuyUpdateInput:
    """`version` guards against overwriting what somebody else wrote."""

    version: int | None = optional("The version you have read; refused with CONFLICT when it no longer stands.")
    product_id: strawberry.ID | None = optional("What is bought together; give its `variants` too.")
    title: str | None = optional("As shown to customers, 1 to 120 characters.")
    starts_at: datetime | None = optional("From when teams can be started and joined.")
    ends_at: datetime | None = optional("Until when; teams that are forming then go on to their own end.")
    tier_sizes: list[int] | None = optional(_SIZES)
    max_size: int | None = optional(_MAX_SIZE)
    variants: list[GroupBuyVariantInput] | None = optional("What each variant costs; 1 to 250, the whole list.")
    team_hours: int | None = optional(_HOURS)
    per_person_limit: int | None = optional("The most pieces one customer may have of it; null without limit.")
    per_order_limit: int | None = optional("The most pieces in one order; null without limit.")
    leader_advantage: LeaderAdvantage | None = optional("What whoever starts a team has of it.")
    new_customers_only: bool | None = optional("Whether it is only for people who have never paid an order here.")
    join_by: JoinBy | None = optional("How a team is found by those who may join it.")
    late_payment: LatePayment | None = optional("What becomes of money that comes when its team has ended.")
    virtual_fill_percent: int | None = optional(_FILL)

    def draft(self) -> GroupBuyDraft:
        """Return it as the command takes it."""
        return _draft(self, plain(self.version))


def _draft(sent: GroupBuyCreateInput | GroupBuyUpdateInput, version: int | None = None) -> GroupBuyDraft:
    product_id, sizes, variants = plain(sent.product_id), plain(sent.tier_sizes), plain(sent.variants)
    return GroupBuyDraft(
        version=version,
        product_id=KEEP if product_id is None else known("prd", product_id),
        title=given(sent.title),
        starts_at=given(sent.starts_at),
        ends_at=given(sent.ends_at),
        tier_sizes=KEEP if sizes is None else list(sizes),
        max_size=plain(sent.max_size),
        variants=KEEP if variants is None else [variant.draft() for variant in variants],
        team_hours=given(sent.team_hours),
        per_person_limit=given_or_null(sent.per_person_limit),
        per_order_limit=given_or_null(sent.per_order_limit),
        leader_advantage=stored(StoredAdvantage, sent.leader_advantage),
        new_customers_only=given(sent.new_customers_only),
        join_by=stored(StoredJoinBy, sent.join_by),
        late_payment=stored(StoredLatePayment, sent.late_payment),
        virtual_fill_percent=given_or_null(sent.virtual_fill_percent),
    )
