"""A freight template as it shall be, and what is wrong with the wish by itself."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from models.freight_template import ChargeBy
from models.refusal import UserErrorCode
from resolvers.checks import FEN_MAX, Checks
from resolvers.keep import KEEP, Keep

NAME_CHARS_MAX: Final = 120
RULES_MAX: Final = 100
CODES_MAX: Final = 4000
"""Regions of one rule: all there are."""
FEE_FEN_MAX: Final = 10_000_000
AMOUNT_MAX: Final = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FreightRuleDraft:
    """One rule; no `region_codes` is the rest of the country. Amounts are grams or pieces, fees fen."""

    region_codes: Sequence[str] = ()
    delivers: bool = True
    first_amount: int = 1
    first_fee_fen: int = 0
    further_amount: int = 1
    further_fee_fen: int = 0
    free_from_fen: int | None = None
    free_from_pieces: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FreightTemplateDraft:
    """KEEP leaves what is stored; a new one needs all three. Given `rules` are the whole list.

    `make_default` has no opposite: a default is replaced, or taken away by freight_template_set_default.
    """

    version: int | None = None
    name: str | Keep = KEEP
    charge_by: ChargeBy | Keep = KEEP
    rules: Sequence[FreightRuleDraft] | Keep = KEEP
    make_default: bool = False


def check_template(draft: FreightTemplateDraft, *, new: bool) -> None:
    """Raise Refusals with all that is wrong with the wish by itself, under `input`."""
    checks = Checks("input")
    if new:
        checks.required(draft.name, "name")
        checks.required(draft.charge_by, "chargeBy")
        checks.required(draft.rules, "rules")
    checks.text(draft.name, "name", chars=NAME_CHARS_MAX, blank=False)
    if not isinstance(draft.rules, Keep):
        _check_rules(checks, draft.rules)
    checks.end()


def _check_rules(checks: Checks, rules: Sequence[FreightRuleDraft]) -> None:
    """Each region and the rest of the country once; the rest is what is sent, for leaving it out is the other way."""
    if not rules:
        checks.refuse(UserErrorCode.BLANK, "至少一条规则", "At least one rule", "rules")
    checks.at_most(rules, RULES_MAX, "rules")
    seen: Counter[str] = Counter()
    for index, rule in enumerate(rules):
        at = ("rules", index)
        checks.at_most(rule.region_codes, CODES_MAX, *at, "regionCodes")
        for place, code in enumerate(rule.region_codes):
            seen[code] += 1
            if seen[code] > 1:
                checks.refuse(UserErrorCode.DUPLICATE, "该地区重复", "Came before", *at, "regionCodes", place)
        if not rule.region_codes:
            seen[""] += 1
            if seen[""] > 1:
                checks.refuse(UserErrorCode.DUPLICATE, "其余地区重复", "The rest came before", *at, "regionCodes")
            if not rule.delivers:
                checks.refuse(
                    UserErrorCode.INVALID, "其余地区不配送请删除该规则", "Leave the rest out instead", *at, "delivers"
                )
        checks.number(rule.first_amount, *at, "firstAmount", least=1, most=AMOUNT_MAX)
        checks.number(rule.first_fee_fen, *at, "firstFee", most=FEE_FEN_MAX)
        checks.number(rule.further_amount, *at, "furtherAmount", least=1, most=AMOUNT_MAX)
        checks.number(rule.further_fee_fen, *at, "furtherFee", most=FEE_FEN_MAX)
        checks.number(rule.free_from_fen, *at, "freeFrom", most=FEN_MAX)
        checks.number(rule.free_from_pieces, *at, "freeFromPieces", least=1, most=AMOUNT_MAX)
