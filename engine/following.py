"""What wakes a subscription: said by the field that is followed, known to whoever waits for it."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class About:
    """The argument of a subscription that names what is followed, and how its text becomes an id; None is nothing."""

    argument: str
    decode: Callable[[str], UUID | None]


@dataclass(frozen=True, slots=True)
class Following:
    """Events whose topic begins with one of `topics`, in the shop of who follows.

    `is_own` keeps those about the viewer, or about what is theirs: then nobody else's change costs a look. Readers who
    are the `keeper`, who may follow what is another's, hear of everybody's. Where `about` is given, those about that
    alone.

    `is_shared` is a condition for the row that is followed: it is the same for everybody who may read it, though who
    may is a question of the viewer. Then those whose selection asks nothing of the viewer are answered by one read.
    """

    topics: tuple[str, ...]
    is_own: bool = False
    keeper: str | None = None
    about: About | None = None
    is_shared: str = ""
