"""What WeChat pushes: believed when it is signed and sealed, handled once, and answered when what follows stands.

Only safe mode is taken: a plain message's signature is over its moment alone, not over what it says. A message is known
by what it says, so one that is told again, or played back, does nothing; and none is taken that was signed long ago.
"""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import orjson

from clock import wall_now
from ids import new_id
from logs import log
from models.database import Connection, transaction
from resolvers.message_push import PushDoor, push_door
from resolvers.reaping import reap
from resolvers.shipping_reminder import remind_of_shipping
from wechat.crypto import PushError, check_push, decrypt_push

SKEW_SECONDS: Final = 300
KEPT_DAYS: Final = 1
EVENT_CHARS_MAX: Final = 64
NOT_HANDLED: Final = "NOT_HANDLED"
_TIMESTAMP_CHARS_MAX: Final = 12

# Unique (shop_id, app_id, digest): of rivals one keeps it, and the others wait for what becomes of that one.
_KEEP: Final = """
insert into pushed_message (id, shop_id, app_id, digest, event, outcome, created_at)
values ($1, $2, $3, $4, $5, '', $6) on conflict (shop_id, app_id, digest) do nothing returning id
"""
_OUTCOME: Final = "update pushed_message set outcome = $2 where id = $1"
_REAP: Final = """
delete from pushed_message where id in (
    select id from pushed_message where created_at < $1 order by created_at limit $2 for update skip locked
)
"""

PushHandler = Callable[[Connection, PushDoor, Mapping[str, Any]], Awaitable[str]]
"""Does what follows of a message inside the transaction that keeps it; returns the outcome, 24 characters at most."""

PUSH_HANDLERS: Final[dict[str, PushHandler]] = {"trade_manage_remind_shipping": remind_of_shipping}
"""WeChat's word for the event -> who handles it. What nobody handles is accepted, or WeChat would tell it again."""


class UnknownPushChannelError(LookupError):
    """Nobody's messages come by this channel."""


async def prove(channel: str, query: Mapping[str, str]) -> str:
    """Return the `echostr` by which WeChat sees that the address is ours. Raises UnknownPushChannelError, PushError."""
    door = await _door(channel)
    timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
    check_push(query.get("signature", ""), token=door.token, timestamp=timestamp, nonce=nonce)
    _check_timely(timestamp)
    return query.get("echostr", "")


async def receive_push(channel: str, query: Mapping[str, str], body: bytes) -> str:
    """Believe, open, keep and handle a message, all or nothing; returns the outcome, empty for one that came before.

    Raises UnknownPushChannelError; PushError.
    """
    door = await _door(channel)
    plain = _opened(door, query, body)
    message = _object(plain)
    event = str(message.get("Event") or message.get("MsgType") or "")[:EVENT_CHARS_MAX].replace("\x00", "")
    digest = hashlib.sha256(plain).digest()
    async with transaction() as sql:
        kept = await sql.fetchval(_KEEP, new_id(), door.shop_id, door.app_id, digest, event, wall_now())
        if kept is None:
            return ""
        handler = PUSH_HANDLERS.get(event)
        outcome = await handler(sql, door, message) if handler else NOT_HANDLED
        await sql.execute(_OUTCOME, kept, outcome)
    log("push_received", push_event=event, outcome=outcome, app=door.app_id.hex)
    return outcome


async def reap_pushed_messages(wall: datetime) -> int:
    """Forget what came more than a day ago; returns how many rows went."""
    return await reap(_REAP, wall - timedelta(days=KEPT_DAYS))


async def _door(channel: str) -> PushDoor:
    door = await push_door(channel)
    if door is None:
        raise UnknownPushChannelError(channel)
    return door


def _opened(door: PushDoor, query: Mapping[str, str], body: bytes) -> bytes:
    encrypted = _object(body).get("Encrypt")
    if not isinstance(encrypted, str):
        raise PushError
    timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
    signature = query.get("msg_signature", "")
    check_push(signature, token=door.token, timestamp=timestamp, nonce=nonce, encrypted=encrypted)
    _check_timely(timestamp)
    return decrypt_push(encrypted, encoding_aes_key=door.encoding_aes_key, appid=door.appid)


def _check_timely(timestamp: str) -> None:
    is_number = timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= _TIMESTAMP_CHARS_MAX
    if not is_number or abs(wall_now().timestamp() - int(timestamp)) > SKEW_SECONDS:
        raise PushError


def _object(text: bytes) -> Mapping[str, Any]:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise PushError from None
    if not isinstance(found, dict):
        raise PushError
    return found
