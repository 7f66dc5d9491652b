"""What WeChat pushes about a mini-program: its door, and the order that it reminds of."""

import asyncio
import dataclasses
import secrets
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import orjson
import pytest

from clock import wall_now
from models.database import pool
from resolvers.push_receive import SKEW_SECONDS, reap_pushed_messages
from tests.harness.asking import Answer, Refused
from tests.harness.buying import on_sale
from tests.harness.paying import Payer, all_right, count, later, mchid_of, payer, settled, wechat_pay
from tests.harness.shipping import ships
from tests.harness.shops import SandboxShop
from wechat.crypto import encrypt_push, push_signature

UPSERT: Final = """mutation ($input: MessagePushInput!) {
  messagePushUpsert(input: $input) { messagePush { appid path } userErrors { code field message } }
}"""
REMINDED: Final = """{ orders(task: SHIPPING) { nodes { id tasks shippingRemindedAt version } } }"""


@dataclasses.dataclass(frozen=True, slots=True)
class Door:
    """A shop's door for pushes, known to the sandbox's WeChat."""

    shop: SandboxShop
    path: str
    token: str
    key: str

    async def sent(self, message: dict[str, Any], *, age: int = 0, **query: str) -> tuple[int, str]:
        """Push something made by hand, signed `age` seconds ago; `query` takes the place of what is right."""
        plain = orjson.dumps(message)
        sealed = encrypt_push(plain, encoding_aes_key=self.key, appid=self.shop.app.appid)
        timestamp, nonce = str(int(wall_now().timestamp()) - age), secrets.token_hex(5)
        right = {
            "timestamp": timestamp, "nonce": nonce, "encrypt_type": "aes",
            "signature": push_signature(self.token, timestamp, nonce),
            "msg_signature": push_signature(self.token, timestamp, nonce, sealed),
        }  # fmt: skip
        body = orjson.dumps({"ToUserName": "gh_1", "Encrypt": sealed})
        answer = await self.shop.http.post(self.path, params=right | query, content=body)
        return answer.status_code, answer.text

    async def reminds(self, order_no: str, **more: Any) -> list[tuple[int, str]]:
        """Have WeChat remind of an order; what each try was answered."""
        asked = {"appid": self.shop.app.appid, "order": order_no, **more}
        said = await wechat_pay(self.shop, "/pushes/remind-shipping", **asked)
        return [(one["status"], one["body"]) for tries in said["pushes"] for one in tries]


@pytest.fixture
async def ming(shop: SandboxShop) -> Payer:
    """Somebody who buys."""
    return await payer(shop)


@pytest.fixture
async def door(shop: SandboxShop) -> Door:
    """Entered by the owner, and at WeChat."""
    token, key = secrets.token_hex(8), secrets.token_hex(22)[:43]
    answer = await upserts(shop, shop.app.appid, token, key)
    assert answer.refusals == []
    path = answer["messagePushUpsert"]["messagePush"]["path"]
    address = str(shop.http.base_url).rstrip("/") + path
    await wechat_pay(shop, "/apps", appid=shop.app.appid, pushUrl=address, pushToken=token, encodingAesKey=key)
    return Door(shop, path, token, key)


async def upserts(shop: SandboxShop, appid: str, token: str, key: str) -> Answer:
    return await shop.staff(UPSERT, {"input": {"appid": appid, "token": token, "encodingAesKey": key}})


async def paid(ming: Payer, pieces: int = 2) -> tuple[str, str]:
    """Buy and pay; returns the order and the number of its payment."""
    [mug] = await on_sale(ming.shop, f"mug-{secrets.token_hex(4)}", 5)
    order = await ming.places((mug, pieces))
    said = await ming.has_paid(order["id"])
    await settled(ming.shop)
    return order["id"], said["outTradeNo"]


async def reminded(shop: SandboxShop) -> list[Any]:
    found: list[Any] = (await shop.staff(REMINDED))["orders"]["nodes"]
    return found


async def test_wechat_proves_the_address_and_nobody_else_does(shop: SandboxShop, door: Door) -> None:
    assert await wechat_pay(shop, "/pushes/check", appid=shop.app.appid) == {"ok": True}
    assert urlsplit(door.path).path.startswith("/webhooks/wechat-push/")

    now = str(int(wall_now().timestamp()))
    asked = {"timestamp": now, "nonce": "n", "echostr": "hello", "signature": push_signature(door.token, now, "n")}
    answer = await shop.http.get(door.path, params=asked)
    assert (answer.status_code, answer.text) == (200, "hello")
    old = str(int(now) - SKEW_SECONDS - 5)
    wrong: list[dict[str, str]] = [
        {"signature": "0" * 40}, {"nonce": "m"}, {"timestamp": "x"},
        {"timestamp": old, "signature": push_signature(door.token, old, "n")},
    ]  # fmt: skip
    for changed in wrong:
        answer = await shop.http.get(door.path, params=asked | changed)
        assert (answer.status_code, "hello" in answer.text) == (401, False)
    for channel in ("0" * 32, "x", "%00"):
        assert (await shop.http.get(f"/webhooks/wechat-push/{channel}", params=asked)).status_code == 404


