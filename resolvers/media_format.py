"""Which files are taken, how they are told apart by their first bytes, and how large they may be."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from models.media import MediaKind

IMAGE_BYTES_MOST: Final = 20_000_000
VIDEO_BYTES_MOST: Final = 100_000_000
SIDE_PIXELS_MOST: Final = 16_000
PIXELS_MOST: Final = 40_000_000
"""Of one picture: 160 MB when decoded."""
ALL_PIXELS_MOST: Final = 200_000_000
"""Of all pictures of an animation together: seconds of one core."""
FRAMES_MOST: Final = 300


class MediaFault(StrEnum):
    """Why a file, or the address it was sent to, is refused."""

    NOT_FOUND = "NOT_FOUND"
    EXPIRED = "EXPIRED"
    ALREADY_USED = "ALREADY_USED"
    BAD_FORM = "BAD_FORM"
    TOO_SLOW = "TOO_SLOW"
    SIZE_DIFFERS = "SIZE_DIFFERS"
    TYPE_DIFFERS = "TYPE_DIFFERS"
    TOO_MANY_PIXELS = "TOO_MANY_PIXELS"
    BROKEN = "BROKEN"
    MORE_THAN_ONE_FILE = "MORE_THAN_ONE_FILE"


class MediaRefusedError(Exception):
    """A no to whoever sends a file; `why` is for machines, the message for people."""

    def __init__(self, why: MediaFault, message: str) -> None:
        super().__init__(message)
        self.why = why


@dataclass(frozen=True, slots=True)
class Format:
    """One that is taken: its type in HTTP, the ending of its names, what Pillow calls it."""

    content_type: str
    ending: str
    kind: MediaKind
    pillow: str = ""

    @property
    def bytes_most(self) -> int:
        """How large a file may be."""
        return IMAGE_BYTES_MOST if self.kind is MediaKind.IMAGE else VIDEO_BYTES_MOST


JPEG: Final = Format("image/jpeg", "jpg", MediaKind.IMAGE, "JPEG")
PNG: Final = Format("image/png", "png", MediaKind.IMAGE, "PNG")
WEBP: Final = Format("image/webp", "webp", MediaKind.IMAGE, "WEBP")
GIF: Final = Format("image/gif", "gif", MediaKind.IMAGE, "GIF")
MP4: Final = Format("video/mp4", "mp4", MediaKind.VIDEO)
FORMATS: Final = (JPEG, PNG, WEBP, GIF, MP4)
BY_TYPE: Final = {one.content_type: one for one in FORMATS}
BY_ENDING: Final = {one.ending: one for one in FORMATS}


def recognised(head: bytes) -> Format | None:
    """Return the format that the first 12 bytes are of; what is declared or named counts for nothing."""
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head.startswith((b"GIF87a", b"GIF89a")):
        return GIF
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return WEBP
    return MP4 if head[4:8] == b"ftyp" else None
