"""PostgreSQL and Valkey of our own, from wheels, for whoever names no servers: start, adopt, stop.

Their wheels' own Python doors are not used: one leaks a server after a kill -9 and opens root's directories. A server
is found by its command line (which names its directory), so whatever an earlier crash left is adopted or stopped.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psutil

from embedded_engine import START_SECONDS, Engine, answers, start, stop, until
from embedded_place import POSTGRES_MAJOR, EmbeddedError, Place, make_place, postgres_binaries, valkey_binary
from logs import log

if sys.platform != "win32":
    import fcntl

# fsync stays on: what is measured and proven here must hold on a server that keeps its promises.
_POSTGRES_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "off",
}


# PostgreSQL's own pid file says in its eighth line whether it takes connections.
_PID_FILE_STATUS_LINE = 7


OWNER_SECONDS = 3.0


class HomeInUseError(EmbeddedError):
    """Another process owns the servers of this home."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where to reach the servers: as DATABASE_URL and REDIS_URL would say it."""

    dsn: str
    url: str


def start_postgres(home: Path) -> str:
    """Start PostgreSQL for this home, or adopt the one that runs; return its DSN. Raises EmbeddedError."""
    place = make_place(home)
    start(_postgres(place), place)
    return _dsn(place)


def start_valkey(home: Path) -> str:
    """Start Valkey for this home, or adopt the one that runs; return its URL. Raises EmbeddedError."""
    place = make_place(home)
    start(_valkey(place), place)
    return _url(place)


def stop_postgres(home: Path) -> None:
    """Stop the PostgreSQL of this home, if it runs; open transactions are rolled back."""
    stop(_postgres(make_place(home)))


def stop_valkey(home: Path) -> None:
    """Stop the Valkey of this home, if it runs. It keeps nothing on disk."""
    stop(_valkey(make_place(home)))


@contextmanager
def engines(home: Path, *, postgres: bool = True, valkey: bool = True, exclusive: bool = False) -> Iterator[Addresses]:
    """Run the servers of this home for the length of a block, and stop them after it.

    One process at a time owns them. A second one only connects to what the first runs, and stops nothing; with
    `exclusive` it is refused instead (HomeInUseError). An address is empty for a server that was not asked for.
    """
    place = make_place(home)
    with (home / "owner").open("a+") as owner:
        # With `exclusive` a moment of patience, for an owner that is just ending.
        if not until(lambda: _own(owner), OWNER_SECONDS if exclusive else 0):
            if exclusive:
                raise HomeInUseError(_in_use(home, owner))
            yield _connect_only(place, postgres=postgres, valkey=valkey)
            return
        try:
            dsn = start_postgres(home) if postgres else ""
            url = start_valkey(home) if valkey else ""
            yield Addresses(dsn, url)
        finally:
            with _undisturbed():
                if valkey:
                    stop_valkey(home)
                if postgres:
                    stop_postgres(home)


def _own(owner: IO[str]) -> bool:
    """Take the home; the system gives it back when we end, also by kill -9."""
    try:
        fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    owner.truncate(0)
    owner.write(f"pid {os.getpid()}")
    owner.flush()
    return True


def _in_use(home: Path, owner: IO[str]) -> str:
    owner.seek(0)
    return (
        f"{home} is in use by another process ({owner.read() or 'just started'}). Stop that one first, "
        "or run this beside it with a home and a port of its own: XIAOPU_HOME=/path PORT=8001"
    )


