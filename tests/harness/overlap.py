"""Questions that are truly under way at the same moment: a race in which nobody met anybody proves nothing."""

import asyncio
from collections.abc import Awaitable, Sequence
from time import perf_counter
from typing import TypeVar

T = TypeVar("T")


class Overlap:
    """Notes when each question was under way."""

    def __init__(self) -> None:
        self.spans: list[tuple[float, float]] = []

    async def of(self, question: Awaitable[T]) -> T:
        """Ask, and note from when to when."""
        began = perf_counter()
        answer = await question
        self.spans.append((began, perf_counter()))
        return answer

    @property
    def most(self) -> int:
        """The most that were under way at one moment."""
        steps = sorted([(began, 1) for began, _ in self.spans] + [(ended, -1) for _, ended in self.spans])
        under_way = most = 0
        for _, step in steps:
            under_way += step
            most = max(most, under_way)
        return most


async def at_once(questions: Sequence[Awaitable[T]]) -> list[T]:
    """Ask everything at the same moment; more than half must have been under way together."""
    overlap = Overlap()
    answers = await asyncio.gather(*(overlap.of(question) for question in questions))
    assert overlap.most > len(questions) // 2
    return answers
