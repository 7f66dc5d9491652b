"""Every call of the client against the sandbox over real sockets: what is given, and what is refused."""

import asyncio
import dataclasses
import io
from collections import Counter
from datetime import UTC, datetime

import pytest
import zxingcpp
from PIL import Image

from models.redis_server import redis
from tests.wechat.hand import Hand
from wechat import errors
from wechat.answers import Suggestion
from wechat.client import MiniProgram, TextPlace
from wechat.crypto import decrypt_session_data, is_raw_data_genuine

WRONG = "wrong"


async def test_a_code_becomes_a_session_of_the_same_person_each_time(mini: MiniProgram, tester: Hand) -> None:
    first = await mini.code2session(await tester.code())
    again = await mini.code2session(await tester.code())
    other = await mini.code2session(await tester.code("xiaohong"))

    assert first.openid == again.openid != other.openid
    assert first.unionid == again.unionid != other.unionid
    assert first.session_key != again.session_key


async def test_of_twenty_uses_of_one_code_one_succeeds(mini: MiniProgram, tester: Hand) -> None:
    code = await tester.code()

    done = await asyncio.gather(*(mini.code2session(code) for _ in range(20)), return_exceptions=True)

    assert Counter(getattr(one, "errcode", 0) for one in done) == {0: 1, 40163: 19}
    assert {type(one) for one in done if isinstance(one, Exception)} == {errors.LoginCodeExpired}


@pytest.mark.parametrize("bad", ["", "0" * 32, "七", "a b&c=d"])
async def test_an_unknown_code_is_refused(mini: MiniProgram, bad: str) -> None:
    with pytest.raises(errors.WechatError) as refused:
        await mini.code2session(bad)
    assert refused.value.errcode == (40029 if bad else 41008)
    assert refused.value.rid or not bad


async def test_an_old_code_a_phone_code_and_another_apps_code_are_refused(mini: MiniProgram, tester: Hand) -> None:
    other = dataclasses.replace(tester, appid="wx" + "0" * 16)
    for code in (await tester.code(seconds=0), await tester.phone_code(), await other.code()):
        with pytest.raises(errors.LoginCodeExpired, match="40029"):
            await mini.code2session(code)


async def test_a_wrong_secret_and_an_unknown_app_are_refused(mini: MiniProgram, tester: Hand) -> None:
    code = await tester.code()
    with pytest.raises(errors.InvalidAppSecret):
        await dataclasses.replace(mini, secret=WRONG).code2session(code)
    with pytest.raises(errors.InvalidAppSecret):
        await dataclasses.replace(mini, secret=WRONG).phone_number(code)
    with pytest.raises(errors.InvalidApp):
        await dataclasses.replace(mini, appid="nobody").code2session(code)
    assert (await mini.code2session(code)).openid


async def test_only_the_newest_session_key_is_valid(mini: MiniProgram, tester: Hand) -> None:
    old = await mini.code2session(await tester.code())
    new = await mini.code2session(await tester.code())

    assert await mini.is_session_valid(new.openid, new.session_key)
    assert not await mini.is_session_valid(old.openid, old.session_key)

    reset = await mini.reset_session(new.openid, new.session_key)

    assert (reset.openid, await mini.is_session_valid(reset.openid, reset.session_key)) == (new.openid, True)
    with pytest.raises(errors.SessionOver):
        await mini.reset_session(new.openid, new.session_key)
    with pytest.raises(errors.InvalidOpenid):
        await mini.is_session_valid("nobody", new.session_key)


async def test_what_the_phone_brings_from_wechat_opens_with_the_session(mini: MiniProgram, tester: Hand) -> None:
    session = await mini.code2session(await tester.code())
    sealed = await tester.post("/sealed-data", user="xiaoming")
    group = await tester.post("/sealed-data", user="xiaoming", group="g1")

    def opened(data: dict[str, str]) -> dict[str, object]:
        key, now = session.session_key, datetime.now(UTC)
        return decrypt_session_data(data["encryptedData"], data["iv"], session_key=key, appid=tester.appid, now=now)

    assert opened(sealed)["openId"] == session.openid
    assert is_raw_data_genuine(sealed["rawData"], sealed["signature"], session.session_key)
    assert str(opened(group)["openGId"]).startswith("t")


async def test_a_phone_number_is_given_once_and_to_its_own_app(mini: MiniProgram, tester: Hand) -> None:
    code = await tester.phone_code()
    phone = await mini.phone_number(code)
    abroad = await mini.phone_number(await tester.phone_code(phone="+852-91234567"))

    assert (phone.e164[:6], len(phone.e164)) == ("+86199", 14)
    assert (abroad.e164, abroad.country_code) == ("+85291234567", "852")
    for used in (code, await tester.phone_code(seconds=0), await tester.code()):
        with pytest.raises(errors.PhoneCodeExpired):
            await mini.phone_number(used)
    with pytest.raises(errors.InvalidApp):
        await mini.phone_number(await dataclasses.replace(tester, appid="wx" + "0" * 16).phone_code())


async def test_one_token_serves_all_and_is_replaced_when_it_ends_early(mini: MiniProgram, tester: Hand) -> None:
    await mini.code2session(await tester.code())
    codes = [await tester.phone_code() for _ in range(10)]

    await asyncio.gather(*(mini.phone_number(code) for code in codes))
    assert len(await tester.calls("stable_token")) == 1

    await tester.post("/tokens/expire")
    await mini.phone_number(await tester.phone_code())
    assert len(await tester.calls("stable_token")) == 2
    assert [call["errcode"] for call in (await tester.calls("getuserphonenumber"))[-2:]] == [42001, 0]


