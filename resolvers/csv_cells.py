"""The cells of one CSV row by the name of what they hold; each check says what is wrong and where."""

import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from models.refusal import UserErrorCode
from resolvers.checks import FEN_MAX, TEXT_CHARS_MAX, is_url, storable
from resolvers.csv_table import Line
from resolvers.import_report import Problem
from resolvers.variant_draft import WEIGHT_GRAMS_MAX

QUANTITY_MAX: Final = 1_000_000_000
_SHORT_CHARS: Final = 40
_MONEY: Final = re.compile(r"[0-9]{1,14}(?:\.[0-9]{1,2})?|\.[0-9]{1,2}")
_NUMBER: Final = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]+)?")
_INTEGER: Final = re.compile(r"-?[0-9]{1,12}(?:\.0+)?")
_TRUE: Final = frozenset({"true", "yes", "1", "是"})
_FALSE: Final = frozenset({"false", "no", "0", "否"})


class Cells:
    """One row, `row` its number in a spreadsheet.

    `fields` maps what is held (for example "price_fen") to the index of its column.
    """

    __slots__ = ("_cells", "_fields", "_header", "problems", "row")

    def __init__(self, line: Line, fields: Mapping[str, int], header: tuple[str, ...], problems: list[Problem]) -> None:
        self.row = line.number
        self._cells = [cell.strip() for cell in line.cells]
        self._fields = fields
        self._header = header
        self.problems = problems

    def has(self, field: str) -> bool:
        """Whether the cell is there and not blank."""
        return bool(self._raw(field))

    def at(self, index: int) -> str:
        """Return the cell of a column that has no name of ours, trimmed."""
        return self._cells[index]

    def text(self, field: str, chars_max: int = TEXT_CHARS_MAX) -> str:
        """Return the trimmed text, "" when there is none; reports what is too long or cannot be stored."""
        value = self._raw(field)
        if len(value) > chars_max:
            self.report(field, UserErrorCode.TOO_LONG, f"longer than {chars_max} characters")
        if not storable(value):
            self.report(field, UserErrorCode.INVALID, "holds characters that cannot be stored (NUL)")
        return value

    def money(self, field: str) -> int | None:
        """Return yuan as fen, exactly; None when blank. Reports negatives, more than two decimals and words."""
        value = self._raw(field)
        if not value:
            return None
        if not _MONEY.fullmatch(value):
            self.report(field, UserErrorCode.INVALID, f"{_short(value)} is not a price: yuan with at most 2 decimals")
            return None
        fen = int(Decimal(value).scaleb(2))
        if fen > FEN_MAX:
            self.report(field, UserErrorCode.OUT_OF_RANGE, f"{_short(value)} is more than can be charged")
        return fen

    def quantity(self, field: str) -> int:
        """Return pieces, may be negative; 0 when blank."""
        value = self._raw(field)
        if not value:
            return 0
        if not _INTEGER.fullmatch(value):
            self.report(field, UserErrorCode.INVALID, f"{_short(value)} is not a whole number")
            return 0
        pieces = int(value.partition(".")[0])
        if abs(pieces) > QUANTITY_MAX:
            self.report(field, UserErrorCode.OUT_OF_RANGE, f"{_short(value)} is out of range")
        return pieces

    def grams(self, field: str) -> int:
        """Return a weight in whole grams, halves up; 0 when blank."""
        value = self._raw(field)
        if not value:
            return 0
        if not _NUMBER.fullmatch(value) or value.startswith("-"):
            self.report(field, UserErrorCode.INVALID, f"{_short(value)} is not a weight in grams")
            return 0
        weight = int(Decimal(value).to_integral_value(ROUND_HALF_UP))
        if weight > WEIGHT_GRAMS_MAX:
            self.report(field, UserErrorCode.OUT_OF_RANGE, f"{_short(value)} is out of range")
        return weight

    def flag(self, field: str, *, blank: bool) -> bool:
        """Return true or false, `blank` when there is nothing."""
        value = self._raw(field).casefold()
        if not value:
            return blank
        if value not in _TRUE and value not in _FALSE:
            self.report(field, UserErrorCode.INVALID, f"{_short(value)} is neither TRUE nor FALSE")
        return value in _TRUE

    def position(self, field: str) -> int | None:
        """Return a place in an order, counted from 1; None when blank."""
        value = self._raw(field)
        if not value:
            return None
        if not _INTEGER.fullmatch(value) or int(value.partition(".")[0]) < 1:
            self.report(field, UserErrorCode.INVALID, f"{_short(value)} is not a position; positions count from 1")
            return None
        return int(value.partition(".")[0])

    def url(self, field: str) -> str:
        """Return an http(s) address, "" when blank."""
        value = self._raw(field)
        if value and not is_url(value):
            self.report(field, UserErrorCode.INVALID, f"{_short(value)} is not an http(s) address")
        return value

    def report(self, field: str, code: UserErrorCode, reason: str) -> None:
        """Say that this row has something wrong in the column of `field`."""
        index = self._fields.get(field)
        column = field if index is None else self._header[index]
        self.problems.append(Problem(self.row, column, code, reason))

    def report_column(self, index: int, code: UserErrorCode, reason: str) -> None:
        """Say the same of a column that has no name of ours."""
        self.problems.append(Problem(self.row, self._header[index], code, reason))

    def _raw(self, field: str) -> str:
        index = self._fields.get(field)
        return "" if index is None else self._cells[index]


def _short(value: str) -> str:
    return repr(value if len(value) <= _SHORT_CHARS else value[:_SHORT_CHARS] + "…")
