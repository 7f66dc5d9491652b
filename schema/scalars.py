"""Scalars: what each accepts, and the two ways each is written, by Python and by SQL, which are proven equal."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NewType

import orjson
import strawberry
from strawberry.scalars import JSON
from strawberry.types.scalar import ScalarDefinition

from engine.scalars import decides_plans, written_by_sql
from models.region import REGION_CODE

FEN_MAX = 2**53 - 1
"""The largest integer that JavaScript keeps exactly."""
PAGE_SIZE_MAX = 100
YEAR_MIN, YEAR_MAX = 1000, 9998

Fen = NewType("Fen", int)
PageSize = NewType("PageSize", int)
Cursor = NewType("Cursor", str)
Handle = NewType("Handle", str)
Url = NewType("Url", str)
Phone = NewType("Phone", str)
RegionCode = NewType("RegionCode", str)

_CURSOR = re.compile(r"[A-Za-z0-9_-]{60,3000}")
_HANDLE = re.compile(r"[^\s/?#%&\\\"'<>\x00-\x1f\x7f]{1,255}")
_URL = re.compile(r"https?://[^\s\x00-\x1f\x7f\"<>\\]{1,2000}")
_PHONE = re.compile(r"(\+[1-9][0-9]{0,3}[ -]?)?[0-9]([ -]?[0-9]){4,14}")
_REGION_CODE = re.compile(REGION_CODE)
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")
_DECIMAL = re.compile(r"-?\d{1,18}(\.\d{1,6})?")


def _whole(name: str, least: int, most: int) -> Callable[[Any], int]:
    def parse(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            message = f"{name} is a whole number from {least} to {most}."
            raise ValueError(message)
        return value

    return parse


def _matching(name: str, pattern: re.Pattern[str], what: str) -> Callable[[Any], str]:
    def parse(value: object) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            message = f"{name} is {what}."
            raise ValueError(message)
        return value

    return parse


def _parse_date_time(value: object) -> datetime:
    # The driver stores the first and the last moment that Python knows as minus and plus infinity.
    if isinstance(value, str) and _DATE_TIME.fullmatch(value):
        try:
            moment = datetime.fromisoformat(value).astimezone(UTC)
        except (ValueError, OverflowError):
            moment = None
        if moment and YEAR_MIN <= moment.year <= YEAR_MAX:
            return moment
    message = f"DateTime is ISO 8601 with a zone, such as 2026-01-31T08:00:00Z, from year {YEAR_MIN} to {YEAR_MAX}."
    raise ValueError(message)


def _write_date_time(value: datetime) -> str:
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _parse_decimal(value: object) -> Decimal:
    try:
        if isinstance(value, str) and _DECIMAL.fullmatch(value):
            return Decimal(value)
    except InvalidOperation:
        pass
    message = 'Decimal is a number in a string, such as "19.90".'
    raise ValueError(message)


def _write_decimal(value: Decimal) -> str:
    return format(value, "f")


def _write_json(value: object) -> object:
    return orjson.loads(value) if isinstance(value, str) else value


SCALARS: dict[object, ScalarDefinition] = {
    Fen: strawberry.scalar(
        name="Fen",
        description="Money in fen (1/100 yuan), a JSON integer from 0 to 2^53-1. Add these; never add decimals.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259#section-6",
        serialize=int,
        parse_value=_whole("Fen", 0, FEN_MAX),
    ),
    PageSize: strawberry.scalar(
        name="PageSize",
        description="How many items of a list to answer with: a JSON integer from 1 to 100.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259#section-6",
        serialize=int,
        parse_value=_whole("PageSize", 1, PAGE_SIZE_MAX),
    ),
    Cursor: strawberry.scalar(
        name="Cursor",
        description="A place in a list, opaque; worth something only in the same field, order and filters.",
        specified_by_url="https://relay.dev/graphql/connections.htm#sec-Cursor",
        serialize=str,
        parse_value=_matching("Cursor", _CURSOR, "what an edge or pageInfo of the same list gave"),
    ),
    Handle: strawberry.scalar(
        name="Handle",
        description="A name for addresses, unique in its shop: 1 to 255 characters without spaces, slashes, quotes, "
        "angle brackets, or any of ? # % & and backslash. Chinese is welcome.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3987#section-2.2",
        serialize=str,
        parse_value=_matching("Handle", _HANDLE, "1 to 255 characters without spaces, slashes, quotes or ? # % &"),
    ),
    Url: strawberry.scalar(
        name="Url",
        description="An absolute http or https address, at most 2,000 characters.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3986",
        serialize=str,
        parse_value=_matching("Url", _URL, "an absolute http or https address"),
    ),
    Phone: strawberry.scalar(
        name="Phone",
        description="A phone number: 5 to 15 digits, single spaces or hyphens between them, the country's code before"
        " them unless it is China: `13800000000`, `0571-88888888`, `+852 21234567`.",
        specified_by_url="https://www.itu.int/rec/T-REC-E.164",
        serialize=str,
        parse_value=_matching("Phone", _PHONE, "5 to 15 digits, with + and the country's code when it is not China's"),
    ),
    RegionCode: strawberry.scalar(
        name="RegionCode",
        description="A region of China by its six digits of GB/T 2260: two each for province, city, district.",
        specified_by_url="https://www.mca.gov.cn/n156/n186/index.html",
        serialize=str,
        parse_value=_matching("RegionCode", _REGION_CODE, "six digits, of which the first is not 0"),
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description="A moment, ISO 8601 in UTC with milliseconds: `2026-01-31T08:00:00.000Z`. Any zone comes in.",
        specified_by_url="https://scalars.graphql.org/andimarek/date-time.html",
        serialize=_write_date_time,
        parse_value=_parse_date_time,
    ),
    Decimal: strawberry.scalar(
        name="Decimal",
        description='An exact number written in a string, such as `"19.90"`.',
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259#section-6",
        serialize=_write_decimal,
        parse_value=_parse_decimal,
    ),
    JSON: strawberry.scalar(
        name="JSON",
        description="Any JSON value.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259",
        serialize=_write_json,
        parse_value=lambda value: value,
    ),
}

written_by_sql("DateTime", lambda sql: f"to_char(({sql}) at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')")
written_by_sql("Decimal", lambda sql: f"({sql})::text")
decides_plans("PageSize")
