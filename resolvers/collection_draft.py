"""A collection as it shall be, and whether its rules can be asked of a product."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from ids import decode_id
from models.collection import CollectionKind, RuleField, RuleMatch, RuleRelation
from models.refusal import Refusal, UserErrorCode
from resolvers.checks import LONG_TEXT_CHARS_MAX, Checks, Step
from resolvers.handle import handle_refusals
from resolvers.keep import KEEP, Keep

RULES_MAX: Final = 50

_WORDS: Final = frozenset(
    {RuleRelation.EQUALS, RuleRelation.NOT_EQUALS, RuleRelation.CONTAINS, RuleRelation.STARTS_WITH}
)
_SAME: Final = frozenset({RuleRelation.EQUALS, RuleRelation.NOT_EQUALS})
RELATIONS: Final = {
    RuleField.TITLE: _WORDS,
    RuleField.TAG: _WORDS,
    RuleField.VENDOR: _WORDS,
    RuleField.PRODUCT_TYPE: _WORDS,
    RuleField.CATEGORY: _SAME,
    RuleField.MIN_PRICE: _SAME | {RuleRelation.GREATER_THAN, RuleRelation.LESS_THAN},
    RuleField.IN_STOCK: frozenset({RuleRelation.EQUALS}),
}
"""What may be asked of each field."""

_VALUES: Final = {
    RuleField.CATEGORY: re.compile(r"cat_[0-9a-f]{32}", re.ASCII),
    RuleField.MIN_PRICE: re.compile(r"0|[1-9][0-9]{0,15}", re.ASCII),
    RuleField.IN_STOCK: re.compile(r"true|false"),
}
"""How a value must read where it is not any text: a category's id, fen, a yes or no."""


@dataclass(frozen=True, slots=True)
class RuleDraft:
    """One rule. `value` is text: words, a category's id as clients see it, fen, or true and false."""

    field: RuleField
    relation: RuleRelation
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionDraft:
    """KEEP leaves what is stored, or takes the default for a new one; a new one needs a title."""

    handle: str | Keep = KEEP
    title: str | Keep = KEEP
    description: str | Keep = KEEP
    image_url: str | Keep | None = KEEP
    position: int | Keep = KEEP
    published: bool | Keep = KEEP
    rule_match: RuleMatch | Keep = KEEP
    rules: Sequence[RuleDraft] | Keep = KEEP


COLLECTION_DEFAULTS: Final[dict[str, Any]] = {
    "title": "",
    "description": "",
    "image_url": None,
    "position": 0,
    "published": True,
    "rule_match": RuleMatch.ALL,
}


def collection_refusals(draft: CollectionDraft, kind: CollectionKind, *prefix: Step) -> list[Refusal]:
    """Say what is wrong with a collection of this kind by itself."""
    checks = Checks(*prefix)
    if not isinstance(draft.handle, Keep):
        checks.add(handle_refusals(draft.handle, "handle"))
    checks.text(draft.title, "title", blank=False)
    checks.text(draft.description, "description", chars=LONG_TEXT_CHARS_MAX)
    checks.url(draft.image_url, "imageUrl")
    checks.number(draft.position, "position")
    if not isinstance(draft.rules, Keep):
        if draft.rules and kind is CollectionKind.MANUAL:
            checks.refuse(UserErrorCode.NOT_ALLOWED, "手动集合不能有规则", "A MANUAL collection has no rules", "rules")
        checks.at_most(draft.rules, RULES_MAX, "rules")
        for index, rule in enumerate(draft.rules):
            _rule(checks, rule, "rules", index)
    return checks.refusals


def named_categories(rules: Sequence[RuleDraft]) -> dict[int, UUID]:
    """Return the categories that rules are about, by the rule's index."""
    found = {
        index: decode_id("cat", rule.value) for index, rule in enumerate(rules) if rule.field is RuleField.CATEGORY
    }
    return {index: category_id for index, category_id in found.items() if category_id is not None}


def _rule(checks: Checks, rule: RuleDraft, *field: Step) -> None:
    if rule.relation not in RELATIONS[rule.field]:
        checks.refuse(
            UserErrorCode.INVALID,
            f"{rule.field} 不能用 {rule.relation} 比较",
            f"{rule.field} cannot be compared by {rule.relation}",
            *field,
            "relation",
        )
    checks.text(rule.value, *field, "value", blank=False)
    form = _VALUES.get(rule.field)
    if form is not None and not form.fullmatch(rule.value):
        checks.refuse(
            UserErrorCode.INVALID,
            f"{rule.field} 的值格式不正确",
            f"Not a value that {rule.field} can have",
            *field,
            "value",
        )