async def test_a_token_in_redis_is_sealed_and_gone_before_wechat_ends_it(mini: MiniProgram, tester: Hand) -> None:
    token = await mini.tokens.token(mini.transport, mini.appid, mini.secret)

    held = {place: await redis().get(place) async for place in redis().scan_iter("xiaopu:wechat:token:*")}
    assert held
    assert not any(token.encode() in sealed for sealed in held.values())
    lives = [await redis().ttl(place) for place in held]
    assert 0 < min(lives) <= max(lives) <= 6900
    # Another process, with another key, asks for itself and gets the same.
    stranger = dataclasses.replace(mini.tokens, sealing_key=b"k" * 32)
    assert await stranger.token(mini.transport, mini.appid, mini.secret) == token


async def test_a_code_image_decodes_to_its_scene(mini: MiniProgram) -> None:
    picture = await mini.code_image("t=aB3~x!", "pages/product/index")

    with Image.open(io.BytesIO(picture)) as image:
        assert (image.format, image.width <= 430, image.width > 380) == ("PNG", True, True)
        [found] = zxingcpp.read_barcodes(image.convert("L"))
    assert found.text == "t=aB3~x!"


@pytest.mark.parametrize("scene", ["", "a" * 33, "中文", "a%20b", "a b"])
async def test_a_scene_that_cannot_be_drawn_is_refused(mini: MiniProgram, scene: str) -> None:
    with pytest.raises(errors.InvalidScene):
        await mini.code_image(scene)


@pytest.mark.parametrize("page", ["/pages/index", "pages/index?id=1", "http://x"])
async def test_a_page_that_cannot_be_is_refused(mini: MiniProgram, page: str) -> None:
    with pytest.raises(errors.PageNotPublished):
        await mini.code_image("t=1", page)


async def test_a_link_leads_to_its_page(mini: MiniProgram, tester: Hand) -> None:
    link = await mini.url_link("pages/index", "st=abc&x=1", days=30)

    where = (await tester.http.get(link)).json()
    assert where == {
        "appid": tester.appid,
        "path": "pages/index",
        "query": "st=abc&x=1",
        "version": "release",
        "scene": 1194,
    }
    for bad in (
        {"path": "/p", "query": ""},
        {"path": "p", "query": "x" * 1025},
        {"path": "p", "query": "", "days": 31},
    ):
        with pytest.raises(errors.InvalidLink):
            await mini.url_link(**bad)


async def test_texts_are_judged_when_their_writer_was_here(mini: MiniProgram, tester: Hand) -> None:
    openid = (await tester.post("/codes", user="xiaoming"))["openid"]
    with pytest.raises(errors.NotSeenLately):
        await mini.check_text(openid, "很好", TextPlace.COMMENT)
    await mini.code2session(await tester.code())

    verdicts = [await mini.check_text(openid, text, TextPlace.COMMENT) for text in ("很好", "来赌博", "加微信")]

    assert [verdict.suggestion for verdict in verdicts] == [Suggestion.PASS, Suggestion.RISKY, Suggestion.REVIEW]
    assert [verdict.label for verdict in verdicts] == [100, 20006, 10001]
    with pytest.raises(errors.InvalidOpenid):
        await mini.check_text("nobody", "很好", TextPlace.COMMENT)
    with pytest.raises(errors.WechatError, match="45002"):
        await mini.check_text(openid, "好" * 2501, TextPlace.COMMENT)


async def test_a_message_is_sent_as_often_as_the_customer_agreed(mini: MiniProgram, tester: Hand) -> None:
    openid = (await tester.post("/codes", user="xiaoming"))["openid"]
    await tester.post("/subscriptions", user="xiaoming", templateId="T1", times=3)

    values = {"thing1": "四件套", "amount2": "¥99.00"}
    done = await asyncio.gather(
        *(mini.send_message(openid, "T1", values, page="pages/order") for _ in range(10)), return_exceptions=True
    )

    assert Counter(type(one) for one in done) == {type(None): 3, errors.MessageNotWanted: 7}
    kept = await tester.get("/messages", user="xiaoming")
    assert [(one["templateId"], one["data"]["thing1"]) for one in kept] == [("T1", {"value": "四件套"})] * 3


@pytest.mark.parametrize("values", [{}, {"thing1": ""}, {"thing1": "长" * 21}, {"odd1": "x"}, {"number1": "七"}])
async def test_a_value_that_does_not_fit_is_refused(mini: MiniProgram, tester: Hand, values: dict[str, str]) -> None:
    openid = (await tester.post("/codes", user="xiaoming"))["openid"]
    with pytest.raises(errors.MessageInvalid):
        await mini.send_message(openid, "T1", values)
    with pytest.raises(errors.TemplateUnknown):
        await mini.send_message(openid, "", {"thing1": "x"})


async def test_calls_are_listed_with_their_secrets_masked(mini: MiniProgram, tester: Hand) -> None:
    session = await mini.code2session(await tester.code())
    await mini.phone_number(await tester.phone_code())
    await mini.is_session_valid(session.openid, session.session_key)

    [login] = await tester.calls("jscode2session")
    listed = await tester.get("/calls")

    assert login["asked"] == {
        "appid": tester.appid,
        "secret": "***",
        "js_code": "***",
        "grant_type": "authorization_code",
    }
    assert (login["user"], login["errcode"], login["switchId"]) == ("xiaoming", 0, None)
    names = ["jscode2session", "stable_token", "getuserphonenumber", "checksession"]
    assert [call["call"] for call in listed] == names
    assert session.session_key not in str(listed)
    everybodys = (await tester.http.get("/sandbox/wechat/calls")).json()
    assert [call["call"] for call in everybodys if call["appid"] == tester.appid] == names
