"""Failpoints: named places where a tester lets a process crash, fail or stand still. Nobody heeds them in production.

`await failpoint("outbox.told")` costs one look into an empty set while none is set. What is set stands in PostgreSQL,
for all processes; each keeps a session of its own there (a failpoint may stand inside a transaction, which must not
undo that it was met), hears of every change, and says so: who changes something waits until all have heard.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from enum import StrEnum
from typing import Final

import asyncpg

from logs import log
from models.database import Connection

FAILPOINTS: Final[Mapping[str, str]] = {
    "outbox.claimed": "An event is claimed, and not yet told.",
    "outbox.told": "An event is told, and not yet marked as told.",
    "cart.added.before_commit": "Lines are in a cart, and nothing is committed.",
    "cart.added.after_commit": "Lines in a cart are committed, and nobody who added them knows yet.",
    "command.before_commit": "A wish with a key is carried out, its outcome is kept, and nothing is committed.",
    "command.after_commit": "A wish with a key is committed, and not answered yet.",
    "order.placed.before_commit": "Orders are written with all they hold, and nothing is committed.",
    "order.placed.after_commit": "Orders are committed, and nobody who placed them knows yet.",
    "order.cancel.closed": "Nobody can pay the order at WeChat any more, and it is not cancelled yet.",
    "order.pay.after_prepay": "WeChat has made a prepay_id, and nobody has kept it yet.",
    "order.paid.before_commit": "A payment is recorded with all that follows, and nothing is committed.",
    "notification.stored": "What WeChat told is kept, and neither answered nor handled yet.",
    "refund.before_call": "A refund is due and claimed, and WeChat has not heard of it.",
    "refund.after_call": "WeChat has said where a refund stands, and nobody has kept it yet.",
    "message.before_call": "A message is claimed and its quota set aside, and WeChat has not heard of it.",
    "message.after_call": "WeChat has sent a message, and nobody has written it down yet.",
    "shipping.before_call": "Parcels are claimed to be told of, and WeChat has not heard of them.",
    "shipping.after_call": "WeChat has heard of parcels, and nobody has kept that yet.",
    "group_buy.ending": "What was being paid in a team whose time is over is settled, and nothing is decided yet.",
    "group_buy.ended.before_commit": "It is decided what became of a team whose time is over; nothing is committed.",
    "group_buy.settled.before_commit": "What that means for one seat is done, and nothing is committed.",
    "card.made": "WeChat has made an id for a team's cards, and nobody has kept it yet.",
    "card.before_call": "A team's card is claimed, and WeChat has not heard how the team stands.",
    "card.after_call": "WeChat has changed a team's cards, and nobody has kept that yet.",
    "stock.figured": "Levels count as figured and their products' figures are made, and nothing is committed.",
}
"""Every place in the code, and what is true there; a test holds the list to the code."""

CHANGED: Final = "sandbox_failpoint"
"""The channel on which PostgreSQL tells of changes."""

AWAY_PAUSE_SECONDS: Final = 1.0


class FailpointAction(StrEnum):
    """What happens to who comes by: CRASH ends the process as kill -9 does, ERROR is a fault, DELAY a pause."""

    CRASH = "CRASH"
    ERROR = "ERROR"
    DELAY = "DELAY"


class FailpointError(Exception):
    """What a failpoint raises; the message is its name."""


# The oldest that is set goes first; a rival waits for the row and looks at it again, so `remaining` is never overdrawn.
_TAKE: Final = """
update sandbox.failpoint set remaining = remaining - 1
where id = (select id from sandbox.failpoint where name = $1 and remaining > 0 order by id limit 1 for update)
returning action, delay_ms
"""
_NAMES: Final = "select distinct name from sandbox.failpoint where remaining > 0"
_VERSION: Final = "select last_value from sandbox.failpoint_version"

# Who came to an end without a word is forgotten by who comes next.
_FORGET: Final = """
delete from sandbox.failpoint_heeder heeder where not exists (
    select from pg_stat_activity session where session.pid = heeder.pid and session.backend_start = heeder.started_at)
"""
_COME: Final = """
insert into sandbox.failpoint_heeder (pid, started_at, heard)
select pid, backend_start, -1 from pg_stat_activity where pid = pg_backend_pid()
on conflict (pid) do update set started_at = excluded.started_at, heard = excluded.heard
"""
_HEARD: Final = "update sandbox.failpoint_heeder set heard = $1 where pid = pg_backend_pid()"


class _Keeper:
    """This process's session and what it knows: the names that are set, as of the last change it heard of."""

    def __init__(self) -> None:
        self.names: frozenset[str] = frozenset()
        self._version = -1
        self._sql: Connection | None = None
        self._one_at_a_time = asyncio.Lock()

    async def heed(self, dsn: str, is_ready: asyncio.Event) -> None:
        """Hear of changes until cancelled; a session that breaks is opened again."""
        while True:
            try:
                await self._listen(dsn, is_ready)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as fault:
                log("failpoints_away", level="warning", fault=type(fault).__name__)
            self.names = frozenset()
            await asyncio.sleep(AWAY_PAUSE_SECONDS)

    async def meet(self, name: str) -> None:
        """Do what the oldest failpoint of this name wants, and use it up."""
        async with self._one_at_a_time:
            version = self._version
            row = await self._sql.fetchrow(_TAKE, name) if self._sql else None
            if row is None:
                if version == self._version:
                    self.names -= {name}
                return
        log("failpoint_met", level="warning", name=name, action=row["action"])
        match FailpointAction(row["action"]):
            case FailpointAction.CRASH:
                os.kill(os.getpid(), signal.SIGKILL)
            case FailpointAction.ERROR:
                raise FailpointError(name)
            case FailpointAction.DELAY:
                await asyncio.sleep(row["delay_ms"] / 1000)

    async def _listen(self, dsn: str, is_ready: asyncio.Event) -> None:
        something = asyncio.Event()
        sql: Connection = await asyncpg.connect(dsn)
        try:
            sql.add_termination_listener(lambda _sql: something.set())
            await sql.add_listener(CHANGED, lambda *_told: something.set())
            await sql.execute(_FORGET)
            await sql.execute(_COME)
            self._sql = sql
            while not sql.is_closed():
                something.clear()
                await self._look(sql)
                is_ready.set()
                await something.wait()
        finally:
            self._sql = None
            sql.terminate()

    async def _look(self, sql: Connection) -> None:
        """Read the number first and the failpoints after it, so that what is said to be heard is never too much."""
        async with self._one_at_a_time:
            version: int = await sql.fetchval(_VERSION)
            self.names = frozenset(row["name"] for row in await sql.fetch(_NAMES))
            self._version = version
            await sql.execute(_HEARD, version)


_keepers: list[_Keeper] = []


async def failpoint(name: str) -> None:
    """Do here what a tester wants, when one does. Raises FailpointError, or never returns."""
    for keeper in _keepers:
        if name in keeper.names:
            await keeper.meet(name)


@asynccontextmanager
async def heeding_failpoints(dsn: str) -> AsyncIterator[None]:
    """Heed the failpoints of a database for the length of a block; inside another such block, that one does."""
    if _keepers:
        yield
        return
    keeper, is_ready = _Keeper(), asyncio.Event()
    heeding = asyncio.create_task(keeper.heed(dsn, is_ready))
    await is_ready.wait()
    _keepers.append(keeper)
    try:
        yield
    finally:
        _keepers.remove(keeper)
        heeding.cancel()
        with suppress(asyncio.CancelledError):
            await heeding
