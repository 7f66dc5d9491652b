"""The recorder: a bulk log of visits that knows which it was told of lately, so that most requests tell it nothing."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import UUID

from ids import new_id
from resolvers.bulk_log import WAITING_MAX, BulkLog, writing
from resolvers.rows import Row
from resolvers.visit_write import write_visits

REMEMBERED_MAX: Final = 50_000

Key = tuple[int, int]


class VisitRecorder(BulkLog[Row]):
    """Merges what is told of a visit while it waits; what was told first stays."""

    def __init__(self, waiting_max: int = WAITING_MAX) -> None:
        super().__init__("visit", _write, key=_key, merge=_complete, waiting_max=waiting_max)
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

    def add(self, entry: Row) -> bool:
        """Take what one request tells; False when too many wait. A visit keeps the visitor who began it."""
        if not super().add(entry):
            return False
        if len(self._recent) >= REMEMBERED_MAX:
            self._recent, self._older = {}, self._recent
        self._recent[_key(entry)] = entry["customer_id"]
        return True

    def waiting_of(self, shop_id: UUID) -> int:
        """Return how many visits of a shop are not written yet."""
        return sum(row["shop_id"] == shop_id for row in self.waiting)


def _key(row: Row) -> Key:
    return row["shop_id"].int, row["visit_id"].int


def _complete(earlier: Row, later: Row) -> None:
    """Add what was not known; nothing from somebody else who names the same visit."""
    if earlier["visitor_id"] == later["visitor_id"]:
        missing: dict[str, Any] = {name: value for name, value in later.items() if earlier.get(name) is None}
        earlier.update(missing)


async def _write(rows: Sequence[Row]) -> None:
    await write_visits([{"id": new_id(), **row} for row in rows])


_recording: list[VisitRecorder] = []


@asynccontextmanager
async def recording_visits() -> AsyncIterator[VisitRecorder]:
    """Record the visits of this process for the length of a block; all that came is written at its end."""
    recorder = VisitRecorder()
    async with writing(recorder):
        _recording.append(recorder)
        try:
            yield recorder
        finally:
            _recording.remove(recorder)


def visit_recorder() -> VisitRecorder | None:
    """Return the recorder opened last; None in a process that serves nobody."""
    return _recording[-1] if _recording else None


async def waiting_visits(shop_id: UUID) -> int:
    """Write what waits in this process, and return how many visits of a shop could not be written."""
    recorder = visit_recorder()
    if recorder is None:
        return 0
    await recorder.write()
    return recorder.waiting_of(shop_id)
