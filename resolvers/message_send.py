"""Sending messages: what is due is taken for the length of a lease, one for each person, and WeChat is asked.

Never inside a transaction, and no order waits for it. WeChat has no number by which a message would be sent once: when
its answer is lost, it is asked again only where the customer agreed to no further message, so that it would itself
refuse a second; what is refused then has arrived before.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import orjson
from asyncpg import Record

from clock import wall_now
from ids import encode_id
from logs import log
from models.database import pool, transaction
from models.failpoint import failpoint
from models.message import MessageState
from models.wechat_app import WechatApp
from resolvers.message_event import MESSAGE_EVENTS
from resolvers.message_quota import give_back_quota, quota_used_up, take_quota
from resolvers.message_write import written
from resolvers.retried import retried
from sealing import SealBrokenError
from wechat.connection import NoSandboxError, wechat
from wechat.errors import LostAnswer, MessageInvalid, MessageNotWanted, WechatError

ATTEMPTS_MAX: Final = 6
LEASE_SECONDS: Final = 60
"""Longer than WeChat is waited for."""

BATCH_MESSAGES: Final = 100
AT_ONCE: Final = 8
ORDER_WORD: Final = "{orderId}"
"""Stands in a template's page for the order that the message is about."""

BACKOFF_SECONDS: Final = 2
BACKOFF_SECONDS_MAX: Final = 300

# Only the first of a person's: WeChat takes two at once for a collision (43108). Partial indexes message_due and
# message_waiting. A rival's claim is skipped; once it is committed, the recheck of next_attempt_at drops the row.
_FIRST: Final = """
m.state = 'WAITING' and m.next_attempt_at <= $1 and not exists (
    select from message before
    where before.shop_id = m.shop_id and before.identity_id = m.identity_id and before.state = 'WAITING'
      and before.id < m.id
)
"""
_CLAIM: Final = f"""
update message set next_attempt_at = $2, attempts = attempts + 1
where id in (
    select m.id from message m where {_FIRST} and ($3::uuid is null or m.shop_id = $3)
    order by m.next_attempt_at limit $4 for update skip locked
)
returning shop_id, id
"""  # noqa: S608 - fixed words
_WAITING: Final = f"select count(*) from message m where m.shop_id = $2 and {_FIRST}"  # noqa: S608 - fixed words
_LOAD: Final = """
select m.shop_id, m.id, m.event, m.subject_id, m.identity_id, m.app_id, m.order_id, m.attempts, m.holds_quota,
       m.may_have_arrived, person.openid, template.template_id, template.keywords, template.page,
       coalesce((select quota.remaining from message_quota quota where quota.shop_id = m.shop_id
                 and quota.identity_id = m.identity_id and quota.template_id = template.template_id), 0) as remaining
from message m
join identity person on person.shop_id = m.shop_id and person.id = m.identity_id
left join message_template template on template.shop_id = m.shop_id and template.app_id = m.app_id
     and template.event = m.event and template.active
where m.shop_id = $1 and m.id = $2 and m.state = 'WAITING'
"""
_END: Final = """
update message set state = $3, sent_at = $4, next_attempt_at = null, last_error = $5, holds_quota = false
where shop_id = $1 and id = $2 and state = 'WAITING'
returning id
"""
_AGAIN: Final = """
update message set next_attempt_at = $3, last_error = $4, may_have_arrived = $5
where shop_id = $1 and id = $2 and state = 'WAITING'
"""


@dataclass(frozen=True, slots=True)
class _End:
    """How a message ends; `gives_back` what was set aside for it, `uses_up` all that the customer agreed to."""

    state: MessageState
    error: str = ""
    gives_back: bool = False
    uses_up: bool = False


async def send_messages(wall: datetime, shop_id: UUID | None) -> int:
    """Send every message that is due, of one shop or of all; returns how many were tried. Due work, by wall time."""
    done = 0
    limit = asyncio.Semaphore(AT_ONCE)

    async def one(row: Record) -> None:
        async with limit:
            await _see_to(row["shop_id"], row["id"])

    while due := await pool().fetch(
        _CLAIM, wall, wall_now() + timedelta(seconds=LEASE_SECONDS), shop_id, BATCH_MESSAGES
    ):
        await asyncio.gather(*(one(row) for row in due))
        done += len(due)
    return done


async def waiting_messages(shop_id: UUID) -> int:
    """Return how many messages of a shop should be sent now."""
    waiting: int = await pool().fetchval(_WAITING, wall_now(), shop_id)
    return waiting


async def _see_to(shop_id: UUID, message_id: UUID) -> None:
    message = await pool().fetchrow(_LOAD, shop_id, message_id)
    if message is None:
        return
    facts = await _facts(message)
    hindered = _hindrance(message, facts)
    if hindered is not None or facts is None:
        await _end(message, hindered or _End(MessageState.FAILED, "GONE"))
    elif not await take_quota(shop_id, message["identity_id"], message["template_id"], message_id):
        await _end(message, _End(MessageState.UNWANTED, "NOT_AGREED"))
    else:
        await _ask(message, facts)


