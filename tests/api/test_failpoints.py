"""Failpoints: set over HTTP, true in every process when the answer is there, used up exactly, unknown in production."""

import ast
import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from time import perf_counter
from typing import Any

import httpx
import pytest

from models.database import pool, transaction
from models.failpoint import FAILPOINTS, FailpointError, failpoint
from resolvers import failpoint as resolver
from resolvers import outbox_delivery
from resolvers.outbox import Event, emit_many, waiting_events
from resolvers.outbox_delivery import deliver_outbox
from settings import PROJECT, Settings
from tests.harness.processes import Process, process_running, process_serving
from tests.harness.shops import OpenedShop

DOOR = "/sandbox/failpoints"


@pytest.fixture
async def door(http: httpx.AsyncClient) -> AsyncIterator[httpx.AsyncClient]:
    """The testers' door, with nothing set before and after."""
    await http.delete(DOOR)
    yield http
    await http.delete(DOOR)


def _resting(settings: Settings, log: Path) -> AbstractAsyncContextManager[Process]:
    """Serve without a worker: what other tests left to be told comes by no failpoint of ours."""
    return process_running(settings, log, "serve", "--stop-with-parent", environment={"WORKER_INSIDE": "false"})


async def put(http: httpx.AsyncClient, name: str, action: str, **more: Any) -> int:
    answer = await http.post(DOOR, json={"name": name, "action": action, **more})
    assert answer.status_code == 201, answer.text
    number: int = answer.json()["id"]
    return number


async def remaining(http: httpx.AsyncClient) -> list[int]:
    return [row["remaining"] for row in (await http.get(DOOR)).json()["set"]]


async def test_an_error_is_raised_as_often_as_was_asked_and_nowhere_else(door: httpx.AsyncClient) -> None:
    await put(door, "outbox.told", "ERROR", times=2)

    await failpoint("outbox.claimed")
    for _ in range(2):
        with pytest.raises(FailpointError, match=r"outbox\.told"):
            await failpoint("outbox.told")
    await failpoint("outbox.told")
    assert await remaining(door) == [0]


async def test_rivals_never_overdraw_it(door: httpx.AsyncClient) -> None:
    await put(door, "outbox.told", "ERROR", times=7)

    met = await asyncio.gather(*(failpoint("outbox.told") for _ in range(30)), return_exceptions=True)

    assert Counter(type(answer) for answer in met) == {FailpointError: 7, type(None): 23}


async def test_a_delay_is_a_pause(door: httpx.AsyncClient) -> None:
    await put(door, "outbox.told", "DELAY", delayMs=80)

    began = perf_counter()
    await failpoint("outbox.told")
    assert perf_counter() - began >= 0.08


async def test_what_was_met_inside_a_transaction_stays_met_when_that_is_rolled_back(door: httpx.AsyncClient) -> None:
    await put(door, "outbox.told", "ERROR", times=5)

    for _ in range(2):
        with pytest.raises(FailpointError):
            async with transaction():
                await failpoint("outbox.told")
    assert await remaining(door) == [3]


async def test_one_or_all_are_taken_away(door: httpx.AsyncClient) -> None:
    number = await put(door, "outbox.told", "ERROR")
    await put(door, "outbox.claimed", "ERROR")

    assert (await door.delete(f"{DOOR}/{number}")).status_code == 204
    await failpoint("outbox.told")
    assert (await door.delete(f"{DOOR}/{number}")).json()["code"] == "NOT_FOUND"
    assert (await door.delete(DOOR)).json() == {"cleared": 1}
    await failpoint("outbox.claimed")
    assert (await door.get(DOOR)).json() == {"names": dict(FAILPOINTS), "set": []}


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"name": "outbox.tolled", "action": "ERROR"}, "NOT_FOUND"),
        ({"name": "outbox.told", "action": "EXPLODE"}, "INVALID"),
        ({"name": "outbox.told", "action": "DELAY"}, "INVALID"),
        ({"name": "outbox.told", "action": "ERROR", "delayMs": 5}, "INVALID"),
        ({"name": "outbox.told", "action": "DELAY", "delayMs": 60_001}, "INVALID"),
        ({"name": "outbox.told", "action": "ERROR", "times": 0}, "INVALID"),
    ],
)
async def test_a_mistake_is_refused(door: httpx.AsyncClient, asked: dict[str, Any], code: str) -> None:
    assert (await door.post(DOOR, json=asked)).json()["code"] == code


