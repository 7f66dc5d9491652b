"""Freight arithmetic: exact examples, and what holds for every parcel."""

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.freight_template import ChargeBy
from resolvers.freight import (
    FEN_MAX,
    FreeReason,
    FreightLine,
    FreightResult,
    RegionPath,
    Rule,
    Template,
    freight_fee,
)

HEAVY, LIGHT, NOWHERE = UUID(int=1), UUID(int=2), UUID(int=3)
HANGZHOU = RegionPath("330000", "330100", "330106")
URUMQI = RegionPath("650000", "650100", "650102")
BY_WEIGHT = Template(
    HEAVY, "按重量", ChargeBy.WEIGHT,
    (
        Rule(frozenset({"330000"}), True, 1000, 600, 500, 200, 9900),
        Rule(frozenset({"330106", "310000"}), True, 1000, 500, 500, 100),
        Rule(frozenset({"650000"}), delivers=False),
        Rule((frozenset()), True, 1000, 1200, 1000, 800),
    ),
)  # fmt: skip
BY_COUNT = Template(LIGHT, "按件数", ChargeBy.COUNT, (Rule(frozenset(), True, 2, 300, 3, 100, 5000, 10),))
TEMPLATES: dict[UUID | None, Template] = {HEAVY: BY_WEIGHT, LIGHT: BY_COUNT}


def line(
    template: UUID | None = HEAVY, quantity: int = 1, grams: int = 500, fen: int = 1000, *, of: int = 9
) -> FreightLine:
    return FreightLine(UUID(int=of), template, quantity, grams, fen)


def fee(*lines: FreightLine, to: RegionPath = HANGZHOU) -> int:
    return freight_fee(lines, TEMPLATES, to).fee_fen


@pytest.mark.parametrize(
    ("grams", "fen"), [(0, 500), (1, 500), (1000, 500), (1001, 600), (1500, 600), (1501, 700), (2000, 700)]
)
def test_every_amount_begun_is_charged(grams: int, fen: int) -> None:
    assert fee(line(grams=grams)) == fen


def test_the_most_particular_region_counts() -> None:
    assert fee(line(), to=HANGZHOU) == 500
    assert fee(line(), to=RegionPath("330000", "330100", "330102")) == 600
    assert fee(line(), to=RegionPath("330000")) == 600
    assert fee(line(), to=RegionPath("310000", "310100", "310101")) == 500
    assert fee(line(), to=RegionPath("110000", "110100", "110101")) == 1200


def test_a_template_is_charged_once_for_all_its_lines() -> None:
    both = freight_fee([line(quantity=2, of=1), line(grams=1, of=2), line(LIGHT, 3, of=3)], TEMPLATES, HANGZHOU)

    assert [(charge.template_id, charge.amount, charge.fee_fen) for charge in both.charges] == [
        (HEAVY, 1001, 600),
        (LIGHT, 3, 400),
    ]
    assert both.fee_fen == 1000
    assert both.charges[0].line_ids == (UUID(int=1), UUID(int=2))


def test_freight_is_free_from_a_threshold_on_and_says_what_is_missing() -> None:
    rest = RegionPath("330000", "330100", "330102")

    near = freight_fee([line(fen=9899)], TEMPLATES, rest)
    there = freight_fee([line(fen=5000), line(fen=4900, of=8)], TEMPLATES, rest)

    assert (near.fee_fen, near.free_reason, near.missing_to_free_fen) == (600, None, 1)
    assert (there.fee_fen, there.free_reason, there.missing_to_free_fen) == (0, FreeReason.THRESHOLD, None)


def test_a_threshold_in_fen_and_pieces_needs_both() -> None:
    few = freight_fee([line(LIGHT, 9, fen=6000)], TEMPLATES, HANGZHOU)
    cheap = freight_fee([line(LIGHT, 10, fen=4000)], TEMPLATES, HANGZHOU)

    assert (few.fee_fen, few.missing_to_free_fen, few.charges[0].missing_pieces) == (600, None, 1)
    assert (cheap.fee_fen, cheap.missing_to_free_fen) == (600, 1000)
    assert freight_fee([line(LIGHT, 10, fen=5000)], TEMPLATES, HANGZHOU).free_reason is FreeReason.THRESHOLD


def test_money_makes_all_freight_free_only_where_every_template_says_so() -> None:
    rest = RegionPath("330000", "330100", "330102")
    lines = [line(fen=9000), line(LIGHT, 10, fen=4000, of=8)]

    assert freight_fee(lines, TEMPLATES, rest).missing_to_free_fen == 1900
    assert freight_fee(lines, TEMPLATES, HANGZHOU).missing_to_free_fen is None


def test_what_is_not_sent_somewhere_is_named_and_not_charged() -> None:
    result = freight_fee([line(of=2), line(LIGHT, of=3), line(of=1)], TEMPLATES, URUMQI)

    assert result.not_deliverable == (UUID(int=1), UUID(int=2))
    assert (result.fee_fen, result.free_reason) == (300, None)


