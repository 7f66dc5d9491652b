"""Sealed secrets open with their own key, whole, or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealing import SealBrokenError, seal, unseal

KEY, OTHER_KEY = b"k" * 32, b"o" * 32


@given(st.text())
def test_a_sealed_secret_opens_with_its_key(plain: str) -> None:
    assert unseal(seal(plain, KEY), KEY) == plain


def test_the_same_secret_looks_different_each_time() -> None:
    assert seal("秘密", KEY) != seal("秘密", KEY)


def test_another_key_opens_nothing() -> None:
    with pytest.raises(SealBrokenError):
        unseal(seal("秘密", OTHER_KEY), KEY)


@given(st.integers(min_value=0), st.integers(min_value=0, max_value=7))
def test_one_flipped_bit_breaks_the_seal(place: int, bit: int) -> None:
    sealed = bytearray(seal("appsecret", KEY))
    sealed[place % len(sealed)] ^= 1 << bit

    with pytest.raises(SealBrokenError):
        unseal(bytes(sealed), KEY)


@given(st.binary(max_size=40))
def test_bytes_that_were_never_sealed_are_refused(some: bytes) -> None:
    with pytest.raises(SealBrokenError):
        unseal(some, KEY)
