"""What the reference executor reads with: tiny statements over one row each, put together by itself.

Nothing here is shared with the compiler but the declarations and `Rows`, which select functions write into.
Where the compiler nests, this asks again; where the compiler binds variables for later, this binds values now.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg

from engine.arguments import Argument, Leaf
from engine.statement import Row, Viewer

_NUMBER = re.compile(r"\$(\d+)")


@dataclass(frozen=True, slots=True)
class Origin:
    """A select that gives exactly one row; its binds count from $1."""

    sql: str
    binds: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """One object of an answer: its type and the row it is read from.

    `inputs` are the expressions of a value object, as templates over the row; `known` are the columns of a row
    that a select derived.
    """

    type_name: str
    origin: Origin | None = None
    inputs: tuple[str, ...] = ()
    known: asyncpg.Record | None = None


@dataclass(slots=True)
class Query:
    """One tiny statement being written. It stands where select functions expect a Statement."""

    viewer: Viewer
    binds: list[Any] = field(default_factory=list)
    aliases: int = 0

    def lifts(self, keeper: str) -> bool:
        """Whether the guards of what `keeper` keeps are lifted."""
        return keeper in self.viewer.keeps

    def alias(self) -> str:
        """Give a name to a table that a select function puts beside the rows."""
        self.aliases += 1
        return f"beside{self.aliases}"

    def note(self, name: str, leaf: Leaf) -> None:
        """Tell nobody what was asked."""

    def bind(self, value: Any, cast: str) -> str:
        """Bind a value."""
        self.binds.append(value)
        return f"${len(self.binds)}::{cast}"

    def leaf(self, leaf: Leaf, cast: str, convert: Callable[[Any], Any] | None = None) -> str:
        """Bind an argument's value of this very request."""
        return self.bind(convert(leaf.value) if convert else leaf.value, cast)

    def within(self, origin: Origin) -> str:
        """Put a one-row select in, its binds after ours."""
        before = len(self.binds)
        self.binds.extend(origin.binds)
        return _NUMBER.sub(lambda number: f"${int(number[1]) + before}", origin.sql)

    def fill(self, template: str, row: Row, *, parent: str = "", link: str = "") -> str:
        """Put a template's words in, one after the other."""
        for number, text in enumerate(row.inputs):
            template = template.replace(f"{{{number}}}", f"({text})")
        for name, alias in (("t", row.alias), ("p", parent), ("m", link)):
            template = template.replace(f"{{{name}}}", alias)
        if "{shop}" in template:
            template = template.replace("{shop}", self.bind(self.viewer.shop_id, "uuid"))
        if "{now}" in template:
            template = template.replace("{now}", self.bind(self.viewer.now, "timestamptz"))
        if "{viewer}" in template:
            template = template.replace("{viewer}", self.bind(self.viewer.viewer_id, "uuid"))
        if "{visitor}" in template:
            template = template.replace("{visitor}", self.bind(self.viewer.visitor_id, "uuid"))
        if "{staff}" in template:
            template = template.replace("{staff}", self.bind(self.viewer.staff_id, "uuid"))
        for keeper in ("", "ORDERS", "OWNER"):
            word = f"{{keeps {keeper}}}" if keeper else "{keeps}"
            template = template.replace(word, str(keeper in self.viewer.keeps).lower())
        return template


class Reader:
    """Asks the database, and never the same twice: nothing is written while answers are compared."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._known: dict[tuple[str, tuple[Any, ...]], list[asyncpg.Record]] = {}

    def known(self, sql: str, binds: Sequence[Any]) -> list[asyncpg.Record] | None:
        """The rows of a statement that was asked before."""
        return self._known.get(_key(sql, binds))

    async def fetch(self, sql: str, binds: Sequence[Any]) -> list[asyncpg.Record]:
        """The rows of a statement."""
        rows = self.known(sql, binds)
        if rows is None:
            rows = self._known[_key(sql, binds)] = await self._pool.fetch(sql, *binds)
        return rows


def _key(sql: str, binds: Sequence[Any]) -> tuple[str, tuple[Any, ...]]:
    return sql, tuple(tuple(bind) if isinstance(bind, list) else bind for bind in binds)


def row_of(query: Query, table: str, scope: str, id_: UUID) -> Origin:
    """The row of a table by id, within the viewer's shop."""
    own = Query(query.viewer)
    condition = own.fill(scope, Row("t"))
    return Origin(f"select t.* from {table} t where {condition} and t.id = {own.bind(id_, 'uuid')}", tuple(own.binds))


def argument_tree(value: Any) -> Argument:
    """A value that graphql-core coerced, in the form in which select functions take arguments."""
    if value is None:
        return None
    if isinstance(value, dict):
        return {name: argument_tree(one) for name, one in value.items()}
    if isinstance(value, list) and any(isinstance(one, dict) for one in value):
        return [argument_tree(one) for one in value]
    return Leaf(value, lambda _variables: value, None)
