"""Somebody who pays: logged in through the sandbox's WeChat, at its pay sheet, with a shop that is told."""

import dataclasses
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from ids import decode_id
from models.database import pool
from resolvers.check import differences
from tests.harness.asking import Answer
from tests.harness.buying import Buyer, with_home
from tests.harness.phones import Phone, phone_of
from tests.harness.shops import SandboxShop
from wechat.sandbox.app import PATH

ERRORS = "userErrors { code field message ... on RetryUserError { retryAfterMs } }"
PAYMENT = "id method state amount { fen } refunded { fen } isSurplus isOwn outTradeNo succeededAt closedAt createdAt"
REQUEST = "requestPayment { appId timeStamp nonceStr package signType paySign }"
ORDER = f"order {{ id status paymentStatus fulfilmentStatus paid {{ fen }} paidAt payToken payments {{ {PAYMENT} }} }}"
PAY = f"""
mutation ($input: OrderPayInput!, $key: String!) {{
  orderPay(input: $input, idempotencyKey: $key) {{ payment {{ {PAYMENT} }} {REQUEST} {ORDER} {ERRORS} }}
}}"""
SYNC = f"mutation ($id: ID!) {{ orderPaymentSync(orderId: $id) {{ {ORDER} {ERRORS} }} }}"
LOOK = f"query ($id: ID!) {{ order(id: $id) {{ {ORDER.removeprefix('order {').removesuffix('}')} }} }}"


@dataclasses.dataclass(frozen=True, slots=True)
class Payer(Buyer):
    """A buyer whom WeChat knows in this app."""

    phone: Phone = dataclasses.field(kw_only=True)

    async def tries_to_pay(self, order_id: str | None = None, *, key: str | None = None, **more: Any) -> Answer:
        """Ask for what opens the pay sheet."""
        asked = ({"orderId": order_id} if order_id else {}) | more
        return await self.ask(PAY, {"input": asked, "key": key or uuid4().hex})

    async def pays(self, order_id: str | None = None, **more: Any) -> dict[str, Any]:
        """Ask for it, which must be given: `{"payment", "requestPayment", "order"}`."""
        answer = await self.tries_to_pay(order_id, **more)
        assert answer.refusals == [], answer.body
        payload: dict[str, Any] = answer["orderPay"]
        return payload

    async def sheet(self, request: Mapping[str, str], **more: Any) -> dict[str, Any]:
        """Open the pay sheet with what the page got, and pay; the sandbox checks every signature."""
        asked = {"prepay_id": request["package"].removeprefix("prepay_id="), "outcome": "success"}
        given = {name: request[name] for name in ("appId", "timeStamp", "nonceStr", "signType", "paySign")}
        said: dict[str, Any] = await wechat_pay(self.shop, "/pay", **(asked | given | more))
        return said

    async def has_paid(self, order_id: str, **more: Any) -> dict[str, Any]:
        """Pay an order to the end; returns what the pay sheet said."""
        said = await self.sheet((await self.pays(order_id))["requestPayment"], **more)
        assert said["outcome"] == "success", said
        return said

    async def sync(self, order_id: str) -> Answer:
        """Ask what became of it."""
        return await self.ask(SYNC, {"id": order_id})

    async def looks(self, order_id: str) -> Any:
        """Look at an order and its payments."""
        return (await self.ask(LOOK, {"id": order_id}))["order"]


async def payer(shop: SandboxShop, name: str = "小明") -> Payer:
    """Let somebody log in whom WeChat has not met before, with an address in their book."""
    phone = phone_of(shop, f"{name}{secrets.token_hex(6)}")
    logged_in = await phone.login()
    customer_id = decode_id("cus", logged_in["customer"]["id"])
    assert customer_id
    ask = phone.customer(logged_in["session"]["accessToken"])
    return await with_home(Payer(shop, ask, customer_id, phone=phone))


async def wechat_pay(shop: SandboxShop, door: str, *, method: str = "POST", **asked: Any) -> Any:
    """Say something to the sandbox's WeChat Pay, or ask it with GET."""
    where = f"{PATH}{door}"
    sent = shop.http.get(where, params=asked) if method == "GET" else shop.http.post(where, json=asked)
    answer = await sent
    assert answer.status_code in {200, 201, 204}, answer.text
    return answer.json() if answer.content else None


async def mchid_of(shop: SandboxShop) -> str:
    """Return the number of the merchant that takes the shop's money."""
    found: str = await pool().fetchval("select mchid from merchant_account where shop_id = $1", shop.id)
    return found


async def settled(shop: SandboxShop) -> None:
    """Wait until nothing of the shop is under way."""
    answer = await shop.http.post(f"/sandbox/shops/{shop.global_id}/settle")
    assert answer.json()["idle"], answer.text


async def later(shop: SandboxShop, by: timedelta) -> None:
    """Move the shop's clock, past everything that falls due meanwhile."""
    answer = await shop.http.post(
        f"/sandbox/shops/{shop.global_id}/clock", json={"by": f"PT{int(by.total_seconds())}S"}
    )
    assert answer.status_code == 200, answer.text


async def all_right(shop: SandboxShop) -> bool:
    """Whether nothing in the shop differs from what must be."""
    found = [str(one) for one in await differences(shop.id)]
    assert found == []
    return True


async def stock_of(shop: SandboxShop, variant: str) -> tuple[int, int]:
    """Return how many are on hand and how many reserved."""
    row = await pool().fetchrow(
        "select on_hand, reserved from stock_level where shop_id = $1 and variant_id = $2",
        shop.id,
        inside("var", variant),
    )
    assert row
    return row["on_hand"], row["reserved"]


async def count(shop: SandboxShop, table: str, condition: str = "true") -> int:
    """Count rows of the shop."""
    found: int = await pool().fetchval(f"select count(*) from {table} where shop_id = $1 and {condition}", shop.id)
    return found


def inside(prefix: str, text: str) -> UUID:
    """Return the id inside."""
    found = decode_id(prefix, text)
    assert found
    return found
