"""Pricing is arithmetic: sums are exact, no line is negative, and the order of clicks does not matter."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.freight_template import ChargeBy
from resolvers.allocation import allocate
from resolvers.freight import RegionPath, Rule, Template
from resolvers.pricing import AdjustmentKind, Basket, Item, Price, ReasonCode, price, staff_rule

FEN = st.integers(min_value=0, max_value=2**40)
HERE = RegionPath("330000", "330100", "330106")
TEMPLATE = UUID(int=7)


def flat(fee_fen: int, free_from_fen: int | None = None) -> dict[UUID | None, Template]:
    rule = Rule(first_amount=1_000_000, first_fee_fen=fee_fen, free_from_fen=free_from_fen)
    return {None: Template(TEMPLATE, "包裹", ChargeBy.COUNT, (rule,))}


@st.composite
def baskets(draw: st.DrawFn) -> Basket:
    """Any basket: prices down to nothing, discounts beyond all bounds."""
    lines = draw(st.lists(st.tuples(FEN, st.integers(1, 999), st.booleans()), min_size=1, max_size=12))
    items = tuple(
        Item(UUID(int=number + 1), (f"{number:03}",), quantity, fen, 100, is_sent)
        for number, (fen, quantity, is_sent) in enumerate(lines)
    )
    staff = draw(st.integers(-(2**44), 2**44))
    freight = flat(draw(st.integers(0, 10_000)), draw(st.none() | FEN))
    return Basket(items, draw(st.none() | st.just(HERE)), freight, staff)


@given(st.integers(0, 2**50), st.lists(st.integers(0, 2**40), min_size=1, max_size=50))
def test_shares_sum_to_the_amount_and_stay_within_their_weights(amount: int, weights: list[int]) -> None:
    if not sum(weights):
        assert allocate(0, weights) == [0] * len(weights)
        return
    shares = allocate(amount, weights)

    assert sum(shares) == amount
    assert all(share >= 0 for share in shares)
    assert [-share for share in shares] == allocate(-amount, weights)
    if amount <= sum(weights):
        assert all(share <= weight for share, weight in zip(shares, weights, strict=True))
    # Nobody is more than a fen away from an exact share.
    assert all(
        abs(share * sum(weights) - amount * weight) < sum(weights)
        for share, weight in zip(shares, weights, strict=True)
    )


def test_ties_go_to_the_first() -> None:
    assert allocate(10, [1, 1, 1]) == [4, 3, 3]
    assert allocate(1, [5, 5]) == [1, 0]
    with pytest.raises(ValueError, match="nothing to share"):
        allocate(1, [0, 0])


@given(baskets())
def test_every_price_adds_up_and_nothing_is_negative(basket: Basket) -> None:
    priced = price(basket)

    assert all(fen >= 0 for fen in priced.payable.values())
    assert priced.total_fen == priced.goods_fen + sum(one.amount_fen for one in priced.adjustments)
    assert priced.total_fen == sum(priced.payable.values()) + priced.freight_fen >= 0
    for one in priced.adjustments:
        assert sum(fen for _, fen in one.allocations) == (0 if one.kind is AdjustmentKind.FREIGHT else one.amount_fen)
    for item in priced.items:
        shares = sum(fen for one in priced.adjustments for line, fen in one.allocations if line == item.line_id)
        assert priced.payable[item.line_id] == item.goods_fen + shares


@given(baskets(), st.randoms(use_true_random=False))
def test_the_order_of_clicks_does_not_matter(basket: Basket, chance: object) -> None:
    items = list(basket.items)
    chance.shuffle(items)  # type: ignore[attr-defined]

    shuffled = price(Basket(tuple(items), basket.region, basket.templates, basket.staff_fen))

    assert shuffled == price(basket)


@given(baskets(), st.integers(-(2**42), 2**42))
def test_rules_one_after_the_other_share_what_the_ones_before_left(basket: Basket, more: int) -> None:
    def second(_basket: Basket, priced: Price) -> Price:
        return priced.adjusted(AdjustmentKind.STAFF, more, list(priced.payable)[:1])

    priced = price(basket, (staff_rule, second))

    assert all(fen >= 0 for fen in priced.payable.values())
    assert priced.total_fen == priced.goods_fen + sum(one.amount_fen for one in priced.adjustments)


@pytest.mark.parametrize(
    ("fen", "reason", "freight", "missing"),
    [
        (5_000, ReasonCode.BELOW_THRESHOLD, 800, 4_900),
        (9_899, ReasonCode.BELOW_THRESHOLD, 800, 1),
        (9_900, ReasonCode.FREE, 0, None),
    ],
)
def test_freight_says_what_is_missing_until_it_is_free(
    fen: int, reason: ReasonCode, freight: int, missing: int | None
) -> None:
    priced = price(Basket((Item(UUID(int=1), ("a",), 1, fen, 500),), HERE, flat(800, free_from_fen=9_900)))

    [said] = priced.explanations
    assert (said.reason, said.missing_fen, priced.freight_fen) == (reason, missing, freight)


def test_freight_is_taken_on_what_discounts_left() -> None:
    basket = Basket((Item(UUID(int=1), ("a",), 1, 10_000),), HERE, flat(800, free_from_fen=9_900), staff_fen=-200)

    priced = price(basket)

    assert (priced.freight_fen, priced.total_fen) == (800, 10_600)


@pytest.mark.parametrize(
    ("is_sent", "templates", "reason"),
    [
        (False, flat(800), ReasonCode.NOTHING_TO_SEND),
        (True, {}, ReasonCode.NO_FEE),
        (True, flat(0), ReasonCode.NO_FEE),
        (True, flat(800, free_from_fen=100), ReasonCode.FREE),
    ],
)
def test_what_costs_no_freight_says_why(
    is_sent: bool, templates: dict[UUID | None, Template], reason: ReasonCode
) -> None:
    priced = price(Basket((Item(UUID(int=1), ("a",), 1, 100, 0, is_sent),), HERE, templates))

    [said] = priced.explanations
    assert (said.reason, said.applied, priced.freight_fen) == (reason, reason is ReasonCode.FREE, 0)


def test_what_is_not_sent_there_is_named() -> None:
    nowhere: dict[UUID | None, Template] = {None: Template(TEMPLATE, "包裹", ChargeBy.COUNT, (Rule(delivers=False),))}
    items = (Item(UUID(int=1), ("a",), 1, 100), Item(UUID(int=2), ("b",), 1, 100, 0, requires_shipping=False))

    priced = price(Basket(items, HERE, nowhere))

    assert priced.not_deliverable == (UUID(int=1),)
    assert [said.reason for said in price(Basket(items)).explanations] == [ReasonCode.NO_ADDRESS]
