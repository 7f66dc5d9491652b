"""Functions that are made once for each type of what clients send, and then never ask what type it is."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from graphql import GraphQLInputType

Function = Callable[[Any], Any]


class PerType(ABC):
    """One function for each type of one schema."""

    def __init__(self) -> None:
        self._made: dict[str, Function] = {}

    def of(self, type_: GraphQLInputType) -> Function:
        """Return the function for values of this type."""
        # A type is told by how it is written: `[Int!]!`.
        name = str(type_)
        made = self._made.get(name)
        if made is None:

            def later(value: Any) -> Any:
                return self._made[name](value)

            # A type may hold itself: while its function is being made, those below find it when they are called.
            self._made[name] = later
            made = self._made[name] = self.make(type_)
        return made

    @abstractmethod
    def make(self, type_: GraphQLInputType) -> Function:
        """Make the function of a type, from those that `of` gives for the types inside it."""
