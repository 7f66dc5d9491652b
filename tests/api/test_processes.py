"""The app as it runs in production: several processes on one port, over one database."""

from pathlib import Path

import httpx
import pytest

from settings import Settings
from tests.harness.processes import process_serving


@pytest.mark.slow
async def test_two_processes_serve_one_port(settings: Settings, database: None, tmp_path: Path) -> None:
    async with (
        process_serving(settings, tmp_path / "serve.log", workers=2) as process,
        httpx.AsyncClient(base_url=process.base_url, trust_env=False) as http,
    ):
        answers = [await http.get("/readyz") for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200] * 4
