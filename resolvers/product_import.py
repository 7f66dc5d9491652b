"""Import of a product file: read as a stream, merged by the thousand, with a report of what could not go in.

Every batch is a transaction of its own, so a large import never holds the catalogue long and an interrupted one is
finished by running it again.
"""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from asyncpg.exceptions import DeadlockDetectedError, UniqueViolationError

from models.database import transaction
from models.refusal import RetryRefusal
from resolvers.caller import Caller
from resolvers.csv_table import Line, open_table
from resolvers.import_report import ImportReport, UnreadableFile
from resolvers.product_columns import FIELD_OF_COLUMN, columns_of
from resolvers.product_csv import read_product
from resolvers.product_groups import gather, survey
from resolvers.product_merge import Merged, merge_products
from resolvers.product_record import SAYABLE, ProductRecord, Source

SOURCE: Final = "csv"
BATCH_PRODUCTS: Final = 1_000
BATCH_ROWS: Final = 10_000
_ATTEMPTS: Final = 5

Progress = Callable[[int, int], None]
"""Told now and then: products done, products in all."""


def quiet(_done: int, _total: int) -> None:
    """Show no progress."""


async def import_products(caller: Caller, path: Path, progress: Progress = quiet) -> ImportReport:
    """Bring a Shopify product CSV into the caller's shop; running it again changes nothing.

    A product with anything wrong in any of its rows is left out wholly and reported; the others go in. A file that
    cannot be read at all is one problem of the report. Faults of the operating system are raised.
    """
    report = ImportReport()
    try:
        table = open_table(path, FIELD_OF_COLUMN)
        columns = columns_of(table.header)
        found = survey(table, columns)
    except UnreadableFile as refusal:
        report.note([refusal.problem])
        return report
    source = Source(
        name=SOURCE,
        says=columns.says() & SAYABLE,
        product_keys=columns.keys(of_variant=False),
        variant_keys=columns.keys(of_variant=True),
    )
    done = 0
    progress(0, found.products)
    for lines_of in _batches(gather(table, columns, found)):
        records: list[ProductRecord] = []
        for lines in lines_of:
            product = read_product(columns, lines)
            if isinstance(product, list):
                report.reject(product)
            else:
                records.append(product)
        if records:
            _add(report, await _merge(caller, source, records))
        done += len(lines_of)
        progress(done, found.products)
    return report


def _batches(groups: Iterator[list[Line]]) -> Iterator[list[list[Line]]]:
    batch: list[list[Line]] = []
    rows = 0
    for lines in groups:
        batch.append(lines)
        rows += len(lines)
        if len(batch) >= BATCH_PRODUCTS or rows >= BATCH_ROWS:
            yield batch
            batch, rows = [], 0
    if batch:
        yield batch


async def _merge(caller: Caller, source: Source, records: list[ProductRecord]) -> Merged:
    """Merge one batch; when staff were quicker with a handle, or hold the catalogue, try again on what is there now."""
    for attempt in range(1, _ATTEMPTS):
        try:
            async with transaction() as sql:
                return await merge_products(sql, caller.shop_id, source, records, caller.now)
        except (UniqueViolationError, DeadlockDetectedError, RetryRefusal):
            await asyncio.sleep(attempt)
    async with transaction() as sql:
        return await merge_products(sql, caller.shop_id, source, records, caller.now)


def _add(report: ImportReport, merged: Merged) -> None:
    report.created += len(merged.created)
    report.updated += len(merged.updated)
    report.unchanged += merged.unchanged
    for problem in merged.rejected:
        report.reject([problem])
