"""Telling WeChat how teams stand: due work, outside of any transaction, each card in one worker's hands.

Only how the team stands now is told, so what happens meanwhile is left out, and the last word is how it ended. A team
whose card's id has come to an end gets another one while it forms; after that there is nothing left to say.
"""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from asyncpg import Record

from clock import wall_now
from logs import log
from models.database import pool, transaction
from models.failpoint import failpoint
from models.group_buy import TeamState
from models.group_buy_card import CardTelling
from models.wechat_app import WechatApp
from resolvers.group_buy_step import TEAM_COLUMNS, tell_team
from resolvers.landing_path import landing_path
from resolvers.retried import retried
from sealing import SealBrokenError
from wechat.client import MiniProgram
from wechat.connection import NoSandboxError, wechat
from wechat.dynamic_message import Activity, Card, CardState, create_activity, update_card
from wechat.errors import AccessTokenInvalid, ActivityOver, CardStateRefused, LostAnswer, WechatError

PAUSES_SECONDS: Final = (2, 10, 60, 300, 900, 1800)
ATTEMPTS_MAX: Final = 10
LEASE_SECONDS: Final = 60
"""Longer than WeChat is waited for, three times over: a token, an id, an update."""

BATCH_CARDS: Final = 50
AT_ONCE: Final = 8
OVER: Final = "OVER"

# Partial index group_buy_card_due. A rival's claim is skipped; once committed, the recheck of the lease drops the row.
_CLAIM: Final = """
update group_buy_card set leased_until = $2, attempts = attempts + 1
where id in (
    select id from group_buy_card
    where next_attempt_at <= $1 and (leased_until is null or leased_until <= $1) and ($3::uuid is null or shop_id = $3)
    order by next_attempt_at limit $4 for update skip locked
)
returning shop_id, id, leased_until
"""
_LOAD: Final = """
select card.shop_id, card.id, card.revision, card.told, card.attempts, card.leased_until, card.app_id, card.team_id,
       team.state, team.joined, team.size, team.activity_id, team.activity_expires_at, app.landing_page, link.token
from group_buy_card card
join group_buy_team team on team.shop_id = $1 and team.id = card.team_id
join wechat_app app on app.shop_id = $1 and app.id = card.app_id
left join share_link link on link.shop_id = $1 and link.id = team.share_link_id
where card.shop_id = $1 and card.id = $2 and card.leased_until = $3
"""
_KEEP_ACTIVITY: Final = f"""
update group_buy_team set activity_id = $3, activity_expires_at = $4, version = version + 1
where shop_id = $1 and id = $2 returning {TEAM_COLUMNS}
"""  # noqa: S608 - fixed words
_FORGET_ACTIVITY: Final = """
update group_buy_team set activity_id = null, activity_expires_at = null
where shop_id = $1 and id = $2 and activity_id = $3
"""
# From the question to its answer nobody knows what the cards say.
_ASK: Final = "update group_buy_card set told = '' where shop_id = $1 and id = $2"
# Of a change that came meanwhile nothing is told yet: it is due as it stands.
_END: Final = """
update group_buy_card
set leased_until = null, attempts = 0, last_error = $5, told = $9,
    telling = case when revision = $4 then $6 else telling end,
    next_attempt_at = case when revision = $4 then $7::timestamptz else $8::timestamptz end
where shop_id = $1 and id = $2 and leased_until = $3
returning id
"""
_AGAIN: Final = """
update group_buy_card set leased_until = null, telling = 'WAITING', next_attempt_at = $5, last_error = $4
where shop_id = $1 and id = $2 and leased_until = $3
"""
# Somebody else may have told of a later state before us.
_ONCE_MORE: Final = """
update group_buy_card set telling = 'WAITING', revision = revision + 1, told = '', next_attempt_at = $3
where shop_id = $1 and id = $2
"""


@dataclass(frozen=True, slots=True)
class _End:
    """How telling ended: what the cards say now, empty when nobody knows, and when their id has to be another."""

    telling: CardTelling
    error: str = ""
    told: str = ""
    renewed_at: datetime | None = None


async def update_cards(wall: datetime, shop_id: UUID | None) -> int:
    """Tell WeChat of every team that is due, of one shop or of all; returns how many. Due work, by wall time."""
    done = 0
    limit = asyncio.Semaphore(AT_ONCE)

    async def one(row: Record) -> None:
        async with limit:
            await _see_to(row["shop_id"], row["id"], row["leased_until"])

    while due := await pool().fetch(_CLAIM, wall, wall_now() + timedelta(seconds=LEASE_SECONDS), shop_id, BATCH_CARDS):
        await asyncio.gather(*(one(row) for row in due))
        done += len(due)
        if len(due) < BATCH_CARDS:
            break
    return done


