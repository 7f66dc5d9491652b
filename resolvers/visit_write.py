"""Visits on their way into the database: many at once, each once, completed by whatever is told later."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from models.database import pool
from models.scene import SceneGroup
from models.visit import AttributionSource
from resolvers.attribution import Attribution, Facts, Share, attribute
from resolvers.rows import Row, as_json

# What the first to tell it fills, column by column; `share_link_id` is found by the token that was told.
_FILLED: Final = (
    "customer_id", "app_id", "path", "query", "scene_value", "scene_group", "share_link_id", "told_channel",
    "told_campaign", "ad_click_id", "article", "open_gid", "referrer_appid", "platform", "client_time",
)  # fmt: skip
_EVIDENCE: Final = ("scene_group", "share_link_id", "told_channel", "told_campaign", "ad_click_id")


def _each(template: str, columns: Sequence[str], glue: str) -> str:
    return glue.join(template.format(column) for column in columns)


# One statement for any number of visits, in the order of their key, so that two processes with the same visits wait for
# each other and never in a circle. Look-ups by primary or unique key for each row. What a shop or customer that has
# gone in the meantime would break is left out by the joins. Only who began a visit may complete it. A row that says
# nothing new is locked, not written. Gives the rows that have evidence, with the link and the promoter behind it.
_WRITE: Final = f"""
with told as (
    select * from json_to_recordset($1::json) as told (
        id uuid, shop_id uuid, visit_id uuid, visitor_id uuid, customer_id uuid, app_id uuid, arrived_at timestamptz,
        path text, query text, scene_value integer, share_token text, told_channel text, told_campaign text,
        ad_click_id text, article text, open_gid text, referrer_appid text, platform text, client_time timestamptz
    )
), written as (
    insert into visit as stored (
        id, shop_id, visit_id, visitor_id, arrived_at, counts, source, is_self_share, {", ".join(_FILLED)}
    )
    select told.id, told.shop_id, told.visit_id, told.visitor_id, told.arrived_at, coalesce(scene.counts, true),
           'DIRECT', false, coalesce(customer.merged_into, customer.id), app.id, told.path, told.query,
           told.scene_value, case when told.scene_value is not null then coalesce(scene.scene_group, 'OTHER') end,
           link.id, told.told_channel, told.told_campaign, told.ad_click_id, told.article, told.open_gid,
           told.referrer_appid, told.platform, told.client_time
    from told
    join shop on shop.id = told.shop_id
    left join wechat_app app on app.shop_id = told.shop_id and app.id = told.app_id
    left join customer on customer.shop_id = told.shop_id and customer.id = told.customer_id
    left join scene on scene.value = told.scene_value
    left join share_link link on link.shop_id = told.shop_id and link.token = told.share_token
    order by told.shop_id, told.visit_id
    on conflict (shop_id, visit_id) do update set
        counts = stored.counts and excluded.counts, {_each("{0} = coalesce(stored.{0}, excluded.{0})", _FILLED, ", ")}
    where stored.visitor_id = excluded.visitor_id
      and ({_each("stored.{0} is null and excluded.{0} is not null", _FILLED, " or ")})
    returning *
)
select written.*, link.customer_id as sharer_id, link.visitor_id as shared_from, link.channel as link_channel,
       link.campaign as link_campaign, link.expires_at, link.promoter_id as link_promoter_id,
       promoter.active as is_promoting, promoter.customer_id as promoter_customer_id
from written
left join share_link link on link.shop_id = written.shop_id and link.id = written.share_link_id
left join promoter on promoter.shop_id = link.shop_id and promoter.id = link.promoter_id
where {_each("written.{} is not null", _EVIDENCE, " or ")}
"""  # noqa: S608 - names of our own columns

# Primary key, checked against the shop.
_OWE: Final = """
update visit set source = owed.source, promoter_id = owed.promoter_id, channel = owed.channel,
                 campaign = owed.campaign, is_self_share = owed.is_self_share
from json_to_recordset($1::json) as owed (
    id uuid, shop_id uuid, source text, promoter_id uuid, channel text, campaign text, is_self_share boolean
)
where visit.id = owed.id and visit.shop_id = owed.shop_id
"""


async def write_visits(visits: Sequence[Row]) -> None:
    """Write visits, each with an id of its own, and say what each is owed to; all in one transaction.

    Raises what the database refuses; then nothing was written.
    """
    async with pool().acquire() as sql, sql.transaction():
        rows = [dict(row) for row in await sql.fetch(_WRITE, as_json(visits))]
        owed = [_owed(row, attribution) for row in rows if _differs(row, attribution := attribute(_facts(row)))]
        if owed:
            await sql.execute(_OWE, as_json(owed))


def _facts(row: Mapping[str, Any]) -> Facts:
    group = row["scene_group"]
    return Facts(
        arrived_at=row["arrived_at"],
        visitor_id=row["visitor_id"],
        customer_id=row["customer_id"],
        share=_share(row) if row["share_link_id"] else None,
        channel=row["told_channel"],
        campaign=row["told_campaign"],
        ad_click_id=row["ad_click_id"],
        scene_group=SceneGroup(group) if group else None,
    )


def _share(row: Mapping[str, Any]) -> Share:
    owners = {row["sharer_id"], row["promoter_customer_id"]}
    return Share(
        promoter_id=row["link_promoter_id"],
        is_promoting=row["is_promoting"] is not False,
        owners=frozenset(owner for owner in owners if owner is not None),
        shared_from=row["shared_from"],
        channel=row["link_channel"],
        campaign=row["link_campaign"],
        expires_at=row["expires_at"],
    )


def _differs(row: Mapping[str, Any], attribution: Attribution) -> bool:
    stands = Attribution(
        source=AttributionSource(row["source"]),
        promoter_id=row["promoter_id"],
        channel=row["channel"],
        campaign=row["campaign"],
        is_self_share=row["is_self_share"],
    )
    return stands != attribution


def _owed(row: Mapping[str, Any], attribution: Attribution) -> Row:
    return {
        "id": row["id"],
        "shop_id": row["shop_id"],
        "source": attribution.source,
        "promoter_id": attribution.promoter_id,
        "channel": attribution.channel,
        "campaign": attribution.campaign,
        "is_self_share": attribution.is_self_share,
    }
