"""The worker: each kind of work goes its own way, stops when it has finished what it holds, and survives faults."""

import asyncio
from collections import Counter
from datetime import datetime
from uuid import UUID

import pytest

import worker
from resolvers.due_work import DueWork
from worker import DUE_WORK, run_worker


class Kinds:
    """Kinds of work that count how often they were run."""

    def __init__(self) -> None:
        self.ran: Counter[str] = Counter()
        self.finished: Counter[str] = Counter()
        self.may_go_on = asyncio.Event()

    async def quick(self, _wall: datetime, _shop_id: UUID | None) -> int:
        """Take no time."""
        self.ran["quick"] += 1
        return 0

    async def slow(self, _wall: datetime, _shop_id: UUID | None) -> int:
        """Wait for somebody outside."""
        self.ran["slow"] += 1
        await self.may_go_on.wait()
        self.finished["slow"] += 1
        return 1

    async def broken(self, _wall: datetime, _shop_id: UUID | None) -> int:
        """Fail always."""
        self.ran["broken"] += 1
        raise ConnectionError

    async def until(self, name: str, times: int) -> None:
        """Return when a kind was run so often."""
        async with asyncio.timeout(10):
            while self.ran[name] < times:  # noqa: ASYNC110 - the worker is at work
                await asyncio.sleep(0.001)


@pytest.fixture
def kinds() -> Kinds:
    """What a test sees of its work."""
    return Kinds()


async def test_a_slow_kind_holds_up_no_other_and_is_finished_before_the_worker_stops(kinds: Kinds) -> None:
    stop = asyncio.Event()
    due_work = [DueWork("slow", kinds.slow, 0.001), DueWork("quick", kinds.quick, 0.001)]
    running = asyncio.create_task(run_worker(stop, due_work))

    await kinds.until("quick", 20)
    assert kinds.ran["slow"] == 1
    stop.set()
    await asyncio.sleep(0.02)
    assert not running.done()
    kinds.may_go_on.set()
    await running
    assert kinds.finished["slow"] == 1


async def test_a_broken_kind_pauses_and_the_others_go_on(kinds: Kinds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "FAULT_PAUSE_SECONDS", 60.0)
    stop = asyncio.Event()
    due_work = [DueWork("broken", kinds.broken, 0.001), DueWork("quick", kinds.quick, 0.001)]
    running = asyncio.create_task(run_worker(stop, due_work))

    await kinds.until("quick", 20)
    stop.set()
    await running
    assert kinds.ran["broken"] == 1


def test_every_kind_has_a_name_of_its_own() -> None:
    assert max(Counter(work.name for work in DUE_WORK).values()) == 1
