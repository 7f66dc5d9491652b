"""From what a client sent to what a command takes: left out is not null, and an id that names nothing is not found."""

from enum import Enum
from typing import Any, TypeVar
from uuid import UUID

import strawberry

from ids import decode_id, encode_id
from resolvers.checks import NOBODY
from resolvers.keep import KEEP, Keep
from schema.money import MoneyInput

T = TypeVar("T")
E = TypeVar("E", bound=Enum)


def optional(description: str) -> Any:  # noqa: ANN401 - a field of any type
    """An input field that may be left out."""
    return strawberry.field(default=strawberry.UNSET, description=description)


def given(value: T | None) -> T | Keep:
    """Return what was sent; KEEP when it was left out, or null where null says nothing."""
    return KEEP if value is strawberry.UNSET or value is None else value


def given_or_null(value: T | None) -> T | Keep | None:
    """Return what was sent, null too; KEEP when it was left out."""
    return KEEP if value is strawberry.UNSET else value


def plain(value: T | None) -> T | None:
    """Return what was sent, null when it was left out."""
    return None if value is strawberry.UNSET else value


def fen(money: MoneyInput | None) -> int | Keep:
    """Return an amount in fen; KEEP for null too."""
    return KEEP if money is strawberry.UNSET or money is None else money.fen


def fen_or_null(money: MoneyInput | None) -> int | Keep | None:
    """Return an amount in fen, null when it shall have none."""
    if money is strawberry.UNSET:
        return KEEP
    return None if money is None else money.fen


def stored(kind: type[E], value: Enum | None) -> E | Keep:
    """Return the stored enum's value for the schema's."""
    return KEEP if value is strawberry.UNSET or value is None else kind(value.value)


def as_stored(kind: type[E], value: Enum) -> E:
    """Return the stored enum's value for the schema's, which has the same names."""
    return kind(value.value)


def stored_or(kind: type[E], value: Enum | None, otherwise: E) -> E:
    """Return the stored enum's value for the schema's, or another when none was sent."""
    return otherwise if value is strawberry.UNSET or value is None else kind(value.value)


def known(prefix: str, id: str) -> UUID:
    """Return the id inside; NOBODY for whatever is no id of this kind."""
    return decode_id(prefix, id) or NOBODY


def known_all(prefix: str, ids: list[strawberry.ID]) -> list[UUID]:
    """Return the ids inside, in order."""
    return [known(prefix, id_) for id_ in ids]


def known_or_none(prefix: str, id: str | None) -> UUID | None:
    """Return the id inside; None when none was sent."""
    return None if id is strawberry.UNSET or id is None else known(prefix, id)


def known_or_keep(prefix: str, id: str | None) -> UUID | Keep | None:
    """Return the id inside; null when it shall be none, KEEP when it was left out."""
    if id is strawberry.UNSET:
        return KEEP
    return None if id is None else known(prefix, id)


def global_ids(prefix: str, ids: list[UUID] | None) -> list[strawberry.ID] | None:
    """Return ids as clients see them; null for null."""
    return None if ids is None else [strawberry.ID(encode_id(prefix, id_)) for id_ in ids]


def global_id(prefix: str, id: UUID | None) -> strawberry.ID | None:
    """Return an id as clients see it; null for null."""
    return None if id is None else strawberry.ID(encode_id(prefix, id))
