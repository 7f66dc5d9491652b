"""Counting statements where they arrive: in PostgreSQL's own log, not in the client that claims to send them."""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from models.database import pool

# `[pid]` is in the default log_line_prefix; a statement goes on over lines that begin with a tab.
_STATEMENT = re.compile(r"\[(\d+)\] LOG:  (?:statement|execute [^:]+): (.*(?:\n\t.*)*)")
_FRAME = re.compile(r"(begin|commit|rollback|start transaction|savepoint|release)\b", re.IGNORECASE)
_PATIENCE_SECONDS = 5.0


@dataclass(slots=True)
class Statements:
    """What the server was asked in the block; filled when the block ends. BEGIN and COMMIT are not counted."""

    sql: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.sql)


@asynccontextmanager
async def logged(dsn: str, log_file: Path) -> AsyncIterator[Statements]:
    """Collect every statement that the database of `dsn` is asked inside the block, by whichever process.

    The setting reaches sessions that begin later, so the pool of this process begins anew on both sides.
    """
    watcher = await asyncpg.connect(dsn)
    try:
        database = await watcher.fetchval("select current_database()")
        await watcher.execute(f"alter database \"{database}\" set log_statement = 'all'")
        await watcher.execute("set log_statement = 'all'")
        await _renew_pool()
        before = log_file.stat().st_size  # noqa: ASYNC240 - a file of this machine
        seen = Statements()
        started = await _mark(watcher, log_file, before)
        yield seen
        ended = await _mark(watcher, log_file, started)
        own = watcher.get_server_pid()
        others = set(await _sessions(watcher)) - {own}
        with log_file.open("rb") as log:
            log.seek(started)
            text = log.read(ended - started).decode(errors="replace")
        seen.sql.extend(
            statement.replace("\n\t", "\n")
            for pid, statement in _STATEMENT.findall(text)
            if int(pid) in others and not _FRAME.match(statement)
        )
        await watcher.execute(f'alter database "{database}" reset log_statement')
        await _renew_pool()
    finally:
        await watcher.close()


async def _sessions(watcher: asyncpg.Connection) -> list[int]:
    rows = await watcher.fetch("select pid from pg_stat_activity where datname = current_database()")
    return [row[0] for row in rows]


async def _renew_pool() -> None:
    """Replace the pool's connections and let the first learn what it asks of a new server."""
    await pool().expire_connections()
    await pool().fetchval("select 1")


async def _mark(watcher: asyncpg.Connection, log_file: Path, since: int) -> int:
    """Write a word into the log and return the place behind it; what was asked before stands in front of it."""
    word = f"mark-{secrets.token_hex(8)}"
    await watcher.execute(f"select '{word}'")
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while True:
            with log_file.open("rb") as log:
                log.seek(since)
                found = log.read().find(word.encode())
            if found >= 0:
                return since + found
            await asyncio.sleep(0.01)
