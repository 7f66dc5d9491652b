"""One timer for all: each is stopped at its own time, and nobody for what others did."""

import asyncio
from time import monotonic

import pytest

from api.deadline import Deadline

SECONDS = 0.2


async def seconds_until_stopped(deadline: Deadline, busy_for: float) -> float | None:
    """Be busy; None when it came to its end."""
    began = monotonic()
    try:
        with deadline.turn():
            await asyncio.sleep(busy_for)
    except TimeoutError:
        return monotonic() - began
    return None


async def test_each_is_stopped_at_its_own_time() -> None:
    deadline = Deadline(SECONDS)
    tasks = []
    for _ in range(3):
        tasks.append(asyncio.create_task(seconds_until_stopped(deadline, 60)))
        assert await seconds_until_stopped(deadline, 0) is None
        await asyncio.sleep(SECONDS / 2)

    for stopped_after in await asyncio.gather(*tasks):
        assert stopped_after is not None
        assert stopped_after >= SECONDS


async def test_who_comes_when_all_are_gone_is_stopped_too() -> None:
    deadline = Deadline(SECONDS)
    for _ in range(2):
        assert await seconds_until_stopped(deadline, 60)


async def test_one_that_does_not_stop_at_once_holds_up_nobody() -> None:
    deadline = Deadline(SECONDS)

    async def stubborn() -> None:
        with deadline.turn():
            try:
                await asyncio.sleep(60)
            finally:
                assert await seconds_until_stopped(deadline, 60)

    with pytest.raises(TimeoutError):
        await stubborn()


async def test_who_is_cancelled_by_others_stays_cancelled() -> None:
    task = asyncio.create_task(seconds_until_stopped(Deadline(60), 60))
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
