"""Sizes of pictures: proportions kept, never larger, one of a few; and signatures as the documentation gives them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.media_container import BrokenFileError, outside
from resolvers.media_format import GIF, JPEG, PNG, WEBP
from resolvers.media_size import ASKED_MOST, STEPS, fitted, step
from resolvers.s3_signature import S3Key, object_url, signed_headers

SIDE = st.integers(1, 16_000)
MOST = st.sampled_from((0, *STEPS))


@given(SIDE, SIDE, MOST, MOST)
def test_a_picture_fits_its_box_in_its_own_proportions(
    width: int, height: int, most_width: int, most_height: int
) -> None:
    found = fitted(width, height, most_width, most_height)

    assert 1 <= found[0] <= min(width, most_width or width)
    assert 1 <= found[1] <= min(height, most_height or height)
    # One side is as long as it may be, and the other is off by less than a pixel.
    assert found[0] in {width, most_width} or found[1] in {height, most_height}
    scale = min(1, (most_width or width) / width, (most_height or height) / height)
    assert all(abs(side * scale - got) <= 0.5001 or got == 1 for side, got in zip((width, height), found, strict=True))


@given(SIDE, SIDE, MOST, MOST)
def test_what_fits_is_left_alone(width: int, height: int, most_width: int, most_height: int) -> None:
    once = fitted(width, height, most_width, most_height)

    assert fitted(*once, most_width, most_height) == once


@given(st.integers(1, ASKED_MOST))
def test_the_step_is_the_next_one(asked: int) -> None:
    found = step(asked)

    assert found in STEPS
    assert found >= min(asked, STEPS[-1])
    assert step(found) == found
    assert not any(asked <= one < found for one in STEPS)


@pytest.mark.parametrize("asked", [0, -1, ASKED_MOST + 1])
def test_what_is_no_size_is_refused(asked: int) -> None:
    with pytest.raises(ValueError, match="size"):
        step(asked)


@given(
    st.sampled_from(((JPEG, b"\xff\xd8\xff"), (PNG, b"\x89PNG\r\n\x1a\n"), (GIF, b"GIF89a"), (WEBP, b"RIFF"))),
    st.binary(max_size=200),
)
def test_any_bytes_are_read_to_their_end_or_refused(start: tuple[object, bytes], rest: bytes) -> None:
    format_, head = start
    data = head + rest
    try:
        found = outside(format_, data)  # type: ignore[arg-type]
    except BrokenFileError:
        return
    assert len(head) <= found.end <= len(data)


def test_a_signature_is_as_published() -> None:
    """`GET Object` of "Authenticating Requests (AWS Signature Version 4)", Amazon S3 API reference."""
    key = S3Key("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    at = datetime(2013, 5, 24, tzinfo=UTC)
    url = "https://examplebucket.s3.amazonaws.com/test.txt"

    sent = signed_headers(key, "GET", url, at, headers={"range": "bytes=0-9"})

    assert sent["authorization"].endswith(
        "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
        "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    )


def test_names_are_quoted_once() -> None:
    assert object_url("http://s3/", "my bucket", "a/b c.jpg") == "http://s3/my%20bucket/a/b%20c.jpg"
    assert object_url("http://bucket.s3", "", "a.jpg") == "http://bucket.s3/a.jpg"