async def test_an_event_that_was_told_and_not_marked_is_told_again(
    door: httpx.AsyncClient, opened: OpenedShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[int] = []

    async def hear(event: Event) -> None:
        heard.append(event.attempt)

    await deliver_outbox(opened.id)  # how the shop opened
    monkeypatch.setattr(outbox_delivery, "DELIVERERS", {"told.": [hear]})
    await put(door, "outbox.told", "ERROR")
    async with transaction() as sql:
        await emit_many(sql, opened.id, "told.step", {opened.id: {"step": 1}})

    assert await deliver_outbox(opened.id) == 0
    await pool().execute("update outbox_event set next_attempt_at = created_at where shop_id = $1", opened.id)
    assert await deliver_outbox(opened.id) == 1
    assert heard == [1, 2]


@pytest.mark.slow
async def test_a_crash_takes_the_process_that_comes_by_and_the_next_goes_on(
    settings: Settings, opened: OpenedShop, tmp_path: Path
) -> None:
    async with _resting(settings, tmp_path / "one.log") as process, _asking(process.base_url) as http:
        await http.post(f"/sandbox/shops/{opened.global_id}/settle")
        await put(http, "outbox.told", "CRASH")
        async with transaction() as sql:
            await emit_many(sql, opened.id, "told.step", {opened.id: {"step": 1}})
        # Settling tells the event; the answer never comes.
        with pytest.raises(httpx.TransportError):
            await http.post(f"/sandbox/shops/{opened.global_id}/settle")
        async with asyncio.timeout(30):
            assert await process.running.wait() == -signal.SIGKILL
    assert await waiting_events(opened.id) == 1

    await pool().execute("update outbox_event set next_attempt_at = created_at where shop_id = $1", opened.id)
    async with _resting(settings, tmp_path / "two.log") as process, _asking(process.base_url) as http:
        assert (await http.post(f"/sandbox/shops/{opened.global_id}/settle")).json()["idle"]


@pytest.mark.slow
async def test_every_process_knows_when_the_answer_is_there(
    settings: Settings, door: httpx.AsyncClient, opened: OpenedShop, tmp_path: Path
) -> None:
    async with _resting(settings, tmp_path / "one.log") as other, _asking(other.base_url) as http:
        for _ in range(20):
            await put(http, "outbox.told", "ERROR")
            with pytest.raises(FailpointError):
                await failpoint("outbox.told")
            await put(http, "outbox.told", "ERROR")
            await http.delete(DOOR)
            await failpoint("outbox.told")
    # Who is gone is not waited for.
    began = perf_counter()
    await put(door, "outbox.told", "ERROR")
    assert perf_counter() - began < 1


@pytest.mark.slow
async def test_who_does_not_hear_is_said(
    settings: Settings, door: httpx.AsyncClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolver, "HEARD_SECONDS", 0.3)
    async with process_serving(settings, tmp_path / "one.log") as other:
        other.running.send_signal(signal.SIGSTOP)
        answer = await door.post(DOOR, json={"name": "outbox.told", "action": "ERROR"})
        other.running.send_signal(signal.SIGCONT)

    assert (answer.status_code, answer.json()["code"]) == (503, "BUSY")


async def test_a_session_that_breaks_is_opened_again(door: httpx.AsyncClient) -> None:
    kill = """
    select pg_terminate_backend(pid, 5000) from sandbox.failpoint_heeder where pid in (
        select pid from pg_stat_activity where datname = current_database())
    """
    await pool().execute(kill)
    back = "select count(*) from sandbox.failpoint_heeder join pg_stat_activity using (pid) where heard >= 0"
    async with asyncio.timeout(10):
        while not await pool().fetchval(back):  # noqa: ASYNC110 - the session is opened by itself
            await asyncio.sleep(0.02)

    await put(door, "outbox.told", "ERROR")
    with pytest.raises(FailpointError):
        await failpoint("outbox.told")


def test_the_list_of_names_is_what_the_code_has() -> None:
    assert sorted(set(_named_in_code())) == sorted(FAILPOINTS)
    assert all(meaning.endswith(".") for meaning in FAILPOINTS.values())


def _named_in_code() -> Iterator[str]:
    rooms = ("api", "schema", "resolvers", "wechat", "models")
    files = [file for room in rooms for file in (PROJECT / room).rglob("*.py")] + [PROJECT / "worker.py"]
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "failpoint":
                assert isinstance(node.args[0], ast.Constant), f"{file}: a failpoint's name is written out"
                yield str(node.args[0].value)


def _asking(base_url: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=base_url, trust_env=False, timeout=30)
