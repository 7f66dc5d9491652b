"""Import of reviews: Handle, Rating, Text, Images, Created At; the same file again changes nothing.

A review has no id of its own there, so its content is its id; one that is written twice alike counts twice.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import orjson

from ids import new_id
from models.database import Connection, transaction
from models.refusal import UserErrorCode
from models.review import ReviewStatus
from resolvers.aggregates import refresh_products
from resolvers.caller import Caller
from resolvers.catalogue import open_catalogue
from resolvers.checks import LONG_TEXT_CHARS_MAX, is_url
from resolvers.csv_cells import Cells
from resolvers.csv_table import Line, Table, open_table
from resolvers.import_report import ImportReport, Problem, UnreadableFile
from resolvers.outbox import emit_many
from resolvers.product_import import Progress, quiet

SOURCE: Final = "csv"
ANONYMOUS: Final = "匿名用户"
BATCH_ROWS: Final = 2_000
IMAGES_MAX: Final = 20

FIELD_OF_COLUMN: Final[dict[str, str]] = {
    "handle": "handle",
    "product handle": "handle",
    "rating": "rating",
    "text": "body",
    "body": "body",
    "review": "body",
    "images": "images",
    "created at": "created_at",
    "author": "author_name",
}
"""Column name in lower case -> what its cells hold."""

_REQUIRED: Final = {"handle": "Handle", "rating": "Rating", "body": "Text"}
_RATINGS: Final = {str(rating): rating for rating in range(1, 6)}
_AUTHOR_CHARS_MAX: Final = 64

# A handle of the file is the one the product was imported by, also when staff renamed it since.
_FIND_PRODUCTS: Final = """
select handle as known_as, id from product where shop_id = $1 and handle = any($2::text[])
union all
select external_id, id from product where shop_id = $1 and source = 'csv' and external_id = any($2::text[])
"""

# Staff may have hidden or answered a review since: what is there stays as it is.
_INSERT: Final = """
insert into review (id, shop_id, product_id, author_name, rating, body, image_urls, status, hidden_reason, source,
                    external_id, version, created_at)
select fresh.id, $1, fresh.product_id, fresh.author_name, fresh.rating, fresh.body,
       array(select jsonb_array_elements_text(fresh.image_urls)), $2, '', $3, fresh.external_id, 1, fresh.created_at
from jsonb_to_recordset($4::jsonb) as fresh(id uuid, product_id uuid, author_name text, rating smallint, body text,
                                            image_urls jsonb, external_id text, created_at timestamptz)
