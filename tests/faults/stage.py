"""Where Hypothesis plays its machines: deeds are made up in a thread of their own, each a story on the shop's loop."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, ClassVar

import httpx
from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypothesis_settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from settings import Settings

_PATIENCE_SECONDS = 100


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the stories are played."""

    loop: asyncio.AbstractEventLoop
    settings: Settings
    http: httpx.AsyncClient
    ended: list[Any] = field(default_factory=list)
    """Worlds that came to the same as their models, to the end."""


class StagedMachine(RuleBasedStateMachine):
    """A machine of deeds, with a world to do them to; it says how the world and its model are compared."""

    stage: ClassVar[Stage]
    world: Any

    def is_as_modelled(self) -> Coroutine[Any, Any, Any]:
        """Compare, after each deed."""
        raise LookupError(type(self).__name__)

    def ends_well(self) -> Coroutine[Any, Any, Any]:
        """Compare all there is, at the end."""
        raise LookupError(type(self).__name__)

    def play(self, story: Coroutine[Any, Any, Any]) -> Any:
        """Play a story on the loop of the stage."""
        return asyncio.run_coroutine_threadsafe(story, self.stage.loop).result(_PATIENCE_SECONDS)

    def done(self, deed: Coroutine[Any, Any, None]) -> None:
        """Do it, and compare."""
        self.play(deed)
        self.play(self.is_as_modelled())

    def teardown(self) -> None:
        """Compare all there is."""
        if hasattr(self, "world"):
            self.play(self.ends_well())
            self.stage.ended.append(self.world)


async def plays(
    machine: type[StagedMachine], settings: Settings, http: httpx.AsyncClient, *, examples: int, steps: int
) -> int:
    """Run a machine in a thread; the loop is free to serve. Returns how many worlds ended as their models did."""
    stage = Stage(asyncio.get_running_loop(), settings, http)
    staged = type(machine.__name__, (machine,), {"stage": stage})
    rules = hypothesis_settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        print_blob=False,
    )
    await asyncio.to_thread(run_state_machine_as_test, staged, settings=rules)
    return len(stage.ended)
