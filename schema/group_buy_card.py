"""The card by which a team is passed on into a chat."""

from typing import Final

import strawberry

from engine.declare import expression, field, one, reads
from models.wechat_app import LANDING_PAGE
from schema.group_buy_team_terms import MISSING, PRICE_NOW
from schema.scalars import Url

_MISSING: Final = MISSING.replace("{t}", "{p}")
_PRICE: Final = f"({PRICE_NOW.replace('{t}', '{p}')}::numeric / 100)::numeric(20, 2)"
CARD: Final = one(
    rows=f"""
select case when {_MISSING} > 0 then concat('还差', {_MISSING}, '人，¥', {_PRICE}, ' 一起拼：')
            when {{p}}.state = 'SUCCEEDED' then '已成团：' else '' end || b.title as title,
    (select i.url from media i where i.shop_id = {{shop}} and i.product_id = b.product_id and i.kind = 'IMAGE'
     order by i.position, i.id limit 1) as image_url,
    (select l.token from share_link l where l.shop_id = {{shop}} and l.id = {{p}}.share_link_id) as token,
    {{p}}.activity_id, coalesce((
        select a.landing_page from group_buy_card c join wechat_app a on a.shop_id = c.shop_id and a.id = c.app_id
        where c.shop_id = {{shop}} and c.team_id = {{p}}.id
    ), '{LANDING_PAGE}') as page
from group_buy b where b.shop_id = {{shop}} and b.id = {{p}}.group_buy_id
"""
)
"""Of a team."""


@reads()
@strawberry.type(description="The card by which a team is passed on into a chat: give it to `onShareAppMessage`.")
class GroupBuyShareCard:
    """Derived: title, image_url, token, page, activity_id."""

    title: str = field(description="How many are missing, and for what.")
    image_url: Url | None = field(description="The product's first picture; null when there is none.")
    path: str | None = field(
        expression("({t}.page || '?st=' || {t}.token)"),
        description="The page that opens, with the share link of whoever started the team; null when it has none. For"
        " a card of one's own make a link by `shareCreate` and put its token behind `st=`.",
    )
    activity_id: str | None = field(
        description="Give it to `wx.updateShareMenu` as `activityId`, so that the card counts up; null when there is"
        " none, as in the first moments. It holds for a day and is then another."
    )
