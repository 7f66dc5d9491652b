"""Texts that are checked, and messages that customers agreed to, which testers read here in place of a phone."""

import re
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import orjson

from models.database import pool
from wechat.sandbox.faults import OK, Fault
from wechat.sandbox.people import by_openid
from wechat.sandbox.protocol import Call

CONTENT_CHARS_MAX: Final = 2500
SEEN_WITHIN: Final = timedelta(hours=2)
_SCENES: Final = (1, 2, 3, 4)
_STATES: Final = ("formal", "trial", "developer")
_CLEAN: Final = ("pass", 100)
RISKY_WORDS: Final = {
    "赌博": ("risky", 20006),
    "色情": ("risky", 20002),
    "诈骗": ("risky", 20008),
    "辱骂": ("risky", 20003),
    "加微信": ("review", 10001),
    "代购": ("review", 21000),
}
"""What the sandbox stumbles over: suggestion and label."""

# Kind of a value, by the letters its name begins with -> how it must look.
_VALUES: Final = {
    "thing": re.compile(r".{1,20}", re.DOTALL),
    "number": re.compile(r"-?[0-9.]{1,32}"),
    "letter": re.compile(r"[A-Za-z]{1,32}"),
    "symbol": re.compile(r"[^\w\s]{1,5}"),
    "character_string": re.compile(r"[!-~]{1,32}"),
    "time": re.compile(r".{1,32}"),
    "date": re.compile(r".{1,32}"),
    "amount": re.compile(r"[¥$]?[0-9]{1,10}(?:\.[0-9]{1,2})?元?"),
    "phone_number": re.compile(r"[0-9+\-]{1,17}"),
    "car_number": re.compile(r".{1,8}"),
    "name": re.compile(r"[A-Za-z ]{1,20}|.{1,10}"),
    "phrase": re.compile(r"[一-鿿]{1,5}"),
}

_GRANT = """
insert into wechat_sandbox.subscription (appid, name, template_id, remaining) values ($1, $2, $3, $4)
on conflict (appid, name, template_id) do update set remaining = subscription.remaining + excluded.remaining
returning remaining
"""
# One agreement, one message: the guard and the use are one statement, and the message is in it.
_SEND = """
with used as (
    update wechat_sandbox.subscription set remaining = remaining - 1
    where appid = $1 and name = $2 and template_id = $3 and remaining > 0
    returning 1
)
insert into wechat_sandbox.message (at, appid, name, template_id, page, state, data)
select $4, $1, $2, $3, $5, $6, $7::jsonb from used
returning id
"""
_LIST = """
select id, at, appid, name, template_id, page, state, data from wechat_sandbox.message
where ($1::text is null or appid = $1) and ($2::text is null or name = $2) order by id
"""


async def msg_sec_check(call: Call) -> dict[str, Any]:
    """`POST /wxa/msg_sec_check`: the first bad word decides; who was not here within two hours is refused (61010)."""
    content = call.text("content")
    person = await by_openid(call.appid, call.text("openid"))
    if call.asked.get("version") != 2 or call.asked.get("scene") not in _SCENES or not content:  # noqa: PLR2004 - theirs
        raise Fault(40097)
    if len(content) > CONTENT_CHARS_MAX:
        raise Fault(45002)
    if person.seen_at is None or call.now - person.seen_at > SEEN_WITHIN:
        raise Fault(61010)
    suggest, label = next((found for word, found in RISKY_WORDS.items() if word in content), _CLEAN)
    detail = {"strategy": "content_model", "errcode": 0, "suggest": suggest, "label": label, "prob": 90}
    result = {"suggest": suggest, "label": label}
    return {**OK, "result": result, "detail": [detail], "trace_id": secrets.token_hex(16)}


async def send_message(call: Call) -> dict[str, Any]:
    """`POST /cgi-bin/message/subscribe/send`: only as often as the customer agreed, else 43101."""
    person = await by_openid(call.appid, call.text("touser"))
    template = call.text("template_id")
    if not template:
        raise Fault(40037)
    data = call.asked.get("data")
    _check_values(data)
    page, state = call.text("page"), call.text("miniprogram_state") or "formal"
    if page.startswith("/") or state not in _STATES:
        raise Fault(41030 if page.startswith("/") else 40097)
    sent = await pool().fetchval(
        _SEND, call.appid, person.name, template, call.now, page, state, orjson.dumps(data).decode()
    )
    if sent is None:
        raise Fault(43101)
    return {**OK, "msgid": sent}


def _check_values(data: object) -> None:
    if not isinstance(data, dict) or not data:
        raise Fault(47003)
    for name, holder in data.items():
        value = holder.get("value") if isinstance(holder, Mapping) else None
        looks = _VALUES.get(name.rstrip("0123456789"))
        if looks is None or not isinstance(value, str) or not looks.fullmatch(value):
            raise Fault(47003, f"data.{name}.value invalid")


async def grant(appid: str, name: str, template_id: str, times: int) -> int:
    """Let a person agree to more messages, as in `wx.requestSubscribeMessage`; how many are open now."""
    remaining: int = await pool().fetchval(_GRANT, appid, name, template_id, times)
    return remaining


async def messages_of(appid: str | None, name: str | None) -> list[dict[str, Any]]:
    """List messages, of one app, of one user, or all; the newest at the end."""
    rows = await pool().fetch(_LIST, appid, name)
    return [{**dict(row), "data": orjson.loads(row["data"])} for row in rows]
