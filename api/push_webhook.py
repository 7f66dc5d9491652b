"""The door of what WeChat pushes about a mini-program, by a channel for each: 消息推送, in safe mode and as JSON.

Answered `success` when what follows stands, within the five seconds that WeChat waits; whatever else is answered has it
told again.
"""

from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from api.errors import log_fault
from api.pay_webhook import whole_body
from ids import new_id
from logs import log
from resolvers.message_push import PUSH_PATH
from resolvers.push_receive import UnknownPushChannelError, prove, receive_push
from wechat.crypto import PushError

ACCEPTED: Final = "success"


async def pushed(request: Request) -> Response:
    """Answer WeChat's check of the address with its `echostr`, and a message with `success`; else 401, 404, 413."""
    channel, query = request.path_params["channel"], dict(request.query_params)
    try:
        if request.method != "POST":
            return PlainTextResponse(await prove(channel, query))
        body = await whole_body(request)
        if body is None:
            return PlainTextResponse("too long", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        await receive_push(channel, query, body)
    except UnknownPushChannelError:
        return PlainTextResponse("no such channel", HTTPStatus.NOT_FOUND)
    except PushError:
        log("push_refused", level="warning")
        return PlainTextResponse("not signed by WeChat", HTTPStatus.UNAUTHORIZED)
    except Exception as fault:  # noqa: BLE001 - masked and logged, as at the endpoint; WeChat tells it again
        log_fault(fault, new_id().hex)
        return PlainTextResponse("try again", HTTPStatus.INTERNAL_SERVER_ERROR)
    return PlainTextResponse(ACCEPTED)


def push_webhook_routes() -> list[Route]:
    """Return the door's route."""
    return [Route(f"{PUSH_PATH}/{{channel}}", pushed, methods=["GET", "POST"])]
