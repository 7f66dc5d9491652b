"""People made up on the spot: a name is enough, and the same name is the same person in an app for ever."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from models.database import pool
from wechat.sandbox.apps import find_app
from wechat.sandbox.faults import Fault

NAMES: Final = ("xiaoming", "xiaohong", "laowang", "dianzhang", "daren")
"""Whom the page of the website login offers."""

_ID_CHARS: Final = 27
_PHONES: Final = 10**8

# Of two who meet somebody first, both see the same row. Primary key, then the unique openid.
_MEET = """
insert into wechat_sandbox.person (appid, name, openid, unionid) values ($1, $2, $3, $4)
on conflict (appid, name) do update set unionid = excluded.unionid
returning appid, name, openid, unionid, session_key, seen_at
"""
_BY_OPENID = """
select appid, name, openid, unionid, session_key, seen_at from wechat_sandbox.person where appid = $1 and openid = $2
"""
_BEGIN_SESSION = "update wechat_sandbox.person set session_key = $3, seen_at = $4 where appid = $1 and name = $2"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in one app; `session_key` is the newest, None before the first login."""

    appid: str
    name: str
    openid: str
    unionid: str | None
    session_key: str | None
    seen_at: datetime | None

    @property
    def nickname(self) -> str:
        """How the person calls herself."""
        return self.name

    @property
    def avatar_url(self) -> str:
        """An address of the shape that WeChat gives; no picture is there."""
        return f"https://thirdwx.qlogo.cn/mmopen/sandbox/{_digest('avatar', self.name)}/132"

    @property
    def phone(self) -> str:
        """The number that the phone button gives, without the country's code."""
        return f"199{int.from_bytes(_hash('phone', self.name)[:8]) % _PHONES:08d}"


async def meet(appid: str, name: str) -> Person:
    """Return the person of this name in an app, making her up the first time. Raises Fault 40013."""
    app = await find_app(appid)
    unionid = None if app.open_account is None else f"o{_digest('union', app.open_account, name)}"
    [row] = await pool().fetch(_MEET, appid, name, openid_of(appid, name), unionid)
    return Person(**dict(row))


def openid_of(appid: str, name: str) -> str:
    """Return by what an app knows somebody, met or not."""
    return f"o{_digest('open', appid, name)}"


async def by_openid(appid: str, openid: str) -> Person:
    """Return somebody who has been in the app. Raises Fault 40003."""
    row = await pool().fetchrow(_BY_OPENID, appid, openid)
    if row is None:
        raise Fault(40003)
    return Person(**dict(row))


async def begin_session(person: Person, session_key: str, now: datetime) -> None:
    """Give a person a new session key; the former is worth nothing from now on."""
    await pool().execute(_BEGIN_SESSION, person.appid, person.name, session_key, now)


def group_id(appid: str, group: str) -> str:
    """Return the openGId of a group in an app: the same for all who are in it."""
    return f"t{_digest('group', appid, group)}"


def _digest(*words: str) -> str:
    return base64.urlsafe_b64encode(_hash(*words)).decode()[:_ID_CHARS]


def _hash(*words: str) -> bytes:
    return hashlib.sha256("\n".join(words).encode()).digest()
