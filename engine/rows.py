"""Which rows a field answers with: conditions and order, written by the field's own select function."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.arguments import Leaf
from engine.keyset import INTEGER, KeyType
from engine.statement import Row, Statement


@dataclass(frozen=True, slots=True)
class Order:
    """Rows ordered by `sql` (a template, never null), ties broken by id in the same direction."""

    sql: str
    key: KeyType = INTEGER
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Cap:
    """Some of the rows, each with more columns: name and SQL. `taken` is a select from {rows} that says which."""

    taken: str
    columns: Mapping[str, str]


@dataclass(slots=True)
class Rows:
    """Given to a select function: `t` is the alias of the rows, `p` that of the row they hang from."""

    statement: Statement
    t: str
    p: str = ""
    m: str = ""
    conditions: list[str] = field(default_factory=list)
    order: Order | None = None
    joined: list[str] = field(default_factory=list)
    capped: Cap | None = None
    derived: str = ""
    limit: str = ""
    unknown: list[str] = field(default_factory=list)

    def bind(self, value: object, cast: str, convert: Callable[[Any], Any] | None = None) -> str:
        """A placeholder for an argument's leaf as a value of PostgreSQL type `cast`."""
        if not isinstance(value, Leaf):
            message = f"only a leaf can be bound, not {type(value).__name__}"
            raise TypeError(message)
        return self.statement.leaf(value, cast, convert)

    def where(self, condition: str) -> None:
        """Keep only rows that meet this condition (SQL; values come from `bind`)."""
        self.conditions.append(condition)

    def news(self, condition: str) -> None:
        """Keep the row only when the client does not know it yet.

        What else is asked of a row that is followed (`Following.is_shared`) is asked whether it is news or not.
        """
        self.unknown.append(condition)

    def join(self, table: str) -> str:
        """Put a table beside the rows and return its alias; conditions tie at most one of its rows to each of ours."""
        alias = self.statement.alias()
        self.joined.append(f"{table} {alias}")
        return alias

    def cap(self, taken: str, **columns: str) -> None:
        """Look at no more rows than `taken` takes from `{rows}`, which are all that meet the conditions.

        Order, cursors, counts and what is derived from the list see these rows only. `columns` are made for each of
        them before, from anything that the conditions may speak of; an order finds them as columns of {t}.
        """
        self.capped = Cap(taken, columns)

    def derive(self, select: str) -> None:
        """Take the rows from a select instead of a table, one that says itself which shop's they are."""
        self.derived = select

    def at_most(self, limit: str) -> None:
        """Answer with no more than so many rows, as SQL over the parent says; null is no limit."""
        self.limit = limit

    def note(self, name: str, value: object) -> None:
        """Tell whoever runs the statement what was asked here: `name` and the argument's value."""
        if not isinstance(value, Leaf):
            message = f"only a leaf can be noted, not {type(value).__name__}"
            raise TypeError(message)
        self.statement.note(name, value)

    @property
    def kept(self) -> str:
        """The conditions that stand after `where`; those of a capped list stand inside what it is taken from."""
        return " and ".join([*([] if self.capped else self.conditions), *self.unknown]) or "true"

    def origin(self, tables: list[str]) -> str:
        """What stands after `from` for rows of these tables."""
        source = ", ".join([*self.joined, *tables])
        if not self.capped:
            return source
        made = "".join(f', {sql} as "{name}"' for name, sql in self.capped.columns.items())
        conditions = " and ".join(self.conditions) or "true"
        rows = f"select {self.t}.*{made} from {source} where {conditions}"
        return f"({self.capped.taken.replace('{rows}', rows)}) {self.t}"

    def order_by(self, order: Order, *, reverse: bool = False) -> None:
        """Set the order; `reverse` turns its direction round."""
        self.order = Order(order.sql, order.key, order.descending != reverse)

    def fill(self, template: str) -> str:
        """A template with this builder's aliases put in."""
        return self.statement.fill(template, Row(self.t), parent=self.p, link=self.m)


def ordered(rows: Rows, order: Order) -> str:
    """The order by clause, with a leading space."""
    turn = " desc" if order.descending else ""
    return f" order by {rows.fill(order.sql)}{turn}, {rows.t}.id{turn}"
