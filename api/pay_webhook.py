"""WeChat Pay's door: what it tells by itself about payments and refunds, by a channel for each merchant account.

Answered within five seconds, as soon as the message is kept; what follows from it is done afterwards. Who is not
believed hears nothing but that.
"""

from http import HTTPStatus
from typing import Final

import orjson
from starlette.background import BackgroundTask
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from api.errors import log_fault
from ids import new_id
from logs import log
from resolvers.merchant_pay import WEBHOOK_PATH
from resolvers.payment_notification import ForeignNumberError, UnknownChannelError, handle_at_once, receive
from wechat.pay_errors import Untrusted

BODY_BYTES_MAX: Final = 64 * 1024


async def pay_notification(request: Request) -> Response:
    """Keep what a merchant's WeChat Pay tells. 204, or `{"code": "FAIL"}` with 401, 403, 404, 413; told again then."""
    body = await whole_body(request)
    if body is None:
        return _fail(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too long")
    try:
        kept = await receive(request.path_params["channel"], request.headers, body)
    except UnknownChannelError:
        return _fail(HTTPStatus.NOT_FOUND, "no such channel")
    except Untrusted as fault:
        log("payment_notification_refused", level="warning", fault=type(fault).__name__)
        return _fail(HTTPStatus.UNAUTHORIZED, "not signed by WeChat Pay")
    except ForeignNumberError:
        return _fail(HTTPStatus.FORBIDDEN, "not of this channel")
    except Exception as fault:  # noqa: BLE001 - masked and logged, as at the endpoint; WeChat tells it again
        log_fault(fault, new_id().hex)
        return _fail(HTTPStatus.INTERNAL_SERVER_ERROR, "try again")
    task = BackgroundTask(handle_at_once, kept) if kept else None
    return Response(status_code=HTTPStatus.NO_CONTENT, background=task)


def pay_webhook_routes() -> list[Route]:
    """Return the door's route; it takes no query, as WeChat has it."""
    return [Route(f"{WEBHOOK_PATH}/{{channel}}", pay_notification, methods=["POST"])]


async def whole_body(request: Request) -> bytes | None:
    """Read the bytes as they came, which are what is signed; None when there are too many."""
    body = b""
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > BODY_BYTES_MAX:
                return None
    except ClientDisconnect:
        return b""
    return body


def _fail(status: HTTPStatus, message: str) -> Response:
    return Response(orjson.dumps({"code": "FAIL", "message": message}), status, media_type="application/json")
