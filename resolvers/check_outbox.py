"""What is true of the outbox at every moment."""

from typing import Final

from resolvers.invariant import Invariant

OUTBOX_INVARIANTS: Final = (
    Invariant(
        name="outbox.nothing_was_given_up",
        meaning="Every event was told or will be tried again. These are dead letters: see `main.py outbox`.",
        prefix="evt",
        broken="select id from outbox_event where shop_id = $1 and dead_at is not null",
    ),
    Invariant(
        name="outbox.told_was_tried",
        meaning="No event counts as told that nobody tried to tell.",
        prefix="evt",
        broken="select id from outbox_event where shop_id = $1 and delivered_at is not null and attempts < 1",
    ),
    Invariant(
        name="outbox.told_in_order",
        meaning="Of one thing, no event is told while an earlier one waits, unless that one was replayed.",
        prefix="evt",
        broken="""
            select told.id from (
                select shop_id, aggregate_id, min(sequence) as first from outbox_event
                where shop_id = $1 and delivered_at is null and dead_at is null and replayed_at is null
                group by shop_id, aggregate_id
            ) waiting
            join outbox_event told on told.shop_id = $1 and told.aggregate_id = waiting.aggregate_id
                                  and told.sequence > waiting.first and told.delivered_at is not null
        """,
    ),
)
