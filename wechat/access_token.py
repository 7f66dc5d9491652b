"""An app's own access token: shared by all processes through Redis, fetched anew before it ends.

`stable_token` gives everybody the same token until its last five minutes and honours the old one that long beside the
new, so rivals who fetch at once do no harm and no lock between processes is needed; within one process they wait.
"""

import asyncio
import hashlib
from dataclasses import dataclass, field
from typing import Final

from models.redis_server import redis
from sealing import SealBrokenError, seal, unseal
from wechat.answers import text_in
from wechat.errors import BadAnswer
from wechat.transport import Transport, call_of

STABLE_TOKEN: Final = "/cgi-bin/stable_token"  # noqa: S105 - a path
LAST_SECONDS: Final = 300
"""A token is not used in its last five minutes: a new one is there by then."""


@dataclass(frozen=True, slots=True)
class AccessTokens:
    """The tokens of all apps, sealed in Redis under the process's sealing key."""

    sealing_key: bytes = field(repr=False)
    _fetching: dict[str, asyncio.Lock] = field(default_factory=dict, repr=False)

    async def token(self, transport: Transport, appid: str, secret: str) -> str:
        """Return a token good for at least five minutes, or nearly. Raises WechatError."""
        place = _place(transport, appid, secret)
        found = await self._kept(place)
        if found:
            return found
        async with self._fetching.setdefault(place, asyncio.Lock()):
            return await self._kept(place) or await self._fetch(place, transport, appid, secret)

    async def forget(self, transport: Transport, appid: str, secret: str, token: str) -> None:
        """Drop a token that WeChat refused, unless somebody has put a newer one there."""
        place = _place(transport, appid, secret)
        if await self._kept(place) == token:
            await redis().delete(place)

    async def _kept(self, place: str) -> str | None:
        sealed = await redis().get(place)
        try:
            return unseal(sealed, self.sealing_key) if sealed else None
        except SealBrokenError:
            # Left under another SECRET_KEY; a new one is only a question away.
            return None

    async def _fetch(self, place: str, transport: Transport, appid: str, secret: str) -> str:
        """Never with force_refresh: that would end the token of everybody else, and is allowed 20 times a day."""
        body = {"grant_type": "client_credential", "appid": appid, "secret": secret, "force_refresh": False}
        answer = await transport.post(STABLE_TOKEN, {}, body)
        token, seconds = text_in(answer, "access_token", call_of(STABLE_TOKEN)), answer.get("expires_in")
        if not isinstance(seconds, int):
            raise BadAnswer(call_of(STABLE_TOKEN))
        await redis().set(place, seal(token, self.sealing_key), ex=max(1, seconds - LAST_SECONDS))
        return token


def _place(transport: Transport, appid: str, secret: str) -> str:
    # The secret is part of it: a new one in the settings is tried at once.
    named = hashlib.sha256(f"{transport.base_url}\n{appid}\n{secret}".encode()).hexdigest()
    return f"xiaopu:wechat:token:{named}"
