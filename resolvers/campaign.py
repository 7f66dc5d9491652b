"""What a kind of campaign gives, so that quotes, the desk, payments and refunds need not know it by name.

An offer has a window, an audience, limits and stock; an instance of it is started by somebody; a participation is
taken by a guarded statement, in the transaction that places the order; what comes of the instance is granted or given
back once. A new kind is one file on each floor, and a line in campaigns.py.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from asyncpg import Record

from models.campaign import OfferKind
from models.database import Connection
from models.refusal import Refusal
from resolvers.order_step import StepBy
from resolvers.placement import Wish


class StockGoneError(RuntimeError):
    """What was held in the order of ids has changed all the same: the transaction must not commit."""


@dataclass(frozen=True, slots=True)
class AskedOffer:
    """A wish for a part in a campaign, by its number; `person` is who buys, as placing knows them."""

    number: int
    wish: Wish
    person: Record


@dataclass(frozen=True, slots=True)
class OfferTerms:
    """What a campaign says of a wish: what stands in its way, else what a piece of each variant costs in fen.

    `pay_by` ends the time to pay early. `participation_id` is the part that placing takes; the rest is the kind's own.
    """

    problems: tuple[Refusal, ...] = ()
    unit_fen: Mapping[UUID, int] = field(default_factory=dict)
    pay_by: datetime | None = None
    participation_id: UUID | None = None
    own: Any = None


@dataclass(frozen=True, slots=True)
class Part:
    """A part that is being taken by an order that is being placed, in one line of it."""

    wish: Wish
    person: Record
    terms: OfferTerms
    order_id: UUID
    order_line_id: UUID
    line: Record
    unit_fen: int
    """What a piece comes to by the offer, before what staff may change."""


Read = Callable[[Connection, Sequence[AskedOffer], datetime, bool], Awaitable[Any]]
"""Read what judging needs, for all wishes of one moment at once; when True is given, hold what may run out."""

Judge = Callable[[Any, int, Wish, Sequence[Record]], OfferTerms]
"""Judge the wish of a number by what was read, after those before it took what they could."""

Note = Callable[[Any, int, Wish, OfferTerms], None]
"""Let what was read know that a wish is granted, for those after it."""

Write = Callable[[Connection, UUID, datetime, Sequence[Part]], Awaitable[None]]
"""Take the parts, each by a guard; raise StockGoneError when one is gone after all."""

Follow = Callable[[Connection, UUID, UUID, StepBy], Awaitable[None]]
"""Follow an order that the transaction holds: the shop, the order, and who moved it."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """A kind, with what it does at each turn of an order's life.

    `starts_by` and `joins_by` are the mutations that alone begin a round of it and join one.
    """

    kind: OfferKind
    starts_by: str
    joins_by: str
    read: Read
    judge: Judge
    note: Note
    write: Write
    paid: Follow
    cancelled: Follow
    refunded: Follow
