"""What freight costs: pure arithmetic over whole fen, grams and pieces; no database, no clock.

Lines are put together by template, and each template is charged once, on all that it sends: two thin parcels of one
template cost no more than the thick one they make. A template's rule for the most particular region counts.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from uuid import UUID

from models.freight_template import ChargeBy

FEN_MAX: Final = 2**53 - 1
"""Freight is never more than what JSON readers hold exactly."""


class FreeReason(StrEnum):
    """Why nothing is taken."""

    NOTHING_TO_SEND = "NOTHING_TO_SEND"
    NO_TEMPLATE = "NO_TEMPLATE"
    NO_FEE = "NO_FEE"
    THRESHOLD = "THRESHOLD"


@dataclass(frozen=True, slots=True)
class RegionPath:
    """Where goods go; city and district are None where nobody knows their code."""

    province: str
    city: str | None = None
    district: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a template; amounts in grams or pieces, fees in fen. No `region_codes`: the rest of the country."""

    region_codes: frozenset[str] = frozenset()
    delivers: bool = True
    first_amount: int = 1
    first_fee_fen: int = 0
    further_amount: int = 1
    further_fee_fen: int = 0
    free_from_fen: int | None = None
    free_from_pieces: int | None = None


@dataclass(frozen=True, slots=True)
class Template:
    """A template as it stands; several products may have it."""

    id: UUID
    name: str
    charge_by: ChargeBy
    rules: tuple[Rule, ...]


Templates = Mapping[UUID | None, Template]
"""By id; under None the shop's default, where there is one."""


@dataclass(frozen=True, slots=True)
class FreightLine:
    """A line of goods that are sent; `template_id` None is the shop's default.

    `weight_grams` is of one piece, `payable_fen` what is paid for the whole line after all discounts.
    """

    line_id: UUID
    template_id: UUID | None
    quantity: int
    weight_grams: int
    payable_fen: int


@dataclass(frozen=True, slots=True)
class FreightCharge:
    """What one template takes. `missing_fen` and `missing_pieces` are what its free freight still needs; None without.

    `amount` is what was charged for: grams or pieces.
    """

    template_id: UUID
    name: str
    charge_by: ChargeBy
    amount: int
    fee_fen: int
    free_reason: FreeReason | None
    missing_fen: int | None = None
    missing_pieces: int | None = None
    line_ids: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class FreightResult:
    """`fee_fen` is the sum of all charges. `free_reason` is set exactly when it is 0 and everything can be sent.

    `missing_to_free_fen` is how much more must be paid for goods until all freight is free; None when it is free
    already, or when money alone can't make it so. `not_deliverable` are lines that are not sent to this region; they
    are not in the fee.
    """

    fee_fen: int
    free_reason: FreeReason | None
    missing_to_free_fen: int | None
    not_deliverable: tuple[UUID, ...] = ()
    charges: tuple[FreightCharge, ...] = field(default=())


def freight_fee(lines: Sequence[FreightLine], templates: Templates, region: RegionPath) -> FreightResult:
    """Return what sending these lines to a region costs. A template that is not there is the default, or none."""
    charges: list[FreightCharge] = []
    refused: list[UUID] = []
    for template, grouped in _by_template(lines, templates):
        rule = rule_for(template, region)
        if rule is None or not rule.delivers:
            refused += [line.line_id for line in grouped]
        else:
            charges.append(_charge(template, rule, grouped))
    fee = min(sum(charge.fee_fen for charge in charges), FEN_MAX)
    reason = None if refused or fee else _free_reason(lines, charges)
    return FreightResult(fee, reason, _missing(charges), tuple(sorted(refused)), tuple(charges))


def rule_for(template: Template, region: RegionPath) -> Rule | None:
    """Return the rule for the district, else the city, else the province, else the rest; None when it has none."""
    for code in (region.district, region.city, region.province):
        for rule in template.rules:
            if code is not None and code in rule.region_codes:
                return rule
    return next((rule for rule in template.rules if not rule.region_codes), None)


def _by_template(lines: Iterable[FreightLine], templates: Templates) -> list[tuple[Template, list[FreightLine]]]:
    """Group the lines that a template charges, in the order of the templates' ids."""
    groups: dict[UUID, tuple[Template, list[FreightLine]]] = {}
    for line in lines:
        template = templates.get(line.template_id) or templates.get(None)
        if template is not None:
            groups.setdefault(template.id, (template, []))[1].append(line)
    return [groups[id_] for id_ in sorted(groups)]


def _charge(template: Template, rule: Rule, lines: Sequence[FreightLine]) -> FreightCharge:
    pieces = sum(line.quantity for line in lines)
    grams = sum(line.quantity * line.weight_grams for line in lines)
    amount = grams if template.charge_by is ChargeBy.WEIGHT else pieces
    missing_fen, missing_pieces = _missing_of(rule, sum(line.payable_fen for line in lines), pieces)
    fee = _fee(rule, amount)
    reason = None
    if not fee:
        reason = FreeReason.NO_FEE
    elif missing_fen == 0 and missing_pieces == 0:
        fee, reason = 0, FreeReason.THRESHOLD
    return FreightCharge(
        template.id, template.name, template.charge_by, amount, fee, reason,
        None if reason else missing_fen, None if reason else missing_pieces,
        tuple(sorted(line.line_id for line in lines)),
    )  # fmt: skip


def _fee(rule: Rule, amount: int) -> int:
    """The first amount once, then every amount begun."""
    further = -(-max(amount - rule.first_amount, 0) // rule.further_amount)
    return min(rule.first_fee_fen + further * rule.further_fee_fen, FEN_MAX)


def _missing_of(rule: Rule, payable_fen: int, pieces: int) -> tuple[int | None, int | None]:
    """What the rule's free freight still needs, in fen and in pieces; None twice when it is never free."""
    if rule.free_from_fen is None and rule.free_from_pieces is None:
        return None, None
    return max((rule.free_from_fen or 0) - payable_fen, 0), max((rule.free_from_pieces or 0) - pieces, 0)


def _free_reason(lines: Sequence[FreightLine], charges: Sequence[FreightCharge]) -> FreeReason:
    if not lines:
        return FreeReason.NOTHING_TO_SEND
    reasons = {charge.free_reason for charge in charges}
    if not reasons:
        return FreeReason.NO_TEMPLATE
    return FreeReason.THRESHOLD if FreeReason.THRESHOLD in reasons else FreeReason.NO_FEE


def _missing(charges: Sequence[FreightCharge]) -> int | None:
    """The money that would make all freight free, when money alone would."""
    charged = [charge for charge in charges if charge.fee_fen]
    missing = [charge.missing_fen for charge in charged if charge.missing_fen is not None and not charge.missing_pieces]
    return sum(missing) if charged and len(missing) == len(charged) else None
