"""A shop's own time: the wall clock, moved forward for a sandbox shop. Every deadline of a shop is held against it."""

from datetime import datetime, timedelta

from clock import wall_now


def shop_now(clock_offset_ms: int) -> datetime:
    """Return the shop's time; `clock_offset_ms` is the shop's column of that name, 0 for every LIVE shop."""
    if not clock_offset_ms:
        return wall_now()
    return wall_now() + timedelta(milliseconds=clock_offset_ms)
