"""Codes to scan: `/codes/<shop's handle>/<token>.png` is the mini-program code of a share link, for posters."""

from http import HTTPStatus
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from models.refusal import Refusal
from resolvers.code_image import code_image
from wechat.connection import NoSandboxError
from wechat.errors import LostAnswer, WechatError

_PNG: Final = b"\x89PNG"
_SOON_SECONDS: Final = 1.0
# The picture of a link never changes.
_KEEP: Final = "public, max-age=31536000, immutable"


async def code(request: Request) -> Response:
    """Answer with the picture, drawn by WeChat when first wanted; `?appid=` names another app than the shop's first."""
    asked = request.path_params
    try:
        picture = await code_image(asked["shop"], asked["token"], request.query_params.get("appid"))
    except Refusal as refusal:
        return _said(HTTPStatus.NOT_FOUND, refusal.code, refusal.en)
    except WechatError as refused:
        # A picture may be asked for twice, also when nobody knows what became of the first.
        wait = _SOON_SECONDS if isinstance(refused, LostAnswer) else refused.retry_after_seconds
        if wait is None:
            return _said(HTTPStatus.BAD_GATEWAY, type(refused).__name__, "WeChat does not draw this code")
        return _said(HTTPStatus.SERVICE_UNAVAILABLE, type(refused).__name__, "Not now; try again", f"{wait:.0f}")
    except NoSandboxError:
        return _said(HTTPStatus.BAD_GATEWAY, "NoSandbox", "The app has no WeChat here")
    kind = "image/png" if picture.startswith(_PNG) else "image/jpeg"
    headers = {"Cache-Control": _KEEP, "X-Content-Type-Options": "nosniff"}
    return Response(picture, headers=headers, media_type=kind)


def _said(status: int, why: str, message: str, retry_after: str | None = None) -> Response:
    headers = {"Cache-Control": "no-store"} | ({"Retry-After": retry_after} if retry_after else {})
    return Response(orjson.dumps({"code": why, "message": message}), status, headers, media_type="application/json")


def code_routes() -> list[Route]:
    """Return the route of codes."""
    return [Route("/codes/{shop}/{token}.png", code)]
