"""Codes to scan: WeChat draws the code of a share link once, and whoever scans it is put to the sharer's credit."""

import asyncio
import io
from uuid import uuid4

import httpx
import pytest
import zxingcpp
from PIL import Image

from tests.harness.shops import SandboxShop

SHARE = """
mutation { shareCreate(input: {target: {shop: true}}, idempotencyKey: "k") { shareLink { token } userErrors { code } } }
"""
TRACK = """
mutation ($visit: ID!, $input: VisitTrackInput!) { visitTrack(visitId: $visit, input: $input) { userErrors { code } } }
"""


@pytest.fixture
async def token(shop: SandboxShop, http: httpx.AsyncClient) -> str:
    """The token of a link of the shop. WeChat's calls begin anew: shops of one seed have one appid."""
    await http.delete("/sandbox/wechat/calls", params={"appid": shop.app.appid})
    found: str = (await shop.staff(SHARE))["shareCreate"]["shareLink"]["token"]
    return found


async def drawn(http: httpx.AsyncClient, shop: SandboxShop, token: str, **asked: str) -> httpx.Response:
    return await http.get(f"/codes/{shop.shop.handle}/{token}.png", params=asked)


async def calls(http: httpx.AsyncClient, shop: SandboxShop) -> int:
    """How often WeChat was asked to draw for this shop."""
    asked = {"appid": shop.app.appid, "call": "getwxacodeunlimit"}
    return len((await http.get("/sandbox/wechat/calls", params=asked)).json())


def read(picture: bytes) -> str:
    with Image.open(io.BytesIO(picture)) as image:
        [found] = zxingcpp.read_barcodes(image.convert("L"))
    return str(found.text)


async def test_who_scans_a_code_is_put_to_the_sharers_credit(
    http: httpx.AsyncClient, shop: SandboxShop, token: str
) -> None:
    answer = await drawn(http, shop, token)
    scene = read(answer.content)
    ask = shop.visitor.also(x_visitor_id=str(uuid4()))
    await ask(TRACK, {"visit": str(uuid4()), "input": {"query": f"scene={scene.replace('=', '%3D')}", "scene": 1047}})
    await http.post(f"/sandbox/shops/{shop.global_id}/settle")

    assert (answer.status_code, answer.headers["content-type"], scene) == (200, "image/png", f"t={token}")
    assert "immutable" in answer.headers["cache-control"]
    [visit] = (await shop.staff("{ visits(first: 2) { nodes { source shareLink { token } } } }"))["visits"]["nodes"]
    assert visit == {"source": "SHARE", "shareLink": {"token": token}}


async def test_twenty_who_want_it_at_once_have_it_drawn_once(
    http: httpx.AsyncClient, shop: SandboxShop, token: str
) -> None:
    pictures = await asyncio.gather(*(drawn(http, shop, token) for _ in range(20)))
    again = await drawn(http, shop, token, appid=shop.app.appid)

    assert {picture.content for picture in pictures} == {again.content}
    assert await calls(http, shop) == 1


async def test_a_wechat_that_is_busy_is_asked_again_later(
    http: httpx.AsyncClient, shop: SandboxShop, token: str
) -> None:
    switch = {"appid": shop.app.appid, "kind": "RATE_LIMIT", "call": "getwxacodeunlimit", "times": 1}
    assert (await http.post("/sandbox/wechat/switches", json=switch)).is_success

    busy, well = await drawn(http, shop, token), await drawn(http, shop, token)

    assert (busy.status_code, busy.json()["code"], busy.headers["retry-after"]) == (503, "RateLimited", "60")
    assert (well.status_code, read(well.content)) == (200, f"t={token}")


async def test_what_is_not_there_has_no_code(
    http: httpx.AsyncClient, shop: SandboxShop, other_shop: SandboxShop, token: str
) -> None:
    asked = [
        await drawn(http, shop, "aaaaaaaaaa"),
        await drawn(http, shop, f"t={token}"),
        await drawn(http, other_shop, token),
        await drawn(http, shop, token, appid="wx0000000000000000"),
        await http.get(f"/codes/nowhere/{token}.png"),
    ]

    assert {(answer.status_code, answer.json()["code"]) for answer in asked} == {(404, "NOT_FOUND")}
    assert await calls(http, shop) == 0
