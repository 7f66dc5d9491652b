"""What wakes a subscription: said by the field that is followed, known to whoever waits for it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Following:
    """Events whose topic begins with one of `topics`, in the shop of who follows.

    `is_own` keeps those about the viewer, or about what is theirs: then nobody else's change costs a look. Readers who
    are the `keeper`, who may follow what is another's, hear of everybody's.
    """

    topics: tuple[str, ...]
    is_own: bool = False
    keeper: str | None = None
