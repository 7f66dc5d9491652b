"""The servers of one run: a database of its own, and the three applications, each a process of its own."""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import asyncpg
import psutil

from embedded import engines
from settings import PROJECT, Settings, load_settings, make_home

DATABASE: Final = "xiaopu_bench"
SECRET_KEY: Final = "bench-5tYq8ZkW2nR7vM4xC1pL9dG6hJ3sB0aF"  # noqa: S105 - guards made-up data
VARIANTS: Final = {
    "ours": ("main.py", "serve", "--stop-with-parent", "--port"),
    "limit": ("-m", "bench.settled", "bench.hand_written:create"),
    "strawberry": ("-m", "bench.settled", "bench.plain_strawberry:create"),
}
RIVALS: Final = {
    "placing rival": ("-m", "bench.settled", "bench.placing_hand_written:create"),
    "joining rival": ("-m", "bench.settled", "bench.joining_hand_written:create"),
    "wechat": ("main.py", "wechat-sandbox", "--port"),
    "ours too": VARIANTS["ours"],
}
"""Those that answer one question of their own, the WeChat that logins ask, and a second process of ours."""
_START_SECONDS: Final = 30.0
_STOP_SECONDS: Final = 15.0


@dataclass(frozen=True, slots=True)
class Ground:
    """What the applications stand on. Process and log of PostgreSQL are None when the server is not ours."""

    settings: Settings
    directory: Path
    postgres: int | None
    postgres_log: Path | None


@dataclass(frozen=True, slots=True)
class Server:
    """One application that answers."""

    name: str
    port: int
    pid: int


@contextmanager
def ground() -> Iterator[Ground]:
    """Run PostgreSQL and Valkey for the length of a block: ours, unless DATABASE_URL and REDIS_URL name others."""
    given = load_settings(secret_key=SECRET_KEY)
    home = given.home / "bench"
    make_home(home.parent)
    make_home(home)
    with ExitStack() as stack:
        ours = stack.enter_context(
            engines(home, postgres=not given.database_url, valkey=not given.redis_url, exclusive=True)
        )
        dsn = urlsplit(given.database_url or ours.dsn)._replace(path=f"/{DATABASE}").geturl()
        found = {"database_url": dsn, "redis_url": given.redis_url or ours.url, "mode": "development"}
        is_ours = not given.database_url
        yield Ground(
            given.model_copy(update=found),
            home,
            _postmaster(home) if is_ours else None,
            home / "log" / "postgresql.log" if is_ours else None,
        )


async def make_database(dsn: str) -> None:
    """Make the database of the run anew, empty."""
    administrator = await asyncpg.connect(urlsplit(dsn)._replace(path="/postgres").geturl())
    try:
        await administrator.execute(f"drop database if exists {DATABASE} with (force)")
        await administrator.execute(f"create database {DATABASE}")
    finally:
        await administrator.close()


def _postmaster(home: Path) -> int | None:
    for file in home.glob("postgres-*/postmaster.pid"):
        return int(file.read_text().splitlines()[0])
    return None


def environment_of(on: Ground, **more: str) -> dict[str, str]:
    """Return what a process of ours must be told; `more` are settings."""
    settings = on.settings
    return {
        **os.environ,
        "DATABASE_URL": settings.database_url or "",
        "REDIS_URL": settings.redis_url or "",
        "SECRET_KEY": SECRET_KEY,
        "POOL_SIZE": str(settings.pool_size),
        # What falls due is another process's work in production; and nothing is measured against a refusal.
        "WORKER_INSIDE": "false",
        "THROTTLE_POINTS": "1000000000",
        **more,
    }


@contextmanager
def working(on: Ground, **more: str) -> Iterator[int]:
    """Run a worker for the length of a block, and give its process."""
    with (on.directory / "worker.log").open("wb") as log:
        command = (sys.executable, "main.py", "worker")
        running = subprocess.Popen(command, cwd=PROJECT, env=environment_of(on, **more), stdout=log, stderr=log)  # noqa: S603 - our own words
        try:
            yield running.pid
        finally:
            _stop(running)


@contextmanager
def serving(name: str, on: Ground, **more: str) -> Iterator[Server]:
    """Run one application for the length of a block; what it says goes to a file of its name. `more` are settings."""
    port = _free_port()
    environment = environment_of(on, **more)
    with (on.directory / f"{name}.log").open("wb") as log:
        command = (sys.executable, *(VARIANTS | RIVALS)[name], str(port))
        running = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=log, stderr=log)  # noqa: S603 - our own words
        try:
            _wait(name, port, running, Path(log.name))
            yield Server(name, port, running.pid)
        finally:
            _stop(running)


def _stop(running: "subprocess.Popen[bytes]") -> None:
    running.terminate()
    try:
        running.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        running.kill()
        running.wait()


def _wait(name: str, port: int, running: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not _answers(port):
        if running.poll() is not None or time.monotonic() > deadline:
            message = f"{name} did not start:\n{log.read_text(errors='replace')[-2000:]}"
            raise RuntimeError(message)
        time.sleep(0.05)
    if psutil.Process(running.pid).children():
        message = f"{name} answers from more than one process, so its CPU can't be read"
        raise RuntimeError(message)


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/nowhere")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def _free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port: int = door.getsockname()[1]
        return port
