"""Reads a picture's outside: how large it says it is and where it ends, before anything is decoded."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from resolvers.media_format import GIF, JPEG, PNG, WEBP, Format


class BrokenFileError(Exception):
    """The file is not what its first bytes promise, or stops too early."""


@dataclass(frozen=True, slots=True)
class Outside:
    """`end` is the first byte that is not of the picture."""

    width: int
    height: int
    frames: int
    end: int


_FRAME_HEADERS: Final = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD9)})
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
# Inside a scan, FF is followed by 00 or a restart; any other marker ends it.
_MARKER: Final = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")


def outside(format_: Format, data: bytes) -> Outside:
    """Walk over the parts of a picture. Raises BrokenFileError."""
    try:
        return _WALKS[format_](data)
    except (IndexError, ValueError):
        raise BrokenFileError from None


def _number(data: bytes, at: int, size: int, order: str = "big") -> int:
    if at < 0 or at + size > len(data):
        raise BrokenFileError
    return int.from_bytes(data[at : at + size], "big" if order == "big" else "little")


def _jpeg(data: bytes) -> Outside:
    at, width, height = 2, 0, 0
    while True:
        if data[at] != 0xFF:  # noqa: PLR2004 - every marker begins so
            raise BrokenFileError
        while data[at] == 0xFF:  # noqa: PLR2004 - and may be preceded by more of them
            at += 1
        marker = data[at]
        at += 1
        if marker == _END_OF_IMAGE:
            return Outside(width, height, 1, at)
        if marker in _ALONE:
            continue
        length = _number(data, at, 2)
        if marker in _FRAME_HEADERS:
            height, width = max(height, _number(data, at + 3, 2)), max(width, _number(data, at + 5, 2))
        at += length
        if marker == _START_OF_SCAN:
            found = _MARKER.search(data, at)
            if found is None:
                raise BrokenFileError
            at = found.start()


def _png(data: bytes) -> Outside:
    at, width, height, frames = 8, 0, 0, 1
    while True:
        length, name = _number(data, at, 4), data[at + 4 : at + 8]
        if name == b"IHDR":
            width, height = _number(data, at + 8, 4), _number(data, at + 12, 4)
        elif name == b"acTL":
            frames = max(frames, _number(data, at + 8, 4))
        at += 12 + length
        if at > len(data):
            raise BrokenFileError
        if name == b"IEND":
            return Outside(width, height, frames, at)


def _gif(data: bytes) -> Outside:
    width, height = _number(data, 6, 2, "little"), _number(data, 8, 2, "little")
    at, frames = 13 + _colours(data[10]), 0
    while True:
        match data[at]:
            case 0x3B:
                return Outside(width, height, frames, at + 1)
            case 0x21:
                at = _past_blocks(data, at + 2)
            case 0x2C:
                left, top, wide, high = (_number(data, at + place, 2, "little") for place in (1, 3, 5, 7))
                width, height = max(width, left + wide), max(height, top + high)
                at = _past_blocks(data, at + 11 + _colours(data[at + 9]))
                frames += 1
            case _:
                raise BrokenFileError


def _colours(flags: int) -> int:
    """Bytes of a table of colours, by the flags that announce it."""
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _past_blocks(data: bytes, at: int) -> int:
    while data[at]:
        at += data[at] + 1
    return at + 1


def _webp(data: bytes) -> Outside:
    end = 8 + _number(data, 4, 4, "little")
    if end > len(data):
        raise BrokenFileError
    width, height, frames, at = 0, 0, 0, 12
    while at < end:
        name, length, body = data[at : at + 4], _number(data, at + 4, 4, "little"), at + 8
        if name == b"VP8X":
            found = _number(data, body + 4, 3, "little") + 1, _number(data, body + 7, 3, "little") + 1
        elif name == b"VP8 ":
            found = _number(data, body + 6, 2, "little") & 0x3FFF, _number(data, body + 8, 2, "little") & 0x3FFF
        elif name == b"VP8L":
            bits = _number(data, body + 1, 4, "little")
            found = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        else:
            found = 0, 0
        width, height = max(width, found[0]), max(height, found[1])
        frames += name == b"ANMF"
        at = body + length + length % 2
    return Outside(width, height, max(1, frames), end)


_WALKS: Final[Mapping[Format, Callable[[bytes], Outside]]] = {JPEG: _jpeg, PNG: _png, GIF: _gif, WEBP: _webp}
