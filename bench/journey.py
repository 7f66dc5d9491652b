"""What a whole purchase costs: somebody new logs in, fills a cart, asks for the price, places, pays, and is told so.

`python -m bench.journey` measures this alone. The sandbox's WeChat is a process of its own, and so is the worker that
does what orders leave to be done; the worker's part is counted apart, and so is what PostgreSQL does for WeChat, which
no shop runs.
"""

import asyncio
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from statistics import median
from typing import Any, Final, Self
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import uuid4

import httpx
import orjson
import psutil

from bench.catalogue import KEY
from bench.placing import PRICE_FEN, VARIANTS, Buyers, ask_database, prepare, settle_tables
from bench.servers import Ground, Server, ground, serving, working
from ids import encode_id

SHOPPERS: Final = 32
WARM_SECONDS: Final = 40.0
"""Each of ten sessions plans each of a hundred statements five times before it keeps a plan."""
PLAN_SECONDS: Final = 10.0
"""And once more after PostgreSQL has counted its tables, which happens by itself when they have grown."""
SECONDS: Final = 15.0
_LOOK_EVERY_SECONDS: Final = 0.1
_PATIENCE_SECONDS: Final = 30.0
_SETTLE_SECONDS: Final = 2.0
"""After the last order: what it left to be done is part of its price."""

_ROLE: Final = "wechat"
"""By whose name WeChat's sessions are told from the shop's."""

_LOGIN: Final = """mutation ($code: String!) {
  answer: loginWithWechat(input: {code: $code}) { session { accessToken } userErrors { code } } }"""
_ADDRESS: Final = """mutation ($input: AddressCreateInput!) {
  answer: addressCreate(input: $input, idempotencyKey: "home") { address { id } userErrors { code } } }"""
_ADD: Final = """mutation ($lines: [CartLineAddInput!]!) {
  answer: cartLinesAdd(lines: $lines, idempotencyKey: "once") { cart { lines { id } } userErrors { code } } }"""
_QUOTE: Final = """query ($input: QuoteInput!) {
  answer: quote(input: $input) { quote { token total { fen } } userErrors { code } } }"""
_PLACE: Final = """mutation ($input: PlacementInput!) {
  answer: orderPlace(input: $input) { order { id status } userErrors { code } } }"""
_PAY: Final = """mutation ($id: ID!) {
  answer: orderPay(input: {orderId: $id}, idempotencyKey: "once") {
    requestPayment { appId timeStamp nonceStr package signType paySign } userErrors { code } } }"""
_LOOK: Final = "query ($id: ID!) { answer: order(id: $id) { paymentStatus } }"
_HOME: Final = {
    "recipientName": "王小明",
    "phone": "13800001234",
    "detail": "文三路 90 号",
    "region": {"provinceCode": "330000", "cityCode": "330100", "districtCode": "330106"},
}


@dataclass(frozen=True, slots=True)
class Spent:
    """CPU seconds of the server, of the worker, of PostgreSQL with all that it does of itself, and of it for WeChat."""

    server: float
    worker: float
    postgres: float
    wechat_postgres: float

    @classmethod
    def now(cls, on: Ground, server: Server, worker: int) -> Self:
        """Read them all."""
        spent = {False: 0.0, True: 0.0}
        for session in psutil.Process(on.postgres).children() if on.postgres else []:
            with suppress(psutil.NoSuchProcess):
                spent["".join(session.cmdline()).startswith(f"postgres: {_ROLE} ")] += _cpu(session)
        return cls(_cpu(psutil.Process(server.pid)), _cpu(psutil.Process(worker)), spent[False], spent[True])


def _cpu(process: psutil.Process) -> float:
    spent = process.cpu_times()
    return float(spent.user + spent.system)


