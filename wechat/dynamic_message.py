"""Dynamic messages (动态消息): a card that was shared into a chat, and tells there how many have come.

A page asks for a card with an activity's id (`wx.updateShareMenu`); what is said of the id afterwards shows on every
card that was shared with it, for a day. Saying the same again changes nothing.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any, Final

from wechat.answers import Answer, text_in
from wechat.client import AppVersion, MiniProgram
from wechat.errors import BadAnswer
from wechat.transport import call_of

CREATE: Final = "/cgi-bin/message/wxopen/activityid/create"
UPDATE: Final = "/cgi-bin/message/wxopen/updatablemsg/send"

TEMPLATE_COMPLETE: Final = "666F374D69D16C932E45D7E7D9F10CEF6177F5F5"
"""WeChat's words for a team that becomes complete: 成员正在加入，当前 2/3 人; 已到齐; 已结束. The page names it."""


class CardState(IntEnum):
    """What a card says. JOINING may go to each, STARTED to ENDED alone, which is the last.

    ENDED is in WeChat's guide, but not in its list of values: be ready for CardStateRefused.
    """

    JOINING = 0
    STARTED = 1
    ENDED = 2


@dataclass(frozen=True, slots=True)
class Activity:
    """What cards are shared with."""

    id: str
    expires_at: datetime
    """By the wall's clock; after it the cards say 已结束 by themselves and cannot be changed."""


@dataclass(frozen=True, slots=True)
class Card:
    """What the cards of an activity are to say."""

    state: CardState
    member_count: int
    room_limit: int
    path: str
    """The page behind the button 进入 when it has started, without a slash before it."""
    version: AppVersion = AppVersion.RELEASE


async def create_activity(app: MiniProgram) -> Activity:
    """Make an id for cards. After LostAnswer another is made: the lost one is nobody's."""
    return _activity_in(await app.get(CREATE, {}))


async def update_card(app: MiniProgram, activity_id: str, card: Card) -> None:
    """Have all cards of an activity say this. Raises ActivityOver, CardStateRefused, CardInvalid."""
    said = _STARTED if card.state is CardState.STARTED else _COUNTED
    values = {
        "member_count": str(card.member_count),
        "room_limit": str(card.room_limit),
        "path": card.path,
        "version_type": str(card.version),
    }
    parameters: list[dict[str, Any]] = [{"name": name, "value": values[name]} for name in said]
    body = {"activity_id": activity_id, "target_state": int(card.state)}
    await app.post(UPDATE, body | {"template_info": {"parameter_list": parameters}})


_COUNTED: Final = ("member_count", "room_limit")
_STARTED: Final = ("path", "version_type")


def _activity_in(answer: Answer) -> Activity:
    seconds = answer.get("expiration_time")
    if not isinstance(seconds, int):
        raise BadAnswer(call_of(CREATE))
    try:
        expires_at = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        raise BadAnswer(call_of(CREATE)) from None
    return Activity(text_in(answer, "activity_id", call_of(CREATE)), expires_at)
