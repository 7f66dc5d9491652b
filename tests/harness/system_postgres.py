"""A PostgreSQL that the machine has installed, such as the oldest we promise to run on, started like our own."""

import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from embedded_engine import Engine, answers, start, stop
from embedded_place import EmbeddedError, Place, make_place

_INITDB = ("-U", "xiaopu", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
# Another locale than our own cluster's on purpose: nothing may lean on how the server sorts.
_SETTINGS = ("listen_addresses=", "max_connections=100", "jit=off", "log_timezone=UTC")


@contextmanager
def system_postgres(binaries: Path, home: Path) -> Iterator[str]:
    """Run the PostgreSQL of a directory of binaries for the length of a block; gives its URL."""
    place = make_place(home)
    engine = _engine(binaries, place)
    stop(engine)
    start(engine, place)
    try:
        yield f"postgresql://xiaopu@/postgres?host={quote(str(place.run), safe='')}"
    finally:
        stop(engine)


def _engine(binaries: Path, place: Place) -> Engine:
    data = place.home / "data"
    flags = [word for setting in (*_SETTINGS, f"unix_socket_directories={place.run}") for word in ("-c", setting)]
    return Engine(
        name="postgresql",
        command=(str(binaries / "postgres"), "-D", str(data), *flags),
        mark=str(data),
        prepare=lambda: _make_files(binaries, data, place),
        is_ready=lambda: answers(place.run / ".s.PGSQL.5432") and _is_ready(data),
        stop_signal=signal.SIGINT,
    )


def _is_ready(data: Path) -> bool:
    status = data / "postmaster.pid"
    lines = status.read_text().splitlines() if status.exists() else []
    return bool(lines) and lines[-1].strip() == "ready"


def _make_files(binaries: Path, data: Path, place: Place) -> None:
    if data.exists():
        shutil.rmtree(data)
    place.directory(data.name)
    command = (str(binaries / "initdb"), "-D", str(data), *_INITDB)
    done = subprocess.run(command, capture_output=True, check=False, **place.run_as())
    if done.returncode:
        raise EmbeddedError(done.stderr.decode(errors="replace"))
