"""The command line, as real processes: what a person sees, what is left running, what a mistake answers."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil
import pytest

from embedded import stop_postgres, stop_valkey
from settings import PROJECT, Settings

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("embedded")]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home that PostgreSQL's user can reach also as root, whose temporary directories are 0700."""
    made = tmp_path
    if os.geteuid() == 0:
        made = Path("/var/tmp") / f"xiaopu-serve-{os.getpid()}"  # noqa: S108 - removed again below
        made.mkdir(mode=0o711)
    yield made / "home"
    stop_valkey(made / "home")
    stop_postgres(made / "home")
    shutil.rmtree(made)


def environment(home: Path, **more: str) -> Mapping[str, str]:
    """Only what the command needs: the suite's own servers must not leak in."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    unset = dict.fromkeys((name.upper() for name in Settings.model_fields), "")
    return unset | {"PATH": os.environ["PATH"], "XIAOPU_HOME": str(home), "PORT": port} | more


def serve(around: Mapping[str, str], *arguments: str) -> tuple[subprocess.Popen[str], list[str]]:
    """Start the shop and give what it prints until it tells how to stop it."""
    command = (sys.executable, "main.py", "serve", *arguments)
    shop = subprocess.Popen(command, cwd=PROJECT, env=around, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert shop.stdout
    said: list[str] = []
    while "Ctrl-C" not in "".join(said[-1:]):
        line = shop.stdout.readline()
        if not line:
            said.append(shop.communicate()[1])
            pytest.fail("serve ended: " + "".join(said))
        said.append(line)
    return shop, said


def end(shop: subprocess.Popen[str], number: signal.Signals) -> list[dict[str, object]]:
    """End the shop with a signal and give its log lines."""
    shop.send_signal(number)
    _, logged = shop.communicate(timeout=30)
    return [json.loads(line) for line in logged.splitlines()]


def left_running(home: Path, port: str) -> list[str]:
    """Command lines of servers of this home, and of whoever listens on this port."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        words = process.info["cmdline"] or []
        if process.info["status"] != psutil.STATUS_ZOMBIE and str(home) in " ".join(words):
            found.append(" ".join(words))
    with socket.socket() as door:
        if door.connect_ex(("127.0.0.1", int(port))) == 0:
            found.append(f"listening on {port}")
    return found


def ready(around: Mapping[str, str]) -> object:
    with urllib.request.urlopen(f"http://127.0.0.1:{around['PORT']}/readyz", timeout=5) as answer:
        return json.load(answer)


def run(around: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = (sys.executable, "main.py", *arguments)
    return subprocess.run(command, cwd=PROJECT, env=around, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(("workers", "number"), [("1", signal.SIGINT), ("1", signal.SIGTERM), ("2", signal.SIGINT)])
def test_serve_says_how_to_reach_it_and_stops_all_it_started(home: Path, workers: str, number: signal.Signals) -> None:
    around = environment(home)
    shop, said = serve(around, "--workers", workers)

    assert f"http://127.0.0.1:{around['PORT']}/graphql" in "".join(said)
    assert "demo" in "".join(said)
    assert ready(around) == {"status": "ready"}

    end(shop, number)
    assert left_running(home, around["PORT"]) == []


def test_the_start_after_a_kill_adopts_the_servers_and_the_port(home: Path) -> None:
    around = environment(home)
    shop, _ = serve(around, "--workers", "2")
    end(shop, signal.SIGKILL)

    again, _ = serve(around)
    assert ready(around) == {"status": "ready"}
    logged = end(again, signal.SIGINT)

    assert {line["engine"] for line in logged if line["event"] == "engine_adopted"} == {"PostgreSQL", "Valkey"}
    assert left_running(home, around["PORT"]) == []


def test_a_second_serve_does_not_break_the_first_and_doctor_looks_on(home: Path) -> None:
    around = environment(home)
    shop, _ = serve(around)

    beside = run(environment(home), "serve")
    same_port = run(around, "serve")
    looked = run(around, "doctor")

    assert (beside.returncode, same_port.returncode, looked.returncode) == (2, 2, 0)
    assert "XIAOPU_HOME" in beside.stderr
    assert "PORT=" in same_port.stderr
    assert ready(around) == {"status": "ready"}
    end(shop, signal.SIGINT)


def test_a_mistake_in_the_settings_is_said_in_words(home: Path) -> None:
    answer = run(environment(home, MODE="production"), "serve")

    assert answer.returncode == 2
    assert "SECRET_KEY is missing" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_nothing_secret_is_printed_or_logged(home: Path) -> None:
    around = environment(home)
    shop, said = serve(around)
    logged = end(shop, signal.SIGINT)

    secret = (home / "secret_key").read_text()
    assert secret not in "".join(said) + json.dumps(logged)
