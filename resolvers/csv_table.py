"""A CSV file as rows with the numbers a spreadsheet shows; what cannot be read is said, never guessed at."""

import codecs
import csv
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Final, NamedTuple, TextIO

from resolvers.import_report import UnreadableFile

CELL_CHARS_MAX: Final = 1_048_576
_CHUNK_BYTES: Final = 1_048_576
_SAMPLE_BYTES: Final = 65_536
_DELIMITERS: Final = (",", ";", "\t")

# The csv module has one limit for the whole process; its own 128 KiB is less than a product page with styles.
csv.field_size_limit(CELL_CHARS_MAX)


class Line(NamedTuple):
    """One row. `number` is the spreadsheet's; `fault` says what is wrong with its form, then `cells` are a guess."""

    number: int
    cells: list[str]
    fault: str


@dataclass(frozen=True, slots=True)
class Table:
    """A file whose encoding, delimiter and header are known; `rows` may be walked more than once."""

    path: Path
    encoding: str
    delimiter: str
    header: tuple[str, ...]

    def rows(self) -> Iterator[Line]:
        """Walk the rows below the header, blank ones left out; a broken row is told by its `fault`."""
        with self.path.open(encoding=self.encoding, newline="") as text:
            yield from self._read(text)

    def _read(self, text: TextIO) -> Iterator[Line]:
        lines = _Lines(text)
        # Strict, so that a quote that never closes is an error and not one long cell.
        reader = csv.reader(lines, delimiter=self.delimiter, strict=True)
        next(reader)
        number = 1
        while True:
            number += 1
            lines.first = ""
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield Line(number, self._guess(lines.first), _in_words(str(error)))
                continue
            if any(cells) and any(cell.strip() for cell in cells):
                yield Line(number, *self._fit(cells))

    def _fit(self, cells: list[str]) -> tuple[list[str], str]:
        width = len(self.header)
        if len(cells) == width:
            return cells, ""
        if len(cells) > width and not any(cells[width:]):
            return cells[:width], ""
        return cells, f"{len(cells)} cells where the header has {width}"

    def _guess(self, first_line: str) -> list[str]:
        """Read the start of a broken row leniently, to tell whose row it was."""
        return next(csv.reader([first_line], delimiter=self.delimiter), [])


class _Lines:
    """The physical lines of a file; remembers the first one of the row being read."""

    __slots__ = ("_text", "first")

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self.first = ""

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = next(self._text)
        self.first = self.first or line
        return line


def open_table(path: Path, known: Collection[str]) -> Table:
    """Find encoding, delimiter and header of a CSV file.

    `known` are column names in lower case; the delimiter is the one that finds most of them.
    Raises UnreadableFile for an empty file, another encoding, or a header without any known column.
    """
    encoding = _encoding(path)
    with path.open(encoding=encoding, newline="") as text:
        start = text.read(_SAMPLE_BYTES)
    if not start.strip():
        message = "the file is empty"
        raise UnreadableFile(message)
    headers = {delimiter: _header(start, delimiter) for delimiter in _DELIMITERS}
    delimiter = max(_DELIMITERS, key=lambda one: sum(name.casefold() in known for name in headers[one]))
    if not any(name.casefold() in known for name in headers[delimiter]):
        message = "no column of the first row is known; the first row must name the columns"
        raise UnreadableFile(message)
    return Table(path, encoding, delimiter, headers[delimiter])


def _header(start: str, delimiter: str) -> tuple[str, ...]:
    try:
        first = next(csv.reader(StringIO(start, newline=""), delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        raise UnreadableFile(_in_words(str(error))) from None
    return tuple(" ".join(name.split()) for name in first)


def _encoding(path: Path) -> str:
    """Return utf-8-sig or gb18030, the two that Chinese spreadsheets write."""
    with path.open("rb") as file:
        sample = file.read(_SAMPLE_BYTES)
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        message = "the file is UTF-16; save it as CSV UTF-8"
        raise UnreadableFile(message)
    broken_at = _first_undecodable(path, "utf-8")
    if broken_at is None:
        return "utf-8-sig"
    if not _mostly_utf8(path, broken_at) and _first_undecodable(path, "gb18030") is None:
        return "gb18030"
    message = f"byte {broken_at} is not UTF-8; save the file as CSV UTF-8"
    raise UnreadableFile(message)


def _first_undecodable(path: Path, encoding: str) -> int | None:
    """Return the offset near which decoding stops, None when the whole file decodes."""
    decoder = codecs.getincrementaldecoder(encoding)()
    read = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            pending = len(decoder.getstate()[0])
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                return read - pending + error.start
            read += len(chunk)
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return read
    return None


def _mostly_utf8(path: Path, broken_at: int) -> bool:
    """Whether this is UTF-8 with a damaged byte: GB18030 would read that too, as other, wrong words."""
    with path.open("rb") as file:
        file.seek(max(0, broken_at - _SAMPLE_BYTES // 2))
        text = file.read(_SAMPLE_BYTES).decode("utf-8", errors="replace")
    damaged = text.count("\ufffd")
    return sum(character > "\x7f" for character in text) - damaged > damaged


def _in_words(error: str) -> str:
    if "unexpected end of data" in error or "field larger than field limit" in error:
        return "a quote that opens here is never closed"
    return f"malformed quoting ({error})"
