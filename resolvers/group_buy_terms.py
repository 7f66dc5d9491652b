"""What a team promises: tiers, prices and who has an advantage. Pure functions over the terms it was started with.

Everybody first pays the price of the smallest tier, which is the highest; in the end all come to the price of the
highest tier that was reached, and the difference goes back (commerce rules 3.4, ladder groups).
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from models.group_buy import LeaderAdvantage


@dataclass(frozen=True, slots=True)
class VariantPrices:
    """Of one piece in fen: at each tier, and for a leader with a price of their own."""

    tiers: tuple[int, ...]
    leader: int | None = None


@dataclass(frozen=True, slots=True)
class TeamTerms:
    """Frozen when a team is started; `size` is how many seats it has, `tier_sizes[0]` how many it needs."""

    size: int
    tier_sizes: tuple[int, ...]
    team_hours: int
    leader_advantage: LeaderAdvantage
    prices: Mapping[UUID, VariantPrices]

    @property
    def least(self) -> int:
        """How many must have joined for the team to succeed."""
        return self.tier_sizes[0]

    def first_price(self, variant_id: UUID, *, is_leader: bool) -> int | None:
        """Return what a piece costs before it is known how many join; None for a variant that is not part of it."""
        return self._price(variant_id, 0, is_leader=is_leader)

    def final_price(self, variant_id: UUID, joined: int, *, is_leader: bool) -> int | None:
        """Return what a piece costs with so many having joined; fewer than the least pay as the least."""
        return self._price(variant_id, self._tier(joined), is_leader=is_leader)

    def tier_size(self, joined: int) -> int:
        """Return the size of the highest tier that so many reach; the least for fewer."""
        return self.tier_sizes[self._tier(joined)]

    def _tier(self, joined: int) -> int:
        return max(bisect_right(self.tier_sizes, joined) - 1, 0)

    def _price(self, variant_id: UUID, tier: int, *, is_leader: bool) -> int | None:
        prices = self.prices.get(variant_id)
        if prices is None:
            return None
        price = prices.tiers[tier]
        if is_leader and self.leader_advantage is LeaderAdvantage.PRICE and prices.leader is not None:
            return min(price, prices.leader)
        return price


def terms_of(size: int, stored: Mapping[str, Any]) -> TeamTerms:
    """Read the terms that a team keeps."""
    return TeamTerms(
        size,
        tuple(stored["tierSizes"]),
        stored["teamHours"],
        LeaderAdvantage(stored["leaderAdvantage"]),
        {UUID(variant): VariantPrices(tuple(one["tiers"]), one["leader"]) for variant, one in stored["prices"].items()},
    )


def stored_terms(offer: Mapping[str, Any], variants: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what a team that is started now keeps; `variants` are all of the offer's."""
    return {
        "tierSizes": list(offer["tier_sizes"]),
        "teamHours": offer["team_hours"],
        "leaderAdvantage": offer["leader_advantage"],
        "prices": {
            str(one["variant_id"]): {"tiers": list(one["tier_prices_fen"]), "leader": one["leader_price_fen"]}
            for one in variants
        },
    }
