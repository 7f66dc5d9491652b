"""The website login as a browser and a server see it: a page of people, a code, tokens, a profile."""

import dataclasses
import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.wechat.hand import Hand
from wechat import errors
from wechat.sandbox.app import PATH
from wechat.website import Website

BACK = "http://shop.example:8000/auth/wechat/callback?next=/a%20b"


async def scan(website: Website, tester: Hand, user: str = "dianzhang", back: str = BACK) -> dict[str, list[str]]:
    """Open the login page, pick a person, and return what the browser brings back."""
    page = (await tester.http.get(website.login_url(back, "s&<1>"))).text
    [link] = re.findall(rf'id="user-{user}" href="([^"]+)"', page)
    answer = await tester.http.get(unescape(link))
    assert answer.status_code == 302, answer.text
    assert answer.headers["location"].startswith(back.partition("?")[0])
    return parse_qs(urlsplit(answer.headers["location"]).query)


async def test_who_is_picked_comes_back_with_a_code_and_the_state(website: Website, tester: Hand) -> None:
    brought = await scan(website, tester)

    assert (brought["state"], brought["next"]) == (["s&<1>"], ["/a b"])
    token = await website.exchange(brought["code"][0])
    user = await website.user(token)
    assert (user.openid, user.unionid, user.nickname) == (token.openid, token.unionid, "dianzhang")
    assert (token.scope, token.expires_in_seconds) == ("snsapi_login", 7200)


async def test_somebody_else_may_be_named(website: Website, tester: Hand) -> None:
    asked = {
        "appid": tester.appid,
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": "snsapi_login",
        "user": "七",
    }
    confirm = f"{PATH}/connect/qrconnect/confirm"
    answer = await tester.http.get(confirm, params=asked)
    assert answer.status_code == 302
    for bad in ({"user": ""}, {"user": "<script>"}, {"redirect_uri": "javascript:alert(1)"}, {"scope": "snsapi_base"}):
        refused = await tester.http.get(confirm, params=asked | bad)
        assert (refused.status_code, "<script>" in refused.text) == (200, False)


async def test_a_person_is_the_same_in_all_apps_of_an_account(website: Website, tester: Hand) -> None:
    token = await website.exchange((await scan(website, tester, "xiaoming"))["code"][0])
    phone = dataclasses.replace(tester, appid="wx" + "1" * 16)
    met = await phone.post("/codes", user="xiaoming")
    assert (token.unionid == met["unionid"], token.openid == met["openid"]) == (True, False)

    await phone.post("/apps", openAccount=None)
    assert (await phone.post("/codes", user="xiaoming"))["unionid"] is None


async def test_a_login_is_refreshed_without_a_secret_and_ends(website: Website, tester: Hand) -> None:
    first = await website.exchange((await scan(website, tester))["code"][0])
    second = await website.refresh(first.refresh_token)

    assert first.access_token != second.access_token
    assert (first.refresh_token, first.openid) == (second.refresh_token, second.openid)
    for token in (first, second):
        assert (await website.user(token)).openid == first.openid

    await tester.post("/tokens/expire")
    with pytest.raises(errors.AccessTokenInvalid, match="42001"):
        await website.user(second)
    with pytest.raises(errors.RefreshTokenExpired, match="42002"):
        await website.refresh(first.refresh_token)


async def test_wrong_codes_tokens_and_people_are_refused(website: Website, tester: Hand) -> None:
    code = (await scan(website, tester))["code"][0]
    token = await website.exchange(code)
    for bad, kind, errcode in (
        (website.exchange(code), errors.LoginCodeExpired, 40163),
        (website.exchange("0" * 32), errors.LoginCodeExpired, 40029),
        (website.exchange(await tester.code()), errors.LoginCodeExpired, 40029),
        (website.refresh("x"), errors.RefreshTokenExpired, 40030),
        (website.refresh(token.access_token), errors.RefreshTokenExpired, 40030),
        (website.user(dataclasses.replace(token, openid="nobody")), errors.InvalidOpenid, 40003),
        (website.user(dataclasses.replace(token, access_token=token.refresh_token)), errors.AccessTokenInvalid, 40001),
    ):
        with pytest.raises(kind, match=str(errcode)):
            await bad


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"appid": "nobody"}, "AppID 参数错误"),
        ({"redirect_uri": "https://evil.example/"}, "redirect_uri 参数错误"),
        ({"redirect_uri": "https://[evil"}, "redirect_uri 参数错误"),
        ({"redirect_uri": "javascript:alert(1)"}, "redirect_uri 参数错误"),
        ({"scope": "snsapi_userinfo"}, "Scope 参数错误或没有 Scope 权限"),
    ],
)
async def test_the_page_says_what_is_wrong(website: Website, tester: Hand, changed: dict[str, str], said: str) -> None:
    await tester.post("/apps", redirectHost="shop.example")
    asked = {"appid": tester.appid, "redirect_uri": BACK, "response_type": "code", "scope": "snsapi_login"}
    page = await tester.http.get(f"{PATH}/connect/qrconnect", params=asked | changed)
    assert said in page.text
    assert "user-xiaoming" not in page.text


async def test_nothing_given_to_the_page_becomes_markup(website: Website, tester: Hand) -> None:
    page = await tester.http.get(website.login_url(BACK + '"><script>', '"><script>'))
    assert "user-xiaoming" in page.text
    assert "<script>" not in page.text
