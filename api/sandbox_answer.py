"""How the testers' door answers: plain JSON, refusals and faults as `{"code", "message"}` with the status that fits."""

from collections.abc import Awaitable, Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, Final, NoReturn
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response

from api.errors import MASKED, ErrorCode, log_fault
from ids import decode_id, new_id
from models.refusal import Refusal, Refusals, UserErrorCode

_STATUS: Final = {
    UserErrorCode.NOT_FOUND: HTTPStatus.NOT_FOUND,
    UserErrorCode.NOT_ALLOWED: HTTPStatus.FORBIDDEN,
    UserErrorCode.TAKEN: HTTPStatus.CONFLICT,
    UserErrorCode.BUSY: HTTPStatus.SERVICE_UNAVAILABLE,
}

Door = Callable[[Request], Awaitable[Response]]


def answers_json(door: Door) -> Door:
    """Say every refusal and fault of a door as JSON."""

    @wraps(door)
    async def answered(request: Request) -> Response:
        try:
            return await door(request)
        except Refusals as several:
            return _refused(several.refusals[0])
        except Refusal as refusal:
            return _refused(refusal)
        except Exception as fault:  # noqa: BLE001 - masked and logged, as at the endpoint
            request_id = new_id().hex
            log_fault(fault, request_id)
            said = {"code": ErrorCode.INTERNAL_SERVER_ERROR, "message": MASKED, "requestId": request_id}
            return json_answer(said, HTTPStatus.INTERNAL_SERVER_ERROR)

    return answered


def json_answer(body: object, status: int = HTTPStatus.OK) -> Response:
    """Answer with JSON, times in UTC; nobody keeps it."""
    headers = {"Cache-Control": "no-store"}
    return Response(orjson.dumps(body, option=orjson.OPT_UTC_Z), status, headers, media_type="application/json")


def shop_id_of(text: str) -> UUID:
    """Read a shop's global id. Raises Refusal NOT_FOUND for what is none."""
    return decode_id("shp", text) or no_such_shop()


def no_such_shop() -> NoReturn:
    """Refuse a shop that is not there."""
    raise Refusal(UserErrorCode.NOT_FOUND, "没有这个店铺", "There is no such shop", "shopId")


def _refused(refusal: Refusal) -> Response:
    said: dict[str, Any] = {"code": refusal.code, "message": refusal.en, "field": refusal.field}
    return json_answer(said, _STATUS.get(refusal.code, HTTPStatus.BAD_REQUEST))