async def test_a_reminder_is_a_task_until_the_order_is_sent(shop: SandboxShop, ming: Payer, door: Door) -> None:
    order_id, number = await paid(ming)
    await paid(ming)
    early = await shop.http.post(
        "/sandbox/wechat/pushes/remind-shipping", json={"appid": shop.app.appid, "order": number}
    )
    assert (early.status_code, "48 hours" in early.text) == (400, True)
    await later(shop, timedelta(hours=49))
    assert await reminded(shop) == []

    assert await door.reminds(number) == [(200, "success")]

    [task] = await reminded(shop)
    assert (task["id"], task["tasks"]) == (order_id, ["SHIPPING"])
    assert task["shippingRemindedAt"] is not None
    assert await count(shop, "outbox_event", "topic = 'order.shipping_reminded'") == 1
    await ships(shop, order_id)
    assert await reminded(shop) == []
    assert await all_right(shop)


async def test_what_is_told_again_does_nothing(shop: SandboxShop, ming: Payer, door: Door) -> None:
    _, number = await paid(ming)
    await later(shop, timedelta(hours=49))

    assert await door.reminds(number, times=3) == [(200, "success")] * 3

    [task] = await reminded(shop)
    assert await count(shop, "pushed_message") == 1
    assert await count(shop, "outbox_event", "topic = 'order.shipping_reminded'") == 1
    message = {"MsgType": "event", "Event": "user_enter_tempsession", "FromUserName": "o1", "CreateTime": 1}
    answers = await asyncio.gather(*(door.sent(message) for _ in range(8)))
    assert set(answers) == {(200, "success")}
    assert await count(shop, "pushed_message", "event = 'user_enter_tempsession' and outcome = 'NOT_HANDLED'") == 1
    assert (await reminded(shop))[0]["version"] == task["version"]
    assert await reap_pushed_messages(wall_now()) == 0


async def test_what_wechat_did_not_push_is_refused(
    shop: SandboxShop, other_shop: SandboxShop, ming: Payer, door: Door
) -> None:
    order_id, number = await paid(ming)
    transaction_id = await pool().fetchval(
        "select transaction_id from payment where shop_id = $1 and out_trade_no = $2", shop.id, number
    )
    message = {
        "MsgType": "event", "Event": "trade_manage_remind_shipping", "FromUserName": "o1", "CreateTime": 1,
        "transaction_id": transaction_id, "merchant_id": await mchid_of(shop), "sub_merchant_id": "",
        "merchant_trade_no": number, "pay_time": 1, "msg": "",
    }  # fmt: skip
    stranger = dataclasses.replace(door, token=secrets.token_hex(8))
    wrong_key = dataclasses.replace(door, key=secrets.token_hex(22)[:43])
    wrong_app = dataclasses.replace(door, shop=dataclasses.replace(shop, app=other_shop.app))
    refusals = [
        await stranger.sent(message),
        await wrong_key.sent(message),
        await wrong_app.sent(message),
        await door.sent(message, msg_signature="0" * 40),
        await door.sent(message, nonce="another"),
        await door.sent(message, age=SKEW_SECONDS + 5),
        await door.sent(message, age=-SKEW_SECONDS - 5),
    ]
    assert {status for status, _ in refusals} == {401}
    # A plain message is signed, but not what it says.
    now = str(int(wall_now().timestamp()))
    signed = {"timestamp": now, "nonce": "n", "signature": push_signature(door.token, now, "n")}
    for body in (orjson.dumps(message), b"", b"[]", b"{", b'{"Encrypt": 1}', b"\xff"):
        assert (await shop.http.post(door.path, params=signed, content=body)).status_code == 401
    assert (await shop.http.post(door.path, params=signed, content=b"x" * 70_000)).status_code == 413
    assert await count(shop, "pushed_message") == 0

    # Signed rightly, and about what is not this app's, or not as it is.
    for lie in ({"merchant_id": "1999999999"}, {"transaction_id": "4200"}, {"merchant_trade_no": "\x00"}):
        assert await door.sent(message | lie) == (200, "success")
    assert await reminded(shop) == []
    assert await count(shop, "pushed_message", "outcome = 'NO_ORDER'") == 3
    assert await door.sent(message) == (200, "success")
    assert [task["id"] for task in await reminded(shop)] == [order_id]


async def test_the_owner_enters_token_and_key_and_the_address_stays(
    shop: SandboxShop, other_shop: SandboxShop, door: Door
) -> None:
    token, key = secrets.token_hex(8), secrets.token_hex(22)[:43]
    again = await upserts(shop, shop.app.appid, token, key)
    assert again["messagePushUpsert"]["messagePush"] == {"appid": shop.app.appid, "path": door.path}
    assert (await door.sent({"MsgType": "event"}))[0] == 401
    assert (await dataclasses.replace(door, token=token, key=key).sent({"MsgType": "event"})) == (200, "success")

    listed = (await shop.staff("{ messagePushes { appid path } }"))["messagePushes"]
    assert listed == [{"appid": shop.app.appid, "path": door.path}]
    assert (await upserts(shop, other_shop.app.appid, token, key)).refusals == [Refused("NOT_FOUND", "input.appid")]
    assert (await upserts(shop, shop.app.appid, "a b", "short")).refusals == [
        Refused("INVALID", "input.token"),
        Refused("INVALID", "input.encodingAesKey"),
    ]
    stored = await pool().fetchval("select message_push::text from message_push where shop_id = $1", shop.id)
    assert token.encode().hex() not in stored
    assert key.encode().hex() not in stored
