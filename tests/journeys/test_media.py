"""Pictures from the phone of staff to the pages of customers: sent, shown, made smaller, kept in a bucket."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from asyncpg.exceptions import ForeignKeyViolationError

from models.database import pool
from resolvers.media_store import connect_media
from settings import Settings
from tests.conftest import Counting
from tests.harness.bucket import ACCESS_KEY, REGION, SECRET_KEY, Bucket, a_bucket
from tests.harness.pictures import film, opened, picture, send, stored, target
from tests.harness.shops import SandboxShop

CREATE = """
mutation ($url: Url!) {
    productCreate(idempotencyKey: "k", input: {
        title: "茶", status: ACTIVE, publishedAt: "2020-01-01T00:00:00Z",
        media: [{url: $url}], variants: [{price: {fen: 1}}]
    }) { product { id media { nodes { kind url width height } } } userErrors { code field } }
}
"""
SET = """
mutation ($id: ID!, $media: [MediaInput!]!) {
    productMediaSet(productId: $id, media: $media) {
        product { id media { nodes { kind url small: url(width: 100) width height } } } userErrors { code field }
    }
}
"""
READ = """
query ($id: ID!, $width: Int, $height: Int, $format: ImageFormat) {
    product(id: $id) { media { nodes {
        url plain: url(width: null) card: url(width: 190, format: WEBP) asked: url(width: $width, height: $height, format: $format)
    } } }
}
"""  # noqa: E501 - as a client writes it


async def shown(shop: SandboxShop, *urls: str) -> str:
    """Make a product with these pictures; its id."""
    id_: str = (await shop.staff(CREATE, {"url": urls[0]}))["productCreate"]["product"]["id"]
    answer = await shop.staff(SET, {"id": id_, "media": [{"url": url} for url in urls]})
    assert answer.refusals == []
    return id_


async def addresses(shop: SandboxShop, id_: str, **asked: Any) -> list[dict[str, str]]:
    found: list[dict[str, str]] = (await shop.visitor(READ, {"id": id_, **asked}))["product"]["media"]["nodes"]
    return found


async def test_what_was_sent_is_shown_with_its_size(shop: SandboxShop) -> None:
    image, video = await stored(shop.staff, picture()), await stored(shop.staff, film(), "video/mp4")
    created = await shop.staff(CREATE, {"url": image["url"]})
    id_ = created["productCreate"]["product"]["id"]
    media = [{"url": video["url"]}, {"url": image["url"], "width": 1}, {"url": "https://img.example/a.jpg"}]
    found = (await shop.staff(SET, {"id": id_, "media": media}))["productMediaSet"]["product"]["media"]["nodes"]

    assert created["productCreate"]["product"]["media"]["nodes"] == [
        {"kind": "IMAGE", "url": image["url"], "width": 400, "height": 200}
    ]
    assert [(one["kind"], one["width"], one["height"]) for one in found] == [
        ("VIDEO", 640, 360), ("IMAGE", 400, 200), ("IMAGE", None, None),
    ]  # fmt: skip
    assert [one["small"] for one in found] == [
        video["url"], image["url"].replace(".jpg", "_128x0.jpg"), "https://img.example/a.jpg",
    ]  # fmt: skip


async def test_smaller_ones_are_made_at_their_address_and_kept(shop: SandboxShop) -> None:
    image = await stored(shop.staff, picture(size=(1200, 600)))
    id_ = await shown(shop, image["url"])
    (found,) = await addresses(shop, id_, width=300, height=90, format="PNG")

    assert found["url"] == found["plain"] == image["url"]
    for name, type_, size in (("card", "image/webp", (200, 100)), ("asked", "image/png", (192, 96))):
        first, again = await asyncio.gather(*(shop.http.get(found[name]) for _ in range(2)))
        assert (first.status_code, first.headers["content-type"]) == (200, type_)
        assert first.content == again.content == (await shop.http.get(found[name])).content
        assert opened(first.content).size == size
    assert (await addresses(shop, id_, width=5000))[0]["asked"].endswith("_2560x0.jpg")
    assert opened((await shop.http.get((await addresses(shop, id_, width=5000))[0]["asked"])).content).size == (
        1200,
        600,
    )


async def test_a_size_that_is_none_is_refused(shop: SandboxShop) -> None:
    id_ = await shown(shop, (await stored(shop.staff, picture()))["url"])

    for width in (0, -1, 10_001):
        assert (await shop.visitor(READ, {"id": id_, "width": width})).codes == ["BAD_USER_INPUT"]


async def test_only_sizes_of_the_list_are_made_and_only_of_files_that_are_there(
    shop: SandboxShop, other_shop: SandboxShop
) -> None:
    url = (await stored(shop.staff, picture()))["url"]
    base, _, name = url.rpartition("/")
    digest = name.removesuffix(".jpg")
    wrong = [
        f"{digest}_101x0.jpg", f"{digest}_0200x0.jpg", f"{digest}_99999x0.jpg", f"{digest}_200x0.mp4",
        f"{digest}_200x0.svg", f"{digest}.png", f"{'0' * 32}.jpg", f"{'0' * 32}_200x0.jpg", f"{digest}_200x0.jpg.exe",
        "..%2f..%2fsecret_key", "%00", digest,
    ]  # fmt: skip

    assert {(await shop.http.get(f"{base}/{one}")).status_code for one in wrong} == {404}
    elsewhere = base.replace(shop.id.hex, other_shop.id.hex)
    assert (await shop.http.get(f"{elsewhere}/{name}")).status_code == 404
    assert (await shop.http.get(f"{elsewhere}/{digest}_200x0.jpg")).status_code == 404


async def test_another_shops_picture_is_a_foreign_address(shop: SandboxShop, other_shop: SandboxShop) -> None:
    theirs = await stored(other_shop.staff, picture(size=(320, 320)))
    (found,) = await addresses(shop, await shown(shop, theirs["url"]), width=100)

    assert found["card"] == found["asked"] == theirs["url"]


async def test_films_are_played_in_parts_and_pictures_asked_for_again(shop: SandboxShop) -> None:
    data = film()
    url = (await stored(shop.staff, data, "video/mp4"))["url"]

    async def part(asked: str) -> tuple[int, bytes, str | None]:
        answer = await shop.http.get(url, headers={"range": asked})
        return answer.status_code, answer.content, answer.headers.get("content-range")

    assert await part("bytes=0-1") == (206, data[:2], f"bytes 0-1/{len(data)}")
    assert await part("bytes=-5") == (206, data[-5:], f"bytes {len(data) - 5}-{len(data) - 1}/{len(data)}")
    assert await part(f"bytes={len(data)}-") == (416, b"", f"bytes */{len(data)}")
    assert (await part("bytes=5-1,9-"))[:2] == (200, data)
    whole = await shop.http.head(url)
    assert (whole.status_code, whole.headers["content-length"]) == (200, str(len(data)))
    again = await shop.http.get(url, headers={"if-none-match": whole.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_addresses_cost_no_statement_more(shop: SandboxShop, statements: Counting) -> None:
    id_ = await shown(shop, (await stored(shop.staff, picture()))["url"])
    await addresses(shop, id_, width=100)
    async with statements() as seen:
        await addresses(shop, id_, width=100)

    assert len([sql for sql in seen.sql if "media_file" in sql]) == 1


async def test_an_upload_cannot_point_to_a_file_of_another_shop(shop: SandboxShop, other_shop: SandboxShop) -> None:
    await stored(shop.staff, picture())
    await stored(other_shop.staff, picture())

    with pytest.raises(ForeignKeyViolationError):
        await pool().execute(
            "update media_upload set file_id = (select id from media_file where shop_id = $2) where shop_id = $1",
            shop.id, other_shop.id,
        )  # fmt: skip


@pytest.fixture
async def bucket(settings: Settings, server: str) -> AsyncIterator[Bucket]:
    """A bucket in place of the directory, and clients that find files where they did."""
    async with a_bucket() as found:
        changed = {
            "media_s3_endpoint": found.url, "media_s3_bucket": "shop files", "media_s3_region": REGION,
            "media_s3_access_key": ACCESS_KEY, "media_s3_secret_key": SECRET_KEY, "media_url": server,
        }  # fmt: skip
        async with connect_media(settings.model_copy(update=changed)):
            yield found


async def test_files_go_to_a_bucket_signed_and_come_back(shop: SandboxShop, bucket: Bucket) -> None:
    image, video = await stored(shop.staff, picture()), await stored(shop.staff, film(), "video/mp4")
    (found,) = await addresses(shop, await shown(shop, image["url"]), width=100)

    small = [await shop.http.get(found["asked"]) for _ in range(2)]
    assert [opened(one.content).size for one in small] == [(128, 64), (128, 64)]
    assert (await shop.http.get(video["url"], headers={"range": "bytes=4-7"})).content == b"ftyp"
    name = found["asked"].rpartition("/")[2]
    assert bucket.objects[f"/shop files/{shop.id.hex}/{name}"][1] == "image/jpeg"
    assert [one for one in bucket.asked if one.startswith("PUT") and name in one] == [
        f"PUT /shop files/{shop.id.hex}/{name}"
    ]


async def test_a_bucket_that_is_away_uses_no_address_up(shop: SandboxShop, bucket: Bucket) -> None:
    data = picture(size=(500, 300))
    url = await target(shop.staff, data)
    bucket.is_away = True
    refused: httpx.Response = await send(shop.http, url, data)
    bucket.is_away = False

    assert (refused.status_code, refused.json()["code"]) == (503, "UNAVAILABLE")
    assert (await send(shop.http, url, data)).status_code == 200
