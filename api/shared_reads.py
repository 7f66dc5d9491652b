"""Reads that many subscribers want at once are made once: a thousand who follow one thing cost one statement."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson

from api.body import GraphQLRequest
from api.operations import Operations
from engine.documents import Operation
from engine.execution import Answer
from engine.statement import READERS
from resolvers.caller import Caller

KEPT: Final = 256


@dataclass(frozen=True, slots=True)
class Asked:
    """One question of one caller; `asks` is what of the caller the answer depends on."""

    operation: Operation
    request: GraphQLRequest
    caller: Caller
    asks: frozenset[str]

    @property
    def key(self) -> tuple[object, ...]:
        """All that the answer can depend on but the moment."""
        variables = orjson.dumps(self.request.variables, option=orjson.OPT_SORT_KEYS)
        caller = self.caller
        reader = _reader(caller, self.asks)
        return self.operation, variables, caller.shop_id, caller.app_id, caller.roles, caller.language, reader


@dataclass(frozen=True, slots=True)
class _Read:
    """An answer, or what will be one: after which wake it was asked for, and by whom."""

    number: int
    caller: Caller
    task: "asyncio.Task[Answer]"


class SharedReads:
    """The newest answer of each question, with the wake after which it was read."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations
        self._reads: OrderedDict[Any, _Read] = OrderedDict()

    async def read(self, asked: Asked, number: int) -> Answer:
        """Return the answer, or what was answered to the same question after wake `number` or a later one.

        What was shared until now, and turns out to depend on who reads it, is read by each on their own.
        """
        read = self._of(asked, number)
        # Shielded: who leaves takes the answer from nobody else.
        answer = await asyncio.shield(read.task)
        asks = answer.news.asks if answer.news else frozenset()
        if _reader(read.caller, asks) != _reader(asked.caller, asks):
            return await asyncio.shield(self._of(replace(asked, asks=asks), number).task)
        return answer

    def _of(self, asked: Asked, number: int) -> _Read:
        key = asked.key
        known = self._reads.get(key)
        if known is None or known.number < number:
            task = asyncio.create_task(self._operations.run(asked.operation, asked.request, asked.caller))
            # Whoever waits gets its fault; when nobody does any more, nobody needs to hear of it.
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
            known = self._reads[key] = _Read(number, asked.caller, task)
        self._reads.move_to_end(key)
        if len(self._reads) > KEPT:
            self._reads.popitem(last=False)
        return known


def _reader(caller: Caller, asks: frozenset[str]) -> tuple[object, ...]:
    """Who reads, as far as an answer depends on it."""
    return tuple([(who, getattr(caller, f"{who}_id")) for who in READERS if who in asks])
