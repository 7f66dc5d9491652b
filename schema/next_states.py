"""Where a thing can go from where it stands, read from the table of its steps."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import TypeVar

S = TypeVar("S", bound=StrEnum)


def next_states(column: str, steps: Mapping[S, Collection[S]]) -> str:
    """Return the SQL of the states that may follow the one in a column, as text[] in the order of their names."""
    cases = (f"when '{state}' then array[{_quoted(following)}]::text[]" for state, following in steps.items())
    return f"case {{t}}.{column} {' '.join(cases)} end"


def _quoted(states: Collection[StrEnum]) -> str:
    return ", ".join(f"'{state}'" for state in sorted(states))
