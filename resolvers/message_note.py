"""Events become messages to be sent: one for each occasion, to whoever it is about, where the app has a template.

Nothing is sent here. Whatever goes wrong is the outbox's to try again; no order waits for it.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from clock import wall_now
from ids import new_id
from models.database import pool
from resolvers.group_buy_message import EXPIRING, expiring_seats
from resolvers.message_event import MESSAGE_EVENTS
from resolvers.message_kind import MessageEvent, Occasion
from resolvers.outbox import Event

REMIND_MINUTES: Final = 10
BATCH_ORDERS: Final = 200

# The app in which it was ordered, and who the customer is there. Unique (shop_id, event, occasion): once, whoever asks.
_NOTE: Final = """
insert into message (id, shop_id, event, occasion, subject_id, order_id, customer_id, identity_id, app_id, state,
                     holds_quota, may_have_arrived, attempts, next_attempt_at, last_error, created_at)
select $3::uuid, $1, $4::text, $5::text, $2, fact.order_id, fact.customer_id, person.id, app.id, 'WAITING',
       false, false, 0, $6::timestamptz, '', $6::timestamptz
from ({facts}) fact
join message_template template on template.shop_id = $1 and template.app_id = fact.app_id and template.event = $4::text
     and template.active
join wechat_app app on app.shop_id = $1 and app.id = fact.app_id
cross join lateral (
    select id from identity where shop_id = $1 and customer_id = fact.customer_id and appid = app.appid
    order by seen_at desc, id limit 1
) person
where fact.stands
on conflict (shop_id, event, occasion) do nothing
returning id
"""

# Half of the time to pay at most: who has just ordered need not be told. Shops on wall time are found by moment, the
# few whose clock was moved one by one.
_REMIND_AT: Final = f"o.expires_at - least(interval '{REMIND_MINUTES} minutes', (o.expires_at - o.created_at) / 2)"
_EXPIRING: Final = f"""
select o.shop_id, o.id from shop
cross join lateral (
    select $1::timestamptz + shop.clock_offset_ms * interval '1 millisecond' as now
) clock
join orders o on o.shop_id = shop.id and o.status = 'PENDING_PAYMENT' and o.expires_at > clock.now
     and o.expires_at <= clock.now + interval '{REMIND_MINUTES} minutes'
where ($2::uuid is null or shop.id = $2) and {_REMIND_AT} <= clock.now
  and exists (
      select from message_template template
      where template.shop_id = shop.id and template.app_id = o.app_id and template.event = 'ORDER_EXPIRING'
        and template.active
  )
  and not exists (
      select from message
      where message.shop_id = shop.id and message.event = 'ORDER_EXPIRING'
        and message.occasion = replace(o.id::text, '-', '')
  )
order by o.expires_at limit $3
"""  # noqa: S608 - fixed words
_NEXT: Final = f"""
select min({_REMIND_AT}) from orders o where o.shop_id = $1 and o.status = 'PENDING_PAYMENT' and {_REMIND_AT} > $2
"""  # noqa: S608 - fixed words


def _people_of(kinds: Iterable[MessageEvent]) -> str:
    """A select of everybody who is to be told something of one thing ($2), where the shop ($1) has a template for it.

    Whom it was told before is left out: what is asked of a team at each step of it stays as short as what is new.
    """
    return " union all ".join(
        f"""
select '{kind.name}' as event, person.subject_id, person.occasion from ({kind.people}) person
where exists (
    select from message_template template
    where template.shop_id = $1 and template.event = '{kind.name}' and template.active
) and not exists (
    select from message
    where message.shop_id = $1 and message.event = '{kind.name}' and message.occasion = person.occasion
)"""  # noqa: S608 - fixed words
        for kind in kinds
    )


_PEOPLE: Final[Mapping[str, str]] = {
    topic: _people_of(kind for kind in MESSAGE_EVENTS.values() if kind.people and kind.topic == topic)
    for topic in {kind.topic for kind in MESSAGE_EVENTS.values() if kind.people}
}
"""By topic: one statement for all events that tell several people."""


async def note_messages(event: Event) -> None:
    """Write down what is to be told because of an event of the outbox; told twice it is written once."""
    for topic, people in _PEOPLE.items():
        if event.topic.startswith(topic):
            for row in await pool().fetch(people, event.shop_id, event.aggregate_id):
                occasion = Occasion(row["occasion"], row["subject_id"])
                await note_message(event.shop_id, MESSAGE_EVENTS[row["event"]], occasion)
    for kind in MESSAGE_EVENTS.values():
        if kind.topic and event.topic.startswith(kind.topic):
            for occasion in kind.occasions(event):
                await note_message(event.shop_id, kind, occasion)


async def note_message(shop_id: UUID, kind: MessageEvent, occasion: Occasion) -> bool:
    """Write one message down; False when it was before, or there is nobody to tell or no template to tell by."""
    statement = _NOTE.format(facts=kind.facts)
    noted = await pool().fetchval(
        statement, shop_id, occasion.subject_id, new_id(), kind.name, occasion.name, wall_now()
    )
    return noted is not None


async def remind_of_unpaid_orders(wall: datetime, shop_id: UUID | None) -> int:
    """Write down a message for each order whose time to pay is nearly over, on its shop's clock. Due work."""
    kind, noted = MESSAGE_EVENTS["ORDER_EXPIRING"], 0
    for row in await pool().fetch(_EXPIRING, wall, shop_id, BATCH_ORDERS):
        noted += await note_message(row["shop_id"], kind, Occasion(row["id"].hex, row["id"]))
    return noted


async def remind_of_teams(wall: datetime, shop_id: UUID | None) -> int:
    """Write down a message for each member of a team that is nearly over and not complete. Due work."""
    kind, noted = MESSAGE_EVENTS[EXPIRING], 0
    for row in await expiring_seats(wall, shop_id):
        noted += await note_message(row["shop_id"], kind, Occasion(row["occasion"], row["subject_id"]))
    return noted


async def next_reminder(shop_id: UUID, after: datetime) -> datetime | None:
    """Return the first moment after `after`, on the shop's clock, at which somebody is to be reminded."""
    found: datetime | None = await pool().fetchval(_NEXT, shop_id, after)
    return found
