"""Reads that many subscribers want at once are made once: a thousand who follow one thing cost one statement."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final

import orjson

from api.body import GraphQLRequest
from api.operations import Operations
from engine.documents import Operation
from engine.execution import Answer
from resolvers.caller import Caller

KEPT: Final = 256


@dataclass(frozen=True, slots=True)
class Asked:
    """One question of one caller; `is_personal` when nobody else would get the same answer."""

    operation: Operation
    request: GraphQLRequest
    caller: Caller
    is_personal: bool

    @property
    def key(self) -> tuple[object, ...]:
        """All that the answer can depend on but the moment."""
        variables = orjson.dumps(self.request.variables, option=orjson.OPT_SORT_KEYS)
        caller = self.caller
        person = (caller.actor, caller.subject_id, caller.visitor_id) if self.is_personal else ()
        return self.operation, variables, caller.shop_id, caller.app_id, caller.roles, caller.language, *person


class SharedReads:
    """The newest answer of each question, with the wake after which it was read."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations
        self._reads: OrderedDict[Any, tuple[int, asyncio.Task[Answer]]] = OrderedDict()

    async def read(self, asked: Asked, number: int) -> Answer:
        """Return the answer, or what was answered to the same question after wake `number` or a later one."""
        key = asked.key
        known = self._reads.get(key)
        if known is None or known[0] < number:
            task = asyncio.create_task(self._operations.run(asked.operation, asked.request, asked.caller))
            # Whoever waits gets its fault; when nobody does any more, nobody needs to hear of it.
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
            known = self._reads[key] = (number, task)
        self._reads.move_to_end(key)
        if len(self._reads) > KEPT:
            self._reads.popitem(last=False)
        # Shielded: who leaves takes the answer from nobody else.
        return await asyncio.shield(known[1])
