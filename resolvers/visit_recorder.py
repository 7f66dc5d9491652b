"""The recorder: visits wait here for a moment and are written together, so that no answer ever waits for one.

What waits is bounded and lost when the process is killed: half a second's visits, and no more than that.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final
from uuid import UUID

from asyncpg.exceptions import DataError, IntegrityConstraintViolationError
from prometheus_client import Counter

from ids import new_id
from logs import log
from resolvers.rows import Row
from resolvers.visit_write import write_visits

WRITE_SECONDS: Final = 0.5
WAITING_MAX: Final = 20_000
REMEMBERED_MAX: Final = 50_000
_BATCH_ROWS: Final = 1_000

WRITTEN = Counter("xiaopu_visits_written", "Visits and their later details that reached the database")
LOST = Counter("xiaopu_visits_lost", "Visits that did not: too many waited, or the database refused one", ["why"])

# What the database says of rows that it will never take, whoever sends them again.
_REFUSED: Final = (DataError, IntegrityConstraintViolationError, TypeError)

Key = tuple[int, int]


class VisitRecorder:
    """Merges what is told of a visit while it waits; what was told first stays."""

    def __init__(self, waiting_max: int = WAITING_MAX) -> None:
        self._waiting_max = waiting_max
        self._waiting: dict[Key, Row] = {}
        self._writing = asyncio.Lock()
        # Visits of late and whose they are, in two generations: the older goes when the newer is full.
        self._recent: dict[Key, UUID | None] = {}
        self._older: dict[Key, UUID | None] = {}

    def knows(self, shop_id: UUID, visit_id: UUID, customer_id: UUID | None) -> bool:
        """Whether a visit was told of lately, by this customer if there is one now."""
        key = (shop_id.int, visit_id.int)
        found = self._recent.get(key, self)
        if found is self:
            found = self._older.get(key, self)
        return found is not self and (customer_id is None or found == customer_id)

    def add(self, visit: Row) -> bool:
        """Take what one request tells; False when too many wait. A visit keeps the visitor who began it."""
        key = (visit["shop_id"].int, visit["visit_id"].int)
        waiting = self._waiting.get(key)
        if waiting is not None:
            _complete(waiting, visit)
        elif len(self._waiting) < self._waiting_max:
            self._waiting[key] = visit
        else:
            LOST.labels("full").inc()
            return False
        if len(self._recent) >= REMEMBERED_MAX:
            self._recent, self._older = {}, self._recent
        self._recent[key] = visit["customer_id"]
        return True

    def waiting(self, shop_id: UUID) -> int:
        """Return how many visits of a shop are not written yet."""
        return sum(key[0] == shop_id.int for key in self._waiting)

    async def write(self) -> None:
        """Write all that waits; what can't be written now waits on. Returns when it is done, whoever does it."""
        async with self._writing:
            taken, self._waiting = list(self._waiting.items()), {}
            for start in range(0, len(taken), _BATCH_ROWS):
                batch = taken[start : start + _BATCH_ROWS]
                try:
                    await _write([row for _key, row in batch])
                except Exception as fault:  # noqa: BLE001 - a database that is away comes back; it is logged
                    log("visits_not_written", level="error", count=len(batch), fault=type(fault).__name__)
                    self._take_back(batch)

    async def run(self, stop: asyncio.Event) -> None:
        """Write twice a second until `stop` is set, and once more then."""
        while not stop.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), WRITE_SECONDS)
            await self.write()

    def _take_back(self, batch: list[tuple[Key, Row]]) -> None:
        for key, earlier in batch:
            later = self._waiting.get(key)
            if later is not None:
                _complete(earlier, later)
            elif len(self._waiting) >= self._waiting_max:
                LOST.labels("full").inc()
                continue
            self._waiting[key] = earlier


def _complete(earlier: Row, later: Row) -> None:
    """Add what was not known; nothing from somebody else who names the same visit."""
    if earlier["visitor_id"] == later["visitor_id"]:
        missing: dict[str, Any] = {name: value for name, value in later.items() if earlier.get(name) is None}
        earlier.update(missing)


async def _write(rows: list[Row]) -> None:
    """Write rows; of those that the database refuses for good, only they are lost."""
    try:
        await write_visits([{"id": new_id(), **row} for row in rows])
        WRITTEN.inc(len(rows))
    except _REFUSED as refused:
        if len(rows) == 1:
            LOST.labels("refused").inc()
            log("visit_refused", level="error", fault=type(refused).__name__)
            return
        # Halves, because a shop that goes while its visits are written breaks them once and never again.
        middle = len(rows) // 2
        await _write(rows[:middle])
        await _write(rows[middle:])


_recording: list[VisitRecorder] = []


@asynccontextmanager
async def recording_visits() -> AsyncIterator[VisitRecorder]:
    """Record the visits of this process for the length of a block; all that came is written at its end."""
    recorder, stop = VisitRecorder(), asyncio.Event()
    _recording.append(recorder)
    running = asyncio.create_task(recorder.run(stop))
    try:
        yield recorder
    finally:
        _recording.remove(recorder)
        stop.set()
        await running


def visit_recorder() -> VisitRecorder | None:
    """Return the recorder opened last; None in a process that serves nobody."""
    return _recording[-1] if _recording else None


async def waiting_visits(shop_id: UUID) -> int:
    """Write what waits in this process, and return how many visits of a shop could not be written."""
    recorder = visit_recorder()
    if recorder is None:
        return 0
    await recorder.write()
    return recorder.waiting(shop_id)
