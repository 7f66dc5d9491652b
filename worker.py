"""The worker: the short list of work that falls due, and the loop that does it. Any number may run at once."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from time import monotonic
from typing import Final
from uuid import UUID

from clock import wall_now
from logs import log
from resolvers.customer_merge import finish_merges
from resolvers.due_work import DueWork
from resolvers.hot_search import count_hot_searches
from resolvers.idempotency import reap_idempotency_keys
from resolvers.media_upload import reap_media_uploads
from resolvers.outbox import reap_delivered_events
from resolvers.outbox_delivery import deliver_outbox
from resolvers.publication import announce_due_windows, next_window_edge
from resolvers.search_index import renew_stale_words
from resolvers.search_log import reap_searches
from resolvers.session import forget_answers, reap_sessions

POLL_SECONDS: Final = 0.5
FAULT_PAUSE_SECONDS: Final = 5.0
MINUTE_SECONDS: Final = 60.0
HOUR_SECONDS: Final = 3600.0


async def _deliver(_wall: datetime, shop_id: UUID | None) -> int:
    return await deliver_outbox(shop_id)


async def _reap_keys(wall: datetime, _shop_id: UUID | None) -> int:
    return await reap_idempotency_keys(wall)


async def _reap_events(wall: datetime, _shop_id: UUID | None) -> int:
    return await reap_delivered_events(wall)


async def _reap_searches(wall: datetime, _shop_id: UUID | None) -> int:
    return await reap_searches(wall)


async def _reap_uploads(wall: datetime, _shop_id: UUID | None) -> int:
    return await reap_media_uploads(wall)


DUE_WORK: Final[tuple[DueWork, ...]] = (
    DueWork("announce_windows", announce_due_windows, every_seconds=1.0, next_deadline=next_window_edge),
    DueWork("deliver_outbox", _deliver, every_seconds=POLL_SECONDS),
    DueWork("renew_stale_words", renew_stale_words, every_seconds=1.0),
    DueWork("count_hot_searches", count_hot_searches, every_seconds=MINUTE_SECONDS),
    DueWork("reap_searches", _reap_searches, every_seconds=HOUR_SECONDS),
    DueWork("reap_media_uploads", _reap_uploads, every_seconds=HOUR_SECONDS),
    DueWork("reap_idempotency_keys", _reap_keys, every_seconds=HOUR_SECONDS),
    DueWork("reap_delivered_events", _reap_events, every_seconds=HOUR_SECONDS),
    DueWork("finish_merges", finish_merges, every_seconds=20.0),
    DueWork("forget_answers", forget_answers, every_seconds=10.0),
    DueWork("reap_sessions", reap_sessions, every_seconds=HOUR_SECONDS),
)


async def run_worker(stop: asyncio.Event, due_work: Sequence[DueWork] = DUE_WORK) -> None:
    """Do what falls due until `stop` is set; the work at hand is finished first.

    A fault of one kind of work is logged and it pauses; the others go on.
    """
    next_look = dict.fromkeys((work.name for work in due_work), 0.0)
    log("worker_started", kinds=len(due_work))
    while not stop.is_set():
        for work in due_work:
            if monotonic() >= next_look[work.name]:
                pause = await _look(work)
                next_look[work.name] = monotonic() + pause
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), max(0.01, min(next_look.values()) - monotonic()))
    log("worker_stopped")


@asynccontextmanager
async def worker_inside() -> AsyncIterator[None]:
    """Run a worker beside whatever the block does, and let it finish the work at hand when the block ends."""
    stop = asyncio.Event()
    running = asyncio.create_task(run_worker(stop))
    try:
        yield
    finally:
        stop.set()
        await running


async def _look(work: DueWork) -> float:
    """Run one kind of work once and return how long to leave it alone, in seconds."""
    began = monotonic()
    try:
        count = await work.run(wall_now(), None)
    except Exception as fault:  # noqa: BLE001 - one broken kind of work must not stop the others; it is logged
        log("due_work_failed", level="error", work=work.name, fault=type(fault).__name__)
        return FAULT_PAUSE_SECONDS
    if count:
        log("due_work", work=work.name, count=count, took_ms=round((monotonic() - began) * 1000))
    return work.every_seconds
