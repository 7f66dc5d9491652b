"""What a promoter who works here shared, and what came of it."""

from typing import Final

import strawberry

from engine.declare import column, field, one, reads, value
from models.share_link import ShareLink as ShareLinkRow
from schema.connection import Connection
from schema.money import Money
from schema.share_link import ShareLink

# By the index visit_share_link.
_VISITS: Final = """
select count(*)::int as visits, count(distinct v.visitor_id)::int as visitors from visit v
where v.shop_id = {p}.shop_id and v.share_link_id = {p}.id and v.counts and not v.is_self_share
"""
# By the index order_share_link. What the promoter bought by a link of their own is nobody's.
_ORDERS: Final = """
select count(*)::int as placed, count(o.paid_at)::int as paid, coalesce(sum(o.paid_fen), 0)::bigint as paid_fen,
       coalesce(sum(o.refunded_fen), 0)::bigint as refunded_fen
from orders o where o.shop_id = {p}.shop_id and o.share_link_id = {p}.id and o.promoter_id = {p}.promoter_id
"""


@reads()
@strawberry.type(description="Who came by a share link. Crawlers, test builds and the promoter's own visits count not.")
class ShareVisits:
    """Derived."""

    total: int = field(column("visits"), description="Visits.")
    visitors: int = field(description="Devices they were made from.")


@reads()
@strawberry.type(description="What was bought by a share link.")
class ShareOrders:
    """Derived."""

    placed: int = field(description="Orders that were placed, whatever became of them.")
    paid: int = field(description="How many of them were paid.")
    paid_total: Money = field(value("{t}.paid_fen"), description="What was paid for these, refunds not taken off.")
    refunded_total: Money = field(value("{t}.refunded_fen"), description="How much of it went back.")


# Nobody's links but those of the promoter who is this member of staff, whatever else they may do.
@reads(
    ShareLinkRow,
    scope="{t}.shop_id = {shop} and {t}.promoter_id ="
    " (select m.id from promoter m where m.shop_id = {shop} and m.staff_id = {staff})",
)
@strawberry.type(description="A share link of one's own, and what came of it.")
class OwnShareLink:
    """What others passed on from it is theirs, and not counted here."""

    share_link: ShareLink = field(one("{t}.id = {p}.id"), description="The link: token, target, channel, age.")
    visits: ShareVisits = field(one(rows=_VISITS), description="Who came by it.")
    orders: ShareOrders = field(one(rows=_ORDERS), description="What was bought by it.")


OwnShareLinkConnection = Connection[OwnShareLink]
