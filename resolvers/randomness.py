"""Chance that can be repeated: made-up people, jitter and draws of a sandbox shop follow its seed.

Never for secrets, keys or ids that must not be guessed: those come from `secrets`.
"""

from hashlib import sha256
from random import Random


def randomness(seed: int, purpose: str) -> Random:
    """Return the stream of chance that belongs to a shop's seed and one purpose.

    The same seed and purpose give the same stream on every machine; two purposes never disturb each other.
    """
    return Random(f"{seed}:{purpose}")  # noqa: S311 - repeatable on purpose; no secret is made from it


def drawn(seed: int, purpose: str, below: int) -> int:
    """Return the one number that belongs to a shop's seed and one purpose, at least 0: a stream costs ten times this.

    `below` is at most 2 ** 40, so that none is more likely than another by what anybody could tell.
    """
    return int.from_bytes(sha256(f"{seed}:{purpose}".encode()).digest()[:16]) % below
