"""An application with all that it says heard: answers, headers, frames of sockets."""

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.harness.secrecy import SECRECY, Secrecy
from wechat.sandbox.app import PATH

# Pictures and films say nothing that could be read.
_UNREAD: Final = (b"image/", b"video/")


def overheard(app: ASGIApp, secrecy: Secrecy = SECRECY) -> ASGIApp:
    """The same application; what the sandbox's WeChat says is no answer of ours, but where secrets come from."""

    async def heard(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await app(scope, receive, send)
        elif scope["path"].startswith(PATH):
            await _wechat(app, scope, receive, send, secrecy)
        else:
            await _ours(app, scope, receive, send, secrecy)

    return heard


async def _wechat(app: ASGIApp, scope: Scope, receive: Receive, send: Send, secrecy: Secrecy) -> None:
    async def listen() -> Message:
        message = await receive()
        secrecy.hear_wechat(message.get("body", b""))
        return message

    async def say(message: Message) -> None:
        secrecy.hear_wechat(message.get("body", b""))
        await send(message)

    await app(scope, listen, say)


async def _ours(app: ASGIApp, scope: Scope, receive: Receive, send: Send, secrecy: Secrecy) -> None:
    said: list[bytes] = []
    is_read = True

    async def say(message: Message) -> None:
        nonlocal is_read
        if message["type"] == "http.response.start":
            said.extend(b"%s: %s" % pair for pair in message["headers"])
            is_read = not any(
                name == b"content-type" and type_.startswith(_UNREAD) for name, type_ in message["headers"]
            )
        elif message["type"] == "http.response.body" and is_read:
            said.append(message.get("body", b""))
        elif message["type"] == "websocket.send":
            secrecy.hear_answer(f"the socket {scope['path']}", (message.get("text") or "").encode())
        await send(message)

    try:
        await app(scope, receive, say)
    finally:
        if said:
            secrecy.hear_answer(scope["path"], *said)
