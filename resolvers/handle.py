"""Handles: the readable part of an address, from the title when nobody chose one; Chinese stays Chinese."""

import re
import unicodedata
from typing import Final
from uuid import UUID

from models.refusal import Refusal, UserErrorCode

HANDLE_CHARS_MAX: Final = 255
DERIVED_CHARS_MAX: Final = 120

# Letters and digits of any script, joined by - and _; case is judged apart because not every script has it.
_HANDLE = re.compile(r"[^\W_][\w-]*")
_JOINTS = re.compile(r"[\W_]+")


def is_handle(text: str) -> bool:
    """Whether the text may be a handle: lower-case letters (of any script), digits, - and _, no joint first."""
    return len(text) <= HANDLE_CHARS_MAX and text == text.lower() and _HANDLE.fullmatch(text) is not None


def handle_refusals(text: str, *field: str | int, chars: int = HANDLE_CHARS_MAX) -> list[Refusal]:
    """Say what is wrong with a handle, if anything."""
    if len(text) > chars:
        return [Refusal(UserErrorCode.TOO_LONG, f"最多 {chars} 个字符", f"At most {chars} characters", *field)]
    if is_handle(text):
        return []
    return [
        Refusal(
            UserErrorCode.INVALID,
            "只能用小写字母、汉字、数字、- 和 _，并以字母、汉字或数字开头",
            "Only lower-case letters, digits, - and _, a letter or digit first",
            *field,
        )
    ]


def derive_handle(title: str, *, chars: int = DERIVED_CHARS_MAX) -> str:
    """Return the handle that a title suggests: `春季 Tee (白)` gives `春季-tee-白`; `item` when nothing is left."""
    plain = unicodedata.normalize("NFKC", title).lower()
    return _JOINTS.sub("-", plain)[:chars].strip("-") or "item"


def apart(handle: str, id: UUID) -> str:  # noqa: A002 - the word of the house
    """Return the handle with a tail of the row's own id, for a title that somebody else has too."""
    return f"{handle[: HANDLE_CHARS_MAX - 9]}-{id.hex[-8:]}"
