"""Chance that can be repeated: made-up people, jitter and draws of a sandbox shop follow its seed.

Never for secrets, keys or ids that must not be guessed: those come from `secrets`.
"""

from random import Random


def randomness(seed: int, purpose: str) -> Random:
    """Return the stream of chance that belongs to a shop's seed and one purpose.

    The same seed and purpose give the same stream on every machine; two purposes never disturb each other.
    """
    return Random(f"{seed}:{purpose}")  # noqa: S311 - repeatable on purpose; no secret is made from it
