"""The outbox: what became true is told at least once, in order, whatever the listener does."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from time import perf_counter
from uuid import UUID

import pytest

from ids import new_id
from models.database import pool, transaction
from models.redis_server import connect_redis, redis
from resolvers import outbox_delivery
from resolvers.caller import Caller
from resolvers.outbox import Event, dead_letters, emit, emit_many, replay, waiting_events
from resolvers.outbox_delivery import ATTEMPTS_MAX, STREAM, backoff_seconds, deliver_outbox
from settings import Settings


class Listener:
    """Somebody outside who hears events of a topic, and fails as often as told."""

    def __init__(self) -> None:
        self.heard: list[Event] = []
        self.failures: Counter[UUID] = Counter()
        self.pause = 0.0
        self.is_free: dict[UUID, asyncio.Event] = {}

    async def __call__(self, event: Event) -> None:
        """Hear one event, or fail."""
        await asyncio.sleep(self.pause)
        if event.aggregate_id in self.is_free:
            await self.is_free[event.aggregate_id].wait()
        if self.failures[event.aggregate_id] > 0:
            self.failures[event.aggregate_id] -= 1
            message = "the line is dead"
            raise ConnectionError(message)
        self.heard.append(event)

    def steps(self, aggregate_id: UUID) -> list[int]:
        """Return the payloads' steps heard of one aggregate, in the order of hearing."""
        return [event.payload["step"] for event in self.heard if event.aggregate_id == aggregate_id]


