"""The app as processes of its own, started by the command a person types: for races and for kills."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from settings import PROJECT, Settings
from tests.harness.secrecy import SECRECY

# Waits end as soon as what they wait for is there: they are for machines with other work to do.
_START_SECONDS = 90.0
_STOP_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Process:
    """A `main.py ...` of our own; what it says goes to `log`."""

    base_url: str
    running: asyncio.subprocess.Process
    log: Path

    def kill(self) -> None:
        """End it as a power cut would."""
        self.running.kill()


@asynccontextmanager
async def process_serving(settings: Settings, log: Path, *, workers: int = 1) -> AsyncIterator[Process]:
    """Serve the database and Redis of `settings` from another process for the length of a block."""
    command = ("serve", "--workers", str(workers), "--stop-with-parent")
    async with process_running(settings, log, *command) as process:
        yield process


@asynccontextmanager
async def process_running(
    settings: Settings, log: Path, *command: str, port: int | None = None, environment: Mapping[str, str] | None = None
) -> AsyncIterator[Process]:
    """Run a command that serves HTTP, with a port of its own unless told, for the length of a block."""
    port = port or free_port()
    async with _running(settings, log, *command, "--port", str(port), environment=environment) as running:
        process = Process(f"http://127.0.0.1:{port}", running, log)
        await _until(process, lambda: _is_serving(process.base_url))
        yield process


@asynccontextmanager
async def process_working(
    settings: Settings, log: Path, *, environment: Mapping[str, str] | None = None
) -> AsyncIterator[Process]:
    """Run a worker for the length of a block; it has no address."""
    await asyncio.to_thread(log.touch)
    begun = len(await asyncio.to_thread(log.read_bytes))
    async with _running(settings, log, "worker", environment=environment) as running:
        process = Process("", running, log)

        async def has_begun() -> bool:
            return b"worker_started" in (await asyncio.to_thread(log.read_bytes))[begun:]

        await _until(process, has_begun)
        yield process


@asynccontextmanager
async def _running(
    settings: Settings, log: Path, *command: str, environment: Mapping[str, str] | None
) -> AsyncIterator[asyncio.subprocess.Process]:
    given = {"DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url, "SECRET_KEY": settings.secret_key}
    everything = {**os.environ, **{name: value for name, value in given.items() if value}, **(environment or {})}
    with log.open("ab") as said:
        running = await asyncio.create_subprocess_exec(
            sys.executable,
            "main.py",
            *command,
            cwd=PROJECT,
            env=everything,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
    try:
        yield running
    finally:
        await _stop(running)
        SECRECY.hear_log(f"the log of {command[0]}", await asyncio.to_thread(log.read_bytes))


async def _until(process: Process, is_ready: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(_START_SECONDS):
        while not await is_ready():
            if process.running.returncode is not None:
                message = f"the process ended with {process.running.returncode}: {process.log.read_text()[-2000:]}"
                raise RuntimeError(message)
            await asyncio.sleep(0.05)


async def _is_serving(base_url: str) -> bool:
    async with httpx.AsyncClient(trust_env=False) as http:
        try:
            return (await http.get(f"{base_url}/readyz")).is_success
        except httpx.TransportError:
            return False  # not listening yet


async def _stop(running: asyncio.subprocess.Process) -> None:
    if running.returncode is None:
        running.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(_STOP_SECONDS):
            await running.wait()
    except TimeoutError:
        running.kill()
        await running.wait()


def free_port() -> int:
    """Return a port that nobody has at this moment."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port: int = door.getsockname()[1]
        return port
