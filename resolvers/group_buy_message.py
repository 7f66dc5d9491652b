"""What members of a team are told by WeChat: that somebody joined, that one is missing, and how it ended.

Each member is told of each at most once in a team, whatever happens in it. A seat is what a message is about, for it
leads to the order, and so to the app, in which somebody joined; seats that nobody has hear nothing.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from asyncpg import Record

from models.database import pool
from resolvers.group_buy_step import TOPIC
from resolvers.message_kind import OF_ORDER, ORDER_FACTS, MessageEvent

REMIND_MINUTES: Final = 120
BATCH: Final = 200
EXPIRING: Final = "GROUP_BUY_EXPIRING"

_TEAM_VALUES: Final = ("TEAM_SIZE", "TEAM_JOINED", "TEAM_MISSING", "TEAM_EXPIRES_AT")
_MISSING: Final = "greatest((team.terms -> 'tierSizes' ->> 0)::int - team.joined, 0)"
_IS_FORMING: Final = "team.state = 'FORMING' and seat.state = 'JOINED'"
# Who came last knows who is in it.
_AND_ANOTHER_CAME: Final = """exists (
    select from group_buy_seat newer
    where newer.shop_id = seat.shop_id and newer.team_id = seat.team_id and newer.state = 'JOINED'
      and (newer.joined_at, newer.id) > (seat.joined_at, seat.id)
)"""
# Neither whoever left before, whose order was refunded for that, nor whoever had no place in it while it was forming.
_HAS_FAILED: Final = """team.state = 'FAILED' and seat.state in ('REFUNDING', 'REFUNDED')
    and seat.ended_at >= team.ended_at and not exists (
        select from refund other where other.shop_id = seat.shop_id and other.id = seat.refund_id
          and other.reason <> 'GROUP_FAILED'
    )"""

_SEAT: Final = """(select * from group_buy_seat where shop_id = $1 and id = $2) seat
join group_buy_team team on team.shop_id = seat.shop_id and team.id = seat.team_id
join orders o on o.shop_id = seat.shop_id and o.id = seat.order_id"""
_MORE: Final = f""", seat.team_id, team.size as team_size, team.joined as team_joined, {_MISSING} as team_missing,
       team.expires_at as team_expires_at, coalesce((
           select back.amount_fen from refund back where back.shop_id = seat.shop_id and back.id = seat.refund_id
       ), o.total_fen) as refund_amount, (
           select coalesce(nullif(left(person.nickname, 1), ''), '*') || '**'
           from group_buy_seat newest
           join customer person on person.shop_id = newest.shop_id and person.id = newest.customer_id
           where newest.shop_id = seat.shop_id and newest.team_id = seat.team_id and newest.state = 'JOINED'
             and newest.id <> seat.id
           order by newest.joined_at desc, newest.id desc limit 1
       ) as team_newest"""  # noqa: S608 - fixed words
_OCCASION: Final = "replace(seat.team_id::text, '-', '') || ' ' || replace(seat.customer_id::text, '-', '')"
_PEOPLE: Final = f"""
select seat.id as subject_id, {_OCCASION} as occasion
from group_buy_seat seat join group_buy_team team on team.shop_id = $1 and team.id = seat.team_id
where seat.shop_id = $1 and seat.team_id = $2 and seat.customer_id is not null and """  # noqa: S608 - fixed words


def _event(name: str, stands: str, *values: str, topic: str = TOPIC) -> MessageEvent:
    """An event of a team, told to those members of whom `stands` is true."""
    return MessageEvent(
        name,
        (*OF_ORDER, *_TEAM_VALUES, *values),
        ORDER_FACTS.format(stands=stands, more=_MORE, subject=_SEAT),
        topic,
        people=_PEOPLE + stands if topic else "",
        page_words={"{teamId}": ("gbt", "team_id")},
    )


GROUP_BUY_EVENTS: Final = (
    _event("GROUP_BUY_JOINED", f"{_IS_FORMING} and {_AND_ANOTHER_CAME}", "TEAM_NEWEST"),
    _event("GROUP_BUY_ONE_MISSING", f"{_IS_FORMING} and {_MISSING} = 1 and {_AND_ANOTHER_CAME}"),
    _event("GROUP_BUY_SUCCEEDED", "team.state = 'SUCCEEDED' and seat.state = 'FULFILLING'"),
    _event("GROUP_BUY_FAILED", _HAS_FAILED, "REFUND_AMOUNT"),
    _event(EXPIRING, f"{_IS_FORMING} and {_MISSING} > 0", topic=""),
)

# Half of a team's time at most. Index group_buy_team_shop_due (shop_id, expires_at), of teams that are forming.
_REMIND_AT: Final = (
    f"team.expires_at - least(interval '{REMIND_MINUTES} minutes', (team.expires_at - team.started_at) / 2)"
)
_DUE: Final = f"""
select seat.shop_id, seat.id as subject_id, {_OCCASION} as occasion from shop
cross join lateral (
    select $1::timestamptz + shop.clock_offset_ms * interval '1 millisecond' as now
) clock
join group_buy_team team on team.shop_id = shop.id and team.state = 'FORMING' and team.expires_at > clock.now
     and team.expires_at <= clock.now + interval '{REMIND_MINUTES} minutes'
join group_buy_seat seat on seat.shop_id = shop.id and seat.team_id = team.id and seat.state = 'JOINED'
join orders o on o.shop_id = shop.id and o.id = seat.order_id
where ($2::uuid is null or shop.id = $2) and {_REMIND_AT} <= clock.now and {_MISSING} > 0
  and exists (
      select from message_template template
      where template.shop_id = shop.id and template.app_id = o.app_id and template.event = '{EXPIRING}'
        and template.active
  )
  and not exists (
      select from message
      where message.shop_id = shop.id and message.event = '{EXPIRING}' and message.occasion = {_OCCASION}
  )
order by team.expires_at limit $3
"""  # noqa: S608 - fixed words
_NEXT: Final = f"""
select min({_REMIND_AT}) from group_buy_team team
where team.shop_id = $1 and team.state = 'FORMING' and {_REMIND_AT} > $2
"""  # noqa: S608 - fixed words


async def expiring_seats(wall: datetime, shop_id: UUID | None) -> list[Record]:
    """Return whom to remind: shop_id, subject_id, occasion of those whose team is nearly over, on its shop's clock."""
    return list(await pool().fetch(_DUE, wall, shop_id, BATCH))


async def next_team_reminder(shop_id: UUID, after: datetime) -> datetime | None:
    """Return the first moment after `after`, on the shop's clock, at which members of a team are to be reminded."""
    found: datetime | None = await pool().fetchval(_NEXT, shop_id, after)
    return found
