"""Work on pictures, for a thread of its own: decode what came and write it anew, and make smaller ones of it.

Nothing of what was sent is kept but the pixels, the colour profile and the timing: no place where it was taken, no
comments, nothing behind the end. So what is served was written by us.
"""

import io
import re
from dataclasses import dataclass
from typing import Any, Final

from PIL import Image, ImageOps

from resolvers.media_container import BrokenFileError, outside
from resolvers.media_format import (
    ALL_PIXELS_MOST,
    FRAMES_MOST,
    GIF,
    JPEG,
    PIXELS_MOST,
    PNG,
    SIDE_PIXELS_MOST,
    WEBP,
    Format,
    MediaFault,
    MediaRefusedError,
)
from resolvers.media_size import fitted

# A second net below our own checks.
Image.MAX_IMAGE_PIXELS = PIXELS_MOST

KEPT_QUALITY: Final = 90
SHOWN_QUALITY: Final = 82
PROFILE_BYTES_MOST: Final = 100_000
# Another file in the same bytes. Phones add small films and pictures behind their own, which do no harm and are cut.
_ANOTHER: Final = re.compile(
    rb"PK\x03\x04|PK\x05\x06|Rar!\x1a|7z\xbc\xaf|%PDF-|\x7fELF|\xca\xfe\xba\xbe|<!doctype|<html|<script|<svg|<\?php",
    re.IGNORECASE,
)
_NEAR_BYTES: Final = 1024


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it is stored."""

    data: bytes
    width: int
    height: int


def cleaned(format_: Format, data: bytes) -> Picture:
    """Write a picture anew, upright. Raises MediaRefusedError: BROKEN, TOO_MANY_PIXELS, MORE_THAN_ONE_FILE."""
    try:
        seen = outside(format_, data)
    except BrokenFileError:
        raise _broken() from None
    if not (seen.width and seen.height and seen.frames):
        raise _broken()
    pixels = seen.width * seen.height
    if (
        max(seen.width, seen.height) > SIDE_PIXELS_MOST
        or seen.frames > FRAMES_MOST
        or pixels > PIXELS_MOST
        or pixels * seen.frames > ALL_PIXELS_MOST
    ):
        message = f"More than {SIDE_PIXELS_MOST} pixels on a side, {PIXELS_MOST} in all or {FRAMES_MOST} pictures"
        raise MediaRefusedError(MediaFault.TOO_MANY_PIXELS, message)
    # At the ends of both, where readers look: in megabytes of another picture four letters come about by chance.
    places = ((0, _NEAR_BYTES), (seen.end, seen.end + _NEAR_BYTES), (max(seen.end, len(data) - _NEAR_BYTES), len(data)))
    if any(_ANOTHER.search(data, *place) for place in places):
        raise MediaRefusedError(MediaFault.MORE_THAN_ONE_FILE, "There is another kind of file inside")
    try:
        return _rewritten(format_, data[: seen.end])
    except Exception as fault:
        # Whatever a decoder says about bytes that a stranger chose, it is about the bytes.
        raise _broken() from fault


def resized(format_: Format, data: bytes, most_width: int, most_height: int) -> bytes:
    """Make a picture that fits into a box out of one that we have written; 0 is no limit. Of an animation the first."""
    with Image.open(io.BytesIO(data)) as source:
        size = fitted(*source.size, most_width, most_height)
        profile = _profile(source)
        source.draft(None, size)
        image = _plain(source, format_)
        small = image if image.size == size else image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
        return _saved(small, format_, _options(format_, SHOWN_QUALITY) | profile)


def _rewritten(format_: Format, data: bytes) -> Picture:
    with Image.open(io.BytesIO(data), formats=[format_.pillow]) as image:
        image.load()
        options = _options(format_, KEPT_QUALITY) | _profile(image)
        if getattr(image, "n_frames", 1) > 1 and format_ is not JPEG:
            written = _saved(image, format_, options | {"save_all": True})
            return Picture(written, *image.size)
        upright = ImageOps.exif_transpose(image)
        still = _plain(upright, format_)
        return Picture(_saved(still, format_, options), *still.size)


def _plain(image: Image.Image, format_: Format) -> Image.Image:
    """Put the pixels into a mode that the format has; what is seen through becomes white where nothing can be."""
    sees_through = image.mode in {"LA", "PA", "RGBA", "La", "RGBa"} or "transparency" in image.info
    if format_ is JPEG:
        if sees_through:
            ground = Image.new("RGBA", image.size, "white")
            return Image.alpha_composite(ground, image.convert("RGBA")).convert("RGB")
        return image if image.mode in {"L", "RGB"} else image.convert("RGB")
    if format_ in {PNG, WEBP}:
        return image.convert("RGBA" if sees_through else "RGB")
    return image.convert("RGBA") if sees_through else image.convert("RGB")


def _options(format_: Format, quality: int) -> dict[str, Any]:
    if format_ is JPEG:
        return {"quality": quality, "progressive": True, "comment": b""}
    return {"quality": quality} if format_ is WEBP else {"optimize": False} if format_ is PNG else {"comment": b""}


def _profile(image: Image.Image) -> dict[str, Any]:
    profile = image.info.get("icc_profile")
    is_fit = image.mode in {"RGB", "RGBA"} and isinstance(profile, bytes) and len(profile) <= PROFILE_BYTES_MOST
    return {"icc_profile": profile if is_fit else None}


def _saved(image: Image.Image, format_: Format, options: dict[str, Any]) -> bytes:
    # Pillow writes again what it has read: comments, texts and places of the file before.
    kept = {"duration", "loop", "disposal", "background", "transparency", "blend"}
    image.info = {name: value for name, value in image.info.items() if name in kept}
    file = io.BytesIO()
    image.save(file, format_.pillow, exif=b"", **options) if format_ is not GIF else image.save(file, "GIF", **options)
    return file.getvalue()


def _broken() -> MediaRefusedError:
    return MediaRefusedError(MediaFault.BROKEN, "The file is damaged, or not what it says it is")
