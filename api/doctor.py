"""Looks at everything the shop stands on and says what to do about what is missing."""

import importlib.metadata
import re
import sys
from dataclasses import dataclass

import asyncpg
from redis.asyncio import Redis
from redis.exceptions import RedisError

from models.migration_state import pending_migrations
from settings import PROJECT, Settings

PYTHON_FLOOR = (3, 11)
POSTGRES_FLOOR = 15
REDIS_FLOOR = 7
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)( ;)?", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; `advice` is empty when it is well."""

    what: str
    said: str
    advice: str = ""

    @property
    def is_well(self) -> bool:
        """Whether nothing needs to be done."""
        return not self.advice


async def examine(settings: Settings) -> list[Finding]:
    """Look at Python, packages, secrets and both servers, in the order in which one would mend them."""
    return [_python(), _packages(), _secret(settings), *await _database(settings), await _redis(settings)]


def _python() -> Finding:
    is_old = sys.version_info[:2] < PYTHON_FLOOR
    return Finding("python", sys.version.split()[0], "make PYTHON=python3.11 setup" if is_old else "")


def _packages() -> Finding:
    wrong = []
    for name, version, marker in _PINNED.findall((PROJECT / "requirements.txt").read_text()):
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found = "" if not marker else version
        if found != version:
            wrong.append(f"{name} {found or 'missing'}, pinned {version}")
    return Finding("packages", "; ".join(wrong) or "as pinned", "make setup" if wrong else "")


def _secret(settings: Settings) -> Finding:
    kind = "set" if settings.is_production else "set, or made for development and kept in the home"
    return Finding("secret", kind)


async def _database(settings: Settings) -> list[Finding]:
    try:
        connection = await asyncpg.connect(settings.database_url, timeout=5)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as fault:
        return [Finding("database", f"not reachable: {type(fault).__name__}", "look at DATABASE_URL and that server")]
    try:
        version = str(await connection.fetchval("SHOW server_version")).split()[0]
        pending = await pending_migrations(connection)
    finally:
        await connection.close()
    is_old = int(version.split(".")[0]) < POSTGRES_FLOOR
    return [
        Finding("database", f"PostgreSQL {version}", "15 or newer is needed" if is_old else ""),
        Finding("migrations", f"{len(pending)} to apply", "main.py migrate")
        if pending
        else Finding("migrations", "all applied"),
    ]


async def _redis(settings: Settings) -> Finding:
    redis = Redis.from_url(settings.redis_url or "")
    try:
        about = await redis.info("server")
    except (OSError, TimeoutError, RedisError) as fault:
        return Finding("redis", f"not reachable: {type(fault).__name__}", "look at REDIS_URL and that server")
    finally:
        await redis.aclose()
    name, version = (
        ("Valkey", about["valkey_version"]) if "valkey_version" in about else ("Redis", about["redis_version"])
    )
    is_old = int(version.split(".")[0]) < REDIS_FLOOR
    return Finding("redis", f"{name} {version}", "7 or newer is needed" if is_old else "")
