"""Import of a product file: read as a stream, merged by the thousands, with a report of what could not go in.

Every batch is a transaction of its own, so a large import never holds the catalogue long and an interrupted one is
finished by running it again.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from asyncpg.exceptions import DeadlockDetectedError, UniqueViolationError

from models.database import pool, transaction
from models.refusal import RetryRefusal
from resolvers.caller import Caller
from resolvers.csv_table import Line, open_table
from resolvers.import_report import ImportReport, Problem, UnreadableFile
from resolvers.product_columns import FIELD_OF_COLUMN, Columns, columns_of
from resolvers.product_csv import read_product
from resolvers.product_groups import gather, survey
from resolvers.product_merge import Merged, merge_products
from resolvers.product_record import SAYABLE, ProductRecord, Source

SOURCE: Final = "csv"
BATCH_PRODUCTS: Final = 2_000
BATCH_ROWS: Final = 20_000
_ATTEMPTS: Final = 5
_ANALYSE_FROM_PRODUCTS: Final = 500
# A planner that has never seen the tables, or saw them small, reads them whole for every batch; autovacuum comes a
# minute too late. A sample of each, some tenths of a second.
_ANALYSE: Final = """
analyze product, variant, media, product_option, metafield, price_history, stock_level, stock_move, collection_product,
        product_words
"""

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
    done, analysed = 0, 0
    progress(0, found.products)
    async for read in _ahead(_batches(columns, gather(table, columns, found))):
        for problems in read.rejected:
            report.reject(problems)
        if read.records:
            _add(report, await _merge(caller, source, read.records))
        done += read.products
        progress(done, found.products)
        if report.created >= max(_ANALYSE_FROM_PRODUCTS, 2 * analysed):
            await pool().execute(_ANALYSE)
            analysed = report.created
    return report


@dataclass(slots=True)
class _Batch:
    """What one transaction takes, and what stays out."""

    records: list[ProductRecord] = field(default_factory=list)
    rejected: list[list[Problem]] = field(default_factory=list)
    rows: int = 0

    @property
    def products(self) -> int:
        return len(self.records) + len(self.rejected)


def _batches(columns: Columns, groups: Iterator[list[Line]]) -> Iterator[_Batch]:
    batch = _Batch()
    for lines in groups:
        product = read_product(columns, lines)
        if isinstance(product, list):
            batch.rejected.append(product)
        else:
            batch.records.append(product)
        batch.rows += len(lines)
        if batch.products >= BATCH_PRODUCTS or batch.rows >= BATCH_ROWS:
            yield batch
            batch = _Batch()
    if batch.products:
        yield batch


async def _ahead(batches: Iterator[_Batch]) -> AsyncIterator[_Batch]:
    """Read the next batch in a thread while the database is busy with this one."""
    coming = asyncio.create_task(asyncio.to_thread(next, batches, None))
    try:
        while (batch := await coming) is not None:
            coming = asyncio.create_task(asyncio.to_thread(next, batches, None))
            yield batch
    finally:
        await asyncio.wait([coming])


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
