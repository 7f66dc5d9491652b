"""The servers of one run of the suite: those that DATABASE_URL and REDIS_URL name, else our own from the wheels.

A run that is killed leaves servers behind in its home; homes are numbered and locked, so the next run that takes the
number adopts them. Runs beside each other take different numbers.
"""

import itertools
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from embedded import Addresses, HomeInUseError, engines
from settings import load_settings


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
def run_engines() -> Iterator[Engines]:
    """Run what is needed for the length of a block."""
    settings = load_settings()
    with ExitStack() as stack:
        dsn, redis_url, log_file = settings.database_url or "", settings.redis_url or "", None
        if not (dsn and redis_url):
            home = settings.home / "tests"
            ours, place = stack.enter_context(_engines_of_our_own(home, postgres=not dsn, valkey=not redis_url))
            log_file = None if dsn else str(place / "log" / "postgresql.log")
            dsn, redis_url = dsn or ours.dsn, redis_url or ours.url
        yield Engines(dsn, redis_url, f"xiaopu_test_{secrets.token_hex(4)}", log_file)


@contextmanager
def _engines_of_our_own(home: Path, *, postgres: bool, valkey: bool) -> Iterator[tuple[Addresses, Path]]:
    for number in itertools.count(1):
        place = home / str(number)
        with ExitStack() as stack:
            try:
                found = stack.enter_context(engines(place, postgres=postgres, valkey=valkey, exclusive=True))
            except HomeInUseError:
                continue
            yield found, place
            return


def with_redis_database(url: str, number: int) -> str:
    """Return the same server's URL for another numbered database; a socket's URL says it as a parameter."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return parts._replace(query=f"db={number}").geturl()
    return parts._replace(path=f"/{number}").geturl()