def _connect_only(place: Place, *, postgres: bool, valkey: bool) -> Addresses:
    wanted = [engine for engine, asked in ((_postgres(place), postgres), (_valkey(place), valkey)) if asked]
    if not until(lambda: all(engine.is_ready() for engine in wanted), START_SECONDS):
        names = " and ".join(engine.name for engine in wanted)
        message = f"another process owns {place.home} but {names} do not answer there; stop it and try again"
        raise EmbeddedError(message)
    return Addresses(_dsn(place) if postgres else "", _url(place) if valkey else "")


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let a second, impatient Ctrl-C not leave a server behind."""
    try:
        before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    except ValueError:  # not the main thread: signals do not come here
        before = {}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _postgres(place: Place) -> Engine:
    data = place.home / f"postgres-{POSTGRES_MAJOR}"
    binaries = postgres_binaries(place)
    settings = _POSTGRES_SETTINGS | {"unix_socket_directories": str(place.run)}
    flags = tuple(word for name, value in settings.items() for word in ("-c", f"{name}={value}"))
    own_pid_file = data / "postmaster.pid"
    door = place.run / ".s.PGSQL.5432"

    def is_ready() -> bool:
        # The file alone may be left over from a crash, the socket alone opens before recovery has ended.
        if not answers(door):
            return False
        lines = own_pid_file.read_text().splitlines() if own_pid_file.exists() else []
        return len(lines) > _PID_FILE_STATUS_LINE and lines[_PID_FILE_STATUS_LINE].strip() == "ready"

    return Engine(
        name="PostgreSQL",
        command=(str(binaries / "postgres"), "-D", str(data), *flags),
        mark=str(data),
        prepare=lambda: _make_cluster(place, binaries, data),
        is_ready=is_ready,
        stop_signal=signal.SIGINT,
    )


def _make_cluster(place: Place, binaries: Path, data: Path) -> None:
    """Make the database files once, whole or not at all: they get their name when everything is in them."""
    if data.exists():
        _clear_after_crash(data, place.run)
        return
    draft = place.home / f"{data.name}.draft"
    if draft.exists():
        shutil.rmtree(draft)
    place.directory(draft.name)
    # Sorting and case rules come with PostgreSQL itself (builtin), not from the machine's locales.
    words = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
    # No password: whoever may enter the socket's directory (0700) is the owner.
    steps = (
        ((str(binaries / "initdb"), "-D", str(draft), "-U", "xiaopu", "--auth=trust", *words), b""),
        ((str(binaries / "postgres"), "--single", "-D", str(draft), "postgres"), b"CREATE DATABASE xiaopu;\n"),
    )
    for command, typed in steps:
        done = subprocess.run(command, input=typed, capture_output=True, check=False, **place.run_as())  # noqa: S603
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip()
            message = f"PostgreSQL's files could not be made under {place.home}: {said}"
            raise EmbeddedError(message)
    draft.rename(data)
    log("database_made", path=str(data))


def _clear_after_crash(data: Path, run: Path) -> None:
    """Remove the pid files of a server that is gone; PostgreSQL believes them while a careless init keeps the zombie.

    One of them guards the shared memory too, so first nobody may work in the directory any more.
    """

    def is_empty() -> bool:
        everyone = psutil.process_iter(["cwd", "status"])
        return not any(p.info["cwd"] == str(data) and p.info["status"] != psutil.STATUS_ZOMBIE for p in everyone)

    if not until(is_empty, START_SECONDS):
        message = f"processes still work in {data}; stop them (look for postgres) and try again"
        raise EmbeddedError(message)
    for left in (data / "postmaster.pid", run / ".s.PGSQL.5432.lock"):
        left.unlink(missing_ok=True)


def _valkey(place: Place) -> Engine:
    door = place.run / "valkey.sock"
    data = place.home / "valkey"
    options = {"port": "0", "unixsocket": str(door), "unixsocketperm": "700", "dir": str(data), "save": ""}
    options |= {"appendonly": "no", "daemonize": "no", "set-proc-title": "no"}
    flags = tuple(word for name, value in options.items() for word in (f"--{name}", value))
    return Engine(
        name="Valkey",
        command=(str(valkey_binary(place)), *flags),
        mark=str(door),
        prepare=lambda: _make_valkey_directory(place, door),
        is_ready=lambda: answers(door, b"PING\r\n", b"+PONG"),
        stop_signal=signal.SIGTERM,
    )


def _make_valkey_directory(place: Place, door: Path) -> None:
    place.directory("valkey")
    door.unlink(missing_ok=True)


def _dsn(place: Place) -> str:
    return f"postgresql://xiaopu@/xiaopu?host={quote(str(place.run), safe='')}"


def _url(place: Place) -> str:
    return f"unix://{quote(str(place.run / 'valkey.sock'))}"
