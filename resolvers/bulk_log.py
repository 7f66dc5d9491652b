"""A bulk log: what happened waits here for a moment and is written together, so that no answer ever waits for it.

What waits is bounded and lost when the process is killed: half a second of it, and no more than that.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final, Generic, TypeVar

from asyncpg.exceptions import DataError, IntegrityConstraintViolationError
from prometheus_client import Counter

from logs import log

WRITE_SECONDS: Final = 0.5
WAITING_MAX: Final = 20_000
_BATCH: Final = 1_000

WRITTEN = Counter("xiaopu_bulk_written", "Entries of bulk logs that reached the database", ["log"])
LOST = Counter("xiaopu_bulk_lost", "Entries that did not: too many waited, or the database refused one", ["log", "why"])

# What the database says of entries that it will never take, whoever sends them again.
_REFUSED: Final = (DataError, IntegrityConstraintViolationError, TypeError)

Entry = TypeVar("Entry")


def _its_own(_entry: object) -> Hashable:
    return object()


def _keep_first(_earlier: object, _later: object) -> None:
    """Merge nothing."""


class BulkLog(Generic[Entry]):
    """Entries of one kind, and the function that writes many of them.

    Entries of one `key` are about one thing: while the first of them waits, `merge` puts the others into it. Without a
    key each is a thing of its own.
    """

    def __init__(
        self,
        name: str,
        write: Callable[[Sequence[Entry]], Awaitable[None]],
        *,
        key: Callable[[Entry], Hashable] = _its_own,
        merge: Callable[[Entry, Entry], None] = _keep_first,
        waiting_max: int = WAITING_MAX,
    ) -> None:
        self._name = name
        self._write_many = write
        self._key = key
        self._merge = merge
        self._waiting_max = waiting_max
        self._waiting: dict[Hashable, Entry] = {}
        self._writing = asyncio.Lock()

    @property
    def waiting(self) -> Iterable[Entry]:
        """What is not written yet."""
        return self._waiting.values()

    def add(self, entry: Entry) -> bool:
        """Take an entry; False, and counted, when too many wait."""
        key = self._key(entry)
        earlier = self._waiting.get(key)
        if earlier is not None:
            self._merge(earlier, entry)
        elif not self._has_room():
            return False
        else:
            self._waiting[key] = entry
        return True

    async def write(self) -> None:
        """Write all that waits; what can't be written now waits on. Returns when it is done, whoever does it."""
        async with self._writing:
            taken, self._waiting = list(self._waiting.values()), {}
            for start in range(0, len(taken), _BATCH):
                batch = taken[start : start + _BATCH]
                try:
                    await self._write(batch)
                except Exception as fault:  # noqa: BLE001 - a database that is away comes back; it is logged
                    log("bulk_not_written", level="error", log=self._name, count=len(batch), fault=type(fault).__name__)
                    self._take_back(batch)

    async def run(self, stop: asyncio.Event) -> None:
        """Write twice a second until `stop` is set, and once more then."""
        while not stop.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), WRITE_SECONDS)
            await self.write()

    async def _write(self, entries: Sequence[Entry]) -> None:
        """Write entries; of those that the database refuses for good, only they are lost."""
        try:
            await self._write_many(entries)
            WRITTEN.labels(self._name).inc(len(entries))
        except _REFUSED as refused:
            if len(entries) == 1:
                LOST.labels(self._name, "refused").inc()
                log("bulk_entry_refused", level="error", log=self._name, fault=type(refused).__name__)
                return
            # Halves, because a shop that goes while its entries are written breaks them once and never again.
            middle = len(entries) // 2
            await self._write(entries[:middle])
            await self._write(entries[middle:])

    def _take_back(self, batch: Sequence[Entry]) -> None:
        for earlier in batch:
            key = self._key(earlier)
            later = self._waiting.get(key)
            if later is not None:
                self._merge(earlier, later)
            elif not self._has_room():
                continue
            self._waiting[key] = earlier

    def _has_room(self) -> bool:
        """Whether one more may wait; what may not is counted as lost."""
        if len(self._waiting) < self._waiting_max:
            return True
        LOST.labels(self._name, "full").inc()
        return False


@asynccontextmanager
async def writing(bulk: BulkLog[Entry]) -> AsyncIterator[BulkLog[Entry]]:
    """Write what is logged for the length of a block, and all of it at its end."""
    stop = asyncio.Event()
    running = asyncio.create_task(bulk.run(stop))
    try:
        yield bulk
    finally:
        stop.set()
        await running