@pytest.fixture
async def listener(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> Listener:
    """Stand in for every listener: this test's topics are told to nobody else, and how the shop opened to nobody."""
    await pool().execute("delete from outbox_event where shop_id = $1", caller.shop_id)
    one = Listener()
    monkeypatch.setattr(outbox_delivery, "DELIVERERS", {"told.": [one]})
    return one


@pytest.fixture
async def stream(settings: Settings) -> AsyncIterator[None]:
    """Redis, opened as the app opens it."""
    assert settings.redis_url
    async with connect_redis(settings.redis_url):
        yield


async def happen(caller: Caller, aggregate_id: UUID, *steps: int) -> None:
    for step in steps:
        async with transaction() as sql:
            await emit(sql, caller, "told.step", aggregate_id, {"step": step})


async def make_due(caller: Caller) -> None:
    """Let the pause after a failure be over."""
    await pool().execute("update outbox_event set next_attempt_at = created_at where shop_id = $1", caller.shop_id)


async def test_what_was_rolled_back_is_never_told(caller: Caller, listener: Listener) -> None:
    async def change_of_mind() -> None:
        async with transaction() as sql:
            await emit(sql, caller, "told.step", caller.shop_id, {"step": 1})
            message = "on second thoughts"
            raise OSError(message)

    with pytest.raises(OSError, match="second thoughts"):
        await change_of_mind()
    assert await deliver_outbox(caller.shop_id) == 0
    assert listener.heard == []


async def test_an_event_is_told_once_with_all_it_says(caller: Caller, listener: Listener) -> None:
    thing = new_id()
    await happen(caller, thing, 7)

    assert await deliver_outbox(caller.shop_id) == 1
    assert await deliver_outbox(caller.shop_id) == 0
    (event,) = listener.heard
    assert (event.shop_id, event.topic, event.aggregate_id) == (caller.shop_id, "told.step", thing)
    assert (event.payload, event.attempt) == ({"step": 7}, 1)


async def test_many_events_are_written_in_the_order_given(caller: Caller, listener: Listener) -> None:
    things = [new_id() for _ in range(50)]
    async with transaction() as sql:
        await emit_many(sql, caller.shop_id, "told.step", {thing: {"step": n} for n, thing in enumerate(things)})
        await emit_many(sql, caller.shop_id, "told.step", {})

    assert await deliver_outbox(caller.shop_id) == 50
    assert [event.payload["step"] for event in listener.heard] == list(range(50))


async def test_two_workers_tell_each_event_once_and_each_aggregate_in_order(caller: Caller, listener: Listener) -> None:
    things = [new_id() for _ in range(10)]
    for step in range(5):
        async with transaction() as sql:
            await emit_many(sql, caller.shop_id, "told.step", {thing: {"step": step} for thing in things})
    listener.pause = 0.001

    told = await asyncio.gather(*(deliver_outbox(caller.shop_id) for _ in range(4)))
    told.append(await deliver_outbox(caller.shop_id))

    assert sum(told) == 50
    assert max(Counter(event.id for event in listener.heard).values()) == 1
    assert [listener.steps(thing) for thing in things] == [[0, 1, 2, 3, 4]] * 10


async def test_a_failed_event_is_tried_again_and_only_its_own_aggregate_waits(
    caller: Caller, listener: Listener
) -> None:
    stuck, free = new_id(), new_id()
    listener.failures[stuck] = 1
    await happen(caller, stuck, 1, 2)
    await happen(caller, free, 1, 2)

    assert await deliver_outbox(caller.shop_id) == 2
    assert (listener.steps(stuck), listener.steps(free)) == ([], [1, 2])
    assert await waiting_events(caller.shop_id) == 2

    await make_due(caller)
    assert await deliver_outbox(caller.shop_id) == 2
    assert listener.steps(stuck) == [1, 2]
    assert await waiting_events(caller.shop_id) == 0


async def test_what_stands_behind_a_failure_in_one_batch_is_not_told_before_it(
    caller: Caller, listener: Listener
) -> None:
    thing = new_id()
    await happen(caller, thing, *range(30))
    listener.failures[thing] = 1

    assert await deliver_outbox(caller.shop_id) == 0
    attempts = await pool().fetch(
        "select attempts from outbox_event where shop_id = $1 order by sequence", caller.shop_id
    )
    assert [row["attempts"] for row in attempts] == [1] + [0] * 29
    await make_due(caller)
    assert await deliver_outbox(caller.shop_id) == 30
    assert listener.steps(thing) == list(range(30))


async def test_what_comes_too_late_for_its_lease_is_given_back(
    caller: Caller, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_delivery, "LEASE_SECONDS", 0.2)
    listener.pause = 0.06
    await happen(caller, new_id(), *range(5))

    assert await deliver_outbox(caller.shop_id) == 5
    assert [event.attempt for event in listener.heard] == [1] * 5


async def test_a_slow_listener_holds_up_its_own_aggregate_alone(
    caller: Caller, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_delivery, "BATCH_EVENTS", 10)
    slow, others = new_id(), [new_id() for _ in range(30)]
    listener.is_free[slow] = asyncio.Event()
    await happen(caller, slow, 1, 2)
    async with transaction() as sql:
        await emit_many(sql, caller.shop_id, "told.step", {thing: {"step": 1} for thing in others})

    telling = asyncio.create_task(deliver_outbox(caller.shop_id))
    async with asyncio.timeout(10):
        while await waiting_events(caller.shop_id) > 2:  # noqa: ASYNC110 - the database is at work
            await asyncio.sleep(0.01)
    assert (listener.steps(slow), [listener.steps(thing) for thing in others]) == ([], [[1]] * 30)

    listener.is_free[slow].set()
    assert await telling == 32
    assert listener.steps(slow) == [1, 2]


async def test_no_more_aggregates_than_there_are_lanes_are_told_at_once(
    caller: Caller, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_delivery, "LANES", 3)
    at_once: list[int] = []

    async def count(_event: Event) -> None:
        at_once.append(at_once[-1] + 1 if at_once else 1)
        await asyncio.sleep(0.001)
        at_once.append(at_once[-1] - 1)

    monkeypatch.setattr(outbox_delivery, "DELIVERERS", {"told.": [count]})
    async with transaction() as sql:
        await emit_many(sql, caller.shop_id, "told.step", {new_id(): {"step": 1} for _ in range(20)})

    assert await deliver_outbox(caller.shop_id) == 20
    assert max(at_once) == 3


async def test_a_listener_that_never_answers_is_stopped_before_the_lease_ends(
    caller: Caller, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_delivery, "LEASE_SECONDS", 0.2)
    thing = new_id()
    listener.is_free[thing] = asyncio.Event()
    await happen(caller, thing, 1, 2)

    assert await deliver_outbox(caller.shop_id) == 0
    states = await pool().fetch(
        "select attempts, last_error from outbox_event where shop_id = $1 order by sequence", caller.shop_id
    )
    assert [tuple(row) for row in states] == [(1, "TimeoutError: "), (0, "")]


@pytest.mark.slow
async def test_a_long_line_is_walked_without_looking_at_all_of_it(caller: Caller, listener: Listener) -> None:
    things = [new_id() for _ in range(15_000)]
    for step in range(2):
        async with transaction() as sql:
            await emit_many(sql, caller.shop_id, "told.step", {thing: {"step": step} for thing in things})

    began = perf_counter()
    claimed = await outbox_delivery._claim(caller.shop_id)
    assert perf_counter() - began < 1
    assert [event.payload["step"] for line in claimed for event, _ in line.events] == [0, 1] * 100
    await pool().execute("delete from outbox_event where shop_id = $1", caller.shop_id)


async def test_a_worker_that_died_holding_an_event_loses_nothing(caller: Caller, listener: Listener) -> None:
    thing = new_id()
    await happen(caller, thing, 1)
    listener.pause = 10
    dying = asyncio.create_task(deliver_outbox(caller.shop_id))
    await asyncio.sleep(0.2)
    dying.cancel()
    listener.pause = 0

    assert await deliver_outbox(caller.shop_id) == 0  # its lease still runs
    await make_due(caller)
    assert await deliver_outbox(caller.shop_id) == 1
    assert [event.attempt for event in listener.heard] == [2]


async def test_what_fails_for_good_becomes_a_dead_letter_that_frees_the_others_and_can_be_replayed(
    caller: Caller, listener: Listener
) -> None:
    thing = new_id()
    listener.failures[thing] = ATTEMPTS_MAX
    await happen(caller, thing, 1, 2)
    for _ in range(ATTEMPTS_MAX):
        await make_due(caller)
        await deliver_outbox(caller.shop_id)

    (letter,) = [letter for letter in await dead_letters() if letter.event.shop_id == caller.shop_id]
    assert letter.event.payload == {"step": 1}
    assert letter.last_error == "ConnectionError: the line is dead"
    await make_due(caller)
    await deliver_outbox(caller.shop_id)
    assert listener.steps(thing) == [2]

    assert await replay(letter.event.id)
    assert not await replay(letter.event.id)
    await deliver_outbox(caller.shop_id)
    assert listener.steps(thing) == [2, 1]
    assert [letter for letter in await dead_letters() if letter.event.shop_id == caller.shop_id] == []


async def test_pauses_grow_to_ten_minutes_and_follow_the_seed(caller: Caller) -> None:
    def pause(attempt: int, seed: int) -> float:
        event = Event(new_id(), caller.shop_id, 1, "told", new_id(), {}, attempt, caller.now)
        return backoff_seconds(event, seed)

    assert pause(4, seed=1) == pause(4, seed=1) != pause(4, seed=2)
    for attempt in range(1, ATTEMPTS_MAX + 1):
        ceiling = min(600, 2 ** (attempt - 1))
        assert ceiling / 2 <= pause(attempt, seed=1) <= ceiling


async def test_the_stream_of_the_house_carries_the_event(caller: Caller, stream: None) -> None:
    thing = new_id()
    async with transaction() as sql:
        await emit(sql, caller, "product.updated", thing, {"version": 4})
    await deliver_outbox(caller.shop_id)

    entries = [entry for _, entry in await redis().xrevrange(STREAM, count=20)]
    (entry,) = [entry for entry in entries if entry[b"aggregate"] == thing.hex.encode()]
    assert entry[b"topic"] == b"product.updated"
    assert entry[b"shop"] == caller.shop_id.hex.encode()
    assert entry[b"payload"] == b'{"version":4}'
