"""How a mutation of the corpus is told: who sends what, and what a stranger may try."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tests.harness.asking import Asker
from tests.journeys.world import ERRORS, World

Variables = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Foreign:
    """Variables of a stranger with one id that is not theirs, and the field that the refusal must name."""

    field: str
    variables: Callable[[World, World], Variables]


@dataclass(frozen=True, slots=True)
class Write:
    """A mutation: what its sender sends, and what a stranger `(me, them)` may try.

    `is_open` when not only staff may ask for it; then the command itself says who may not.
    """

    root: str
    document: str
    variables: Callable[[World], dict[str, Any]]
    foreign: tuple[Foreign, ...] = ()
    is_open: bool = False
    sender: Callable[[World], Asker] = lambda world: world.shop.staff


def write(
    root: str, head: str, selection: str, variables: Callable[[World], dict[str, Any]], *foreign: Foreign
) -> Write:
    """`head` declares the variables; each is sent as the argument of its name."""
    names = [part.split(":")[0].strip() for part in head.replace("$", "").split(",")]
    arguments = ", ".join(f"{name}: ${name}" for name in names)
    return Write(root, f"mutation ({head}) {{ {root}({arguments}) {{ {selection} {ERRORS} }} }}", variables, foreign)


def open_to_all(told: Write, sender: Callable[[World], Asker] = lambda world: world.shop.staff) -> Write:
    """The same for everybody to ask, sent by whom it is meant for."""
    return replace(told, is_open=True, sender=sender)


def instead(field: str, **changes: Callable[[World, World], Any]) -> Foreign:
    """Only these variables; those that are missing the caller adds from its own world."""
    return Foreign(field, lambda mine, theirs: {name: made(mine, theirs) for name, made in changes.items()})


def their(name: str) -> Callable[[World, World], Any]:
    return lambda _, theirs: theirs[name]


def mixed(*names: str) -> Callable[[World, World], Any]:
    """Return a list of ids: all mine but the last, which is theirs."""
    return lambda mine, theirs: [*(mine[name] for name in names[:-1]), theirs[names[-1]]]
