"""A group-buy as it shall be, and what is wrong with the wish by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final
from uuid import UUID

from models.group_buy import JoinBy, LatePayment, LeaderAdvantage
from models.refusal import UserErrorCode
from resolvers.checks import BULK_MAX, Checks
from resolvers.keep import KEEP, Keep

TITLE_CHARS_MAX: Final = 120
SIZE_MIN: Final = 2
SIZE_MAX: Final = 100
TIERS_MAX: Final = 10
TEAM_HOURS_MAX: Final = 720
FILL_PERCENT_MAX: Final = 99
"""A team in which all of the least have joined needs no filling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupBuyVariantDraft:
    """What a piece costs at each tier in fen, and for a leader; `stock` null is as much as the shop has."""

    variant_id: UUID
    prices_fen: Sequence[int]
    leader_price_fen: int | None = None
    stock: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupBuyDraft:
    """KEEP leaves what is stored; a new one needs all from `product_id` to `team_hours`, else the default holds.

    `max_size` null is the last of `tier_sizes`. Given `variants` are the whole list.
    """

    version: int | None = None
    product_id: UUID | Keep = KEEP
    title: str | Keep = KEEP
    starts_at: datetime | Keep = KEEP
    ends_at: datetime | Keep = KEEP
    tier_sizes: Sequence[int] | Keep = KEEP
    max_size: int | None = None
    variants: Sequence[GroupBuyVariantDraft] | Keep = KEEP
    team_hours: int | Keep = KEEP
    per_person_limit: int | Keep | None = KEEP
    per_order_limit: int | Keep | None = KEEP
    leader_advantage: LeaderAdvantage | Keep = KEEP
    new_customers_only: bool | Keep = KEEP
    join_by: JoinBy | Keep = KEEP
    late_payment: LatePayment | Keep = KEEP
    virtual_fill_percent: int | Keep | None = KEEP


def check_group_buy(draft: GroupBuyDraft) -> None:
    """Raise Refusals with all that is wrong with the wish by itself, under `input`."""
    checks = Checks("input")
    checks.text(draft.title, "title", chars=TITLE_CHARS_MAX, blank=False)
    checks.number(draft.team_hours, "teamHours", least=1, most=TEAM_HOURS_MAX)
    checks.number(draft.per_person_limit, "perPersonLimit", least=1)
    checks.number(draft.per_order_limit, "perOrderLimit", least=1)
    checks.number(draft.virtual_fill_percent, "virtualFillPercent", least=1, most=FILL_PERCENT_MAX)
    if not isinstance(draft.tier_sizes, Keep):
        _check_tiers(checks, draft.tier_sizes)
    checks.number(draft.max_size, "maxSize", least=SIZE_MIN, most=SIZE_MAX)
    if not isinstance(draft.variants, Keep):
        _check_variants(checks, draft.variants)
    checks.end()


def _check_tiers(checks: Checks, sizes: Sequence[int]) -> None:
    if not sizes:
        checks.refuse(UserErrorCode.BLANK, "至少一个成团人数", "At least one size", "tierSizes")
    checks.at_most(sizes, TIERS_MAX, "tierSizes")
    for index, size in enumerate(sizes):
        checks.number(size, "tierSizes", index, least=SIZE_MIN, most=SIZE_MAX)
    for index, (before, size) in enumerate(pairwise(sizes), 1):
        if size <= before:
            checks.refuse(UserErrorCode.INVALID, "须大于前一档", "Must be above the one before", "tierSizes", index)


def _check_variants(checks: Checks, variants: Sequence[GroupBuyVariantDraft]) -> None:
    """Prices never rise, and nothing is had for nothing: FREE gives leaders their money back instead."""
    if not variants:
        checks.refuse(UserErrorCode.BLANK, "至少一个规格", "At least one variant", "variants")
    checks.at_most(variants, BULK_MAX, "variants")
    checks.distinct([variant.variant_id for variant in variants], "variantId", "variants")
    for index, variant in enumerate(variants):
        at = ("variants", index)
        for place, price in enumerate(variant.prices_fen):
            if price < 1:
                checks.refuse(UserErrorCode.OUT_OF_RANGE, "至少 0.01 元", "At least one fen", *at, "prices", place)
        for place, (before, price) in enumerate(pairwise(variant.prices_fen), 1):
            if price > before:
                checks.refuse(
                    UserErrorCode.OUT_OF_RANGE,
                    "不得高于前一档",
                    "Must not be above the one before",
                    *at,
                    "prices",
                    place,
                )
        if variant.leader_price_fen is not None and variant.leader_price_fen < 1:
            checks.refuse(UserErrorCode.OUT_OF_RANGE, "至少 0.01 元", "At least one fen", *at, "leaderPrice")
        checks.number(variant.stock, *at, "stock")
