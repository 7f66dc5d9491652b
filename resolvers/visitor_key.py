"""What can be done with visitor keys: make one for an app, and revoke it."""

import secrets
import string
from typing import Final

from clock import wall_now
from models.refusal import Refusal, UserErrorCode
from models.visitor_key import VisitorKey
from models.wechat_app import WechatApp

DEMO_KEY: Final = "demo"
"""The key of the demo shop in development, so that the first query can be typed from memory."""

_PREFIX: Final = "xk_"
_RANDOM_CHARS: Final = 24
_BASE62: Final = string.digits + string.ascii_letters


async def create_key(app: WechatApp, key: str | None = None) -> VisitorKey:
    """Make a key for an app: `xk_` and 24 random base62 characters, never seeded; `key` is for the demo shop only.

    Raises Refusal TAKEN when another app has the given key.
    """
    wanted = key or _PREFIX + "".join(secrets.choice(_BASE62) for _ in range(_RANDOM_CHARS))
    if key and await VisitorKey.filter(key=key).exists():
        raise Refusal(UserErrorCode.TAKEN, "该访客密钥已被使用", "Another app has this key", "key")
    return await VisitorKey.create(shop_id=app.shop_id, app_id=app.id, key=wanted, created_at=wall_now())


async def revoke_key(key: str) -> None:
    """Make a key worthless; within a second every process refuses it. Revoked stays revoked.

    Raises Refusal NOT_FOUND for a key that is unknown or was revoked before.
    """
    if not await VisitorKey.filter(key=key, revoked_at=None).update(revoked_at=wall_now()):
        raise Refusal(UserErrorCode.NOT_FOUND, "没有这个访客密钥", "There is no such key in use", "key")
