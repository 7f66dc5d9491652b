"""Words of customers that others will read: WeChat looks at them first, outside of any transaction."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from models.database import pool
from models.refusal import Refusal, UserErrorCode
from models.wechat_app import WechatApp
from resolvers.caller import Caller
from resolvers.wechat_exchange import mini_program_of
from resolvers.wechat_refusal import refusal_of
from wechat.answers import Suggestion
from wechat.client import TextPlace
from wechat.connection import wechat
from wechat.errors import NotSeenLately, WechatError

# Index (shop_id, customer_id). One identity in each app, but for people who have two accounts and one phone.
_OPENID: Final = """
select openid from identity where shop_id = $1 and customer_id = $2 and appid = $3 order by seen_at desc limit 1
"""


async def openid_of(caller: Caller, app: WechatApp, customer_id: UUID) -> str | None:
    """Return how WeChat calls a customer in an app; None for who never logged in there."""
    openid: str | None = await pool().fetchval(_OPENID, caller.shop_id, customer_id, app.appid)
    return openid


async def look_at_words(
    caller: Caller, customer_id: UUID, words: str, place: TextPlace, field: str
) -> Suggestion | None:
    """Return what WeChat thinks of a text of at most 2500 characters; None when a person has to look at it.

    Raises Refusal NOT_ALLOWED outside of a mini-program, LOGIN_REQUIRED, and whatever WeChat refuses, at `field`.
    """
    app = await mini_program_of(caller)
    openid = await openid_of(caller, app, customer_id)
    if openid is None:
        raise Refusal(UserErrorCode.LOGIN_REQUIRED, "请先登录", "Log in through this app first")
    try:
        verdict = await wechat().mini_program(app).check_text(openid, words, place)
    except NotSeenLately:
        return None
    except WechatError as error:
        raise refusal_of(error, field) from None
    return verdict.suggestion


def words_rejected(field: Sequence[str]) -> Refusal:
    """Return the refusal of words that WeChat takes exception to."""
    return Refusal(UserErrorCode.CONTENT_REJECTED, "内容不合规，请修改", "WeChat takes exception to this text", *field)
