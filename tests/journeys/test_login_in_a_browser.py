"""Staff log in by WeChat's QR code in a real browser: its cookies, its redirects, the page on which one scans."""

from collections.abc import AsyncIterator
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Page, Response, Route

from api.wechat_login import CALLBACK_PATH, COOKIE
from resolvers.staff_login import LOGIN_PATH
from tests.api.test_wechat_login import invited, staff
from tests.harness.browser import a_browser
from tests.harness.phones import REFRESH
from tests.harness.shops import SandboxShop
from wechat.sandbox.app import PATH

pytestmark = pytest.mark.slow

CALLBACK: Final = f"**{CALLBACK_PATH}*"
CONFIRMED: Final = "**/connect/qrconnect/confirm*"
LOCATIONS: Final = "{ locations { name } }"


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """The machine's own."""
    async with a_browser() as found:
        yield found


@pytest.fixture
async def page(browser: Browser) -> Page:
    """Somebody's browser, as it comes from the shop."""
    return await (await browser.new_context()).new_page()


async def scan(page: Page, link: str, user: str) -> Response:
    """Open a login link, pick who scans, and give what the browser shows when it is back."""
    await page.goto(link)
    assert urlsplit(page.url).path == f"{PATH}/connect/qrconnect"
    assert await page.title() == "微信登录（沙箱）"
    async with page.expect_response(CALLBACK) as back:
        await page.click(f"#user-{user}")
    return await back.value


async def scan_as_somebody_else(page: Page, link: str, user: str) -> Response:
    """The same, by writing a name into the page's form."""
    await page.goto(link)
    await page.fill("input[name=user]", user)
    async with page.expect_response(CALLBACK) as back:
        await page.click("button")
    return await back.value


async def session(answer: Response) -> dict[str, Any]:
    """What the callback answers with."""
    assert answer.status == 200, await answer.text()
    said: dict[str, Any] = await answer.json()
    return said


async def test_who_is_invited_scans_the_code_and_works_in_the_shop(
    page: Page, browser: Browser, shop: SandboxShop, server: str
) -> None:
    first = await session(await scan(page, server + await invited(shop, "掌柜"), "dianzhang"))
    again = await session(await scan(page, f"{server}{LOGIN_PATH}", "dianzhang"))
    elsewhere = await (await browser.new_context()).new_page()
    there = await session(await scan_as_somebody_else(elsewhere, f"{server}{LOGIN_PATH}", "dianzhang"))
    stranger = await scan_as_somebody_else(elsewhere, f"{server}{LOGIN_PATH}", "lu-ren")

    for said in (first, again, there):
        assert said["shop"]["handle"] == shop.shop.handle
        assert (await staff(shop, said["session"])(LOCATIONS)).errors == []
    renewed = await shop.visitor(REFRESH, {"token": again["session"]["refreshToken"]})
    assert (await staff(shop, renewed["sessionRefresh"]["session"])(LOCATIONS)).errors == []
    assert (stranger.status, (await stranger.json())["code"]) == (403, "NOT_ALLOWED")


async def test_only_the_browser_that_began_a_login_can_end_it(
    page: Page, browser: Browser, shop: SandboxShop, server: str
) -> None:
    sent: list[str] = []

    async def hold_back(route: Route) -> None:
        sent.append((await route.fetch(max_redirects=0)).headers["location"])
        await route.fulfill(body="held back")

    await page.route(CONFIRMED, hold_back)
    await page.goto(server + await invited(shop))
    await page.click("#user-laowang")
    await page.wait_for_url(CONFIRMED)
    [back] = sent
    other = await (await browser.new_context()).new_page()
    refused = await other.goto(back)
    assert refused
    assert (refused.status, (await refused.json())["code"]) == (400, "INVALID")
    # A login of their own that was begun gives them no better a state.
    await other.goto(f"{server}{LOGIN_PATH}")
    refused = await other.goto(back)
    assert refused
    assert (refused.status, (await refused.json())["code"]) == (400, "INVALID")

    # Pages never see what binds it, and it goes nowhere but to the login.
    assert COOKIE not in await page.evaluate("document.cookie")
    [cookie] = await page.context.cookies()
    assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"]) == (COOKIE, True, "Lax")
    answer = await page.goto(back)
    assert answer
    assert (await staff(shop, (await session(answer))["session"])(LOCATIONS)).errors == []
    assert await page.context.cookies() == []
