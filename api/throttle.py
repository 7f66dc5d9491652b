"""Points to spend, per credential and client: a bucket that refills steadily, kept by each process for itself."""

from collections import OrderedDict
from dataclasses import dataclass
from time import monotonic
from uuid import UUID

BUCKETS_KEPT = 50_000

Spender = tuple[UUID, object, str]
"""Shop, credential, client."""


@dataclass(slots=True)
class Bucket:
    """What is left, and when that was counted (monotonic seconds)."""

    points: float
    counted_at: float


class Throttle:
    """Buckets of `most` points that regain `per_second`. Forgetting the least used one only ever gives points."""

    def __init__(self, most: int, per_second: int) -> None:
        self.most = most
        self.per_second = per_second
        self._buckets: OrderedDict[Spender, Bucket] = OrderedDict()

    def bucket(self, spender: Spender) -> Bucket:
        """Return the spender's bucket, refilled up to now."""
        now = monotonic()
        found = self._buckets.get(spender)
        if found is None:
            found = self._buckets[spender] = Bucket(self.most, now)
            if len(self._buckets) > BUCKETS_KEPT:
                self._buckets.popitem(last=False)
            return found
        self._buckets.move_to_end(spender)
        found.points = min(self.most, found.points + (now - found.counted_at) * self.per_second)
        found.counted_at = now
        return found

    def wait_seconds(self, bucket: Bucket, points: int) -> float:
        """Return how long until `points` can be spent; 0 when they can be now."""
        missing = points - bucket.points
        return missing / self.per_second if missing > 0 else 0.0

    def spend(self, bucket: Bucket, points: int) -> None:
        """Take points; what is left may go below zero, which then has to be regained first."""
        bucket.points -= points

    def give_back(self, bucket: Bucket, points: int) -> None:
        """Return what an answer did not use."""
        bucket.points = min(self.most, bucket.points + points)
