"""Files to send: small pictures and films made on the spot, and somebody who sends them as `wx.uploadFile` does."""

import io
import struct
from typing import Any

import httpx
from PIL import Image

from tests.harness.asking import Answer, Asker

ANNOUNCE = """
mutation ($kind: MediaKind!, $size: Int!, $type: String!) {
    mediaUploadCreate(kind: $kind, size: $size, type: $type) {
        upload { url fieldName expiresAt headers { name value } formData { name value } }
        userErrors { code field message }
    }
}
"""


def picture(format_: str = "JPEG", size: tuple[int, int] = (400, 200), **options: Any) -> bytes:
    """Return a picture that is red on the left and blue on the right, so that which way it stands can be seen."""
    image = Image.new("RGB", size, "blue")
    image.paste((255, 0, 0), (0, 0, size[0] // 2, size[1]))
    file = io.BytesIO()
    image.save(file, format_, **options)
    return file.getvalue()


def animation(format_: str = "GIF", frames: int = 3) -> bytes:
    """Return pictures that follow one another."""
    drawn = [Image.new("RGB", (60, 40), (80 * number % 256, 0, 200)) for number in range(frames)]
    file = io.BytesIO()
    drawn[0].save(file, format_, save_all=True, append_images=drawn[1:], duration=100, loop=0)
    return file.getvalue()


def box(name: bytes, body: bytes = b"") -> bytes:
    """Return one box of an MP4."""
    return struct.pack(">I", 8 + len(body)) + name + body


def film(width: int = 640, height: int = 360, *, codec: bytes = b"avc1", brand: bytes = b"isom") -> bytes:
    """Return the outside of an MP4 with one track of pictures."""
    header = box(b"tkhd", bytes(76) + struct.pack(">II", width << 16, height << 16))
    handler = box(b"hdlr", bytes(8) + b"vide" + bytes(13))
    samples = box(b"stsd", bytes(4) + struct.pack(">I", 1) + box(codec, bytes(78)))
    track = box(b"trak", header + box(b"mdia", handler + box(b"minf", box(b"stbl", samples))))
    return (
        box(b"ftyp", brand + bytes(4) + brand)
        + box(b"moov", box(b"mvhd", bytes(100)) + track)
        + box(b"mdat", b"x" * 500)
    )


async def announce(asker: Asker, data: bytes, type_: str = "image/jpeg", size: int | None = None) -> Answer:
    """Ask where to send a file."""
    kind = "VIDEO" if type_.startswith("video/") else "IMAGE"
    return await asker(ANNOUNCE, {"kind": kind, "size": len(data) if size is None else size, "type": type_})


async def target(asker: Asker, data: bytes, type_: str = "image/jpeg", size: int | None = None) -> str:
    """Return the address for a file."""
    url: str = (await announce(asker, data, type_, size))["mediaUploadCreate"]["upload"]["url"]
    return url


async def send(http: httpx.AsyncClient, url: str, data: bytes, name: str = "wx.jpg") -> httpx.Response:
    """Send a file to its address; the name and the type of the part are the phone's and count for nothing."""
    return await http.post(url, files={"file": (name, data, "application/octet-stream")}, data={"user": "test"})


async def stored(asker: Asker, data: bytes, type_: str = "image/jpeg") -> dict[str, Any]:
    """Announce and send; what it has become."""
    answer = await send(asker.http, await target(asker, data, type_), data)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def opened(data: bytes) -> Image.Image:
    """Return a picture to look at."""
    image = Image.open(io.BytesIO(data))
    image.load()
    return image
