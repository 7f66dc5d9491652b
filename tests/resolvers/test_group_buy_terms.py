"""What a team promises, for every ladder there may be: nobody ever pays more in the end than they did at first."""

from typing import Any
from uuid import UUID

import orjson
from hypothesis import given
from hypothesis import strategies as st

from models.group_buy import LeaderAdvantage
from resolvers.group_buy_terms import TeamTerms, VariantPrices, stored_terms, terms_of

FEN = st.integers(1, 10**9)


@st.composite
def promises(draw: st.DrawFn) -> TeamTerms:
    """Terms as staff may write them: sizes ascend, prices never rise, a leader's is at most the first."""
    sizes = sorted(draw(st.sets(st.integers(2, 100), min_size=1, max_size=10)))
    advantage = draw(st.sampled_from(LeaderAdvantage))
    prices = {}
    for variant in draw(st.sets(st.uuids(), min_size=1, max_size=3)):
        tiers = sorted(draw(st.lists(FEN, min_size=len(sizes), max_size=len(sizes))), reverse=True)
        leader = draw(st.integers(1, tiers[0])) if advantage is LeaderAdvantage.PRICE else None
        prices[variant] = VariantPrices(tuple(tiers), leader)
    most = draw(st.integers(sizes[-1], 100)) if len(sizes) > 1 else sizes[-1]
    return TeamTerms(most, tuple(sizes), draw(st.integers(1, 720)), advantage, prices)


@given(promises(), st.integers(0, 120), st.integers(0, 120), st.booleans())
def test_the_more_join_the_less_everybody_pays(terms: TeamTerms, one: int, other: int, is_leader: bool) -> None:
    fewer, more = sorted((one, other))
    for variant in terms.prices:
        first = terms.first_price(variant, is_leader=is_leader)
        with_fewer = terms.final_price(variant, fewer, is_leader=is_leader)
        with_more = terms.final_price(variant, more, is_leader=is_leader)
        assert first is not None
        assert with_fewer is not None
        assert with_more is not None
        assert 0 < with_more <= with_fewer <= first


@given(promises())
def test_each_tier_has_its_price_and_the_last_may_be_reached(terms: TeamTerms) -> None:
    for variant, prices in terms.prices.items():
        for size, price in zip(terms.tier_sizes, prices.tiers, strict=True):
            assert terms.final_price(variant, size, is_leader=False) == price
        assert terms.first_price(variant, is_leader=False) == prices.tiers[0]
        assert terms.final_price(variant, terms.size, is_leader=False) == prices.tiers[-1]


@given(promises(), st.integers(0, 120))
def test_the_tier_that_counts_is_the_highest_that_was_reached(terms: TeamTerms, joined: int) -> None:
    size = terms.tier_size(joined)

    assert size in terms.tier_sizes
    if joined < terms.least:
        assert size == terms.least
    else:
        assert size <= joined
        assert all(other > joined for other in terms.tier_sizes if other > size)
    # What is written down at the end of a team is read again when its seats are settled: the price is the same.
    for variant in terms.prices:
        again, at_once = (terms.final_price(variant, number, is_leader=True) for number in (size, joined))
        assert again == at_once


@given(promises(), st.integers(0, 120))
def test_a_leader_pays_no_more_than_the_others(terms: TeamTerms, joined: int) -> None:
    for variant, prices in terms.prices.items():
        leads, follows = (terms.final_price(variant, joined, is_leader=is_leader) for is_leader in (True, False))
        assert leads is not None
        assert follows is not None
        assert leads <= follows
        if prices.leader is None:
            assert leads == follows
        else:
            assert leads == min(prices.leader, follows)


@given(promises(), st.uuids())
def test_what_is_no_part_of_it_has_no_price(terms: TeamTerms, other: UUID) -> None:
    if other not in terms.prices:
        assert terms.first_price(other, is_leader=True) is None
        assert terms.final_price(other, terms.size, is_leader=False) is None


@given(promises())
def test_a_team_keeps_what_it_was_promised(terms: TeamTerms) -> None:
    """By way of the JSON that it is kept as."""
    offer: dict[str, Any] = {
        "tier_sizes": terms.tier_sizes, "team_hours": terms.team_hours, "leader_advantage": terms.leader_advantage,
    }  # fmt: skip
    variants = [
        {"variant_id": variant, "tier_prices_fen": prices.tiers, "leader_price_fen": prices.leader}
        for variant, prices in terms.prices.items()
    ]

    kept = orjson.loads(orjson.dumps(stored_terms(offer, variants)))

    assert terms_of(terms.size, kept) == terms


@given(promises())
def test_a_leaders_price_counts_for_nothing_without_the_advantage(terms: TeamTerms) -> None:
    """It may stand there still from before staff chose another."""
    with_price = {variant: VariantPrices(prices.tiers, 1) for variant, prices in terms.prices.items()}
    for advantage in (LeaderAdvantage.NONE, LeaderAdvantage.FREE):
        changed = TeamTerms(terms.size, terms.tier_sizes, terms.team_hours, advantage, with_price)
        for variant, prices in terms.prices.items():
            assert changed.first_price(variant, is_leader=True) == prices.tiers[0]
