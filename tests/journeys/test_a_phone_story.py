"""One story told over HTTP alone, to two processes of one server: a shop opens, people come, share and return.

What the shop sells is a real catalogue, brought in by the operator's command and read here by nothing of ours.
"""

import asyncio
import io
import json
import os
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import zxingcpp
from PIL import Image

from settings import PROJECT, Settings
from tests.harness.asking import Asker, credentials
from tests.harness.phones import PHONE, REFRESH
from tests.harness.processes import process_serving
from tests.harness.server import client
from tests.journeys.guests import CODE_SCENE, LANDING, Guest, guest
from tests.journeys.test_favourites import ADD
from tests.journeys.test_real_catalogue import SHARED, fen, is_variant, rows_of
from tests.journeys.test_sharing import PROMOTE, VISITS

FILE = "mall_zh/products.csv"

SEARCH = """
query ($query: String!) {
  products(query: $query, first: 100) { totalCount nodes { handle title priceRange { min { fen } } } }
}"""
FAVOURITES = "{ viewer { favourites { totalCount nodes { handle } } } }"
PUBLISH = """
mutation ($ids: [ID!]!, $from: DateTime, $until: DateTime) {
  productsPublish(ids: $ids, from: $from, until: $until) { products { handle } userErrors { code field } }
}"""
CHAIN = "query ($t: String!) { shareLink(token: $t) { depth parent { token } visits(first: 1) { totalCount } } }"

# Before an edge, by more than the slowest machine needs to look around.
SOON = timedelta(minutes=10)

Rows = dict[str, list[dict[str, str]]]


def staff_of(http: httpx.AsyncClient, shop: dict[str, Any]) -> Asker:
    return Asker(http, credentials(token=shop["staffToken"]))


