"""What may come to an upload address: one whole picture or film, as it was announced; everything else is refused."""

import asyncio
import io
import struct
import zipfile
import zlib
from datetime import timedelta

import httpx
import pytest
from PIL import Image

from clock import wall_now
from models.database import pool
from models.staff import Role
from resolvers.media_format import IMAGE_BYTES_MOST
from resolvers.media_upload import reap_media_uploads
from tests.harness.asking import Refused
from tests.harness.pictures import animation, announce, box, film, opened, picture, send, stored, target
from tests.harness.shops import SandboxShop

JPEG, PNG, WEBP, GIF, MP4 = "image/jpeg", "image/png", "image/webp", "image/gif", "video/mp4"


def chunk(name: bytes, body: bytes) -> bytes:
    """Return one chunk of a PNG."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def flat_png(width: int, height: int, *more: bytes) -> bytes:
    """Return a PNG that says it is so large and is a few bytes."""
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(((width + 7) // 8 + 1) * min(height, 100)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(more) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def archive() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("run.html", "<script>alert(1)</script>")
    return file.getvalue()


def swapped(data: bytes, at: int, value: bytes) -> bytes:
    return data[:at] + value + data[at + len(value) :]


_GIF_HEAD = b"GIF89a" + struct.pack("<HHBBB", 10, 10, 0, 0, 0)
_GIF_IMAGE = b"\x2c" + struct.pack("<HHHHB", 0, 0, 10, 10, 0) + b"\x02\x01\x00\x00"

HOSTILE = {
    "svg": (JPEG, b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "TYPE_DIFFERS"),
    "html": (PNG, b"<!doctype html><script>alert(1)</script>", "TYPE_DIFFERS"),
    "png as jpeg": (JPEG, picture("PNG"), "TYPE_DIFFERS"),
    "film as picture": (JPEG, film(), "TYPE_DIFFERS"),
    "picture as film": (MP4, picture(), "TYPE_DIFFERS"),
    "a few bytes": (JPEG, b"\xff\xd8\xff", "BROKEN"),
    "zip behind jpeg": (JPEG, picture() + archive(), "MORE_THAN_ONE_FILE"),
    "zip behind png": (PNG, picture("PNG") + archive(), "MORE_THAN_ONE_FILE"),
    "html behind gif": (GIF, picture("GIF") + b"<html><script>", "MORE_THAN_ONE_FILE"),
    "php behind webp": (WEBP, picture("WEBP") + b"<?php system($_GET[0]);", "MORE_THAN_ONE_FILE"),
    "page inside jpeg": (JPEG, picture(comment=b"<script>alert(1)</script>"), "MORE_THAN_ONE_FILE"),
    "half a jpeg": (JPEG, picture(size=(800, 800))[:3000], "BROKEN"),
    "half a png": (PNG, picture("PNG")[:-20], "BROKEN"),
    "half a webp": (WEBP, picture("WEBP")[:-20], "BROKEN"),
    "half a gif": (GIF, picture("GIF")[:-20], "BROKEN"),
    "wrong checksum": (PNG, swapped(picture("PNG"), 29, b"\0\0\0\0"), "BROKEN"),
    "png of a terapixel": (PNG, flat_png(1_000_000, 1_000_000), "TOO_MANY_PIXELS"),
    "png of 60 megapixels": (PNG, flat_png(8000, 7500), "TOO_MANY_PIXELS"),
    "png of no pixels": (PNG, flat_png(0, 10), "BROKEN"),
    "a million frames": (PNG, flat_png(10, 10, chunk(b"acTL", struct.pack(">II", 10**6, 0))), "TOO_MANY_PIXELS"),
    "text that swells": (
        PNG, flat_png(10, 10, chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(50_000_000)))), "BROKEN",
    ),
    "gif of thousands": (GIF, _GIF_HEAD + _GIF_IMAGE * 5000 + b";", "TOO_MANY_PIXELS"),
    "gif that grows": (GIF, _GIF_HEAD + swapped(_GIF_IMAGE, 5, b"\xff\xff\xff\xff") + b";", "TOO_MANY_PIXELS"),
    "jpeg of 4 gigapixels": (
        JPEG, swapped(picture(), picture().index(b"\xff\xc0") + 5, b"\xff\xff\xff\xff"), "TOO_MANY_PIXELS",
    ),
    "film without pictures": (MP4, box(b"ftyp", b"isom" + bytes(4)) + box(b"moov") + box(b"mdat"), "BROKEN"),
    "film without an index": (MP4, box(b"ftyp", b"isom" + bytes(4)) + box(b"mdat", bytes(100)), "BROKEN"),
    "film of another brand": (MP4, film(brand=b"heic"), "BROKEN"),
    "film in no codec": (MP4, film(codec=b"evil"), "BROKEN"),
    "half a film": (MP4, film()[:-100], "BROKEN"),
    "page behind film": (MP4, film() + b"<html>", "BROKEN"),
    "box of nothing": (MP4, film() + box(b"evil"), "BROKEN"),
    "film of a wall": (MP4, film(60_000, 60_000), "TOO_MANY_PIXELS"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_file_is_refused_and_the_address_stays_good(name: str, shop: SandboxShop) -> None:
    type_, data, why = HOSTILE[name]
    url = await target(shop.staff, data, type_)

    answers = [await send(shop.http, url, data) for _ in range(2)]

    assert [answer.json()["code"] for answer in answers] == [why, why]
    assert {answer.status_code for answer in answers} <= {415, 422}
    assert await pool().fetchval("select count(*) from media_file where shop_id = $1", shop.id) == 0


@pytest.mark.parametrize(
    ("type_", "data", "size"),
    [
        (JPEG, picture(), (400, 200)),
        (JPEG, picture(progressive=True), (400, 200)),
        (PNG, picture("PNG"), (400, 200)),
        (PNG, animation("PNG"), (60, 40)),
        (WEBP, picture("WEBP"), (400, 200)),
        (WEBP, picture("WEBP", lossless=True), (400, 200)),
        (WEBP, animation("WEBP"), (60, 40)),
        (GIF, picture("GIF"), (400, 200)),
        (GIF, animation(), (60, 40)),
        (MP4, film(), (640, 360)),
    ],
)
async def test_a_whole_file_is_kept_and_served(
    type_: str, data: bytes, size: tuple[int, int], shop: SandboxShop
) -> None:
    found = await stored(shop.staff, data, type_)
    served = await shop.http.get(found["url"])

    assert (found["type"], (found["width"], found["height"])) == (type_, size)
    assert (served.status_code, served.headers["content-type"], len(served.content)) == (200, type_, found["size"])
    assert served.headers["x-content-type-options"] == "nosniff"
    assert "immutable" in served.headers["cache-control"]
    if type_ == MP4:
        assert served.content == data
    else:
        assert getattr(opened(served.content), "n_frames", 1) == getattr(opened(data), "n_frames", 1)


async def test_a_picture_loses_where_it_was_taken_and_stands_upright(shop: SandboxShop) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "SecretPhone"
    data = picture(exif=exif, comment=b"SecretPlace") + b"SecretTail"

    found = await stored(shop.staff, data)
    served = (await shop.http.get(found["url"])).content

    assert (found["width"], found["height"]) == (200, 400)
    assert b"Secret" not in served
    assert dict(opened(served).getexif()) == {}
    top = opened(served).getpixel((100, 50))
    assert isinstance(top, tuple)
    assert top[0] > 200 > top[2]


async def test_a_phones_second_picture_or_film_behind_the_first_is_cut(shop: SandboxShop) -> None:
    two = io.BytesIO()
    opened(picture()).save(two, "MPO", save_all=True, append_images=[opened(picture(size=(40, 20)))])

    for data in (two.getvalue(), picture() + film()):
        found = await stored(shop.staff, data)
        served = opened((await shop.http.get(found["url"])).content)
        assert (served.format, served.size, getattr(served, "n_frames", 1)) == ("JPEG", (400, 200), 1)


async def test_what_is_sent_twice_is_answered_alike_and_another_file_is_refused(shop: SandboxShop) -> None:
    data = picture()
    url = await target(shop.staff, data)
    other = picture(size=(401, 200))
    other_of_size = other[: len(data)] if len(other) >= len(data) else other + bytes(len(data) - len(other))

    answers = await asyncio.gather(*(send(shop.http, url, data) for _ in range(8)))
    late = await send(shop.http, url, other_of_size)

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert (late.status_code, late.json()["code"]) == (409, "ALREADY_USED")
    assert await pool().fetchval("select count(*) from media_file where shop_id = $1", shop.id) == 1


async def test_the_same_file_is_stored_once(shop: SandboxShop, other_shop: SandboxShop) -> None:
    mine = [await stored(shop.staff, picture()) for _ in range(2)]
    theirs = await stored(other_shop.staff, picture())

    assert mine[0] == mine[1]
    assert theirs["url"] != mine[0]["url"]
    assert theirs["url"].rpartition("/")[2] == mine[0]["url"].rpartition("/")[2]


async def test_more_or_less_than_was_announced_is_refused(shop: SandboxShop) -> None:
    data = picture()

    for announced in (len(data) - 1, len(data) + 1):
        answer = await send(shop.http, await target(shop.staff, data, size=announced), data)
        assert (answer.status_code, answer.json()["code"]) == (422, "SIZE_DIFFERS")
    flood = await send(shop.http, await target(shop.staff, data, size=10), bytes(200_000))
    assert flood.json()["code"] == "SIZE_DIFFERS"


@pytest.mark.parametrize(
    "sent",
    [
        {"content": b"not a form"},
        {"json": {}},
        {"files": {"other": ("a.jpg", b"1")}},
        {"data": {"file": "text"}},
        {"files": [("file", ("a.jpg", b"1")), ("file", ("b.jpg", b"2"))]},
        {"content": b"--x\r\nbroken", "headers": {"content-type": "multipart/form-data; boundary=x"}},
        {"content": b"--x", "headers": {"content-type": "multipart/form-data"}},
    ],
)
async def test_what_is_no_form_with_one_file_is_refused(sent: dict[str, object], shop: SandboxShop) -> None:
    answer = await shop.http.post(await target(shop.staff, b"12345"), **sent)  # type: ignore[arg-type]

    assert (answer.status_code, answer.json()["code"]) == (400, "BAD_FORM")


async def test_an_unknown_or_old_address_is_refused(shop: SandboxShop, http: httpx.AsyncClient) -> None:
    data = picture()
    url = await target(shop.staff, data)
    await pool().execute(
        "update media_upload set created_at = created_at - interval '1 day', expires_at = now() - interval '1 hour'"
        " where shop_id = $1", shop.id,
    )  # fmt: skip

    assert (await send(http, url, data)).json()["code"] == "EXPIRED"
    assert (await send(http, "/media/uploads/nothing", data)).status_code == 404
    assert (await http.get(url)).status_code == 404
    assert await reap_media_uploads(wall_now() + timedelta(days=2)) >= 1
    assert (await send(http, url, data)).json()["code"] == "NOT_FOUND"


async def test_only_staff_that_keep_the_catalogue_may_ask(shop: SandboxShop) -> None:
    for asker in (shop.visitor, await shop.staff_with(Role.ANALYTICS)):
        assert (await announce(asker, picture())).codes == ["FORBIDDEN"]


@pytest.mark.parametrize(
    ("type_", "size", "refused"),
    [
        ("image/svg+xml", 10, Refused("INVALID", "type")),
        ("text/html", 10, Refused("INVALID", "type")),
        (JPEG, 0, Refused("OUT_OF_RANGE", "size")),
        (JPEG, IMAGE_BYTES_MOST + 1, Refused("OUT_OF_RANGE", "size")),
    ],
)
async def test_what_is_never_taken_is_refused_when_it_is_announced(
    type_: str, size: int, refused: Refused, shop: SandboxShop
) -> None:
    assert (await announce(shop.staff, b"", type_, size)).refusals == [refused]