async def _see_to(shop_id: UUID, card_id: UUID, leased_until: datetime) -> None:
    job = await pool().fetchrow(_LOAD, shop_id, card_id, leased_until)
    app = await WechatApp.get_or_none(shop_id=shop_id, id=job["app_id"]) if job else None
    if job is None or app is None:
        return
    try:
        await _end(job, await _tell(wechat().mini_program(app), job))
    except (WechatError, NoSandboxError, SealBrokenError) as fault:
        if _is_final(fault) or job["attempts"] >= ATTEMPTS_MAX:
            log("card_given_up", level="error", team=job["team_id"].hex, fault=_said(fault))
            await _end(job, _End(CardTelling.FAILED, _said(fault)))
        else:
            log("card_again", level="warning", team=job["team_id"].hex, fault=_said(fault))
            await pool().execute(_AGAIN, shop_id, card_id, leased_until, _said(fault), _later(job["attempts"], fault))


async def _tell(app: MiniProgram, job: Record) -> _End:
    """Have the cards say how the team stands, or make the id of new ones. Raises WechatError."""
    is_forming = job["state"] == TeamState.FORMING
    if job["activity_id"] is not None and job["activity_expires_at"] > wall_now():
        told = await _say(app, job)
        if told is not None:
            return replace(told, renewed_at=job["activity_expires_at"] if is_forming else None)
    elif is_forming:
        made = await create_activity(app)
        await failpoint("card.made")
        await _keep(job, made)
        return _End(CardTelling.DONE, renewed_at=made.expires_at)
    return _End(CardTelling.DONE, OVER)


async def _say(app: MiniProgram, job: Record) -> _End | None:
    """Have the cards of an id say how the team stands; None when it came to an end, and so did the team.

    Raises WechatError; ActivityOver of a team that still forms, whose id is then forgotten.
    """
    card = _card(job)
    words = f"{job['activity_id']} {card.state.name} {card.member_count}/{card.room_limit} {card.path}"
    if words == job["told"]:
        return _End(CardTelling.DONE, told=words)
    await pool().execute(_ASK, job["shop_id"], job["id"])
    await failpoint("card.before_call")
    try:
        await update_card(app, job["activity_id"], card)
    except CardStateRefused as refused:
        # It says so already, for an answer got lost; or WeChat has no word for it, and it ends by itself.
        return _End(CardTelling.DONE, _said(refused), words)
    except ActivityOver:
        if job["state"] != TeamState.FORMING:
            return None
        await pool().execute(_FORGET_ACTIVITY, job["shop_id"], job["team_id"], job["activity_id"])
        raise
    await failpoint("card.after_call")
    return _End(CardTelling.DONE, told=words)


@retried
async def _keep(job: Record, made: Activity) -> None:
    """Keep an id, and tell pages of it: by the same event the cards are told how the team stands."""
    async with transaction() as sql:
        team = await sql.fetchrow(_KEEP_ACTIVITY, job["shop_id"], job["team_id"], made.id, made.expires_at)
        await tell_team(sql, job["shop_id"], team)


def _card(job: Record) -> Card:
    page: str = job["landing_page"]
    path = landing_path(job["token"], page) if job["token"] else page
    return Card(_STATES[TeamState(job["state"])], job["joined"], job["size"], path)


_STATES: Final = {
    TeamState.FORMING: CardState.JOINING,
    TeamState.SUCCEEDED: CardState.STARTED,
    TeamState.FAILED: CardState.ENDED,
}


async def _end(job: Record, end: _End) -> None:
    now, at = wall_now(), (job["shop_id"], job["id"])
    ended = await pool().fetchval(
        _END, *at, job["leased_until"], job["revision"], end.error, end.telling, end.renewed_at, now, end.told
    )
    if ended is None:
        await pool().execute(_ONCE_MORE, *at, now)


def _is_final(fault: Exception) -> bool:
    """Whether saying the same again never helps. An id that is over is made anew; a lost call may go well next."""
    if isinstance(fault, LostAnswer | AccessTokenInvalid | ActivityOver | NoSandboxError):
        return False
    return not isinstance(fault, WechatError) or fault.retry_after_seconds is None


def _later(attempts: int, fault: Exception) -> datetime:
    pause: float = PAUSES_SECONDS[min(attempts, len(PAUSES_SECONDS)) - 1]
    return wall_now() + timedelta(seconds=max(pause, getattr(fault, "retry_after_seconds", None) or 0))


def _said(fault: Exception) -> str:
    if isinstance(fault, WechatError):
        return f"{type(fault).__name__} {fault.errcode} {fault.rid}".rstrip()
    return type(fault).__name__