async def _facts(message: Record) -> Record | None:
    kind = MESSAGE_EVENTS.get(message["event"])
    if kind is None:
        return None
    found: Record | None = await pool().fetchrow(kind.facts, message["shop_id"], message["subject_id"])
    return found


def _hindrance(message: Record, facts: Record | None) -> _End | None:
    """Return why a message is not sent at all; None when nothing is in the way."""
    knows = not message["may_have_arrived"]
    gives_back = knows and message["holds_quota"]
    if message["template_id"] is None:
        return _End(MessageState.FAILED, "NO_TEMPLATE")
    if message["attempts"] > ATTEMPTS_MAX:
        return _End(MessageState.FAILED, "GIVEN_UP", gives_back=gives_back)
    if not knows and message["remaining"] > 0:
        return _End(MessageState.FAILED, "ANSWER_LOST")
    if facts and not facts["stands"]:
        return _End(MessageState.UNWANTED, "OVER", gives_back=gives_back)
    if facts is None:
        return _End(MessageState.FAILED, "GONE", gives_back=gives_back)
    return None


async def _ask(message: Record, facts: Record) -> None:
    knows, is_last = not message["may_have_arrived"], message["attempts"] >= ATTEMPTS_MAX
    try:
        await failpoint("message.before_call")
        await _send(message, facts)
        await failpoint("message.after_call")
    except MessageNotWanted as refused:
        # What WeChat had was used for this one before its answer got lost, or there was none.
        state = MessageState.UNWANTED if knows else MessageState.SENT
        await _end(message, _End(state, str(refused.errcode), uses_up=True))
    except LostAnswer:
        if is_last:
            await _end(message, _End(MessageState.FAILED, "ANSWER_LOST"))
        else:
            await _again(message, "ANSWER_LOST", may_have_arrived=True)
    except WechatError as fault:
        if fault.retry_after_seconds is None or is_last:
            await _end(message, _End(MessageState.FAILED, _said(fault), gives_back=knows))
        else:
            await _again(message, _said(fault), at_least=fault.retry_after_seconds, may_have_arrived=not knows)
    except (NoSandboxError, SealBrokenError) as fault:
        await _end(message, _End(MessageState.FAILED, type(fault).__name__, gives_back=knows))
    else:
        await _end(message, _End(MessageState.SENT))


async def _send(message: Record, facts: Record) -> None:
    app = await WechatApp.get(shop_id=message["shop_id"], id=message["app_id"])
    await (
        wechat()
        .mini_program(app)
        .send_message(
            message["openid"],
            message["template_id"],
            written(orjson.loads(message["keywords"]), dict(facts)),
            page=_page(message, facts),
        )
    )


def _page(message: Record, facts: Record) -> str:
    """What the message opens, with ids for the words that stand in it."""
    page: str = message["page"]
    order_id = encode_id("ord", message["order_id"]) if message["order_id"] else ""
    for word, (prefix, fact) in MESSAGE_EVENTS[message["event"]].page_words.items():
        page = page.replace(word, encode_id(prefix, facts[fact]))
    return page.replace(ORDER_WORD, order_id)


def _said(fault: WechatError) -> str:
    """Name what WeChat said, and the keyword that it took exception to."""
    keyword = f" {fault.keyword}" if isinstance(fault, MessageInvalid) and fault.keyword else ""
    return f"{fault.errcode or type(fault).__name__}{keyword}"


@retried
async def _end(message: Record, end: _End) -> None:
    place = (message["shop_id"], message["identity_id"], message["template_id"])
    sent_at = wall_now() if end.state is MessageState.SENT else None
    async with transaction() as sql:
        ended = await sql.fetchval(_END, message["shop_id"], message["id"], end.state, sent_at, end.error)
        if ended is not None and end.uses_up:
            await quota_used_up(sql, *place)
        elif ended is not None and end.gives_back:
            await give_back_quota(sql, *place)
    if end.state is MessageState.FAILED:
        log("message_failed", level="error", message=message["id"].hex, kind=message["event"], why=end.error)


async def _again(message: Record, why: str, *, may_have_arrived: bool, at_least: float = 0.0) -> None:
    pause = min(max(at_least, BACKOFF_SECONDS ** message["attempts"]), BACKOFF_SECONDS_MAX)
    later = wall_now() + timedelta(seconds=pause)
    await pool().execute(_AGAIN, message["shop_id"], message["id"], later, why, may_have_arrived)
    log("message_again", level="warning", message=message["id"].hex, kind=message["event"], why=why)
