"""Which rows a field answers with: conditions and order, written by the field's own select function."""

from collections.abc import Callable
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


@dataclass(slots=True)
class Rows:
    """Given to a select function: `t` is the alias of the rows, `p` that of the row they hang from."""

    statement: Statement
    t: str
    p: str = ""
    m: str = ""
    conditions: list[str] = field(default_factory=list)
    order: Order | None = None

    def bind(self, value: object, cast: str, convert: Callable[[Any], Any] | None = None) -> str:
        """A placeholder for an argument's leaf as a value of PostgreSQL type `cast`."""
        if not isinstance(value, Leaf):
            message = f"only a leaf can be bound, not {type(value).__name__}"
            raise TypeError(message)
        return self.statement.leaf(value, cast, convert)

    def where(self, condition: str) -> None:
        """Keep only rows that meet this condition (SQL; values come from `bind`)."""
        self.conditions.append(condition)

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
