"""Every scalar has two serialisers, Python's and SQL's; any value comes out of both the same."""

import math
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
import pytest
from graphql import GraphQLError, GraphQLScalarType, is_scalar_type
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.keyset import INTEGER, TEXT, TIME, KeyType, payload_by_sql, seal, sealed_by_sql
from engine.scalars import sql_form, sql_list_form
from ids import encode_id
from models.database import pool
from schema.root import graphql_schema
from schema.scalars import YEAR_MAX, YEAR_MIN

FIRST, LAST = datetime(YEAR_MIN, 1, 1, tzinfo=UTC), datetime(YEAR_MAX, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
MOMENTS = st.datetimes(FIRST.replace(tzinfo=None), LAST.replace(tzinfo=None)).map(lambda one: one.replace(tzinfo=UTC))
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=50)
NUMBERS = st.integers(-(2**31), 2**31 - 1)
DECIMALS = st.decimals(-(10**18), 10**18, allow_nan=False, allow_infinity=False, places=6) | st.builds(
    lambda digits, places: Decimal(digits).scaleb(-places), st.integers(-(10**9), 10**9), st.integers(0, 6)
)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=8,
)
VALUES: dict[str, tuple[str, st.SearchStrategy[Any]]] = {
    "Fen": ("bigint", st.integers(0, 2**53 - 1)),
    "PageSize": ("int", st.integers(1, 100)),
    "Int": ("int", NUMBERS),
    "Float": ("float8", st.floats(allow_nan=False, allow_infinity=False)),
    "Boolean": ("boolean", st.booleans()),
    "String": ("text", TEXTS),
    "Handle": ("text", TEXTS),
    "Url": ("text", TEXTS),
    "Phone": ("text", TEXTS),
    "RegionCode": ("text", TEXTS),
    "Cursor": ("text", TEXTS),
    "ID": ("text", TEXTS),
    "DateTime": ("timestamptz", MOMENTS),
    "Decimal": ("numeric", DECIMALS),
    "JSON": ("jsonb", JSON_VALUES.map(lambda value: orjson.dumps(value).decode())),
}
"""The type that a scalar's raw value has in SQL, and such values."""
SCALARS = [name for name, type_ in graphql_schema.type_map.items() if is_scalar_type(type_)]
EDGES: dict[str, list[Any]] = {
    "Fen": [0, 1, 99, 100, 2**53 - 1],
    "Float": [15.0, 0.1, -0.0, 1e-7, 1.7976931348623157e308],
    "DateTime": [
        FIRST,
        LAST,
        datetime(2026, 1, 1, 0, 0, 0, 999500, tzinfo=UTC),
        datetime(2026, 1, 1, 8, tzinfo=timezone(timedelta(hours=8))),
    ],
    "Decimal": [
        Decimal("0.00"),
        Decimal("-0.1"),
        Decimal("1.10"),
        Decimal("1E+3"),
        Decimal("0.000001"),
        Decimal("1.000000"),
    ],
    "JSON": [
        "1.50",
        "1e3",
        "-0.0",
        '"text"',
        "null",
        "[]",
        '{"b": 1, "a": {"b": null}}',
        '{"\\u0001": "\\ud83d\\ude00"}',
    ],
    "String": ["", "\u2028", "\x01\x1f\x7f", '\\"', "😀", "\ufeff", "\uffff", "</script>"],
}


def by_python(scalar: str, raw: Any) -> Any:
    """What the scalar's Python serialiser makes of a raw value, as its JSON is read again."""
    return orjson.loads(orjson.dumps(scalar_of(scalar).coerce_output_value(raw)))


def scalar_of(name: str) -> GraphQLScalarType:
    """A scalar of the schema."""
    type_ = graphql_schema.type_map[name]
    assert isinstance(type_, GraphQLScalarType)
    return type_


async def by_sql(scalar: str, cast: str, raw: Any) -> tuple[Any, Any]:
    """What the scalar's SQL makes of the value, and the raw value as the driver brings it."""
    row = await pool().fetchrow(
        f"select row_to_json(o)::text as written, o.raw from (select {sql_form(scalar, 'v.v')} as v, v.v as raw"
        f" from (select $1::{cast} as v) v) o",
        raw,
    )
    assert row
    return orjson.loads(row["written"])["v"], row["raw"]