class _Shopper:
    """Somebody whom nobody has seen before, on a connection of their own."""

    def __init__(self, http: httpx.AsyncClient, server: Server, wechat: Server, appid: str) -> None:
        self._http, self._appid = http, appid
        self._url = f"http://127.0.0.1:{server.port}/graphql"
        self._wechat = f"http://127.0.0.1:{wechat.port}/sandbox/wechat"
        self._headers = {"x-shop-key": KEY, "x-visitor-id": str(uuid4())}

    async def buys(self, variant: str) -> None:
        """From login to paid. Raises RuntimeError when anything is refused."""
        code = await self._tell_wechat("/codes", {"user": uuid4().hex, "appid": self._appid})
        session = (await self._ask(_LOGIN, code=code["code"]))["session"]
        self._headers["authorization"] = f"Bearer {session['accessToken']}"
        address = (await self._ask(_ADDRESS, input=_HOME))["address"]["id"]
        cart = (await self._ask(_ADD, lines=[{"variantId": variant, "quantity": 1}]))["cart"]
        wish: dict[str, Any] = {
            "source": {"cartLineIds": [line["id"] for line in cart["lines"]]},
            "delivery": {"address": {"addressId": address}},
        }
        quote = (await self._ask(_QUOTE, input=wish))["quote"]
        if quote["total"]["fen"] != PRICE_FEN:
            message = f"the price is {quote['total']}"
            raise RuntimeError(message)
        wish = {"source": {"quoteToken": quote["token"]}, "idempotencyKey": "once"}
        order = (await self._ask(_PLACE, input=wish))["order"]["id"]
        request = (await self._ask(_PAY, id=order))["requestPayment"]
        sheet = {name: given for name, given in request.items() if name != "package"}
        prepaid = {"prepay_id": request["package"].removeprefix("prepay_id="), "outcome": "success"}
        await self._tell_wechat("/pay", prepaid | sheet)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while (await self._ask(_LOOK, id=order))["paymentStatus"] != "PAID":
            if time.monotonic() > deadline:
                message = "an order that was paid is not known to be"
                raise RuntimeError(message)
            await asyncio.sleep(_LOOK_EVERY_SECONDS)

    async def _ask(self, document: str, **variables: object) -> Any:  # noqa: ANN401 - parsed JSON
        asked = {"query": document, "variables": variables}
        said = (await self._http.post(self._url, json=asked, headers=self._headers)).json()
        if said.get("errors") or said["data"]["answer"].get("userErrors"):
            raise RuntimeError(str(said))
        return said["data"]["answer"]

    async def _tell_wechat(self, path: str, asked: dict[str, str]) -> Any:  # noqa: ANN401 - parsed JSON
        answer = await self._http.post(self._wechat + path, json=asked)
        answer.raise_for_status()
        return answer.json()


async def _shop(servers: tuple[Server, Server], buyers: Buyers, appid: str, seconds: float) -> list[float]:
    """Keep the shoppers busy; how long each purchase took."""
    ends_at, taken = time.monotonic() + seconds, list[float]()

    async def go_shopping(number: int) -> None:
        async with httpx.AsyncClient(timeout=_PATIENCE_SECONDS) as http:
            while (began := time.monotonic()) < ends_at:
                number += SHOPPERS
                variant = encode_id("var", buyers.variants[number % VARIANTS])
                await _Shopper(http, *servers, appid).buys(variant)
                taken.append(time.monotonic() - began)

    await asyncio.gather(*(go_shopping(number) for number in range(SHOPPERS)))
    return taken


def journey_line(on: Ground, stack: ExitStack, buyers: Buyers, seconds: float = SECONDS) -> str:
    """Start a WeChat and a server beside it, have people buy, and return a line of JSON."""
    wechat = stack.enter_context(serving("wechat", on, DATABASE_URL=asyncio.run(_url_of_wechat(on))))
    at = {"WECHAT_SANDBOX_URL": f"http://127.0.0.1:{wechat.port}/sandbox/wechat"}
    server = stack.enter_context(serving("ours", on, **at))
    worker = stack.enter_context(working(on, **at))
    servers = (server, wechat)
    asyncio.run(_shop(servers, buyers, buyers.appid, WARM_SECONDS))
    settle_tables(on)
    asyncio.run(_shop(servers, buyers, buyers.appid, PLAN_SECONDS))
    time.sleep(_SETTLE_SECONDS)
    before, began = Spent.now(on, server, worker), time.monotonic()
    taken = asyncio.run(_shop(servers, buyers, buyers.appid, seconds))
    lasted = time.monotonic() - began
    time.sleep(_SETTLE_SECONDS)
    after = Spent.now(on, server, worker)
    found = {
        "bench": "journey",
        "ours_cpu_ms": round((after.server - before.server) * 1000 / len(taken), 2),
        "worker_cpu_ms": round((after.worker - before.worker) * 1000 / len(taken), 2),
        "ours_postgres_ms": round((after.postgres - before.postgres) * 1000 / len(taken), 2),
        "wechat_postgres_ms": round((after.wechat_postgres - before.wechat_postgres) * 1000 / len(taken), 2),
        "journeys": len(taken),
        "journeys_per_second": round(len(taken) / lasted, 1),
        "journey_seconds": round(median(taken), 2),
    }
    return orjson.dumps(found).decode()


async def _url_of_wechat(on: Ground) -> str:
    """Return how WeChat reaches the database by its own name, where the server is ours; else as everybody does."""
    url = on.settings.database_url or ""
    if on.postgres is None:
        return url
    await ask_database(on, f"drop role if exists {_ROLE}")
    await ask_database(on, f"create role {_ROLE} superuser login")
    parts = urlsplit(url)
    address = parts.netloc.rpartition("@")[2]
    query = {name: given for name, given in parse_qsl(parts.query) if name != "user"}
    return parts._replace(netloc=f"{_ROLE}@{address}", query=urlencode(query)).geturl()


def main() -> None:
    """Measure this alone and print its line."""
    with ground() as on, ExitStack() as stack:
        print(journey_line(on, stack, asyncio.run(prepare(on))))


if __name__ == "__main__":
    main()
