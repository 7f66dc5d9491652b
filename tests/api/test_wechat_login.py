"""Staff log in by WeChat's QR code as a browser does: invited once, known from then on in all their shops."""

import re
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from http.cookiejar import Cookie
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from api.wechat_login import COOKIE, website_of
from models.database import pool
from models.staff import Role
from resolvers.staff_login import staff_invite
from settings import Settings, load_settings
from tests.conftest import SECRET_KEY
from tests.harness.asking import Answer, Asker, Refused, credentials
from tests.harness.phones import REFRESH
from tests.harness.server import client
from tests.harness.shops import SandboxShop

INVITE = """mutation ($input: StaffInviteInput!) {
  staffInvite(input: $input) { invitation { staffId path expiresAt } userErrors { code field } }
}"""
SELECT = """mutation ($shop: ID!) {
  sessionSelectShop(shopId: $shop) { session { accessToken refreshToken } userErrors { code field } }
}"""


@dataclass(frozen=True, slots=True)
class Browser:
    """A person in front of a browser, with a phone that scans as `user`."""

    http: httpx.AsyncClient
    user: str

    async def scan(self, path: str) -> str:
        """Open a login link, scan the code, and return the address that WeChat sends the browser back to."""
        sent = await self.http.get(path)
        assert sent.status_code == 302, sent.text
        assert sent.headers["location"].endswith("#wechat_redirect")
        page = await self.http.get(sent.headers["location"])
        [form] = re.findall(r'<form action="([^"]+)"', page.text)
        kept = {name: unescape(text) for name, text in re.findall(r'name="(\w+)" value="([^"]*)"', page.text)}
        back = await self.http.get(unescape(form), params=kept | {"user": self.user})
        assert back.status_code == 302, back.text
        return back.headers["location"]

    async def log_in(self, path: str = "/auth/wechat/login") -> httpx.Response:
        """Log in; the answer of the callback."""
        return await self.http.get(await self.scan(path))

    def cookies(self) -> list[Cookie]:
        """What the server has put into the browser."""
        return list(self.http.cookies.jar)


@pytest.fixture
async def browser(server: str) -> AsyncIterator[Browser]:
    """Somebody nobody else is."""
    async with client(server) as http:
        yield Browser(http, f"u{secrets.token_hex(8)}")


async def invited(shop: SandboxShop, name: str = "小店员", roles: tuple[str, ...] = ("CATALOGUE",)) -> str:
    answer = await shop.staff(INVITE, {"input": {"name": name, "roles": list(roles)}})
    assert answer.refusals == []
    path: str = answer["staffInvite"]["invitation"]["path"]
    return path


def staff(shop: SandboxShop, session: dict[str, Any]) -> Asker:
    return Asker(shop.http, credentials(token=session["accessToken"]))


async def test_an_invitation_makes_a_person_staff_and_the_code_alone_does_from_then_on(
    browser: Browser, shop: SandboxShop
) -> None:
    assert (await browser.log_in()).status_code == 403

    first = await browser.log_in(await invited(shop))
    again = await browser.log_in()

    place = {"id": shop.global_id, "handle": shop.shop.handle, "name": shop.shop.name, "roles": ["CATALOGUE"]}
    for answer in (first, again):
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
        assert (answer.json()["shop"], answer.json()["shops"]) == (place, [place])
        me = staff(shop, answer.json()["session"])
        assert (await me("{ locations { name } }")).errors == []
        assert (await me(INVITE, {"input": {"name": "a", "roles": ["OWNER"]}})).codes == ["FORBIDDEN"]


async def test_an_invitation_works_once_in_its_time_and_only_the_newest(browser: Browser, shop: SandboxShop) -> None:
    former = await invited(shop)
    path = await invited(shop)
    assert (await browser.log_in(former)).status_code == 404
    assert (await browser.log_in(path)).status_code == 200
    assert (await browser.log_in(path)).json()["code"] == "NOT_FOUND"
    late = await invited(shop, "迟到")
    await pool().execute(
        "update staff_invitation set created_at = created_at - $2::interval, expires_at = expires_at - $2::interval"
        " where shop_id = $1",
        shop.id,
        timedelta(hours=73),
    )
    assert (await browser.log_in(late)).status_code == 404
    assert (await browser.log_in("/auth/wechat/login?invitation=nonsense")).status_code == 404


async def test_one_person_is_one_member_of_staff_of_a_shop(browser: Browser, shop: SandboxShop) -> None:
    assert (await browser.log_in(await invited(shop, "一"))).status_code == 200
    second = await invited(shop, "二")

    refused = await browser.log_in(second)

    assert (refused.status_code, refused.json()["code"]) == (409, "TAKEN")
    # Nobody used it, so whom it was meant for still can.
    assert (await Browser(browser.http, f"u{secrets.token_hex(8)}").log_in(second)).status_code == 200


async def test_who_takes_over_a_name_ends_the_tokens_of_who_had_it(browser: Browser, shop: SandboxShop) -> None:
    former = (await browser.log_in(await invited(shop))).json()["session"]

    assert (await Browser(browser.http, f"u{secrets.token_hex(8)}").log_in(await invited(shop))).status_code == 200

    assert (await staff(shop, former)("{ locations { name } }")).codes == ["UNAUTHENTICATED"]
    assert (await browser.log_in()).status_code == 403


