"""Where WeChat pushes an app's messages: entered by the owner, its secrets sealed and only ever written."""

import re
import secrets
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from clock import wall_now
from ids import new_id
from models.database import pool, transaction
from models.refusal import Refusal, UserErrorCode
from resolvers.caller import Caller
from resolvers.checks import Checks
from resolvers.keys import keys
from resolvers.outbox import emit
from sealing import seal, unseal

PUSH_PATH: Final = "/webhooks/wechat-push"
CHANNEL_BYTES: Final = 16
_CHANNEL: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)
_TOKEN: Final = re.compile(r"[0-9A-Za-z]{3,32}", re.ASCII)
_KEY: Final = re.compile(r"[0-9A-Za-z]{43}", re.ASCII)

_APP: Final = "select id from wechat_app where shop_id = $1 and appid = $2 and kind = 'MINI_PROGRAM' for key share"
# Unique (shop_id, app_id): the channel stays what it was, for it is entered at WeChat.
_SAVE: Final = """
insert into message_push (id, shop_id, app_id, channel, token_sealed, key_sealed, created_at, updated_at)
values ($2, $1, $3, $4, $5, $6, $7, $7)
on conflict (shop_id, app_id) do update set
    token_sealed = excluded.token_sealed, key_sealed = excluded.key_sealed, updated_at = excluded.updated_at
returning id
"""
# Unique (channel), then primary keys.
_BY_CHANNEL: Final = """
select door.shop_id, door.app_id, door.token_sealed, door.key_sealed, app.appid
from message_push door join wechat_app app on app.shop_id = door.shop_id and app.id = door.app_id
where door.channel = $1
"""


@dataclass(frozen=True, slots=True)
class PushDraft:
    """Token and EncodingAESKey as they are entered at WeChat, for one app."""

    appid: str
    token: str = field(repr=False)
    encoding_aes_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PushDoor:
    """An app's door, opened."""

    shop_id: UUID
    app_id: UUID
    appid: str
    token: str = field(repr=False)
    encoding_aes_key: str = field(repr=False)


async def message_push_upsert(caller: Caller, draft: PushDraft) -> UUID:
    """Enter by what WeChat proves itself when it pushes messages of an app, or change it; returns the door's id.

    Raises Refusals with paths under `input`: INVALID for token or key; NOT_FOUND for the app.
    """
    checks = Checks("input")
    if not _TOKEN.fullmatch(draft.token):
        checks.refuse(UserErrorCode.INVALID, "Token 须为 3 至 32 位字母或数字", "3 to 32 letters or digits", "token")
    if not _KEY.fullmatch(draft.encoding_aes_key):
        zh = "EncodingAESKey 须为 43 位字母或数字"
        checks.refuse(UserErrorCode.INVALID, zh, "43 letters or digits", "encodingAesKey")
    checks.end()
    sealing, channel, now = keys().sealing, secrets.token_hex(CHANNEL_BYTES), wall_now()
    async with transaction() as sql:
        app_id = await sql.fetchval(_APP, caller.shop_id, draft.appid)
        if app_id is None:
            en = "The shop has no such mini-program"
            raise Refusal(UserErrorCode.NOT_FOUND, "没有这个小程序", en, "input", "appid")
        sealed = (seal(draft.token, sealing), seal(draft.encoding_aes_key, sealing))
        id_: UUID = await sql.fetchval(_SAVE, caller.shop_id, new_id(), app_id, channel, *sealed, now)
        await emit(sql, caller, "message_push.saved", id_, {})
    return id_


async def push_door(channel: str) -> PushDoor | None:
    """Return the door behind a channel, of whatever shop; None when there is none."""
    row = await pool().fetchrow(_BY_CHANNEL, channel) if _CHANNEL.fullmatch(channel) else None
    if row is None:
        return None
    opened = (unseal(row[name], keys().sealing) for name in ("token_sealed", "key_sealed"))
    return PushDoor(row["shop_id"], row["app_id"], row["appid"], *opened)
