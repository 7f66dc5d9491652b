"""Product files for tests: written the way a spreadsheet writes them, read the way the import does."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from resolvers.csv_table import open_table
from resolvers.import_report import Problem
from resolvers.product_columns import FIELD_OF_COLUMN, columns_of
from resolvers.product_csv import read_product
from resolvers.product_groups import gather, survey
from resolvers.product_record import ProductRecord

Row = Mapping[str, str]


def tea(**cells: str) -> dict[str, str]:
    """Return one good row; `cells` change it, with _ for a blank in a column's name."""
    row = {"Handle": "longjing", "Title": "龙井", "Variant Price": "128.00"}
    return row | {name.replace("_", " "): value for name, value in cells.items()}


def more(**cells: str) -> dict[str, str]:
    """Return a continuation row of the same product."""
    return tea(**({"Title": "", "Variant_Price": ""} | cells))


def text_of(rows: Sequence[Row], delimiter: str = ",", columns: Sequence[str] = ()) -> str:
    """Return the file's text; without `columns` the header has every column that a row fills."""
    header = columns or list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, header, restval="", delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def write(path: Path, *rows: Row, delimiter: str = ",", encoding: str = "utf-8") -> Path:
    """Write rows to `path` and return it."""
    path.write_bytes(text_of(rows, delimiter).encode(encoding))
    return path


def read(path: Path) -> list[ProductRecord | list[Problem]]:
    """Read a whole file. Raises UnreadableFile."""
    table = open_table(path, FIELD_OF_COLUMN)
    columns = columns_of(table.header)
    found = survey(table, columns)
    return [read_product(columns, lines) for lines in gather(table, columns, found)]


def good(path: Path) -> list[ProductRecord]:
    """Read a file in which nothing may be wrong."""
    products = []
    for product in read(path):
        assert isinstance(product, ProductRecord), product
        products.append(product)
    return products


def problems(path: Path) -> list[tuple[int, str, str]]:
    """Read a file and return (row, column, code) of all that is wrong with its products."""
    return [
        (problem.row, problem.column, problem.code.value)
        for product in read(path)
        if isinstance(product, list)
        for problem in product
    ]
