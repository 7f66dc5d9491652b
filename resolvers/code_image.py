"""The mini-program code of a share link: drawn by WeChat once for each app, and kept, for it is good for ever."""

import asyncio
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from clock import wall_now
from ids import new_id
from models.database import pool
from models.refusal import Refusal, UserErrorCode
from models.wechat_app import WechatApp
from resolvers.visit_address import share_token
from wechat.connection import wechat

# Unique (handle), (shop_id, token), (shop_id, appid), (shop_id, share_link_id, app_id); a shop has a handful of apps,
# of which the first is meant when none is named.
_FIND: Final = """
select link.shop_id, link.id as link_id, app.id as app_id, image.picture
from shop
join share_link link on link.shop_id = shop.id and link.token = $2
join wechat_app app on app.shop_id = shop.id and app.kind = 'MINI_PROGRAM' and ($3::text is null or app.appid = $3)
left join code_image image on image.shop_id = shop.id and image.share_link_id = link.id and image.app_id = app.id
where shop.handle = $1
order by app.created_at, app.id limit 1
"""

_KEEP: Final = """
insert into code_image (id, shop_id, app_id, share_link_id, picture, created_at) values ($1, $2, $3, $4, $5, $6)
on conflict (shop_id, share_link_id, app_id) do nothing
"""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Which picture: that of a link, as one app opens it."""

    shop_id: UUID
    app_id: UUID
    link_id: UUID
    token: str


_drawing: dict[_Wanted, asyncio.Task[bytes]] = {}


async def code_image(handle: str, token: str, appid: str | None = None) -> bytes:
    """Return the picture that opens a link in a mini-program of the shop; PNG or JPEG, as WeChat drew it.

    Raises Refusal NOT_FOUND for a shop, link or app that is not there, and WechatError when WeChat will not draw.
    """
    row = await pool().fetchrow(_FIND, handle, token, appid) if share_token(token) == token else None
    if row is None:
        raise Refusal(UserErrorCode.NOT_FOUND, "没有这个分享码", "There is no such code")
    if row["picture"] is not None:
        return bytes(row["picture"])
    wanted = _Wanted(row["shop_id"], row["app_id"], row["link_id"], token)
    task = _drawing.get(wanted)
    if task is None:
        task = _drawing[wanted] = asyncio.create_task(_draw(wanted))
        task.add_done_callback(lambda _: _drawing.pop(wanted, None))
    # Shielded: when the first of several who wait goes away, the others still get their picture.
    return await asyncio.shield(task)


async def _draw(wanted: _Wanted) -> bytes:
    """Ask WeChat outside of any transaction, and keep what it drew; of two processes that ask, one picture stays."""
    app = await WechatApp.get(shop_id=wanted.shop_id, id=wanted.app_id)
    picture = await wechat().mini_program(app).code_image(f"t={wanted.token}")
    await pool().execute(_KEEP, new_id(), wanted.shop_id, wanted.app_id, wanted.link_id, picture, wall_now())
    return picture
