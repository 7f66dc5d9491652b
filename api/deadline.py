"""One deadline for all that is under way: a single timer stops whatever has been at work for too long.

A timer for each would be a thirtieth of what a small answer costs, and next to none of them ever rings.
"""

import asyncio
from time import monotonic
from types import TracebackType
from typing import Final


class Deadline:
    """So many seconds for each; who began first is stopped first."""

    def __init__(self, seconds: float) -> None:
        self._seconds: Final = seconds
        self._running: dict[Turn, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def turn(self) -> "Turn":
        """Return a block that raises TimeoutError when it has taken too long, as that of `asyncio.timeout` does."""
        return Turn(self)

    def begin(self, turn: "Turn") -> None:
        """Count a turn's time from now."""
        self._running[turn] = monotonic() + self._seconds
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._seconds, self._ring)

    def end(self, turn: "Turn") -> None:
        """Count it no more. The timer goes on: somebody else is likely to need it, and it may ring for nobody."""
        del self._running[turn]

    def _ring(self) -> None:
        """Stop all whose time is over, and ring again for the first of the others."""
        self._timer = None
        for turn, ends_at in self._running.items():
            left = ends_at - monotonic()
            if left > 0:
                self._timer = asyncio.get_running_loop().call_later(left, self._ring)
                return
            turn.stop()


class Turn:
    """One of them, from beginning to end in one task."""

    __slots__ = ("_cancelling", "_deadline", "_is_over", "_task")

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self._is_over = False

    def __enter__(self) -> None:
        task = asyncio.current_task()
        if task is None:
            message = "only a task can be stopped"
            raise RuntimeError(message)
        self._task, self._cancelling = task, task.cancelling()
        self._deadline.begin(self)

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, _: TracebackType | None) -> None:
        self._deadline.end(self)
        # Somebody else may have cancelled the task as well: then it stays cancelled.
        if self._is_over and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from fault

    def stop(self) -> None:
        """Break the block off, once."""
        if not self._is_over:
            self._is_over = True
            self._task.cancel()
