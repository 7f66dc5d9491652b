"""Reads of one plan that come in one turn of the loop, made by one statement: what many are told after one transaction.

Each answers for itself all the same: when the statement for all fails, each of them is made alone.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import orjson

Fetch = Callable[[str, tuple[Any, ...]], Awaitable[Any]]
"""Runs one statement on a pooled connection and gives the value of its only row and column."""

Binds = tuple[Any, ...]
_Answer = asyncio.Future[tuple[Any] | None]
"""The value, or None where each must ask alone."""
_Waiting = tuple[Binds, _Answer]

_BIND = re.compile(r"\$(\d+)::(\w+(?:\[\])?)")
_TOLD_BY_JSON = frozenset({"uuid", "uuid[]", "text", "text[]", "timestamptz", "int", "bigint", "boolean"})
"""Types whose values JSON brings into PostgreSQL as the driver does."""


def for_many(value: str) -> str:
    """Return the statement that reads `value`, an expression of type json, for any number of sets of its binds.

    They come as one bind, a list of objects; the answer is an array. Empty where a bind can't be told by JSON.
    """
    casts = {int(number): cast for number, cast in _BIND.findall(value)}
    if not casts or not _TOLD_BY_JSON.issuperset(casts.values()):
        return ""
    columns = ", ".join(f"b{number} {cast}" for number, cast in sorted(casts.items()))
    written = _BIND.sub(r"one_of_many.b\1", value)
    return (
        f"select array_agg(convert_to(({written})::text, 'UTF8') order by one_of_many.n)"
        f" from json_to_recordset($1::json) as one_of_many(n int, {columns})"
    )


class Together:
    """Who waits for which statement."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._waiting: dict[str, list[_Waiting]] = {}

    async def fetch(self, alone: str, many: str, binds: Binds) -> Any:
        """Return what `alone` gives for these binds; `many` is its form for many, by `for_many`."""
        found = await (self._joined(many, binds) if many in self._waiting else self._led(many, binds))
        return found[0] if found else await self._fetch(alone, binds)

    async def _joined(self, many: str, binds: Binds) -> tuple[Any] | None:
        answer: _Answer = asyncio.get_running_loop().create_future()
        self._waiting[many].append((binds, answer))
        return await answer

    async def _led(self, many: str, binds: Binds) -> tuple[Any] | None:
        """Ask for all who come in this turn of the loop: those who were woken together with us."""
        others = self._waiting[many] = []
        answers: list[Any] = []
        try:
            await asyncio.sleep(0)
            del self._waiting[many]
            if others:
                answers = await self._fetch(many, (_as_json([binds, *(one for one, _answer in others)]),))
        except Exception:  # noqa: BLE001 - each is made alone then, and who is at fault hears of it
            answers = []
        finally:
            self._waiting.pop(many, None)
            for place, (_binds, answer) in enumerate(others, 1):
                if not answer.done():
                    answer.set_result((answers[place],) if answers else None)
        return (answers[0],) if answers else None


def _as_json(sets: list[Binds]) -> str:
    rows = [{"n": n} | {f"b{place}": value for place, value in enumerate(binds, 1)} for n, binds in enumerate(sets)]
    return orjson.dumps(rows, default=_driver_id).decode()


def _driver_id(value: object) -> str:
    if isinstance(value, UUID):
        # The driver's own class of it.
        return str(value)
    message = f"a bind is a {type(value).__name__}, which JSON has no form for"
    raise TypeError(message)
