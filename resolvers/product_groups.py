"""The rows of a product file, gathered by handle as they stream by; only handles that come back are held in memory."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from resolvers.csv_table import Line, Table
from resolvers.import_report import UnreadableFile
from resolvers.product_columns import Columns
from resolvers.product_csv import handle_of

HELD_ROWS_MAX: Final = 50_000


@dataclass(frozen=True, slots=True)
class Survey:
    """What a first walk over the file found: `rows` by handle, and the handles whose rows do not stand together."""

    rows: Counter[str]
    scattered: frozenset[str]

    @property
    def products(self) -> int:
        """How many products there are; a row without a handle counts as one that will be rejected."""
        return len(self.rows) + max(0, self.rows[""] - 1)


def survey(table: Table, columns: Columns) -> Survey:
    """Walk the file once without keeping its cells.

    Raises UnreadableFile when too many rows stand apart from their product's first: such a file is not sorted.
    """
    rows: Counter[str] = Counter()
    scattered: set[str] = set()
    previous = ""
    for line in table.rows():
        handle = handle_of(columns, line)
        if handle != previous and handle in rows:
            scattered.add(handle)
        rows[handle] += 1
        previous = handle
    if sum(rows[handle] for handle in scattered if handle) > HELD_ROWS_MAX:
        message = "the rows of many products stand apart; sort the file by handle"
        raise UnreadableFile(message, column="Handle")
    return Survey(rows, frozenset(scattered))


def gather(table: Table, columns: Columns, found: Survey) -> Iterator[list[Line]]:
    """Yield the rows of each handle when its last one has come; a row without a handle stands alone."""
    held: dict[str, list[Line]] = {}
    for line in table.rows():
        handle = handle_of(columns, line)
        if not handle:
            yield [line]
            continue
        lines = held.setdefault(handle, [])
        lines.append(line)
        if len(lines) == found.rows[handle]:
            yield held.pop(handle)
