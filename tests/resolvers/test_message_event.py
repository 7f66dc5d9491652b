"""Events that customers are told of: what they say, what the schema calls them, and what the database knows of each."""

from uuid import uuid4

import pytest

from models.database import pool
from resolvers.message_event import MESSAGE_EVENTS, STANDS_UNDER, VALUES, ValueKind
from resolvers.message_kind import MessageEvent
from resolvers.outbox_delivery import DELIVERERS
from schema.message_template import MessageEventName, MessageValue


def test_the_schema_calls_them_by_the_same_names() -> None:
    assert set(MessageEventName.__members__) == set(MESSAGE_EVENTS)
    assert set(MessageValue.__members__) == set(VALUES)
    assert {one for event in MESSAGE_EVENTS.values() for one in event.values} == set(VALUES)
    assert set(STANDS_UNDER) == set(ValueKind)


def test_the_outbox_asks_for_each_of_their_topics() -> None:
    topics = {event.topic for event in MESSAGE_EVENTS.values() if event.topic}

    assert [topic for topic in topics if not topic.startswith(tuple(prefix for prefix in DELIVERERS if prefix))] == []


@pytest.mark.parametrize("event", MESSAGE_EVENTS.values(), ids=list(MESSAGE_EVENTS))
async def test_every_value_is_among_its_facts(event: MessageEvent, database: None) -> None:
    async with pool().acquire() as sql:
        facts = await sql.prepare(event.facts)
        names = {column.name for column in facts.get_attributes()}
        assert await facts.fetch(uuid4(), uuid4()) == []

    assert names >= {"customer_id", "app_id", "order_id", "stands", *(value.lower() for value in event.values)}
