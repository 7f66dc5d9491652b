"""A real browser, the machine's own chromium: for what only a browser does with cookies, redirects and pages."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import pytest
from playwright.async_api import Browser, async_playwright

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
REQUIRED: Final = "BROWSER_REQUIRED"
"""Set where a browser must be there, so that nobody takes what was skipped for proven."""

_STARTING_MS: Final = 60_000


def _found() -> str:
    """The machine's browser; skips the test that needs it where there is none, or fails it where one must be."""
    for name in NAMES:
        path = shutil.which(name)
        if path:
            return path
    message = "no browser is installed here (Debian and Ubuntu: apt-get install chromium)"
    if os.environ.get(REQUIRED):
        pytest.fail(f"{message}, and {REQUIRED} is set")
    pytest.skip(message)


@asynccontextmanager
async def a_browser() -> AsyncIterator[Browser]:
    """Run it for the length of a block; `browser.new_context()` is a profile of its own, with no cookies yet."""
    path = _found()
    # Chromium's own sandbox can't be had as root; it meets pages of ours alone. Machines of tests have little shm.
    options = ["--no-sandbox", "--disable-dev-shm-usage"]
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=path, args=options, timeout=_STARTING_MS)
        try:
            yield browser
        finally:
            await browser.close()
