"""Throwing away what is too old, in bites that hold no lock for long."""

from datetime import datetime
from typing import Final

from models.database import pool

BITE_ROWS: Final = 10_000


async def reap(statement: str, before: datetime) -> int:
    """Run a delete that binds $1, the moment before which rows are too old, and $2, how many may go at a time.

    Again until a bite is not full; returns how many rows went.
    """
    gone = 0
    while True:
        done: str = await pool().execute(statement, before, BITE_ROWS)
        bite = int(done.rpartition(" ")[2])
        gone += bite
        if bite < BITE_ROWS:
            return gone
