"""Mini-program codes and links: what leads a phone to a page."""

import io
import re
import secrets
from datetime import datetime, timedelta
from typing import Any, Final

import segno

from models.database import pool
from wechat.sandbox.faults import OK, Fault
from wechat.sandbox.protocol import Call

SCENE: Final = re.compile(r"[0-9A-Za-z!#$&'()*+,/:;=?@\-._~]{1,32}", re.ASCII)
_PAGE: Final = re.compile(r"[A-Za-z0-9_\-]+(?:/[A-Za-z0-9_\-]+)*", re.ASCII)
# A tuple, here and below: what is asked may be of any type, and sets take only what can be hashed.
_VERSIONS: Final = ("release", "trial", "develop")
WIDTH_PX: Final = (280, 1280)
_USUAL_WIDTH_PX: Final = 430
_BORDER_MODULES: Final = 4
QUERY_CHARS_MAX: Final = 1024
LINK_DAYS_MAX: Final = 30
_LINK_BYTES: Final = 8

_SAVE = """
insert into wechat_sandbox.link (token, appid, path, query, version, expires_at) values ($1, $2, $3, $4, $5, $6)
"""
_OPEN = "select appid, path, query, version, expires_at from wechat_sandbox.link where token = $1"


async def getwxacodeunlimit(call: Call) -> bytes:
    """`POST /wxa/getwxacodeunlimit`: a PNG that any reader of QR codes decodes to the scene itself.

    As wide as whole modules come to below the wanted width; the real one is round and as wide as asked.
    """
    scene, page, width = call.text("scene"), call.asked.get("page", ""), call.asked.get("width", _USUAL_WIDTH_PX)
    if not SCENE.fullmatch(scene):
        raise Fault(40129)
    if page and not (isinstance(page, str) and _PAGE.fullmatch(page)):
        raise Fault(41030)
    least, most = WIDTH_PX
    if (
        not isinstance(width, int)
        or not least <= width <= most
        or call.asked.get("env_version", "release") not in _VERSIONS
    ):
        raise Fault(40097)
    drawn = segno.make_qr(scene, error="m")
    modules = drawn.symbol_size(border=_BORDER_MODULES)[0]
    picture = io.BytesIO()
    drawn.save(picture, kind="png", scale=width // modules, border=_BORDER_MODULES)
    return picture.getvalue()


async def generate_urllink(call: Call) -> dict[str, Any]:
    """`POST /wxa/generate_urllink`: a link into the sandbox, which says where it would have led."""
    path, query, version = (
        call.asked.get("path", ""),
        call.asked.get("query", ""),
        call.asked.get("env_version", "release"),
    )
    if not isinstance(path, str) or (path and not _PAGE.fullmatch(path)):
        raise Fault(40165)
    if not isinstance(query, str) or len(query) > QUERY_CHARS_MAX:
        raise Fault(40212)
    if version not in _VERSIONS:
        raise Fault(40097)
    token = secrets.token_urlsafe(_LINK_BYTES)
    await pool().execute(_SAVE, token, call.appid, path, query, version, _ends(call))
    return {**OK, "url_link": f"{call.home}/link/{token}"}


def _ends(call: Call) -> datetime:
    """Return when a link ends: a moment (`expire_type` 0) or days from now (1), at most thirty days."""
    days, moment = call.asked.get("expire_interval"), call.asked.get("expire_time")
    if call.asked.get("expire_type", 0) == 1:
        if not isinstance(days, int) or not 1 <= days <= LINK_DAYS_MAX:
            raise Fault(85401)
        return call.now + timedelta(days=days)
    most = call.now + timedelta(days=LINK_DAYS_MAX)
    if moment is None:
        return most
    if not isinstance(moment, int) or not call.now.timestamp() < moment <= most.timestamp():
        raise Fault(85401)
    return datetime.fromtimestamp(moment, call.now.tzinfo)


async def follow(token: str, now: datetime) -> dict[str, Any] | None:
    """Return where a link leads, as the mini-program would be told; None for one that is unknown or over."""
    row = await pool().fetchrow(_OPEN, token)
    if row is None or row["expires_at"] <= now:
        return None
    # Opened from outside of WeChat.
    return {"appid": row["appid"], "path": row["path"], "query": row["query"], "version": row["version"], "scene": 1194}
