"""What WeChat pushes to a shop's server: signed, sealed when asked, told again until it is accepted."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import orjson
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tests.harness.server import serving_app
from tests.wechat.hand import Hand
from wechat.crypto import check_push, decrypt_push

TOKEN = "pushtoken"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"


@dataclass(slots=True)
class Shop:
    """A shop's server as small as can be: it keeps what it is told, and is deaf as often as it is told to be."""

    url: str = ""
    deaf: int = 0
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def hear(self, request: Request) -> Response:
        """Answer the check of the URL, keep a message."""
        query = dict(request.query_params)
        if request.method == "GET":
            check_push(query["signature"], token=TOKEN, timestamp=query["timestamp"], nonce=query["nonce"])
            return PlainTextResponse(query["echostr"])
        self.got.append((query, await request.body()))
        self.deaf -= 1
        return PlainTextResponse("success", 500 if self.deaf >= 0 else 200)


@pytest.fixture
async def shop_server(tester: Hand) -> AsyncIterator[Shop]:
    """The server, known to WeChat."""
    shop = Shop()
    async with serving_app(Starlette(routes=[Route("/push", shop.hear, methods=["GET", "POST"])])) as base_url:
        shop.url = f"{base_url}/push"
        await tester.post("/apps", pushUrl=shop.url, pushToken=TOKEN, encodingAesKey=AES_KEY)
        yield shop


async def test_the_url_proves_itself(tester: Hand, shop_server: Shop) -> None:
    assert await tester.post("/pushes/check") == {"ok": True}
    await tester.post("/apps", pushUrl="http://127.0.0.1:1/", pushToken=TOKEN)
    assert await tester.post("/pushes/check") == {"ok": False}


async def test_a_plain_message_is_signed(tester: Hand, shop_server: Shop) -> None:
    openid = (await tester.post("/codes", user="xiaoming"))["openid"]
    event = {"MsgType": "event", "Event": "user_enter_tempsession"}

    pushed = await tester.post("/pushes", user="xiaoming", message=event)

    assert pushed == {"pushes": [[{"status": 200, "body": "success"}]]}
    [(query, body)] = shop_server.got
    check_push(query["signature"], token=TOKEN, timestamp=query["timestamp"], nonce=query["nonce"])
    message = orjson.loads(body)
    assert (message["FromUserName"], message["Event"], query["openid"]) == (openid, event["Event"], openid)


async def test_a_message_in_safe_mode_opens_with_the_apps_key_only(tester: Hand, shop_server: Shop) -> None:
    await tester.post("/pushes", user="xiaoming", message={"Event": "x"}, safe=True)

    [(query, body)] = shop_server.got
    sealed = orjson.loads(body)["Encrypt"]
    assert (query["encrypt_type"], b"Event" in body) == ("aes", False)
    signed = {"timestamp": query["timestamp"], "nonce": query["nonce"], "encrypted": sealed}
    check_push(query["msg_signature"], token=TOKEN, **signed)
    opened = orjson.loads(decrypt_push(sealed, encoding_aes_key=AES_KEY, appid=tester.appid))
    assert opened["Event"] == "x"


async def test_a_deaf_shop_is_told_three_times(tester: Hand, shop_server: Shop) -> None:
    shop_server.deaf = 2
    told = await tester.post("/pushes", user="xiaoming", message={"MsgId": 1})
    assert [one["status"] for one in told["pushes"][0]] == [500, 500, 200]

    shop_server.deaf = 5
    told = await tester.post("/pushes", user="xiaoming", message={"MsgId": 2})
    assert [one["status"] for one in told["pushes"][0]] == [500, 500, 500]


async def test_a_message_may_be_told_twice(tester: Hand, shop_server: Shop) -> None:
    await tester.post("/pushes", user="xiaoming", message={"MsgId": 3}, times=2)
    first, second = [orjson.loads(body) for _, body in shop_server.got]
    assert first == second


async def test_an_app_without_a_key_has_no_safe_mode(tester: Hand, shop_server: Shop) -> None:
    await tester.post("/apps", pushUrl=shop_server.url, pushToken=TOKEN)
    body = {"appid": tester.appid, "user": "xiaoming", "message": {}, "safe": True}
    answer = await tester.http.post("/sandbox/wechat/pushes", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID")