def _gathered(values: st.SearchStrategy[Any], count: int) -> list[Any]:
    """Values of a strategy, the same in every run; a test that awaits cannot be given them one by one."""
    seen: list[Any] = []

    @settings(max_examples=count, database=None, deadline=None, derandomize=True)
    @given(values)
    def gather(value: Any) -> None:
        seen.append(value)

    gather()
    return seen


def exact(value: Any) -> bytes:
    """A value so that 1 and 1.0 and True differ."""
    return orjson.dumps(value)


@pytest.mark.parametrize("scalar", SCALARS)
async def test_both_serialisers_write_the_same(database: None, scalar: str) -> None:
    """Values by the hundred; the driver's own value goes to Python, as in the reference."""
    cast, values = VALUES[scalar]
    for value in [*EDGES.get(scalar, []), *_gathered(values, 150)]:
        written, raw = await by_sql(scalar, cast, value)
        assert exact(written) == exact(by_python(scalar, raw)), repr(value)


@pytest.mark.parametrize("scalar", [scalar for scalar in SCALARS if scalar != "JSON"])
async def test_both_serialisers_write_the_same_lists(database: None, scalar: str) -> None:
    """In their order, with nulls inside, empty, and no list at all."""
    cast, values = VALUES[scalar]
    some = [*EDGES.get(scalar, []), *_gathered(values, 20), None]
    for items in ([], [None], [*some], [*reversed(some)], None):
        row = await pool().fetchrow(
            "select row_to_json(o)::text as written, o.raw"
            f" from (select {sql_list_form(scalar, 'v.v')} as v, v.v as raw from (select $1::{cast}[] as v) v) o",
            items,
        )
        assert row
        raw = row["raw"]
        expected = None if raw is None else [None if one is None else by_python(scalar, one) for one in raw]
        assert exact(orjson.loads(row["written"])["v"]) == exact(expected), items


async def test_global_ids_are_written_the_same(database: None) -> None:
    """By SQL from the uuid and by Python."""
    for id_ in (UUID(int=0), UUID(int=2**128 - 1), UUID("0190f5fe-7c00-7a00-8000-00000000000a")):
        assert await pool().fetchval("select 'prd_' || replace($1::uuid::text, '-', '')", id_) == encode_id("prd", id_)


@pytest.mark.parametrize(
    ("key_type", "cast", "values"),
    [
        (INTEGER, "bigint", [0, -1, 2**63 - 1]),
        (TEXT, "text", ["茶", "a" * 255, "😀", "\x01", "+/=", " "]),
        (TIME, "timestamptz", [datetime(1970, 1, 1, tzinfo=UTC), datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
                               datetime(2026, 6, 1, 8, 0, 0, 123457, tzinfo=UTC), FIRST, LAST]),
    ],
    ids=["integer", "text", "time"],
)  # fmt: skip
async def test_cursors_are_sealed_the_same_and_lead_back(
    database: None, key_type: KeyType, cast: str, values: list[Any]
) -> None:
    """SQL's cursor is Python's, and the key that it carries is compared as equal to the row's own."""
    id_, key = UUID(int=7), b"k" * 32
    for value in values:
        payload = payload_by_sql("$1::uuid", key_type, f"$2::{cast}")
        row = await pool().fetchrow(f"select {sealed_by_sql('$3::bytea', payload)}, {payload}", id_, value, key)
        assert row
        sealed, text = row
        assert sealed == seal(key, text)
        back = key_type.value(text[32:])
        same = f"select {key_type.compared.format(f'$1::{key_type.cast}')} = $2::{cast}"
        assert await pool().fetchval(same, back, value), value


@pytest.mark.parametrize(
    "text", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "0001-01-01T00:00:00+14:00", "0000-01-01T00:00:00Z"]
)
def test_moments_that_would_be_stored_as_infinity_are_refused(text: str) -> None:
    """The driver takes Python's first and last moments for infinity, which no serialiser can write."""
    with pytest.raises((GraphQLError, ValueError)):
        scalar_of("DateTime").coerce_input_value(text)


def test_money_is_exact_in_javascript() -> None:
    """The largest fen is the largest integer that a double holds with all below it."""
    assert math.nextafter(2.0**53, 0) == 2**53 - 1
