"""The kinds of campaign there are. A new one is a line here."""

from collections.abc import Iterable, Mapping
from typing import Final

from models.campaign import OfferKind
from resolvers.campaign import Campaign
from resolvers.group_buy_campaign import GROUP_BUY

CAMPAIGNS: Final[Mapping[OfferKind, Campaign]] = {campaign.kind: campaign for campaign in (GROUP_BUY,)}


OFFER_KINDS: Final = """
(select array_agg(distinct line.offer_kind) from order_line line
 where line.shop_id = $1 and line.order_id = {order_id} and line.offer_kind is not null) as offer_kinds
"""
"""What a statement reads of an order, so that nothing more is asked of those that are in no campaign."""


def campaigns_of(kinds: Iterable[str] | None) -> list[Campaign]:
    """Return the campaigns of an order by its `offer_kinds`, in the order of the list above."""
    named = set(kinds or ())
    return [campaign for campaign in CAMPAIGNS.values() if campaign.kind in named]
