"""The servers of one run of the suite: those that DATABASE_URL and REDIS_URL name, else our own from the wheels.

A run that is killed leaves servers behind in its home; homes are numbered and locked, so the next run that takes the
number adopts them. Runs beside each other take different numbers.
"""

import fcntl
import itertools
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from embedded import engines
from settings import load_settings, make_home
from tests.harness.system_postgres import system_postgres


@dataclass(frozen=True, slots=True)
class Engines:
    """Where the servers are. `run` begins the name of every database of this run; plain values, for they travel."""

    dsn: str
    redis_url: str
    run: str
    # Where PostgreSQL writes what it was asked; None when the server is not ours.
    postgres_log: str | None

    @property
    def template(self) -> str:
        """The migrated, empty database that every worker's own is copied from."""
        return f"{self.run}_template"


@contextmanager
def run_engines(postgres_binaries: Path | None = None) -> Iterator[Engines]:
    """Run what is needed for the length of a block; a directory of binaries goes before DATABASE_URL."""
    settings = load_settings()
    dsn, redis_url, log_file = settings.database_url or "", settings.redis_url or "", None
    run = f"xiaopu_test_{secrets.token_hex(4)}"
    with ExitStack() as stack:
        home = stack.enter_context(_home_of_our_own(settings.home / "tests"))
        if postgres_binaries:
            other = home / "other"
            dsn = stack.enter_context(system_postgres(postgres_binaries, other))
            log_file = str(other / "log" / "postgresql.log")
        if not (dsn and redis_url):
            ours = stack.enter_context(engines(home, postgres=not dsn, valkey=not redis_url, exclusive=True))
            log_file = log_file or (None if dsn else str(home / "log" / "postgresql.log"))
            dsn, redis_url = dsn or ours.dsn, redis_url or ours.url
        yield Engines(dsn, redis_url, run, log_file)


@contextmanager
def _home_of_our_own(homes: Path) -> Iterator[Path]:
    """Take the first home that no run uses; the system frees it when we end, also by kill -9."""
    make_home(homes)
    for number in itertools.count(1):
        with (homes / f"{number}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield homes / str(number)
            return


def with_redis_database(url: str, number: int) -> str:
    """Return the same server's URL for another numbered database; a socket's URL says it as a parameter."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return parts._replace(query=f"db={number}").geturl()
    return parts._replace(path=f"/{number}").geturl()
