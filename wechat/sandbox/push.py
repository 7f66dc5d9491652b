"""Messages that WeChat pushes to the shop's server: signed, in safe mode sealed, and told again until answered."""

import hmac
import secrets
from typing import Any, Final

import httpx
import orjson

from clock import wall_now
from wechat.crypto import encrypt_push, push_signature
from wechat.sandbox.apps import App
from wechat.transport import open_http

ANSWER_SECONDS: Final = 5.0
TRIES_MAX: Final = 3
_ANSWER_CHARS_KEPT: Final = 200
_ACCEPTED: Final = frozenset({"success", ""})


async def check_url(app: App) -> bool:
    """Ask the shop's server to prove itself, as when the URL is entered: it has to give `echostr` back."""
    echo = secrets.token_hex(8)
    async with open_http(ANSWER_SECONDS) as http:
        try:
            answer = await http.get(app.push_url, params=_signed(app) | {"echostr": echo})
        except httpx.TransportError:
            return False
    return hmac.compare_digest(answer.content, echo.encode())


async def push(app: App, message: dict[str, Any], *, is_safe: bool) -> list[dict[str, Any]]:
    """Push one message until it is accepted, three times at most; what each try was answered (status 0: nothing)."""
    plain = orjson.dumps(message)
    tries: list[dict[str, Any]] = []
    async with open_http(ANSWER_SECONDS) as http:
        while len(tries) < TRIES_MAX:
            tries.append(await _try(http, app, message, plain, is_safe=is_safe))
            if tries[-1]["status"] == httpx.codes.OK and tries[-1]["body"] in _ACCEPTED:
                break
    return tries


async def _try(
    http: httpx.AsyncClient, app: App, message: dict[str, Any], plain: bytes, *, is_safe: bool
) -> dict[str, Any]:
    params, body = _signed(app) | {"openid": str(message.get("FromUserName", ""))}, plain
    if is_safe:
        sealed = encrypt_push(plain, encoding_aes_key=app.encoding_aes_key, appid=app.appid)
        signature = push_signature(app.push_token, params["timestamp"], params["nonce"], sealed)
        params |= {"encrypt_type": "aes", "msg_signature": signature}
        body = orjson.dumps({"ToUserName": message.get("ToUserName"), "Encrypt": sealed})
    try:
        answer = await http.post(
            app.push_url, params=params, content=body, headers={"Content-Type": "application/json"}
        )
    except httpx.TransportError as fault:
        return {"status": 0, "body": type(fault).__name__}
    return {"status": answer.status_code, "body": answer.text[:_ANSWER_CHARS_KEPT]}


def _signed(app: App) -> dict[str, str]:
    timestamp, nonce = str(int(wall_now().timestamp())), secrets.token_hex(5)
    return {"signature": push_signature(app.push_token, timestamp, nonce), "timestamp": timestamp, "nonce": nonce}
