"""One server process: how to find it, start it and stop it. Knows neither PostgreSQL nor Valkey."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from embedded_place import EmbeddedError, Place
from logs import log

START_SECONDS = 30.0
STOP_SECONDS = 15.0
_POLL_SECONDS = 0.02

# Servers this process started and must wait for, by mark.
_children: dict[str, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True, slots=True)
class Engine:
    """A server as a command. `mark` is the argument of it that no other process of the machine has."""

    name: str
    command: tuple[str, ...]
    mark: str
    prepare: Callable[[], None]
    is_ready: Callable[[], bool]
    stop_signal: signal.Signals

    def running(self) -> psutil.Process | None:
        """Find the server by its command line; a pid file may name a stranger after a crash or a reboot."""
        for process in psutil.process_iter(["cmdline", "status"]):
            if self.mark in (process.info["cmdline"] or ()) and process.info["status"] != psutil.STATUS_ZOMBIE:
                return process
        return None


def start(engine: Engine, place: Place) -> None:
    """Start a server, or adopt the one an earlier process left when it is what we would start.

    Raises EmbeddedError with the server's last words.
    """
    left = engine.running()
    if left and tuple(left.cmdline()) == engine.command and until(engine.is_ready, START_SECONDS):
        log("engine_adopted", engine=engine.name, pid=left.pid)
        return
    stop(engine)
    began = time.monotonic()
    engine.prepare()
    said = place.log_file(engine.name.lower())
    while True:
        process = _launch(engine, place, said)
        remaining = began + START_SECONDS - time.monotonic()
        until(lambda: engine.is_ready() or process.poll() is not None, remaining)  # noqa: B023 - used at once
        if process.poll() is None and engine.is_ready():
            log("engine_started", engine=engine.name, pid=process.pid, took_ms=round((time.monotonic() - began) * 1000))
            return
        words = said.read_text(errors="replace").splitlines()[-5:]
        # The children of a PostgreSQL that was killed need a moment to notice.
        if process.poll() is None or remaining <= 0 or "still in use" not in "".join(words):
            stop(engine)
            message = "\n".join((f"{engine.name} did not start; the end of {said}:", *words))
            raise EmbeddedError(message)
        time.sleep(10 * _POLL_SECONDS)


def _launch(engine: Engine, place: Place, said: Path) -> subprocess.Popen[bytes]:
    with said.open("ab") as words:
        child = subprocess.Popen(  # noqa: S603 - our own command
            engine.command,
            stdin=subprocess.DEVNULL,
            stdout=words,
            stderr=words,
            # A session of its own: Ctrl-C in a terminal reaches us alone, and we stop the servers in order.
            start_new_session=True,
            umask=0o077,
            **place.run_as(),
        )
    _children[engine.mark] = child
    return child


def stop(engine: Engine) -> None:
    """Stop a server, first kindly, after STOP_SECONDS with its whole family at once."""
    process = engine.running()
    child = _children.pop(engine.mark, None)
    if process is None:
        return

    def is_gone() -> bool:
        # Our own child must be waited for; one we adopted is init's, and stays a zombie where init is careless.
        if child:
            return child.poll() is not None
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE

    family = [process, *process.children(recursive=True)]
    process.send_signal(engine.stop_signal)
    if not until(is_gone, STOP_SECONDS):
        log("engine_killed", level="warning", engine=engine.name, pid=process.pid, waited_s=STOP_SECONDS)
        for member in family:
            if member.is_running():
                member.kill()
        until(is_gone, STOP_SECONDS)
    log("engine_stopped", engine=engine.name, pid=process.pid)


def answers(path: Path, question: bytes = b"", reply: bytes = b"") -> bool:
    """Whether something takes connections at this socket, and replies as it should when asked a question."""
    with socket.socket(socket.AF_UNIX) as door:
        door.settimeout(1)
        try:
            door.connect(os.fspath(path))
            door.sendall(question)
            return not reply or door.recv(64).startswith(reply)
        except OSError:
            return False


def until(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait for a condition, looking often; False when the time is over."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True
