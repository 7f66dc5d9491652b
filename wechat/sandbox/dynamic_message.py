"""Dynamic messages of the sandbox's WeChat: cards in chats, which say what their shop tells them to, for a day."""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import orjson

from models.database import pool
from wechat.sandbox.faults import OK, Fault
from wechat.sandbox.people import by_openid
from wechat.sandbox.protocol import Call

LIFE: Final = timedelta(hours=24)
_ID_BYTES: Final = 48
_JOINING, _STARTED, _ENDED = 0, 1, 2
_FOLLOWS: Final = {_JOINING: (_JOINING, _STARTED, _ENDED), _STARTED: (_ENDED,), _ENDED: ()}
_NEEDS: Final = {_JOINING: ("member_count", "room_limit"), _STARTED: ("path", "version_type"), _ENDED: ()}
_NAMES: Final = frozenset(("member_count", "room_limit", "path", "version_type"))
_VERSIONS: Final = frozenset(("develop", "trial", "release"))
_WORDS: Final = {_STARTED: "已到齐", _ENDED: "已结束"}

_MAKE = """
insert into wechat_sandbox.activity (activity_id, appid, name, made_at, expires_at) values ($1, $2, $3, $4, $5)
"""
_FIND = "select state, expires_at from wechat_sandbox.activity where activity_id = $1 and appid = $2 for update"
_SAY = "update wechat_sandbox.activity set state = $2, said = said || $3::jsonb where activity_id = $1"
_KEEP = "insert into wechat_sandbox.card_update (at, activity_id, state, said) values ($1, $2, $3, $4::jsonb)"
_EXPIRE = """
update wechat_sandbox.activity set expires_at = $3
where appid = $1 and ($2::text is null or activity_id = $2) and expires_at > $3
"""
_LIST = """
select a.*, coalesce(u.updates, '[]') as updates
from wechat_sandbox.activity a
left join lateral (
    select jsonb_agg(jsonb_build_object('at', at, 'state', state, 'said', said) order by id) as updates
    from wechat_sandbox.card_update where activity_id = a.activity_id
) u on true
where a.appid = $1 and ($2::text is null or a.activity_id = $2) order by a.made_at, a.activity_id
"""


async def create_activity(call: Call) -> dict[str, Any]:
    """`GET /cgi-bin/message/wxopen/activityid/create`: an id for a day; with `openid` for that person's cards alone."""
    openid = call.text("openid")
    name = (await by_openid(call.appid, openid)).name if openid else ""
    activity_id, expires_at = secrets.token_urlsafe(_ID_BYTES), call.now + LIFE
    await pool().execute(_MAKE, activity_id, call.appid, name, call.now, expires_at)
    return {**OK, "activity_id": activity_id, "expiration_time": int(expires_at.timestamp())}


async def update_card(call: Call) -> dict[str, Any]:
    """`POST /cgi-bin/message/wxopen/updatablemsg/send`: change what all cards of an activity say."""
    if not {"activity_id", "target_state", "template_info"} & call.asked.keys():
        raise Fault(44002)
    state, activity_id = call.asked.get("target_state"), call.text("activity_id")
    said = _said(call.asked.get("template_info"))
    async with pool().acquire() as sql, sql.transaction():
        # One after the other: a card never goes back.
        found = await sql.fetchrow(_FIND, activity_id, call.appid)
        if found is None:
            raise Fault(47501)
        if found["expires_at"] <= call.now:
            raise Fault(47504)
        if not isinstance(state, int) or isinstance(state, bool) or state not in _FOLLOWS[found["state"]]:
            raise Fault(47502)
        _check(state, said)
        told = orjson.dumps(said).decode()
        await sql.execute(_SAY, activity_id, state, told)
        await sql.execute(_KEEP, call.now, activity_id, state, told)
    return OK


async def cards_of(appid: str, activity_id: str | None, now: datetime) -> list[dict[str, Any]]:
    """List an app's cards as people see them at a moment, with all that was ever said on them."""
    return [_card(dict(row), now) for row in await pool().fetch(_LIST, appid, activity_id)]


async def expire(appid: str, activity_id: str | None, now: datetime) -> int:
    """End one activity of an app, or all; how many there were."""
    done: str = await pool().execute(_EXPIRE, appid, activity_id, now)
    return int(done.rpartition(" ")[2])


def _said(template: object) -> dict[str, str]:
    """Read the parameters by their names. Raises Fault 47001 for whatever has another shape."""
    listed = template.get("parameter_list") if isinstance(template, Mapping) else None
    if not isinstance(listed, list):
        raise Fault(47001)
    said: dict[str, str] = {}
    for one in listed:
        name, value = (one.get("name"), one.get("value")) if isinstance(one, Mapping) else (None, None)
        if not isinstance(name, str) or name not in _NAMES or not isinstance(value, str):
            raise Fault(47001)
        said[name] = value
    return said


def _check(state: int, said: Mapping[str, str]) -> None:
    if not all(said.get(name) for name in _NEEDS[state]):
        raise Fault(47001)
    if state == _STARTED and said["version_type"] not in _VERSIONS:
        raise Fault(47503)


def _card(row: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    said = orjson.loads(row["said"])
    state = _ENDED if row["expires_at"] <= now else row["state"]
    count, limit = said.get("member_count"), said.get("room_limit")
    return {
        "activityId": row["activity_id"],
        "user": row["name"],
        "madeAt": row["made_at"],
        "expiresAt": row["expires_at"],
        "state": state,
        "text": _WORDS.get(state) or f"成员正在加入，当前 {count or '?'}/{limit or '?'} 人",
        "memberCount": count,
        "roomLimit": limit,
        "path": said.get("path"),
        "versionType": said.get("version_type"),
        "updates": orjson.loads(row["updates"]),
    }
