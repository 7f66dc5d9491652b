"""Group-buys as a kind of campaign: what they do at each turn of an order's life."""

from typing import Final

from models.campaign import OfferKind
from resolvers.campaign import Campaign
from resolvers.group_buy_facts import read_facts
from resolvers.group_buy_paid import seat_cancelled, seat_paid, seat_refunded
from resolvers.group_buy_place import judge_seat, note_seat, write_seats

STARTS_BY: Final = "groupBuyTeamStart"
JOINS_BY: Final = "groupBuyTeamJoin"

GROUP_BUY: Final = Campaign(
    kind=OfferKind.GROUP_BUY,
    starts_by=STARTS_BY,
    joins_by=JOINS_BY,
    read=read_facts,
    judge=judge_seat,
    note=note_seat,
    write=write_seats,
    paid=seat_paid,
    cancelled=seat_cancelled,
    refunded=seat_refunded,
)
