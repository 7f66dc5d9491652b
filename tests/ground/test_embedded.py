"""Servers of our own: they start, survive us, are adopted, and end when we say so; for root and for a user."""

import asyncio
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import asyncpg
import psutil
import pytest

import embedded_place
from embedded import HomeInUseError, engines, stop_postgres, stop_valkey
from settings import PROJECT

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("embedded")]

# Longer than a server is given to stop, twice: a loaded machine takes its time.
END_SECONDS = 50

# Starts the servers of a home, says so, and waits to be ended. Who is started in the background of a script inherits
# that SIGINT is ignored, and Python leaves it so: this one always hears it.
HOLD = """
import os, signal, sys, time
from pathlib import Path
from embedded import engines
signal.signal(signal.SIGINT, signal.default_int_handler)
for user in sys.argv[2:]:
    os.setgroups([]), os.setgid(int(user)), os.setuid(int(user))
with engines(Path(sys.argv[1]), exclusive=True) as ours:
    print(ours.dsn, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home that PostgreSQL's user can reach also as root, whose temporary directories are 0700."""
    made = tmp_path
    if os.geteuid() == 0:
        made = Path("/var/tmp") / f"xiaopu-test-{os.getpid()}"  # noqa: S108 - removed again below
        made.mkdir(mode=0o711)
    yield made / "home"
    # A plain user's home is closed to our account; nothing runs there any more.
    if running(made / "home"):
        for stop in (stop_valkey, stop_postgres):
            stop(made / "home")
    shutil.rmtree(made)


class Holding(Protocol):
    """`hold(*as_user)` runs a process that owns the servers of the home, and returns when they answer."""

    def __call__(self, *as_user: int) -> subprocess.Popen[str]:
        """Start it; whatever becomes of the test, it does not outlive it."""


@pytest.fixture
def hold(home: Path) -> Iterator[Holding]:
    """Hold the servers of the home from another process."""
    with ExitStack() as ending:

        def start(*as_user: int) -> subprocess.Popen[str]:
            command = (sys.executable, "-c", HOLD, str(home), *map(str, as_user))
            holder = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
            ending.callback(put_away, holder)
            assert holder.stdout
            assert holder.stdout.readline().startswith("postgresql://")
            return holder

        yield start


def end(holder: subprocess.Popen[str], number: signal.Signals) -> None:
    """End it with a signal and wait until it is gone."""
    holder.send_signal(number)
    holder.wait(END_SECONDS)


def put_away(holder: subprocess.Popen[str]) -> None:
    """Leave no process and no open pipe to the tests after this one."""
    try:
        end(holder, signal.SIGINT)
    except subprocess.TimeoutExpired:
        end(holder, signal.SIGKILL)
    finally:
        assert holder.stdout
        holder.stdout.close()


def running(home: Path) -> list[int]:
    """The servers of a home, by their command lines."""
    found = psutil.process_iter(["cmdline", "status"])
    mine = [p for p in found if p.info["status"] != psutil.STATUS_ZOMBIE and p.info["cmdline"]]
    return sorted(p.pid for p in mine if "-c" not in p.info["cmdline"][:2] and str(home) in " ".join(p.info["cmdline"]))


async def ask(dsn: str, sql: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


def test_data_outlives_a_stop_and_nothing_else_does(home: Path) -> None:
    with engines(home) as ours:
        asyncio.run(ask(ours.dsn, "CREATE TABLE kept AS SELECT 1 AS n"))
    assert running(home) == []

    with engines(home) as ours:
        assert asyncio.run(ask(ours.dsn, "SELECT n FROM kept")) == 1
        assert str(asyncio.run(ask(ours.dsn, "SHOW server_version"))).startswith("18.")
        assert asyncio.run(ask(ours.dsn, "SHOW fsync")) == "on"
        assert asyncio.run(ask(ours.dsn, "SHOW listen_addresses")) == ""
    assert running(home) == []


def test_after_a_kill_the_next_start_adopts_and_stops_what_was_left(home: Path, hold: Holding) -> None:
    end(hold(), signal.SIGKILL)
    left = running(home)

    with engines(home) as ours:
        assert len(left) == 2
        assert running(home) == left
        assert asyncio.run(ask(ours.dsn, "SELECT 1")) == 1
    assert running(home) == []


def test_a_postgres_that_was_killed_itself_recovers(home: Path, hold: Holding) -> None:
    with engines(home) as ours:
        asyncio.run(ask(ours.dsn, "CREATE TABLE kept AS SELECT 1 AS n"))
    end(hold(), signal.SIGKILL)
    for pid in running(home):
        os.kill(pid, signal.SIGKILL)

    with engines(home) as ours:
        assert asyncio.run(ask(ours.dsn, "SELECT n FROM kept")) == 1


def test_one_owner_at_a_time_and_guests_stop_nothing(home: Path, hold: Holding) -> None:
    holder = hold()
    with pytest.raises(HomeInUseError, match=f"in use.*{holder.pid}"), engines(home, exclusive=True):
        pass

    with engines(home) as ours:
        assert asyncio.run(ask(ours.dsn, "SELECT 1")) == 1
    assert len(running(home)) == 2
    end(holder, signal.SIGINT)
    assert running(home) == []


def test_a_home_with_a_long_path_has_its_sockets_elsewhere(home: Path) -> None:
    deep = home / ("long-" * 20) / ("path-" * 10)
    with engines(deep, valkey=False) as ours:
        assert asyncio.run(ask(ours.dsn, "SELECT 1")) == 1
        assert str(home) not in ours.dsn
    stop_valkey(deep)


def test_no_mode_of_what_was_there_is_changed(home: Path) -> None:
    home.mkdir(mode=0o751)
    home.chmod(0o751)
    above = stat.S_IMODE(home.parent.stat().st_mode)

    with engines(home, valkey=False):
        pass

    assert (stat.S_IMODE(home.stat().st_mode), stat.S_IMODE(home.parent.stat().st_mode)) == (0o751, above)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_root_is_told_when_the_servers_user_cannot_enter(home: Path) -> None:
    home.parent.chmod(0o700)

    with pytest.raises(embedded_place.EmbeddedError, match="XIAOPU_HOME"), engines(home):
        pass
    home.parent.chmod(0o711)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_binaries_that_the_servers_user_cannot_reach_are_copied(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_place.Account, "reaches", lambda _self, path: "site-packages" not in path.parts)
    with engines(home) as ours:
        assert asyncio.run(ask(ours.dsn, "SELECT 1")) == 1
        assert len(running(home)) == 2


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user, so needs root")
def test_a_plain_user_runs_servers_too(home: Path, hold: Holding) -> None:
    nobody = pwd.getpwnam("nobody")
    if not embedded_place.Account(nobody.pw_name, nobody.pw_uid, nobody.pw_uid).reaches(Path(psutil.__file__).parent):
        pytest.skip("the packages lie where only root may go")
    os.chown(home.parent, nobody.pw_uid, nobody.pw_uid)

    holder = hold(nobody.pw_uid)
    owners = {psutil.Process(pid).uids().real for pid in running(home)}
    end(holder, signal.SIGINT)

    assert owners == {nobody.pw_uid}
    assert running(home) == []
    shutil.rmtree(home)
