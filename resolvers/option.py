"""Options of a product: what can be chosen, and which variants fit the choice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from models.refusal import Refusal, UserErrorCode
from resolvers.checks import Checks, Step

OPTIONS_MAX: Final = 5
VALUES_MAX: Final = 250


@dataclass(frozen=True, slots=True)
class OptionDraft:
    """One option as it shall be: its name, and the values there are, in order."""

    name: str
    values: Sequence[str]


def option_refusals(options: Sequence[OptionDraft], *prefix: Step) -> list[Refusal]:
    """Say what is wrong with a product's options by themselves."""
    checks = Checks(*prefix)
    checks.at_most(options, OPTIONS_MAX)
    checks.distinct([option.name for option in options], "name")
    for index, option in enumerate(options):
        checks.text(option.name, index, "name", blank=False)
        checks.at_most(option.values, VALUES_MAX, index, "values")
        checks.distinct(option.values, "", index, "values")
        if not option.values:
            checks.refuse(UserErrorCode.BLANK, "至少一个选项值", "At least one value", index, "values")
        for place, value in enumerate(option.values):
            checks.text(value, index, "values", place, blank=False)
    return checks.refusals


def fit_refusals(options: Sequence[OptionDraft], values: Sequence[str], *field: Step) -> list[Refusal]:
    """Say why a variant's values do not fit: one value of each option, in the order of the options."""
    if len(values) != len(options):
        return [
            Refusal(
                UserErrorCode.INVALID,
                f"须为每个规格各选一个值（共 {len(options)} 个）",
                f"One value for each option is needed ({len(options)})",
                *field,
            )
        ]
    return [
        Refusal(
            UserErrorCode.INVALID,
            f"规格“{option.name}”没有这个值",
            f"Option {option.name} has no such value",
            *field,
            index,
        )
        for index, (option, value) in enumerate(zip(options, values, strict=True))
        if value not in option.values
    ]


def stored_options(rows: Sequence[Mapping[str, Any]]) -> list[OptionDraft]:
    """Return stored options in their order, in the form of drafts."""
    return [OptionDraft(row["name"], row["values"]) for row in sorted(rows, key=lambda row: row["position"])]
