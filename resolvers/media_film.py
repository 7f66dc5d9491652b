"""Reads an MP4's boxes: whether there is a film in it that browsers show, how large it is, and that it is whole."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from resolvers.media_container import BrokenFileError

MOVIE_BYTES_MOST: Final = 16_000_000
BOXES_MOST: Final = 10_000
_BRANDS: Final = frozenset(
    {b"isom", b"iso2", b"iso3", b"iso4", b"iso5", b"iso6", b"iso8", b"mp41", b"mp42", b"avc1", b"M4V ", b"dash"}
)
_CODECS: Final = frozenset({b"avc1", b"avc3", b"hvc1", b"hev1", b"mp4v", b"av01", b"vp09"})
_AT_TOP: Final = frozenset(
    {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"uuid", b"moof", b"mfra", b"sidx", b"styp", b"meta",
     b"udta", b"pdin", b"prft", b"emsg"}
)  # fmt: skip
_LARGE, _TO_THE_END = 1, 0


@dataclass(frozen=True, slots=True)
class _Box:
    name: bytes
    body: int
    end: int


def film_size(file: BinaryIO, size: int) -> tuple[int, int]:
    """Return width and height in pixels of the first picture track. Raises BrokenFileError."""
    names, movie = set(), None
    for box in _boxes_of_file(file, size):
        if box.name not in _AT_TOP:
            raise BrokenFileError
        if box.name == b"ftyp" and not _is_known(_read(file, box)):
            raise BrokenFileError
        if box.name == b"moov":
            movie = _read(file, box)
        names.add(box.name)
    if movie is None or not {b"ftyp", b"mdat"} <= names:
        raise BrokenFileError
    for track in _within(movie, _whole(movie), b"trak"):
        found = _picture(movie, track)
        if found:
            return found
    raise BrokenFileError


def _boxes_of_file(file: BinaryIO, size: int) -> Iterator[_Box]:
    at = 0
    for _ in range(BOXES_MOST):
        if at == size:
            return
        file.seek(at)
        box = _box(file.read(16), at, size)
        yield box
        at = box.end
    raise BrokenFileError


def _box(head: bytes, at: int, end: int) -> _Box:
    """Read a box's head; it must end within what it stands in."""
    length, name, body = int.from_bytes(head[:4], "big"), head[4:8], at + 8
    if length == _LARGE:
        length, body = int.from_bytes(head[8:16], "big"), at + 16
    elif length == _TO_THE_END:
        length = end - at
    if len(name) != 4 or at + length > end or at + length < body:  # noqa: PLR2004 - a name has four letters
        raise BrokenFileError
    return _Box(name, body, at + length)


def _read(file: BinaryIO, box: _Box) -> bytes:
    if box.end - box.body > MOVIE_BYTES_MOST:
        raise BrokenFileError
    file.seek(box.body)
    return file.read(box.end - box.body)


def _is_known(brands: bytes) -> bool:
    named = {brands[at : at + 4] for at in (0, *range(8, len(brands), 4))}
    return not named.isdisjoint(_BRANDS)


def _whole(data: bytes) -> _Box:
    return _Box(b"", 0, len(data))


def _within(data: bytes, parent: _Box, *path: bytes) -> Iterator[_Box]:
    """Yield the boxes that the path leads to."""
    at = parent.body
    for _ in range(BOXES_MOST):
        if at >= parent.end:
            return
        box = _box(data[at : at + 16], at, parent.end)
        if box.name == path[0]:
            if len(path) == 1:
                yield box
            else:
                yield from _within(data, box, *path[1:])
        at = box.end
    raise BrokenFileError


def _picture(movie: bytes, track: _Box) -> tuple[int, int] | None:
    """Return the size of a track of pictures in a codec that is shown, as its header tells it (16.16 each)."""
    handler = next(_within(movie, track, b"mdia", b"hdlr"), None)
    if handler is None or movie[handler.body + 8 : handler.body + 12] != b"vide":
        return None
    samples = next(_within(movie, track, b"mdia", b"minf", b"stbl", b"stsd"), None)
    header = next(_within(movie, track, b"tkhd"), None)
    if samples is None or header is None or movie[samples.body + 12 : samples.body + 16] not in _CODECS:
        raise BrokenFileError
    width, height = (int.from_bytes(movie[header.end - back : header.end - back + 2], "big") for back in (8, 4))
    return (width, height) if width and height else None
