"""Which of an app's templates at WeChat tells of which event, and what stands under its keywords."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import orjson

from ids import new_id
from models.database import Connection, transaction
from models.refusal import Refusal, UserErrorCode
from resolvers.caller import Caller
from resolvers.checks import Checks, require_version
from resolvers.message_event import MESSAGE_EVENTS, STANDS_UNDER, VALUES
from resolvers.outbox import emit
from wechat.message_value import fitted, kind_of

TEMPLATE_ID_CHARS_MAX: Final = 64
PAGE_CHARS_MAX: Final = 1024
KEYWORDS_MAX: Final = 10
TEXT_CHARS_MAX: Final = 32

# Unique (shop_id, appid).
_APP: Final = "select id from wechat_app where shop_id = $1 and appid = $2 and kind = 'MINI_PROGRAM' for key share"
_LOCK: Final = "select pg_advisory_xact_lock(hashtextextended('message template ' || $1 || ' ' || $2, 0))"
# Unique (shop_id, app_id, event).
_FIND: Final = "select id, version from message_template where shop_id = $1 and app_id = $2 and event = $3"
_SAVE: Final = """
insert into message_template as stored (id, shop_id, app_id, event, template_id, keywords, page, active, version,
                                        created_at, updated_at)
values ($2, $1, $3, $4, $5, $6::jsonb, $7, $8, 1, $9, $9)
on conflict (id) do update set template_id = excluded.template_id, keywords = excluded.keywords, page = excluded.page,
    active = excluded.active, version = stored.version + 1, updated_at = excluded.updated_at
"""


@dataclass(frozen=True, slots=True)
class Keyword:
    """What stands under a keyword of a template: a value of the event, or a fixed text."""

    keyword: str
    value: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateDraft:
    """One template of an app for one event. `page` is without a slash before it; empty for none."""

    appid: str
    event: str
    template_id: str
    keywords: Sequence[Keyword]
    page: str = ""
    active: bool = True
    version: int | None = None


async def message_template_upsert(caller: Caller, draft: TemplateDraft) -> UUID:
    """Say by which template an app tells of an event, in place of the one before. Returns its id.

    Raises Refusals with paths under `input`: BLANK, TOO_LONG, DUPLICATE, INVALID for a keyword that is none, or under
    which the value can't stand, or a text that does not fit; NOT_FOUND for the app; ConflictRefusal.
    """
    _check(draft)
    async with transaction() as sql:
        app_id = await sql.fetchval(_APP, caller.shop_id, draft.appid)
        if app_id is None:
            raise Refusal(
                UserErrorCode.NOT_FOUND, "没有这个小程序", "The shop has no such mini-program", "input", "appid"
            )
        await sql.execute(_LOCK, app_id.hex, draft.event)
        return await _save(sql, caller, app_id, draft)


async def _save(sql: Connection, caller: Caller, app_id: UUID, draft: TemplateDraft) -> UUID:
    standing = await sql.fetchrow(_FIND, caller.shop_id, app_id, draft.event)
    if standing is not None:
        require_version(draft.version, standing["version"], "input", "version")
    id_: UUID = standing["id"] if standing else new_id()
    keywords = orjson.dumps([{"keyword": one.keyword, "value": one.value, "text": one.text} for one in draft.keywords])
    columns = (draft.template_id.strip(), keywords.decode(), draft.page, draft.active, caller.now)
    await sql.execute(_SAVE, caller.shop_id, id_, app_id, draft.event, *columns)
    await emit(sql, caller, "message_template.saved", id_, {"event": draft.event})
    return id_


def _check(draft: TemplateDraft) -> None:
    checks = Checks("input")
    checks.text(draft.template_id, "templateId", chars=TEMPLATE_ID_CHARS_MAX, blank=False)
    checks.text(draft.page, "page", chars=PAGE_CHARS_MAX)
    if draft.page.startswith("/"):
        checks.refuse(UserErrorCode.INVALID, "路径不能以 / 开头", "A page begins without a slash", "page")
    if not draft.keywords:
        checks.refuse(UserErrorCode.BLANK, "请填写关键词", "A template has keywords", "keywords")
    checks.at_most(draft.keywords, KEYWORDS_MAX, "keywords")
    checks.distinct([one.keyword for one in draft.keywords], "keyword", "keywords")
    for index, one in enumerate(draft.keywords):
        _check_keyword(checks, draft.event, one, index)
    checks.end()


def _check_keyword(checks: Checks, event: str, one: Keyword, index: int) -> None:
    kind = kind_of(one.keyword)
    if kind is None:
        zh, en = "关键词须为类型加数字，如 thing1", "A keyword is a kind and a number, such as thing1"
        checks.refuse(UserErrorCode.INVALID, zh, en, "keywords", index, "keyword")
        return
    if bool(one.value) == bool(one.text.strip()):
        zh, en = "请指定取值或固定文字之一", "Give a value or a text, and not both"
        checks.refuse(UserErrorCode.INVALID, zh, en, "keywords", index)
    elif one.text:
        checks.text(one.text, "keywords", index, "text", chars=TEXT_CHARS_MAX)
        if fitted(kind, one.text) != one.text:
            zh, en = f"文字不符合 {kind} 的要求", f"WeChat takes no such text as {kind}"
            checks.refuse(UserErrorCode.INVALID, zh, en, "keywords", index, "text")
    elif one.value not in MESSAGE_EVENTS[event].values:
        zh, en = f"该事件没有 {one.value}", f"{event} has no {one.value}"
        checks.refuse(UserErrorCode.INVALID, zh, en, "keywords", index, "value")
    elif kind not in STANDS_UNDER[VALUES[one.value]]:
        zh, en = f"{one.value} 不能用于 {kind}", f"{one.value} can't stand under {kind}"
        checks.refuse(UserErrorCode.INVALID, zh, en, "keywords", index, "value")
