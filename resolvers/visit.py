"""What is told of a visit: that somebody came, and how. Nothing here waits for the database."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from models.refusal import Refusal, RetryRefusal, UserErrorCode
from resolvers.caller import ActorKind, Caller
from resolvers.checks import Checks
from resolvers.rows import Row
from resolvers.visit_address import evidence_in, filtered_path, filtered_query, share_token
from resolvers.visit_recorder import VisitRecorder, visit_recorder

PATH_CHARS_MAX: Final = 1024
QUERY_CHARS_MAX: Final = 2048
ARTICLE_CHARS_MAX: Final = 512
OPEN_GID_CHARS_MAX: Final = 128
WORD_CHARS_MAX: Final = 64
APPID_CHARS_MAX: Final = 32
SCENE_MAX: Final = 99_999
RETRY_AFTER_MS: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitDetails:
    """How somebody came, as a client tells it; None where it says nothing.

    `share_token` is a token or a code's scene string. The query may name token, campaign, channel and ad click too;
    what is given beside it goes before.
    """

    path: str | None = None
    query: str | None = None
    scene_value: int | None = None
    share_token: str | None = None
    channel: str | None = None
    campaign: str | None = None
    article: str | None = None
    open_gid: str | None = None
    referrer_appid: str | None = None
    platform: str | None = None
    client_time: datetime | None = None


def visit_arrived(caller: Caller) -> None:
    """Note that a request belongs to a visit; a set look-up for all but the first request of a visit."""
    recorder = visit_recorder()
    if recorder is None or caller.visit_id is None or caller.visitor_id is None or not _is_visiting(caller):
        return
    customer_id = caller.subject_id
    if not recorder.knows(caller.shop_id, caller.visit_id, customer_id):
        recorder.add(_row(caller, caller.visit_id, caller.visitor_id))


def visit_told(caller: Caller, details: VisitDetails) -> None:
    """Note how the caller's visit began, from a request that was made for something else; no visit, no note."""
    recorder = visit_recorder()
    if recorder is not None and caller.visit_id and caller.visitor_id and _is_visiting(caller):
        recorder.add(_row(caller, caller.visit_id, caller.visitor_id) | _columns(details))


async def visit_track(caller: Caller, visit_id: UUID | None, details: VisitDetails) -> UUID:
    """Note how a visit began, known by the id that the client made for it; told twice, the first telling stays.

    Crawlers are heard and not counted. Raises Refusals: INVALID for an id that is no UUID or without a visitor,
    NOT_ALLOWED for staff, TOO_LONG, OUT_OF_RANGE; RetryRefusal BUSY when too many visits wait to be written.
    """
    _check(details)
    recorder = _required_recorder()
    if visit_id is None:
        raise Refusal(UserErrorCode.INVALID, "访问标识须为 UUID", "A visit id is a UUID", "visitId")
    if caller.visitor_id is None:
        raise Refusal(
            UserErrorCode.INVALID, "缺少 X-Visitor-Id 请求头", "The X-Visitor-Id header is needed to note a visit"
        )
    if caller.is_staff:
        raise Refusal(UserErrorCode.NOT_ALLOWED, "员工的请求不计为访问", "Staff do not visit their own shop")
    if _is_visiting(caller) and not recorder.add(_row(caller, visit_id, caller.visitor_id) | _columns(details)):
        raise RetryRefusal(
            UserErrorCode.BUSY,
            "访问过多，请稍后重试",
            "Too many visits wait to be noted; try again shortly",
            retry_after_ms=RETRY_AFTER_MS,
        )
    return visit_id


def _is_visiting(caller: Caller) -> bool:
    return not caller.is_bot and caller.actor in {ActorKind.VISITOR, ActorKind.CUSTOMER}


def _row(caller: Caller, visit_id: UUID, visitor_id: UUID) -> Row:
    return {
        "shop_id": caller.shop_id,
        "visit_id": visit_id,
        "visitor_id": visitor_id,
        "customer_id": caller.subject_id,
        "app_id": caller.app_id,
        "arrived_at": caller.now,
    }


def _columns(details: VisitDetails) -> dict[str, Any]:
    """Return what was said as columns; a path may carry the query with it."""
    path, _, tail = (details.path or "").partition("?")
    query = details.query or tail
    found = evidence_in(query)
    return {
        "path": filtered_path(path) or None,
        "query": filtered_query(query) or None,
        "scene_value": details.scene_value,
        "share_token": share_token(details.share_token) or found.token,
        "told_channel": details.channel or found.channel,
        "told_campaign": details.campaign or found.campaign,
        "ad_click_id": found.ad_click_id,
        "article": details.article or None,
        "open_gid": details.open_gid or None,
        "referrer_appid": details.referrer_appid or None,
        "platform": details.platform or None,
        "client_time": details.client_time,
    }


def _check(details: VisitDetails) -> None:
    checks = Checks("input")
    checks.text(details.path, "path", chars=PATH_CHARS_MAX)
    checks.text(details.query, "query", chars=QUERY_CHARS_MAX)
    checks.number(details.scene_value, "scene", least=1, most=SCENE_MAX)
    checks.text(details.share_token, "shareToken", chars=WORD_CHARS_MAX)
    checks.text(details.channel, "channel", chars=WORD_CHARS_MAX)
    checks.text(details.campaign, "campaign", chars=WORD_CHARS_MAX)
    checks.text(details.article, "article", chars=ARTICLE_CHARS_MAX)
    checks.text(details.open_gid, "openGId", chars=OPEN_GID_CHARS_MAX)
    checks.text(details.referrer_appid, "referrerAppid", chars=APPID_CHARS_MAX)
    checks.text(details.platform, "platform", chars=APPID_CHARS_MAX)
    checks.end()


def _required_recorder() -> VisitRecorder:
    recorder = visit_recorder()
    if recorder is None:
        message = "no visits are recorded in this process"
        raise RuntimeError(message)
    return recorder
