"""The sandbox's WeChat as an ASGI application, mounted at /sandbox/wechat by the API or served alone.

All its state is in the database, so any number of processes speak as one. Its deadlines follow the wall clock: it
belongs to no shop, and an appid may serve several whose clocks differ. Testers age a code by minting an old one. A
merchant names the shop whose clock its payments follow.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from clock import wall_now
from models.database import connect
from settings import Settings
from wechat.sandbox.doors import DOORS
from wechat.sandbox.dynamic_message import create_activity, update_card
from wechat.sandbox.dynamic_message_doors import CARD_DOORS
from wechat.sandbox.messages import msg_sec_check, send_message
from wechat.sandbox.pay_notifications import deliver_pay_notifications
from wechat.sandbox.pay_routes import PAY_ROUTES
from wechat.sandbox.pictures import generate_urllink, getwxacodeunlimit
from wechat.sandbox.protocol import Door, protocol
from wechat.sandbox.sessions import (
    answer_stable_token,
    checksession,
    getuserphonenumber,
    jscode2session,
    resetusersessionkey,
)
from wechat.sandbox.shipping import notify_confirm_receive, upload_shipping_info
from wechat.sandbox.website import access_token, auth, confirm_login, qrconnect, refresh_token, userinfo

PATH: Final = "/sandbox/wechat"
REPEAT_SECONDS: Final = 1.0

ROUTES: Final = (
    protocol("/sns/jscode2session", "GET", jscode2session, Door.SECRET),
    protocol("/cgi-bin/stable_token", "POST", answer_stable_token, Door.SECRET),
    protocol("/wxa/checksession", "GET", checksession, Door.APP_TOKEN),
    protocol("/wxa/resetusersessionkey", "GET", resetusersessionkey, Door.APP_TOKEN),
    protocol("/wxa/business/getuserphonenumber", "POST", getuserphonenumber, Door.APP_TOKEN),
    protocol("/wxa/getwxacodeunlimit", "POST", getwxacodeunlimit, Door.APP_TOKEN),
    protocol("/wxa/generate_urllink", "POST", generate_urllink, Door.APP_TOKEN),
    protocol("/wxa/msg_sec_check", "POST", msg_sec_check, Door.APP_TOKEN),
    protocol("/cgi-bin/message/subscribe/send", "POST", send_message, Door.APP_TOKEN),
    protocol("/cgi-bin/message/wxopen/activityid/create", "GET", create_activity, Door.APP_TOKEN),
    protocol("/cgi-bin/message/wxopen/updatablemsg/send", "POST", update_card, Door.APP_TOKEN),
    protocol("/wxa/sec/order/upload_shipping_info", "POST", upload_shipping_info, Door.APP_TOKEN),
    protocol("/wxa/sec/order/notify_confirm_receive", "POST", notify_confirm_receive, Door.APP_TOKEN),
    protocol("/sns/oauth2/access_token", "GET", access_token, Door.SECRET),
    protocol("/sns/oauth2/refresh_token", "GET", refresh_token, Door.SECRET),
    protocol("/sns/userinfo", "GET", userinfo, Door.WEBSITE_TOKEN),
    protocol("/sns/auth", "GET", auth, Door.WEBSITE_TOKEN),
    Route("/connect/qrconnect", qrconnect),
    Route("/connect/qrconnect/confirm", confirm_login),
    *DOORS,
)


def wechat_sandbox() -> Mount:
    """Return the sandbox's WeChat, to be mounted where the database is open; never in production."""
    return Mount(PATH, routes=[*ROUTES, *CARD_DOORS, *PAY_ROUTES])


def create_alone(settings: Settings) -> Starlette:
    """Return an application that is nothing but the sandbox's WeChat, with a database connection of its own."""

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        if not settings.database_url:
            message = "the sandbox needs DATABASE_URL; `main.py wechat-sandbox` starts a server and names it"
            raise RuntimeError(message)
        async with connect(settings.database_url, pool_size=settings.pool_size):
            repeating = asyncio.create_task(_repeat_notifications())
            try:
                yield
            finally:
                repeating.cancel()

    return Starlette(routes=[wechat_sandbox(), Route("/readyz", _ready)], lifespan=lifespan)


async def _repeat_notifications() -> None:
    """Do what a worker does beside a shop; nobody else may stand beside a sandbox that runs alone."""
    while True:
        await asyncio.sleep(REPEAT_SECONDS)
        await deliver_pay_notifications(wall_now())


async def _ready(_request: Request) -> Response:
    """Say that the lifespan has begun: the database is open."""
    return PlainTextResponse("ok")
