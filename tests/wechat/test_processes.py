"""The sandbox's WeChat as processes: any number speak as one, a kill loses nothing, and it runs without a shop."""

import asyncio
import dataclasses
import signal
import sys
from collections import Counter
from pathlib import Path

import httpx
import pytest

from settings import PROJECT, Settings
from tests.harness.processes import process_running, process_serving
from tests.harness.server import client
from tests.wechat.hand import Hand
from wechat import errors
from wechat.client import MiniProgram
from wechat.sandbox.app import PATH
from wechat.transport import Transport

pytestmark = pytest.mark.slow


def at(base_url: str, mini: MiniProgram) -> MiniProgram:
    """The same app, speaking to another process."""
    return dataclasses.replace(mini, transport=Transport(mini.transport.http, f"{base_url}{PATH}"))


async def test_processes_use_a_code_once_and_a_kill_loses_nothing(
    settings: Settings, mini: MiniProgram, tester: Hand, tmp_path: Path
) -> None:
    async with process_serving(settings, tmp_path / "serve.log") as process:
        other = at(process.base_url, mini)
        code = await tester.code()
        both = [one.code2session(code) for one in (mini, other) for _ in range(20)]
        done = await asyncio.gather(*both, return_exceptions=True)
        assert Counter(type(one) for one in done)[errors.LoginCodeExpired] == 39

        await tester.switch("SLOW", delayMs=1000)
        burnt = await tester.code()
        under_way = asyncio.create_task(other.code2session(burnt))
        # Another process sets it.
        while not any(switch["remaining"] == 0 for switch in await tester.get("/switches")):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        process.kill()
        with pytest.raises(errors.LostAnswer):
            await under_way

    # Killed before the work: the switch is used up, the code is not.
    assert (await mini.code2session(burnt)).openid
    assert [call["errcode"] for call in await tester.calls("jscode2session")][-2:] == [None, 0]


async def test_the_sandbox_runs_alone(settings: Settings, mini: MiniProgram, tester: Hand, tmp_path: Path) -> None:
    log = tmp_path / "wechat.log"
    async with process_running(settings, log, "wechat-sandbox") as process, client(process.base_url) as http:
        alone = dataclasses.replace(tester, http=http)
        session = await at(process.base_url, mini).code2session(await alone.code())
        assert session.openid
        assert (await http.get("/graphql")).status_code == httpx.codes.NOT_FOUND
    assert f"WECHAT_SANDBOX_URL={process.base_url}{PATH}" in log.read_text()
    assert process.running.returncode == 128 + signal.SIGTERM


async def test_production_runs_no_sandbox(settings: Settings, tmp_path: Path) -> None:
    given = {"MODE": "production", "SECRET_KEY": settings.secret_key, "PATH": ""}
    given |= {"DATABASE_URL": settings.database_url or "", "REDIS_URL": settings.redis_url or ""}
    running = await asyncio.create_subprocess_exec(
        sys.executable, "main.py", "wechat-sandbox", cwd=PROJECT, env=given, stderr=asyncio.subprocess.PIPE
    )
    _, said = await running.communicate()
    assert (running.returncode, said) == (2, b"Production has no sandbox. MODE=development runs one.\n")