on conflict (shop_id, source, external_id) do nothing
returning id, product_id
"""


@dataclass(frozen=True, slots=True)
class ReviewRecord:
    """One checked review; `created_at` is None when the file does not say."""

    row: int
    handle: str
    external_id: str
    rating: int
    body: str
    image_urls: tuple[str, ...] = ()
    author_name: str = ANONYMOUS
    created_at: datetime | None = None


async def import_reviews(caller: Caller, path: Path, progress: Progress = quiet) -> ImportReport:
    """Bring a file of reviews into the caller's shop, published, and refresh the ratings of their products.

    A row that is wrong, or names a product that is not there, is left out and reported; the others go in.
    """
    report = ImportReport()
    try:
        table = open_table(path, FIELD_OF_COLUMN)
        fields = _fields(table.header)
    except UnreadableFile as refusal:
        report.note([refusal.problem])
        return report
    total = sum(1 for _ in table.rows())
    done = 0
    reader = _read(table, fields)
    while batch := list(islice(reader, BATCH_ROWS)):
        records = []
        for review in batch:
            if isinstance(review, ReviewRecord):
                records.append(review)
            else:
                report.reject(review)
        async with transaction() as sql:
            await merge_reviews(sql, caller, records, report)
        done += len(batch)
        progress(done, total)
    return report


async def merge_reviews(sql: Connection, caller: Caller, records: Sequence[ReviewRecord], report: ImportReport) -> None:
    """Write reviews that are not there yet inside the open transaction, and count what became of each."""
    await open_catalogue(sql, caller.shop_id)
    handles = list({record.handle for record in records})
    product_of = {row["known_as"]: row["id"] for row in await sql.fetch(_FIND_PRODUCTS, caller.shop_id, handles)}
    known = []
    for record in records:
        if record.handle in product_of:
            known.append(record)
        else:
            reason = "there is no product with this handle"
            report.reject([Problem(record.row, "Handle", UserErrorCode.NOT_FOUND, reason, record.handle)])
    rows = [_row(record, product_of[record.handle], caller.now) for record in known]
    body = orjson.dumps(rows).decode()
    made = await sql.fetch(_INSERT, caller.shop_id, ReviewStatus.PUBLISHED, SOURCE, body)
    report.created += len(made)
    report.unchanged += len(known) - len(made)
    if made:
        await refresh_products(sql, caller.shop_id, list({row["product_id"] for row in made}))
        created = {row["id"]: {"productId": row["product_id"].hex} for row in made}
        await emit_many(sql, caller.shop_id, "review.created", created)


def _row(record: ReviewRecord, product_id: UUID, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "product_id": str(product_id),
        "author_name": record.author_name,
        "rating": record.rating,
        "body": record.body,
        "image_urls": record.image_urls,
        "external_id": record.external_id,
        "created_at": record.created_at or now,
    }


def _fields(header: tuple[str, ...]) -> dict[str, int]:
    fields: dict[str, int] = {}
    for index, name in enumerate(header):
        field = FIELD_OF_COLUMN.get(name.casefold())
        if field is not None:
            fields.setdefault(field, index)
    missing = [name for field, name in _REQUIRED.items() if field not in fields]
    if missing:
        message = f"there is no column {', '.join(missing)}"
        raise UnreadableFile(message)
    return fields


def _read(table: Table, fields: dict[str, int]) -> Iterator[ReviewRecord | list[Problem]]:
    seen: Counter[str] = Counter()
    for line in table.rows():
        if line.fault:
            yield [Problem(line.number, "", UserErrorCode.INVALID, line.fault)]
            continue
        digest = _digest(line)
        yield _review(Cells(line, fields, table.header, []), f"{digest}-{seen[digest]}")
        seen[digest] += 1


def _digest(line: Line) -> str:
    return sha256("\x1f".join(line.cells).encode()).hexdigest()


def _review(row: Cells, external_id: str) -> ReviewRecord | list[Problem]:
    rating = _RATINGS.get(row.text("rating").removesuffix(".0"))
    if rating is None:
        row.report("rating", UserErrorCode.OUT_OF_RANGE, "a rating is 1, 2, 3, 4 or 5")
    handle = row.text("handle").lower()
    if not handle:
        row.report("handle", UserErrorCode.BLANK, "a review needs the handle of its product")
    urls = row.text("images", LONG_TEXT_CHARS_MAX).replace(",", " ").split()
    if len(urls) > IMAGES_MAX or not all(is_url(url) for url in urls):
        row.report("images", UserErrorCode.INVALID, f"not a list of at most {IMAGES_MAX} http(s) addresses")
    record = ReviewRecord(
        row=row.row,
        handle=handle,
        external_id=external_id,
        rating=rating or 1,
        body=row.text("body", LONG_TEXT_CHARS_MAX),
        image_urls=tuple(urls),
        author_name=row.text("author_name", _AUTHOR_CHARS_MAX) or ANONYMOUS,
        created_at=_moment(row),
    )
    return row.problems or record


def _moment(row: Cells) -> datetime | None:
    """Read ISO 8601, a blank instead of the T allowed; a moment without a zone is UTC, None when blank."""
    written = row.text("created_at")
    if not written:
        return None
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        row.report("created_at", UserErrorCode.INVALID, "not a moment like 2026-01-31 18:30:00")
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