async def test_a_person_goes_from_shop_to_shop(browser: Browser, shop: SandboxShop, other_shop: SandboxShop) -> None:
    await browser.log_in(await invited(shop))
    there = (await browser.log_in(await invited(other_shop, "兼职", ("ORDERS",)))).json()
    assert there["shop"]["id"] == other_shop.global_id
    assert [place["id"] for place in there["shops"]] == [shop.global_id, other_shop.global_id]
    me = staff(shop, there["session"])

    chosen = await me(SELECT, {"shop": shop.global_id})

    token = chosen["sessionSelectShop"]["session"]
    assert (await staff(shop, token)("{ shop { id } locations { name } }"))["shop"]["id"] == shop.global_id
    for nowhere in ("nonsense", "shp_" + "0" * 32):
        assert (await me(SELECT, {"shop": nowhere})).refusals == [Refused("NOT_FOUND", "shopId")]
    assert (await shop.staff(SELECT, {"shop": shop.global_id})).refusals == [Refused("NOT_FOUND", "shopId")]
    assert (await shop.visitor(SELECT, {"shop": shop.global_id})).refusals == [Refused("LOGIN_REQUIRED")]


async def test_sessions_of_staff_are_refreshed_and_end_with_them(browser: Browser, shop: SandboxShop) -> None:
    session = (await browser.log_in(await invited(shop))).json()["session"]

    async def refresh(asker: Asker, token: str) -> Answer:
        return await asker(REFRESH, {"token": token})

    by_token = await refresh(staff(shop, session), session["refreshToken"])
    by_key = await refresh(shop.visitor, by_token["sessionRefresh"]["session"]["refreshToken"])
    newest = by_key["sessionRefresh"]["session"]
    assert by_key["sessionRefresh"]["customer"] is None
    assert (await staff(shop, newest)("{ locations { name } }")).errors == []

    await pool().execute("update staff set active = false where shop_id = $1 and name = '小店员'", shop.id)
    assert (await refresh(shop.visitor, newest["refreshToken"])).refusals == [
        Refused("SESSION_EXPIRED", "refreshToken")
    ]


async def test_a_login_belongs_to_the_browser_that_began_it(browser: Browser, shop: SandboxShop, server: str) -> None:
    await browser.log_in(await invited(shop))
    back = await browser.scan("/auth/wechat/login")
    [cookie] = [cookie for cookie in browser.cookies() if cookie.name == COOKIE]
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert (cookie.path, cookie.get_nonstandard_attr("SameSite")) == ("/auth/wechat", "lax")
    assert parse_qs(urlsplit(back).query)["state"]

    async with client(server) as stranger:
        assert (await stranger.get(back)).json()["code"] == "INVALID"
        body, _, mac = str(cookie.value).partition(".")
        for forged in ("", "x", f"{body}.", f"{body}x.{mac}", f"{body}.{'0' * 64}"):
            assert (await stranger.get(back, headers={"cookie": f"{COOKIE}={forged}"})).json()["code"] == "INVALID"

    for changed in (f"{back}x", back.replace("state=", "state=x"), back.partition("?")[0]):
        begun = Browser(browser.http, browser.user)
        await begun.scan("/auth/wechat/login")
        assert (await browser.http.get(changed)).json()["code"] == "INVALID"
    # The cookie goes with the first who comes back, whatever they brought.
    assert (await browser.http.get(back)).json()["code"] == "INVALID"


async def test_a_code_is_used_once_and_a_refusal_is_told(browser: Browser, shop: SandboxShop) -> None:
    await browser.log_in(await invited(shop))
    back = await browser.scan("/auth/wechat/login")
    cookies = dict(browser.http.cookies)
    assert (await browser.http.get(back)).status_code == 200
    again = await browser.http.get(back, headers={"cookie": f"{COOKIE}={cookies[COOKIE]}"})
    assert (again.status_code, again.json()["code"]) == (400, "LOGIN_CODE_EXPIRED")

    back = await browser.scan("/auth/wechat/login")
    without = re.sub(r"code=\w+&?", "", back)
    assert (await browser.http.get(without)).json()["code"] == "BLANK"


async def test_who_is_invited_must_have_a_name_and_roles(shop: SandboxShop) -> None:
    for wish, field in (({"name": " ", "roles": ["OWNER"]}, "input.name"), ({"name": "a", "roles": []}, "input.roles")):
        assert (await shop.staff(INVITE, {"input": wish})).refusals == [Refused("BLANK", field)]


async def test_the_command_line_makes_the_same_links(browser: Browser, shop: SandboxShop) -> None:
    made = await staff_invite(shop.id, "老板", [Role.OWNER])

    assert (await browser.log_in(made.path)).json()["shop"]["roles"] == ["OWNER"]


def test_production_has_a_login_only_with_an_app_of_its_own() -> None:
    servers = {"database_url": "postgresql://db/x", "redis_url": "redis://cache", "secret_key": SECRET_KEY}
    production: Settings = load_settings(mode="production", **servers)
    named = {"wechat_website_appid": "wx1", "wechat_website_secret": "s3", "public_url": "https://a.cn"}
    with_app = load_settings(mode="production", **named, **servers)
    app = website_of(with_app)

    assert website_of(production) is None
    assert app
    url, state = app.begin("https://a.cn/auth/wechat/callback")
    assert url == (
        "https://open.weixin.qq.com/connect/qrconnect?response_type=code&redirect_uri=https%3A%2F%2Fa.cn%2Fauth%2Fwechat"
        f"%2Fcallback&scope=snsapi_login&state={state}&appid=wx1#wechat_redirect"
    )
