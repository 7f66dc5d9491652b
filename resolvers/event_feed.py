"""The feed of events: one reader of the stream for each process, and everybody in it who waits for something.

Events only wake: what is told comes from the database. So nothing depends on the stream being whole. Whenever the
reader may have missed something (it starts, Redis was away, it stood still), everybody is woken once and looks.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from time import monotonic
from typing import Any, Final
from uuid import UUID

from redis.exceptions import RedisError

from logs import log
from models.redis_server import redis
from resolvers.outbox_delivery import STREAM

BLOCK_MS: Final = 2_000
"""Shorter than the client's own patience with a silent server."""
BATCH_EVENTS: Final = 500
STANDSTILL_SECONDS: Final = 30.0
AWAY_PAUSE_SECONDS: Final = 1.0
_BEGINNING: Final = "0-0"

Topics = tuple[str, ...]
"""Beginnings of topics; the empty text begins all of them."""


class Listener:
    """Waits for events of one shop, of some topics, about one thing or what is theirs (None: about anything).

    `number` is the last wake that it heard: a later one has a higher.
    """

    def __init__(self, shop_id: UUID, number: int) -> None:
        self.shop_id = shop_id
        self.number = number
        self.topics: Topics = ("",)
        self.about: UUID | None = None
        self._woken = asyncio.Event()

    def wake(self, number: int) -> None:
        """Let whoever waits look, now or when it comes back to wait."""
        self.number = number
        self._woken.set()

    async def woken(self) -> None:
        """Return when something happened since the last return; several events in between are one."""
        await self._woken.wait()
        self._woken.clear()


class EventFeed:
    """Everybody in this process who waits, by shop."""

    def __init__(self) -> None:
        self._listeners: dict[UUID, set[Listener]] = {}
        self._number = 0

    @contextmanager
    def listening(self, shop_id: UUID) -> Iterator[Listener]:
        """Hear of everything in a shop for the length of a block; set `topics` to hear of less."""
        listener = Listener(shop_id, self._number)
        here = self._listeners.setdefault(shop_id, set())
        here.add(listener)
        try:
            yield listener
        finally:
            here.discard(listener)
            if not here and self._listeners.get(shop_id) is here:
                del self._listeners[shop_id]

    async def read(self) -> None:
        """Follow the stream until cancelled."""
        last: str | None = None
        is_away = False
        while True:
            began = monotonic()
            try:
                if last is None:
                    last = await _newest()
                    self._wake_all()
                entries = await _after(last)
            except (RedisError, OSError) as fault:
                if not is_away:
                    log("event_feed_away", level="warning", fault=type(fault).__name__)
                last, is_away = None, True
                await asyncio.sleep(AWAY_PAUSE_SECONDS)
                continue
            if is_away:
                log("event_feed_back")
                is_away = False
            for entry_id, event in entries:
                last = entry_id
                self._tell(event)
            if monotonic() - began > STANDSTILL_SECONDS:
                # As after the machine slept: the stream may have been cut in front of us.
                last = None

    def _tell(self, event: Mapping[bytes, bytes]) -> None:
        self._number += 1
        try:
            topic, shop_id = event[b"topic"].decode(), _uuid(event[b"shop"])
            owners = event[b"owner"].split(b",") if b"owner" in event else []
            about = {None, _uuid(event[b"aggregate"]), *map(_uuid, owners)}
        except (KeyError, ValueError) as fault:
            log("event_unreadable", level="error", fault=type(fault).__name__)
            return
        for listener in self._listeners.get(shop_id, ()):
            if listener.about in about and topic.startswith(listener.topics):
                listener.wake(self._number)

    def _wake_all(self) -> None:
        self._number += 1
        for listeners in self._listeners.values():
            for listener in listeners:
                listener.wake(self._number)


_feeds: list[EventFeed] = []


@asynccontextmanager
async def feeding() -> AsyncIterator[None]:
    """Follow the stream of the Redis that is connected, for the length of a block."""
    feed = EventFeed()
    reading = asyncio.create_task(feed.read())
    _feeds.append(feed)
    try:
        yield
    finally:
        _feeds.remove(feed)
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading


def event_feed() -> EventFeed:
    """Return the feed that was opened last. Raises RuntimeError outside `feeding`."""
    if not _feeds:
        message = "nobody follows the events"
        raise RuntimeError(message)
    return _feeds[-1]


def _uuid(text: bytes) -> UUID:
    return UUID(text.decode())


async def _newest() -> str:
    """Where the stream ends now."""
    found: list[Any] = await redis().xrevrange(STREAM, count=1)
    return found[0][0].decode() if found else _BEGINNING


async def _after(last: str) -> list[tuple[str, Mapping[bytes, bytes]]]:
    """What came after an entry; waits a little when there is nothing."""
    found: list[Any] = await redis().xread({STREAM: last}, count=BATCH_EVENTS, block=BLOCK_MS)
    return [(entry_id.decode(), event) for _stream, entries in found for entry_id, event in entries]
