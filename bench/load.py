"""The load: a process of its own that keeps some connections busy and says what that cost the servers.

`python -m bench.load PLAN` reads a plan (JSON) and writes one JSON line for each turn. Turns are short and go round the
servers, so that a busy neighbour disturbs all alike. CPU is read while nothing is under way, before the first request
of a turn and after its last answer, so every answer is paid for in full and nothing else is.
"""

import asyncio
import base64
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from time import perf_counter
from typing import cast

import orjson
import psutil
import uvloop

from settings import PROJECT

_OK = b"HTTP/1.1 200"
_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length:"


@dataclass(frozen=True, slots=True)
class Target:
    """Whom to ask what, and in which rounds."""

    name: str
    port: int
    pid: int
    requests: list[str]
    """In base64; asked in turn."""
    every: int
    """1 for every round, 4 for one of four."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How long a turn is, how many rounds there are, and whose CPU to read beside the targets'."""

    targets: list[Target]
    rounds: int
    seconds: float
    connections: int
    postgres: int | None
    """The process that is the parent of all backends."""


@dataclass(frozen=True, slots=True)
class Load:
    """What came of one turn."""

    name: str
    round: int
    answers: int
    seconds: float
    server_cpu_seconds: float
    postgres_cpu_seconds: float | None

    @property
    def cpu_ms(self) -> float:
        """Milliseconds of the server's CPU for one answer."""
        return self.server_cpu_seconds * 1000 / self.answers

    @property
    def postgres_ms(self) -> float | None:
        """Milliseconds of PostgreSQL's CPU for one answer."""
        return None if self.postgres_cpu_seconds is None else self.postgres_cpu_seconds * 1000 / self.answers

    @property
    def per_second(self) -> float:
        """Answers in a second."""
        return self.answers / self.seconds


class _Client(asyncio.Protocol):
    """One connection: asks, reads the whole answer, asks again until time is up."""

    def __init__(self, requests: "cycle[bytes]") -> None:
        self._requests = requests
        self._got = bytearray()
        self._wanted = 0
        self.ends_at = 0.0
        self.answers = 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's own class; it says nowhere that it is one of asyncio's.
        self.transport = cast("asyncio.Transport", transport)

    def ask(self) -> None:
        self.transport.write(next(self._requests))

    def data_received(self, data: bytes) -> None:
        self._got += data
        if not self._wanted:
            head_end = self._got.find(_HEAD_END)
            if head_end < 0:
                return
            head = bytes(self._got[:head_end]).lower()
            if not self._got.startswith(_OK) or _LENGTH not in head:
                self.done.set_exception(RuntimeError(f"an unexpected answer: {bytes(self._got[:500])!r}"))
                self.transport.close()
                return
            self._wanted = head_end + len(_HEAD_END) + int(head.split(_LENGTH)[1].split(b"\r\n")[0])
        if len(self._got) < self._wanted:
            return
        self._got.clear()
        self._wanted = 0
        self.answers += 1
        if perf_counter() < self.ends_at:
            self.ask()
        else:
            self.done.set_result(None)

    def connection_lost(self, fault: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(fault or RuntimeError("the server hung up"))


async def run(plan: Plan) -> AsyncIterator[Load]:
    """Give every target its turns."""
    for number in range(plan.rounds):
        for target in plan.targets:
            if number % target.every == 0:
                yield await _turn(plan, target, number)


async def _turn(plan: Plan, target: Target, number: int) -> Load:
    """Keep the connections busy for the length of a turn."""
    loop = asyncio.get_running_loop()
    requests = cycle([base64.b64decode(request) for request in target.requests])
    clients = []
    for _ in range(plan.connections):
        _transport, client = await loop.create_connection(lambda: _Client(requests), "127.0.0.1", target.port)
        clients.append(client)
    server_before, postgres_before = _cpu(target.pid), _children_cpu(plan.postgres)
    began = perf_counter()
    for client in clients:
        client.ends_at = began + plan.seconds
        client.ask()
    await asyncio.gather(*(client.done for client in clients))
    seconds = perf_counter() - began
    server_after, postgres_after = _cpu(target.pid), _children_cpu(plan.postgres)
    for client in clients:
        client.transport.close()
    postgres = None
    if plan.postgres is not None:
        postgres = sum(spent - postgres_before.get(pid, 0.0) for pid, spent in postgres_after.items())
    answers = sum(client.answers for client in clients)
    return Load(target.name, number, answers, seconds, server_after - server_before, postgres)


def _cpu(pid: int) -> float:
    spent = psutil.Process(pid).cpu_times()
    return float(spent.user + spent.system)


def _children_cpu(parent: int | None) -> dict[int, float]:
    if parent is None:
        return {}
    return {child.pid: _cpu(child.pid) for child in psutil.Process(parent).children()}


def turns(plan: Plan) -> Iterator[Load]:
    """Run a plan in a process of its own and give its turns as they end. Raises RuntimeError when it failed."""
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        file.write(orjson.dumps(plan))
        file.flush()
        command = (sys.executable, "-m", "bench.load", file.name)
        with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE) as running:  # noqa: S603 - our own words
            for turn in running.stdout or ():
                yield Load(**orjson.loads(turn))
    if running.returncode:
        message = f"the load on {', '.join(target.name for target in plan.targets)} failed"
        raise RuntimeError(message)


async def _main(plan: Plan) -> None:
    async for load in run(plan):
        print(orjson.dumps(load).decode(), flush=True)


if __name__ == "__main__":
    given = orjson.loads(Path(sys.argv[1]).read_bytes())
    uvloop.run(_main(Plan(**given | {"targets": [Target(**target) for target in given["targets"]]})))
