"""Imported reviews are what was said of which product; the same file again says nothing new."""

import csv
import os
from pathlib import Path

import pytest

from models.database import pool
from resolvers.caller import Caller
from resolvers.import_report import ImportReport
from resolvers.product_import import import_products
from resolvers.review_import import import_reviews
from tests.resolvers.product_files import tea, write

SHARED = Path(os.environ.get("XIAOPU_SHARED_DATA") or Path(__file__).parents[2].parent / "shared" / "data")

_FIGURES = "select rating_count, rating_sum, rating_hundredths from product where shop_id = $1 and handle = 'longjing'"


def said(**cells: str) -> dict[str, str]:
    """Return one good row of a file of reviews."""
    row = {"Handle": "longjing", "Rating": "5", "Text": "好茶", "Images": "", "Created At": "2026-03-01 08:00:00"}
    return row | {name.replace("_", " "): value for name, value in cells.items()}


def counts(report: ImportReport) -> tuple[int, int, int]:
    return report.created, report.unchanged, report.rejected


@pytest.fixture
async def file(caller: Caller, tmp_path: Path) -> Path:
    """A file's path, beside a shop with one product."""
    await import_products(caller, write(tmp_path / "products.csv", tea()))
    return tmp_path / "reviews.csv"


async def test_reviews_are_published_and_counted(caller: Caller, file: Path) -> None:
    pictures = "https://i.example/1.jpg https://i.example/2.jpg"
    report = await import_reviews(caller, write(file, said(Images=pictures), said(Rating="4", Text="不错")))

    assert counts(report) == (2, 0, 0)
    [row] = await pool().fetch("select * from review where shop_id = $1 and rating = 5", caller.shop_id)
    assert (row["author_name"], row["body"], row["status"], row["image_urls"]) == (
        "匿名用户",
        "好茶",
        "PUBLISHED",
        pictures.split(),
    )
    assert row["created_at"].isoformat() == "2026-03-01T08:00:00+00:00"
    assert [tuple(row) for row in await pool().fetch(_FIGURES, caller.shop_id)] == [(2, 9, 450)]


async def test_the_same_file_again_adds_nothing_and_hides_nothing(caller: Caller, file: Path) -> None:
    write(file, said(), said(), said(Text="别的"))
    await import_reviews(caller, file)
    await pool().execute(
        "update review set status = 'HIDDEN', hidden_reason = '广告' where shop_id = $1", caller.shop_id
    )

    report = await import_reviews(caller, file)

    assert counts(report) == (0, 3, 0)
    assert await pool().fetchval("select count(*) from review where shop_id = $1", caller.shop_id) == 3
    assert (
        await pool().fetchval("select count(*) from review where status = 'HIDDEN' and shop_id = $1", caller.shop_id)
        == 3
    )


@pytest.mark.parametrize(
    ("cells", "column", "code"),
    [
        ({"Handle": "unknown"}, "Handle", "NOT_FOUND"),
        ({"Handle": ""}, "Handle", "BLANK"),
        ({"Rating": "0"}, "Rating", "OUT_OF_RANGE"),
        ({"Rating": "好"}, "Rating", "OUT_OF_RANGE"),
        ({"Images": "ftp://i.example/1.jpg"}, "Images", "INVALID"),
        ({"Created_At": "昨天"}, "Created At", "INVALID"),
        ({"Text": "零\0"}, "Text", "INVALID"),
    ],
)
async def test_what_is_wrong_stays_out(
    caller: Caller, file: Path, cells: dict[str, str], column: str, code: str
) -> None:
    report = await import_reviews(caller, write(file, said(), said(**cells), said(Text="好")))

    assert counts(report) == (2, 0, 1)
    assert [(p.row, p.column, p.code.value) for p in report.problems] == [(3, column, code)]


async def test_a_file_of_something_else_is_one_problem(caller: Caller, file: Path) -> None:
    report = await import_reviews(caller, write(file, {"Handle": "longjing", "Price": "1"}))

    assert (counts(report), [problem.row for problem in report.problems]) == ((0, 0, 0), [1])


async def test_real_reviews_come_in_whole(caller: Caller) -> None:
    folder = SHARED / "mall_zh"
    if not folder.exists():
        pytest.skip("the shared reviews are not on this machine")
    with (folder / "reviews.csv").open(encoding="utf-8-sig", newline="") as text:
        written = list(csv.DictReader(text))
    await import_products(caller, folder / "products.csv")

    first = await import_reviews(caller, folder / "reviews.csv")
    second = await import_reviews(caller, folder / "reviews.csv")

    assert (counts(first), counts(second)) == ((len(written), 0, 0), (0, len(written), 0))
    figures = "select sum(rating_count)::int, sum(rating_sum)::int from product where shop_id = $1"
    stars = sum(int(row["Rating"]) for row in written)
    assert [tuple(row) for row in await pool().fetch(figures, caller.shop_id)] == [(len(written), stars)]
