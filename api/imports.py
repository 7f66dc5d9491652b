"""The operator's edge for files: products and reviews brought in, with a bar and a report of what stayed out."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from models.refusal import Refusal, UserErrorCode
from resolvers import product_import, review_import
from resolvers.caller import system_caller
from resolvers.demo import open_demo, open_demo_when_empty
from resolvers.import_report import ImportReport
from resolvers.shop import shop_named
from settings import Settings


async def import_products(_settings: Settings, arguments: argparse.Namespace) -> str:
    """Bring a Shopify product CSV into a shop; the same file again changes nothing. Exit code 1 when rows stay out."""
    caller, file = system_caller(await shop_named(arguments.shop)), _file(arguments.file)
    with _bar("products") as progress:
        report = await product_import.import_products(caller, file, progress)
    return _told(arguments, report)


async def import_reviews(_settings: Settings, arguments: argparse.Namespace) -> str:
    """Bring a CSV of reviews into a shop; the same file again changes nothing. Exit code 1 when rows stay out."""
    caller, file = system_caller(await shop_named(arguments.shop)), _file(arguments.file)
    with _bar("reviews") as progress:
        report = await review_import.import_reviews(caller, file, progress)
    return _told(arguments, report)


async def demo(settings: Settings, _arguments: argparse.Namespace) -> str:
    """Open the demo shop with goods, shelves and reviews; nothing happens when it is there."""
    if settings.is_production:
        raise Refusal(UserErrorCode.NOT_ALLOWED, "生产环境没有演示店铺", "There is no demo shop in production mode")
    opened = await open_demo(settings.derive("sealing"))
    return "The demo shop is open: visitor key demo." if opened else "The demo shop is there already: visitor key demo."


async def demo_when_empty(settings: Settings, _arguments: argparse.Namespace) -> str:
    """Open the demo shop in a database without any shop, so that the first query has something to find."""
    return "opened" if await open_demo_when_empty(settings.derive("sealing")) else ""


def _file(named: str) -> Path:
    path = Path(named)
    try:
        with path.open("rb"):
            return path
    except OSError as fault:
        reason = f"Cannot read {named}: {fault.strerror}"
        raise Refusal(UserErrorCode.NOT_FOUND, f"无法读取文件 {named}", reason, "file") from None


@contextmanager
def _bar(what: str) -> Iterator[product_import.Progress]:
    """Show progress on standard error: standard output is for the report."""
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _told(arguments: argparse.Namespace, report: ImportReport) -> str:
    """Put the report into words; a report that is not clean is remembered for the exit code."""
    arguments.exit_code = 0 if report.clean else 1
    counts = (
        f"created {report.created}, updated {report.updated}, unchanged {report.unchanged}, rejected {report.rejected}"
    )
    lines = [str(problem) for problem in report.problems]
    more = report.problem_count - len(report.problems)
    return "\n".join([counts, *lines, *([f"and {more} more"] if more else [])])
