"""A merchant at the sandbox's WeChat Pay, a shop's server that hears its notifications, and wechatpayv3 in between.

The package signs and verifies for the tests, so what the sandbox says is what somebody else's code understands.
"""

import asyncio
import json
import secrets
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from wechatpayv3 import WeChatPay, WeChatPayType  # type: ignore[import-untyped]  # it has no types
from wechatpayv3.utils import (  # type: ignore[import-untyped]  # it has no types
    aes_decrypt,
    build_authorization,
    load_private_key,
)

from tests.harness.server import serving_app
from tests.wechat.hand import Hand
from wechat.sandbox.app import PATH
from wechat.sandbox.pay_merchants import SandboxMerchant, make_merchant

NOTIFY_PATH = "/notified"


@dataclass(slots=True)
class ShopServer:
    """A shop's server as small as can be; `deaf` is how often it refuses before it hears."""

    url: str = ""
    deaf: int = 0
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def hear(self, request: Request) -> Response:
        """Keep a notification."""
        self.got.append((dict(request.headers), await request.body()))
        self.deaf -= 1
        return PlainTextResponse("", 500 if self.deaf >= 0 else 204)


@dataclass(frozen=True, slots=True)
class Answer:
    """What WeChat Pay answered."""

    status: int
    body: Any
    headers: httpx.Headers
    text: str = ""

    @property
    def code(self) -> str | None:
        """The code of an error."""
        return self.body.get("code") if isinstance(self.body, dict) else None


@dataclass(frozen=True, slots=True)
class Till:
    """A merchant's side, signed by wechatpayv3; and the tester's doors."""

    http: httpx.AsyncClient
    base_url: str
    hand: Hand
    merchant: SandboxMerchant
    shop_server: ShopServer
    package: WeChatPay

    def order(self, openid: str, fen: int = 100, **more: Any) -> dict[str, Any]:
        """A body of a prepay."""
        return {
            "appid": self.hand.appid,
            "mchid": self.merchant.mchid,
            "description": "纯棉 T 恤",
            "out_trade_no": f"T{secrets.token_hex(8)}",
            "notify_url": self.shop_server.url,
            "amount": {"total": fen, "currency": "CNY"},
            "payer": {"openid": openid},
        } | more

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Ask WeChat Pay with a right signature, unless `Authorization` is given."""
        given = {"Authorization": self.signed(method, path, body)} | headers
        content = b"" if body is None else json.dumps(body).encode()
        answer = await self.http.request(method, f"{PATH}{path}", content=content, headers=given)
        is_json = answer.headers.get("content-type", "").startswith("application/json") and answer.content
        said = answer.json() if is_json else answer.content
        return Answer(answer.status_code, said, answer.headers, answer.text)

    def signed(self, method: str, path: str, body: Any = None) -> str:
        """The header that wechatpayv3 writes."""
        key = _private_key(self.merchant.private_key_pem)
        header: str = build_authorization(path, method, self.merchant.mchid, self.merchant.serial_no, key, data=body)
        return header

    async def prepaid(self, user: str = "xiaoming", fen: int = 100, **more: Any) -> dict[str, Any]:
        """Order something: the body, and its prepay_id in it."""
        openid = (await self.hand.post("/codes", user=user))["openid"]
        body = self.order(openid, fen, **more)
        answer = await self.ask("POST", "/v3/pay/transactions/jsapi", body)
        assert answer.status == 200, answer.body
        return {**body, "prepay_id": answer.body["prepay_id"]}

    async def paid(self, user: str = "xiaoming", fen: int = 100, **more: Any) -> dict[str, Any]:
        """Order and pay: the body, and what the pay sheet said in it."""
        order = await self.prepaid(user, fen, **more)
        return {**order, **(await self.pay(order))}

    async def pay(self, order: dict[str, Any], **how: Any) -> dict[str, Any]:
        """Use the pay sheet."""
        answer = await self.http.post(f"{PATH}/pay", json={"prepay_id": order["prepay_id"], **how})
        assert answer.status_code == 200, answer.text
        said: dict[str, Any] = answer.json()
        return said

    async def query(self, order: dict[str, Any]) -> Answer:
        """Ask about an order by the merchant's number."""
        number = order["out_trade_no"]
        return await self.ask("GET", f"/v3/pay/transactions/out-trade-no/{number}?mchid={self.merchant.mchid}")

    async def close(self, order: dict[str, Any]) -> Answer:
        """Close an order."""
        path = f"/v3/pay/transactions/out-trade-no/{order['out_trade_no']}/close"
        return await self.ask("POST", path, {"mchid": self.merchant.mchid})

    async def refund(self, order: dict[str, Any], fen: int, number: str | None = None, **more: Any) -> Answer:
        """Give money back."""
        amount = {"refund": fen, "total": order["amount"]["total"], "currency": "CNY"}
        body = {"out_trade_no": order["out_trade_no"], "out_refund_no": number or f"R{secrets.token_hex(8)}"}
        body |= {"amount": amount, "reason": "不要了", "notify_url": self.shop_server.url, **more}
        return await self.ask("POST", "/v3/refund/domestic/refunds", body)

    async def door(self, path: str, **asked: Any) -> Any:
        """Say something at a door about the merchant."""
        answer = await self.http.post(f"{PATH}{path}", json={"mchid": self.merchant.mchid} | asked)
        assert answer.status_code in {200, 204}, answer.text
        return answer.json() if answer.content else None

    async def read(self, path: str, **asked: Any) -> Any:
        """Read something at a door about the merchant."""
        answer = await self.http.get(f"{PATH}{path}", params={"mchid": self.merchant.mchid} | asked)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def heard(self, count: int) -> list[dict[str, Any]]:
        """What the shop's server was told, opened by wechatpayv3; waits for what comes after an answer."""
        async with asyncio.timeout(5):
            while len(self.shop_server.got) < count:  # noqa: ASYNC110 - another task hears
                await asyncio.sleep(0.01)
        return [self.opened(headers, body) for headers, body in self.shop_server.got]

    def decrypted(self, sealed: dict[str, str], api_v3_key: str) -> str:
        """What wechatpayv3 reads out of something sealed."""
        plain: str = aes_decrypt(sealed["nonce"], sealed["ciphertext"], sealed["associated_data"], api_v3_key)
        return plain

    def opened(self, headers: dict[str, str], body: bytes) -> Any:
        """A notification as wechatpayv3 reads it; None when it refuses."""
        return self.package.callback(headers, body)


