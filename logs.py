"""Logs: one JSON line per event on standard error, with fields and never a secret or a personal value."""

import logging
import sys
from functools import cache
from typing import Literal
from uuid import UUID

import orjson

from clock import wall_now

Level = Literal["debug", "info", "warning", "error"]

_RANK: dict[Level, int] = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_threshold = _RANK["info"]

# A last net under the rule that nobody logs these: a field of such a name loses its value.
_NEVER = frozenset(
    {"address", "authorization", "body", "cookie", "email", "jscode", "key", "mobile", "openid", "password", "phone"}
    | {"query", "secret", "token", "unionid"}
)


def _is_private(name: str) -> bool:
    return not _NEVER.isdisjoint(name.lower().split("_")) and not name.endswith(("_id", "_ms", "_bytes", "_count"))


@cache
def _private(names: tuple[str, ...]) -> list[str]:
    """Which of an event's fields lose their value; events of one kind have the same fields each time."""
    return [name for name in names if _is_private(name)]


def log(event: str, *, level: Level = "info", **fields: object) -> None:
    """Write one event: `log("order_placed", shop_id=..., lines=3)`. Names with units: `took_ms`, `size_bytes`.

    Values may be anything JSON knows, and UUID, datetime and enum; other objects are written by their type's name.
    """
    if _RANK[level] < _threshold:
        return
    line = {"time": wall_now(), "level": level, "event": event, **fields}
    for name in _private(tuple(fields)):
        line[name] = "[masked]"
    text = orjson.dumps(line, default=_type_name, option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE)
    _write(text)


def _write(line: bytes) -> None:
    # One write per line: lines of several processes on one stream stay whole.
    sys.stderr.buffer.write(line)
    sys.stderr.buffer.flush()


def _type_name(value: object) -> str:
    # asyncpg's UUID is a class of its own to orjson.
    return str(value) if isinstance(value, UUID) else type(value).__name__


class _JsonHandler(logging.Handler):
    """Carries what libraries say through the standard logging into our lines."""

    def emit(self, record: logging.LogRecord) -> None:
        level: Level = "error" if record.levelno >= logging.ERROR else "warning"
        if record.levelno < logging.WARNING:
            level = "info" if record.levelno >= logging.INFO else "debug"
        # `told_by`, not the whole exception text: a database error may quote a customer's row.
        fault = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        log("library", level=level, told_by=record.name, message=record.getMessage(), fault=fault)


def configure(level: Level = "info") -> None:
    """Set the lowest level written, and send the standard logging of libraries (from warnings on) through `log`."""
    global _threshold  # noqa: PLW0603 - one threshold per process, set once at start
    _threshold = _RANK[level]
    root = logging.getLogger()
    root.handlers[:] = [_JsonHandler()]
    root.setLevel(logging.WARNING)