async def bring_in(settings: Settings, handle: str) -> str:
    """Run `main.py import products` to its end; what it printed."""
    given = {"DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url, "SECRET_KEY": settings.secret_key}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "main.py", "import", "products", str(SHARED / FILE), "--shop", handle,
        cwd=PROJECT, env=os.environ | {name: value for name, value in given.items() if value},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    printed, complained = await process.communicate()
    assert process.returncode == 0, complained.decode()
    return printed.decode().strip()


async def settled(http: httpx.AsyncClient, shop: dict[str, Any]) -> None:
    answer = (await http.post(f"/sandbox/shops/{shop['shopId']}/settle")).json()
    assert answer == {"idle": True, "waiting": dict.fromkeys(answer["waiting"], 0)}


def price(of: list[dict[str, str]]) -> int:
    return min(fen(row["Variant Price"]) for row in of if is_variant(row))


def on_sale(rows: Rows, *words: str) -> dict[str, tuple[str, int]]:
    """Title and price of what is on sale and says each of the words somewhere but in its description."""
    names = ["Title", "Vendor", "Product Category", "Type", "Tags", *(f"Option{n} Value" for n in (1, 2, 3))]
    return {
        handle: (of[0]["Title"].strip(), price(of))
        for handle, of in rows.items()
        if of[0]["Status"] == "active" and all(any(word in row[name] for row in of for name in names) for word in words)
    }


async def found(asker: Guest, query: str) -> dict[str, tuple[str, int]]:
    """What a search gives, all of it."""
    products = (await asker.ask(SEARCH, query=query))["products"]
    assert products["totalCount"] == len(products["nodes"])
    return {node["handle"]: (node["title"], node["priceRange"]["min"]["fen"]) for node in products["nodes"]}


def page_of(rows: Rows, handle: str, product_id: str) -> dict[str, Any]:
    """The product's page as the file has it."""
    of = rows[handle]
    pictures = sorted((row for row in of if row["Image Src"]), key=lambda row: int(row["Image Position"]))
    variants = [
        {
            "sku": row["Variant SKU"],
            "price": {"fen": fen(row["Variant Price"])},
            "compareAtPrice": {"fen": fen(row["Variant Compare At Price"])}
            if row["Variant Compare At Price"]
            else None,
        }
        for row in of
        if is_variant(row)
    ]
    return {
        "__typename": "ProductPage",
        "title": of[0]["Title"].strip(),
        "product": {
            "id": product_id, "handle": handle, "images": [{"url": row["Image Src"]} for row in pictures[:3]],
            "variants": {"nodes": variants},
        },
    }  # fmt: skip


async def scene_on_paper(http: httpx.AsyncClient, shop: dict[str, Any], token: str) -> str:
    """The scene that a camera reads off the code of a share link."""
    picture = await http.get(f"/codes/{shop['handle']}/{token}.png")
    with Image.open(io.BytesIO(picture.content)) as image:
        [code] = zxingcpp.read_barcodes(image.convert("L"))
    return str(code.text)


async def refresh_unheard(base_url: str, person: Guest) -> None:
    """Ask for a refresh and lose the road when the answer begins: it was done, and nobody has read it."""
    host = urlsplit(base_url)
    body = json.dumps({"query": REFRESH, "variables": {"token": person.refresh}})
    sent = {"host": host.netloc, "content-type": "application/json", "content-length": str(len(body)), **person.headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
    reader, writer = await asyncio.open_connection(host.hostname, host.port)
    writer.write(f"POST /graphql HTTP/1.1\r\n{head}\r\n{body}".encode())
    await writer.drain()
    assert await reader.readexactly(15) == b"HTTP/1.1 200 OK"
    writer.transport.abort()


async def a_lost_answer_comes_again(base_url: str, person: Guest) -> None:
    """The same refresh token gives the same pair, however often it is sent and whichever process hears it."""
    await refresh_unheard(base_url, person)
    answers = await asyncio.gather(*(person.ask(REFRESH, token=person.refresh) for _ in range(4)))
    pairs = [answer["sessionRefresh"]["session"] for answer in answers]

    assert pairs == [pairs[0]] * 4
    assert pairs[0]["refreshToken"] != person.refresh
    assert pairs[0]["accessToken"] != person.access
    person.access, person.refresh = pairs[0]["accessToken"], pairs[0]["refreshToken"]


async def a_promoter_shares(owner: Asker, hong: Guest, handle: str) -> tuple[str, dict[str, Any]]:
    """A customer whom the shop makes a promoter passes a product on; its id and the link."""
    customer = await hong.logs_in()
    wish = {"kind": "CUSTOMER", "name": "红姐", "customerId": customer["id"]}
    assert (await owner(PROMOTE, {"input": wish, "key": "promoter"})).refusals == []
    product = (await hong.ask("query ($handle: Handle) { product(handle: $handle) { id } }", handle=handle))["product"]
    link = await hong.shares(product["id"])
    assert link == {
        "id": link["id"], "token": link["token"], "scene": f"t={link['token']}", "target": "PRODUCT", "channel": None,
        "campaign": None, "depth": 0, "product": {"title": link["product"]["title"]}, "promoter": {"name": "红姐"},
    }  # fmt: skip
    assert await scene_on_paper(hong.http, hong.shop, link["token"]) == link["scene"]
    return product["id"], link


async def all_is_credited(owner: Asker, guests: tuple[Guest, Guest, Guest], tokens: tuple[str, str]) -> None:
    """Who came by whose link: the first of her own accord, the second by hers, the third by the second's."""
    hong, ming, qiang = guests
    nodes = (await owner(VISITS))["visits"]["nodes"]
    promoter = {"id": next(node["promoter"]["id"] for node in nodes if node["promoter"]), "name": "红姐"}
    told = ("source", "isSelfShare", "counts", "scene", "sceneGroup", "path", "promoter", "shareLink")
    by_code = ("SHARE", False, True, CODE_SCENE, "CODE", "pages/goods")

    assert {node["visitId"]: tuple(node[name] for name in told) for node in nodes} == {
        hong.visit: ("DIRECT", False, True, None, None, None, None, None),
        ming.visit: (*by_code, promoter, {"token": tokens[0]}),
        qiang.visit: (*by_code, None, {"token": tokens[1]}),
    }
    assert [(await owner(CHAIN, {"t": token}))["shareLink"] for token in tokens] == [
        {"depth": 0, "parent": None, "visits": {"totalCount": 1}},
        {"depth": 1, "parent": {"token": tokens[0]}, "visits": {"totalCount": 1}},
    ]


async def a_window_opens_and_closes(owner: Asker, ming: Guest, page: dict[str, Any], scene: str, rows: Rows) -> None:
    """Nobody waits for the two edges: the shop's clock is moved to each, and every way to the product agrees."""
    clock, handle = f"/sandbox/shops/{ming.shop['shopId']}/clock", page["product"]["handle"]
    everything = on_sale(rows, "四件套")
    without = {one: said for one, said in everything.items() if one != handle}
    home = ("HomePage", ["TARGET_GONE"])

    async def seen() -> tuple[dict[str, Any], list[str], str, list[str]]:
        landing = (await ming.ask(LANDING, input={"scene": scene}))["landing"]
        kept = (await ming.ask(FAVOURITES))["viewer"]["favourites"]["nodes"]
        warned = [warning["code"] for warning in landing["warnings"]]
        return await found(ming, "四件套"), [one["handle"] for one in kept], landing["target"]["__typename"], warned

    await settled(ming.http, ming.shop)
    now = datetime.fromisoformat((await owner("{ __typename }")).extensions["now"])
    opens, closes = now + timedelta(hours=1), now + timedelta(hours=3)
    window = {"ids": [page["product"]["id"]], "from": opens.isoformat(), "until": closes.isoformat()}
    assert (await owner(PUBLISH, window)).refusals == []
    assert await seen() == (without, [], *home)

    for to, at, then in (
        (opens - SOON, [], (without, [], *home)),
        (opens, [opens], (everything, [handle], "ProductPage", [])),
        (closes - SOON, [], (everything, [handle], "ProductPage", [])),
        (closes + timedelta(hours=1), [closes], (without, [], *home)),
    ):
        moved = (await ming.http.post(clock, json={"to": to.isoformat()})).json()
        ran = [(datetime.fromisoformat(step["at"]), step["work"], step["count"]) for step in moved["ran"]]
        assert ran == [(moment, "announce_windows", 1) for moment in at]
        assert timedelta(0) <= datetime.fromisoformat(moved["now"]) - to < timedelta(seconds=5)
        assert await seen() == then, to


@pytest.mark.slow
async def test_people_come_by_each_others_shares_and_the_shop_knows_to_whom_it_owes_them(
    settings: Settings, tmp_path: Path
) -> None:
    rows = rows_of(FILE)
    async with (
        process_serving(settings, tmp_path / "serve.log", workers=2) as process,
        client(process.base_url) as http,
    ):
        shop = (await http.post("/sandbox/shops")).json()
        brought = await bring_in(settings, shop["handle"])
        assert brought == f"created {len(rows)}, updated 0, unchanged 0, rejected 0"
        owner = staff_of(http, shop)
        hong, ming, qiang = (guest(http, shop, name) for name in ("xiaohong", "xiaoming", "aqiang"))
        handle = min(on_sale(rows, "床品", "四件套"))

        product_id, first = await a_promoter_shares(owner, hong, handle)
        page = page_of(rows, handle, product_id)
        assert await ming.lands(first["scene"]) == {
            "promoter": {"name": "红姐"}, "share": {"token": first["token"]}, "warnings": [], "target": page,
        }  # fmt: skip
        me = await ming.logs_in(first["token"])
        for words in (["床品"], ["四件套"], ["床品", "四件套"]):
            assert await found(ming, " ".join(words)) == on_sale(rows, *words) != {}

        await a_lost_answer_comes_again(process.base_url, ming)
        bound = await ming.ask(PHONE, code=await ming.taps("phone-codes", phone="+86-13812345678"))
        assert bound["phoneBind"]["customer"] == me | {"phone": "138****5678"}
        second = await ming.shares(product_id, first["token"])
        assert (second["depth"], second["promoter"]) == (1, None)
        assert await qiang.lands(second["scene"]) == {
            "promoter": None, "share": {"token": second["token"]}, "warnings": [], "target": page,
        }  # fmt: skip

        await settled(http, shop)
        await all_is_credited(owner, (hong, ming, qiang), (first["token"], second["token"]))
        kept = (await ming.ask(ADD, id=product_id))["favouriteAdd"]["customer"]
        assert kept == {
            "keepsShop": False,
            "favourites": {"totalCount": 1, "nodes": [{"handle": handle, "viewerContext": {"favourite": True}}]},
        }
        await a_window_opens_and_closes(owner, ming, page, second["scene"], rows)
        assert (await http.delete(f"/sandbox/shops/{shop['shopId']}")).status_code == 204