@lru_cache
def _private_key(pem: str) -> Any:
    """Read a key once: the package checks it each time."""
    return load_private_key(pem)


def codes(answers: list[Answer]) -> Counter[str | None]:
    """Count answers by their code; None for those that went well."""
    return Counter(answer.code for answer in answers)


def wechatpayv3_of(merchant: SandboxMerchant, base_url: str) -> WeChatPay:
    """The package in public-key mode, speaking to the sandbox."""
    package = WeChatPay(
        wechatpay_type=WeChatPayType.MINIPROG,
        mchid=merchant.mchid,
        private_key=merchant.private_key_pem,
        cert_serial_no=merchant.serial_no,
        apiv3_key=merchant.api_v3_key.decode(),
        appid="",
        notify_url="",
        public_key=merchant.public_key_pem,
        public_key_id=merchant.public_key_id,
    )
    package._core._gate_way = f"{base_url}{PATH}"
    return package


@asynccontextmanager
async def open_till(hand: Hand, base_url: str) -> AsyncIterator[Till]:
    """Open a merchant of an app that nobody else has, with a shop's server."""
    merchant = await make_merchant(mchid=None, shop_id=None, seed=secrets.randbits(50), appids=[hand.appid])
    shop_server = ShopServer()
    routes = [Route(NOTIFY_PATH, shop_server.hear, methods=["POST"])]
    async with serving_app(Starlette(routes=routes)) as shop_url:
        shop_server.url = f"{shop_url}{NOTIFY_PATH}"
        package = wechatpayv3_of(merchant, base_url)
        yield Till(hand.http, base_url, hand, merchant, shop_server, package)
