"""What somebody wants of their cart, as values: lines to add, lines to change, and what is wrong with them at once."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import orjson

from ids import new_id
from models.refusal import UserErrorCode
from resolvers.checks import Checks, Step
from resolvers.keep import KEEP, Keep
from resolvers.visit_address import share_token

QUANTITY_MAX: Final = 9_999
LINES_MAX: Final = 100
"""Lines of a cart. A merge may bring more together, for it loses nothing; then nothing new goes in."""
NOTE_CHARS_MAX: Final = 500
ATTRIBUTES_MAX: Final = 20

Attributes = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CartLineDraft:
    """Pieces of a variant to put into the cart. `share_token` is the share that brought the wish, if any."""

    variant_id: UUID
    quantity: int = 1
    attributes: Attributes = field(default_factory=dict)
    share_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CartLineChange:
    """What shall be different in a line; KEEP leaves a value. A line that becomes as another is joins it."""

    line_id: UUID
    quantity: int | Keep = KEEP
    selected: bool | Keep = KEEP
    variant_id: UUID | Keep = KEEP
    attributes: Attributes | Keep = KEEP


@dataclass(frozen=True, slots=True, kw_only=True)
class CartDraft:
    """A cart to begin with: lines go to what is there already, what is KEEP stays."""

    lines: Sequence[CartLineDraft] = ()
    note: str | Keep = KEEP
    attributes: Attributes | Keep = KEEP


def attributes_key(attributes: Attributes) -> bytes:
    """Return what tells two lines of one variant apart: the SHA-256 of the attributes, whatever their order."""
    return hashlib.sha256(orjson.dumps(dict(attributes), option=orjson.OPT_SORT_KEYS)).digest()


def check_lines(lines: Sequence[CartLineDraft], *path: Step) -> Checks:
    """Find what is wrong with lines to add by themselves."""
    checks = Checks(*path)
    checks.at_most(lines, LINES_MAX)
    for index, line in enumerate(lines):
        checks.number(line.quantity, index, "quantity", least=1, most=QUANTITY_MAX)
        check_attributes(checks, line.attributes, index, "attributes")
    return checks


def check_changes(changes: Sequence[CartLineChange], *path: Step) -> Checks:
    """Find what is wrong with changes of lines by themselves."""
    checks = Checks(*path)
    checks.at_most(changes, 2 * LINES_MAX)
    checks.distinct([change.line_id for change in changes], "lineId")
    for index, change in enumerate(changes):
        checks.number(change.quantity, index, "quantity", least=1, most=QUANTITY_MAX)
        check_attributes(checks, change.attributes, index, "attributes")
    return checks


def check_attributes(checks: Checks, attributes: Attributes | Keep, *path: Step) -> None:
    """Refuse more than twenty attributes, long or blank names and long values."""
    if isinstance(attributes, Keep):
        return
    checks.at_most(list(attributes), ATTRIBUTES_MAX, *path)
    for index, (key, value) in enumerate(attributes.items()):
        checks.text(key, *path, index, "key", blank=False)
        checks.text(value, *path, index, "value")


def check_note(checks: Checks, note: str | Keep) -> None:
    """Refuse a note that is too long or cannot be stored."""
    checks.text(note, "note", chars=NOTE_CHARS_MAX)


def unsold(checks: Checks, *path: Step) -> None:
    """Refuse a variant that is not on sale here."""
    checks.refuse(UserErrorCode.NOT_FOUND, "找不到该规格", "No such variant", *path)


def as_wish(place: int, line: CartLineDraft) -> dict[str, Any]:
    """Return a line to add as the statement reads it."""
    return {
        "place": place,
        "id": new_id(),
        "variant_id": line.variant_id,
        "quantity": line.quantity,
        "attributes": dict(line.attributes),
        "key_hex": attributes_key(line.attributes).hex(),
        "share_token": share_token(line.share_token),
    }


def as_change(place: int, change: CartLineChange) -> dict[str, Any]:
    """Return a change as the statement reads it; null leaves what is."""
    attributes = None if isinstance(change.attributes, Keep) else dict(change.attributes)
    return {
        "place": place,
        "id": change.line_id,
        "quantity": None if isinstance(change.quantity, Keep) else change.quantity,
        "selected": None if isinstance(change.selected, Keep) else change.selected,
        "variant_id": None if isinstance(change.variant_id, Keep) else change.variant_id,
        "attributes": attributes,
        "key_hex": None if attributes is None else attributes_key(attributes).hex(),
    }
