"""Pages as Relay's text says, step by step, over a list that is wholly in memory."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from engine.keyset import TEXT, mac_key, opened, seal
from engine.paging import MOST_COUNTED
from engine.rows import Order
from engine.statement import Viewer

PAGING = ("first", "last", "after", "before")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Key = int | bytes


@dataclass(frozen=True, slots=True)
class Place:
    """An item's place in its list: what it is sorted by, then its id."""

    key: Key
    id: UUID


@dataclass(frozen=True, slots=True)
class Page:
    """One page: the places on it, their cursors, and what is known of the rest of the list."""

    all_ids: tuple[UUID, ...]
    shown: tuple[Place, ...]
    cursors: tuple[str, ...]
    has_next: bool
    has_previous: bool
    target: str

    @property
    def total(self) -> int:
        """How many items the list has, as far as anybody counts."""
        return min(len(self.all_ids), MOST_COUNTED + 1)


def comparable(value: object) -> Key:
    """A sort key as Python compares it the way our lists are ordered: numbers, moments, code points."""
    if isinstance(value, datetime):
        return (value - _EPOCH) // timedelta(microseconds=1)
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, UUID):
        return value.int
    if isinstance(value, int):
        return value
    message = f"no list is ordered by {type(value).__name__}"
    raise TypeError(message)


def in_order(rows: list[tuple[UUID, object]], order: Order | None) -> list[Place]:
    """The rows sorted here, not by the database."""
    places = [Place(comparable(key), id_) for id_, key in rows]
    return sorted(places, key=lambda place: (place.key, place.id), reverse=bool(order and order.descending))


def cursor_key(secret: bytes, viewer: Viewer, field: str, order: Order, arguments: Mapping[str, Any]) -> bytes:
    """What the cursors of a list are sealed with."""
    filters = {name: value for name, value in arguments.items() if name not in PAGING and value is not None}
    signature = f"{field}|{order.sql}|{order.descending}|".encode() + orjson.dumps(
        filters, default=str, option=orjson.OPT_SORT_KEYS
    )
    return mac_key(secret, viewer.shop_id, signature)


def page(key: bytes, order: Order, target: str, places: list[Place], arguments: Mapping[str, Any]) -> Page:
    """Cut the page out: ApplyCursorsToEdges, EdgesToReturn, HasNextPage and HasPreviousPage of the specification."""
    first, last, after, before = (arguments.get(name) for name in PAGING)
    shown = list(places)
    if after is not None:
        shown = [place for place in shown if _follows(place, _place(key, after, order), order)]
    if before is not None:
        shown = [place for place in shown if _follows(_place(key, before, order), place, order)]
    rest = len(shown)
    if last is not None:
        shown = shown[-last:]
        has_next, has_previous = before is not None, rest > last
    else:
        first = 20 if first is None else first
        shown = shown[:first]
        has_next, has_previous = rest > first, after is not None
    cursors = tuple(seal(key, place.id.hex + _text(place.key)) for place in shown)
    return Page(tuple(place.id for place in places), tuple(shown), cursors, has_next, has_previous, target)


def _follows(later: Place, earlier: Place, order: Order) -> bool:
    a, b = (later.key, later.id), (earlier.key, earlier.id)
    return a < b if order.descending else a > b


def _place(key: bytes, cursor: str, order: Order) -> Place:
    id_, text = opened(key, cursor)
    return Place(text.encode() if order.key is TEXT else int(text), id_)


def _text(key: Key) -> str:
    return key.decode() if isinstance(key, bytes) else str(key)
