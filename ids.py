"""Ids: UUIDv7 inside, so that new rows land at the end of an index; `prefix_hex` outside, opaque to clients."""

import os
import re
import threading
from uuid import UUID

from clock import wall_ns

_NS_PER_MS = 1_000_000
_CLIENTS = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_HEX = re.compile(r"[0-9a-f]{32}", re.ASCII)
_lock = threading.Lock()
_last_tick = 0


def new_id() -> UUID:
    """Return a UUIDv7 that is greater than every id this process made before, also within one millisecond."""
    return UUID(int=_new_number())


def new_hex() -> str:
    """Return a new id as 32 hex digits, where nobody needs a UUID of it."""
    return f"{_new_number():032x}"


def _new_number() -> int:
    """Count on.

    The 12 bits after the version carry the fraction of the millisecond (RFC 9562, method 3), as PostgreSQL 18's
    own uuidv7() does; when two calls fall into one step, or the clock goes back, the step is counted on.
    """
    global _last_tick  # noqa: PLW0603 - the counter is what makes ids of one process ordered
    tick = (wall_ns() << 12) // _NS_PER_MS
    with _lock:
        tick = _last_tick = max(tick, _last_tick + 1)
    high = (tick >> 12) << 16 | 0x7000 | tick & 0xFFF
    low = 0b10 << 62 | int.from_bytes(os.urandom(8)) >> 2
    return high << 64 | low


def encode_id(prefix: str, id: UUID) -> str:  # noqa: A002 - the word clients use
    """Return the id as clients see it, for example `prod_0190...` with 32 lower-case hex digits."""
    return f"{prefix}_{id.hex}"


def decode_id(prefix: str, text: str) -> UUID | None:
    """Return the UUID, or None for anything that `encode_id` would not have written: such an id is not found."""
    head, separator, digits = text.rpartition("_")
    if not separator or head != prefix or not _HEX.fullmatch(digits):
        return None
    return UUID(hex=digits)


def client_uuid(text: str) -> UUID | None:
    """Return the UUID that a client made up, in the usual 36 characters; None for anything else."""
    return UUID(text) if _CLIENTS.fullmatch(text) else None