def test_a_template_without_a_rule_for_the_rest_sends_nowhere_else() -> None:
    only_here = replace(BY_WEIGHT, rules=BY_WEIGHT.rules[:1])

    assert freight_fee([line()], {HEAVY: only_here}, URUMQI).not_deliverable == (UUID(int=9),)


def test_a_line_without_a_template_takes_the_default_or_is_free() -> None:
    default: dict[UUID | None, Template] = {**TEMPLATES, None: BY_COUNT}

    assert freight_fee([line(None, 3), line(LIGHT, 3, of=8), line(NOWHERE, 2)], default, HANGZHOU).fee_fen == 500
    assert freight_fee([line(None)], TEMPLATES, HANGZHOU) == FreightResult(0, FreeReason.NO_TEMPLATE, None)
    assert freight_fee([], default, HANGZHOU) == FreightResult(0, FreeReason.NOTHING_TO_SEND, None)


def test_a_rule_that_takes_nothing_says_so() -> None:
    free: dict[UUID | None, Template] = {HEAVY: Template(HEAVY, "包邮", ChargeBy.COUNT, (Rule(),))}

    assert freight_fee([line()], free, HANGZHOU).free_reason is FreeReason.NO_FEE


_FEN = st.integers(0, 10**7)
_AMOUNTS = st.integers(1, 10**6)
_CODES = st.frozensets(st.sampled_from(("330000", "330100", "330106", "650000")))
_RULES = st.builds(
    Rule, _CODES, st.booleans(), _AMOUNTS, _FEN, _AMOUNTS, _FEN, st.none() | _FEN, st.none() | st.integers(1, 99)
)
_TEMPLATES = st.fixed_dictionaries(
    {
        id_: st.builds(
            Template, st.just(id_ or NOWHERE), st.just(""), st.sampled_from(ChargeBy),
            st.lists(_RULES, max_size=4).map(tuple),
        )
        for id_ in (HEAVY, LIGHT, None)
    }
)  # fmt: skip
_LINES = st.lists(
    st.builds(
        FreightLine, st.uuids(), st.sampled_from((HEAVY, LIGHT, NOWHERE, None)), st.integers(1, 9999),
        st.integers(0, 2**31 - 1), _FEN,
    ),
    max_size=5,
)  # fmt: skip
_REGIONS = st.sampled_from((HANGZHOU, URUMQI, RegionPath("330000")))


@given(_LINES, _TEMPLATES, _REGIONS)
def test_freight_is_never_negative_and_is_the_sum_of_its_charges(
    lines: list[FreightLine], templates: dict[UUID | None, Template], region: RegionPath
) -> None:
    result = freight_fee(lines, templates, region)

    assert 0 <= result.fee_fen <= FEN_MAX
    assert result.fee_fen == min(sum(charge.fee_fen for charge in result.charges), FEN_MAX)
    assert (result.free_reason is not None) == (result.fee_fen == 0 and not result.not_deliverable)
    sent = [id_ for charge in result.charges for id_ in charge.line_ids]
    assert sorted([*sent, *result.not_deliverable]) == sorted(line.line_id for line in lines)


@given(_LINES, _TEMPLATES, _REGIONS, st.randoms())
def test_the_order_of_lines_does_not_matter(
    lines: list[FreightLine], templates: dict[UUID | None, Template], region: RegionPath, random: object
) -> None:
    turned = list(lines)
    random.shuffle(turned)  # type: ignore[attr-defined]

    assert freight_fee(turned, templates, region) == freight_fee(lines, templates, region)


@given(_LINES, _TEMPLATES, _REGIONS, st.integers(0, 4), st.integers(1, 10**6))
def test_more_weight_never_costs_less(
    lines: list[FreightLine], templates: dict[UUID | None, Template], region: RegionPath, at: int, more: int
) -> None:
    heavier = [
        replace(one, weight_grams=one.weight_grams + more) if place == at else one for place, one in enumerate(lines)
    ]

    assert freight_fee(heavier, templates, region).fee_fen >= freight_fee(lines, templates, region).fee_fen


@given(_LINES, _TEMPLATES, _REGIONS, st.data())
def test_a_line_cut_in_two_costs_the_same(
    lines: list[FreightLine], templates: dict[UUID | None, Template], region: RegionPath, data: st.DataObject
) -> None:
    cut: list[FreightLine] = []
    for one in lines:
        pieces, fen = data.draw(st.integers(0, one.quantity)), data.draw(st.integers(0, one.payable_fen))
        cut += [
            replace(one, quantity=pieces, payable_fen=fen),
            replace(one, quantity=one.quantity - pieces, payable_fen=one.payable_fen - fen),
        ]

    whole, parts = freight_fee(lines, templates, region), freight_fee(cut, templates, region)

    assert (parts.fee_fen, parts.free_reason, parts.missing_to_free_fen) == (
        whole.fee_fen,
        whole.free_reason,
        whole.missing_to_free_fen,
    )
