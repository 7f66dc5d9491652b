"""What races need: another process beside the server of the tests."""

from collections.abc import AsyncIterator

import httpx
import pytest

from settings import Settings
from tests.harness.processes import process_serving
from tests.harness.server import client


@pytest.fixture(scope="module")
async def second(
    settings: Settings, database: None, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of another server process on the same database, whose worker is at work."""
    log = tmp_path_factory.mktemp("race") / "serve.log"
    async with process_serving(settings, log) as process, client(process.base_url) as found:
        yield found
