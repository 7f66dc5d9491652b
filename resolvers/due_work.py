"""Due work: something that must happen when a moment has come, whoever is looking."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

Run = Callable[[datetime, UUID | None], Awaitable[int]]
"""Does what is due at this wall time, of one shop or of all (None); returns how much was done.

Deadlines of a shop are compared with the wall time plus the shop's own offset.
"""

NextDeadline = Callable[[UUID, datetime], Awaitable[datetime | None]]
"""The first deadline of a shop after a moment, both on the shop's clock; None when nothing is planned."""

Waiting = Callable[[UUID], Awaitable[int]]
"""How much of a kind is still to be done in a shop."""


@dataclass(frozen=True, slots=True)
class DueWork:
    """One line of the worker's list. Any number of workers may run it at once.

    `every_seconds` is the pause between looks. `next_deadline` is None for work that follows wall time
    (deliveries, tidying): a sandbox clock that is moved has nothing to do with it. `settles` is for work of that kind
    that a shop is not at rest without: a tester who settles it has it done, as everything with deadlines.
    `calls_outside` is for work with deadlines that asks WeChat, or takes connections of its own: it never runs inside a
    transaction.
    """

    name: str
    run: Run
    every_seconds: float
    next_deadline: NextDeadline | None = None
    settles: bool = False
    calls_outside: bool = False

    @property
    def brings_to_rest(self) -> bool:
        """Whether settling a shop runs it."""
        return self.settles or self.next_deadline is not None
