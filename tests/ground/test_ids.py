"""Ids: ordered as they were made, and nothing but what was written is read back."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ids
from ids import decode_id, encode_id, new_id

PREFIX = st.from_regex(r"[a-z]{2,8}", fullmatch=True)


def test_ids_of_one_process_are_ordered_and_of_version_7() -> None:
    made = [new_id() for _ in range(20_000)]

    assert made == sorted(set(made))
    assert {(one.version, one.variant) for one in made} == {(7, "specified in RFC 4122")}


def test_ids_stay_ordered_when_the_clock_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    before = new_id()
    monkeypatch.setattr(ids, "wall_ns", lambda: 1_000_000_000)

    assert before < new_id() < new_id()


@given(PREFIX, st.uuids())
def test_what_is_written_is_read(prefix: str, made: UUID) -> None:
    assert decode_id(prefix, encode_id(prefix, made)) == made


@given(PREFIX, st.text())
def test_only_what_would_be_written_is_read(prefix: str, text: str) -> None:
    found = decode_id(prefix, text)

    assert found is None or encode_id(prefix, found) == text


@pytest.mark.parametrize(
    "spoilt",
    ["", "prod", "prod_", "PROD_{}", "prod_{}0", "prod_ {}", "prod_{}\n", "coll_{}", "prod_prod_{}", "prod_\x00{}"],
)
def test_a_spoilt_id_is_nobody(spoilt: str) -> None:
    assert decode_id("prod", spoilt.format(new_id().hex)) is None


def test_upper_case_and_other_digits_are_not_ours() -> None:
    made = UUID("0190aaaa-bbbb-7ccc-8ddd-eeeeffff0000")

    assert decode_id("prod", f"prod_{made.hex.upper()}") is None
    assert decode_id("prod", f"prod_{made.hex.replace('0', '٠')}") is None
