"""What an update leaves as it is: a value that was not given, told apart from one that was given as null."""

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final, TypeVar

T = TypeVar("T")


class Keep(Enum):
    """The type of KEEP; its value can never be taken for one that a client sent."""

    KEEP = ("keep",)


KEEP: Final = Keep.KEEP
"""Not given: an update leaves the stored value, a creation takes the default."""


def given(value: T | Keep, otherwise: T) -> T:
    """Return the value, or `otherwise` when none was given."""
    return otherwise if isinstance(value, Keep) else value


def merged(draft: object, columns: Mapping[str, Any], stored: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return `columns` (name -> default) of a draft: what was given, else what is stored, else the default."""
    below = columns if stored is None else stored
    return {column: given(getattr(draft, column), below[column]) for column in columns}
