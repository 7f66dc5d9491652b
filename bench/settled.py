"""What all servers that are compared have in common: database pool, memory, and how uvicorn runs them."""

import gc
import os
import sys
from contextlib import AbstractAsyncContextManager

import uvicorn

from api.server import stop_with_parent
from models.database import connect
from settings import Settings


def database_from_settings(settings: Settings) -> AbstractAsyncContextManager[None]:
    """Open the same pool that ours uses: size, statement cache, session settings, nothing sent on release."""
    if settings.database_url is None:
        message = "the servers that are compared need DATABASE_URL"
        raise RuntimeError(message)
    return connect(settings.database_url, pool_size=settings.pool_size)


def settle_memory() -> None:
    """Do what ours does after start-up, with the same numbers."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def serve(factory: str, port: int) -> None:
    """Run one application in this process, as `main.py serve` runs ours."""
    stop_with_parent(os.getppid())
    uvicorn.run(
        factory, factory=True, host="127.0.0.1", port=port, loop="uvloop", http="httptools", access_log=False,
        server_header=False, log_config=None, proxy_headers=False,
    )  # fmt: skip


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
