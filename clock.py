"""The one clock. Everything that asks for the time of day asks here, so that tests and sandbox shops can argue."""

import time
from datetime import UTC, datetime


def wall_now() -> datetime:
    """Wall time, aware, UTC. A shop's own time is this plus the shop's offset; see `Caller.now`."""
    return datetime.now(UTC)


def wall_ns() -> int:
    """Wall time in nanoseconds since 1970, for ids; datetime stops at microseconds."""
    return time.time_ns()
