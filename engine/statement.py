"""One statement being written: its binds, its aliases, and the words every part of it may use."""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from engine.arguments import Leaf, Variables

READERS = ("viewer", "visitor", "staff")
"""What a template can ask of who reads: each is an attribute of a Viewer with `_id` behind it."""


class Viewer(Protocol):
    """Who reads: all the engine knows of a caller."""

    @property
    def shop_id(self) -> UUID:
        """Whose rows there are at all."""

    @property
    def now(self) -> datetime:
        """The shop's clock."""

    @property
    def visitor_id(self) -> UUID | None:
        """What the client calls itself, whoever is asking; made up, and no proof of anything."""

    @property
    def viewer_id(self) -> UUID | None:
        """Who is asking, where rows of their own hang from it; null for somebody nobody knows."""

    @property
    def staff_id(self) -> UUID | None:
        """Who of the house is asking, where rows hang from that; null for everybody else."""

    @property
    def keeps(self) -> frozenset[str]:
        """The keepers that the reader is: guards of their tables are lifted."""

    def may(self, role: Any) -> bool:
        """Whether a field that demands the role may be asked for."""


class Reading(NamedTuple):
    """One run of a plan: who asks, with which variables, under which cursor secret, for which rows by `ids`."""

    viewer: Viewer
    variables: Variables
    secret: bytes
    ids: tuple[UUID, ...] = ()


Bind = Callable[[Reading], Any]

COMPUTED_MARK = f"${secrets.token_hex(8)}"
"""Marks a value that waits for its computation: no answer key can be this, and no stored JSON can know it."""

_BIND = re.compile(r"\$(\d+)::")
_WORD = re.compile(r"\{(t|p|m|shop|now|viewer|visitor|staff|keeps(?: \w+)?|\d+)\}")


@dataclass(frozen=True, slots=True)
class Row:
    """Where a field is read from: a table alias, or the input expressions of a value object."""

    alias: str = ""
    inputs: tuple[str, ...] = ()


@dataclass(slots=True)
class Statement:
    """Binds are numbered as they are first used; the same source is the same number."""

    keeps: frozenset[str]
    """The keepers whose tables are read without their guards."""
    binds: list[Bind] = field(default_factory=list)
    computed: list[Callable[..., Any]] = field(default_factory=list)
    notes: dict[tuple[str, object], Bind] = field(default_factory=dict)
    _numbers: dict[object, int] = field(default_factory=dict)
    _aliases: int = 0

    def alias(self) -> str:
        """A table alias nobody else has."""
        self._aliases += 1
        return f"t{self._aliases}"

    def bind(self, key: object, cast: str, bind: Bind) -> str:
        """A placeholder for a value; `key` tells equal sources, `cast` is its PostgreSQL type."""
        number = self._numbers.get((key, cast))
        if number is None:
            self.binds.append(bind)
            number = self._numbers[key, cast] = len(self.binds)
        return f"${number}::{cast}"

    def lifts(self, keeper: str | None) -> bool:
        """Whether the guards of what `keeper` keeps are lifted."""
        return keeper in self.keeps

    @property
    def asks(self) -> frozenset[str]:
        """What of the reader the answer depends on, by the names of READERS, beyond what may be seen in the shop."""
        return frozenset(who for who in READERS if (who, "uuid") in self._numbers)

    def finished(self, sql: str) -> tuple[str, tuple[Bind, ...]]:
        """The text with only the binds it uses, numbered anew: what was written may have been left out again."""
        used = sorted({int(number) for number in _BIND.findall(sql)})
        if len(used) == len(self.binds):
            return sql, tuple(self.binds)
        places = {number: place for place, number in enumerate(used, 1)}
        renumbered = _BIND.sub(lambda found: f"${places[int(found[1])]}::", sql)
        return renumbered, tuple(self.binds[number - 1] for number in used)

    def leaf(self, leaf: Leaf, cast: str, convert: Callable[[Any], Any] | None = None) -> str:
        """A placeholder for an argument; `convert` makes the driver's value from the GraphQL one."""
        if convert is None:
            return self.bind(leaf.key, cast, lambda reading: leaf.read(reading.variables))
        return self.bind((leaf.key, convert), cast, lambda reading: convert(leaf.read(reading.variables)))

    def note(self, name: str, leaf: Leaf) -> None:
        """Have an argument's value told under a name to whoever runs the statement; the same source once."""
        self.notes[name, leaf.key] = lambda reading: leaf.read(reading.variables)

    def shop(self) -> str:
        """The viewer's shop: every table is scoped by it."""
        return self.bind("shop", "uuid", lambda reading: reading.viewer.shop_id)

    def now(self) -> str:
        """The shop's clock, never the database's."""
        return self.bind("now", "timestamptz", lambda reading: reading.viewer.now)

    def viewer(self) -> str:
        """Who is asking; null for somebody nobody knows."""
        return self.bind("viewer", "uuid", lambda reading: reading.viewer.viewer_id)

    def staff(self) -> str:
        """Who of the house is asking; null for everybody else."""
        return self.bind("staff", "uuid", lambda reading: reading.viewer.staff_id)

    def visitor(self) -> str:
        """What the client calls itself; null when it does not."""
        return self.bind("visitor", "uuid", lambda reading: reading.viewer.visitor_id)

    def fill(self, template: str, row: Row, *, parent: str = "", link: str = "") -> str:
        """A declared template with its words put in: {t} this row, {p} its parent, {m} the link, {0}.. inputs.

        `{keeps}` and `{keeps NAME}` are whether the reader is that keeper: a plan is made for one or the other.
        """

        def word(match: re.Match[str]) -> str:
            name = match.group(1)
            if name.isdigit():
                return row.inputs[int(name)]
            if name in _OF_VIEWER:
                return _OF_VIEWER[name](self)
            if name.startswith("keeps"):
                return "true" if self.lifts(name.removeprefix("keeps").strip()) else "false"
            return {"t": row.alias, "p": parent, "m": link}[name]

        return _WORD.sub(word, template)


_OF_VIEWER: dict[str, Callable[[Statement], str]] = {
    "shop": lambda statement: statement.shop(),
    "now": lambda statement: statement.now(),
    "viewer": lambda statement: statement.viewer(),
    "visitor": lambda statement: statement.visitor(),
    "staff": lambda statement: statement.staff(),
}
"""Looked up by name at each use."""
