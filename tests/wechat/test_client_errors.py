"""How the client fails: a kind of error for each number, lost answers told from deafness, nothing private said."""

import dataclasses
from collections.abc import Iterator
from time import perf_counter
from traceback import format_exception

import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Mount

from logs import configure
from tests.harness.server import serving_app
from tests.wechat.hand import Hand
from wechat import errors
from wechat.client import MiniProgram, TextPlace
from wechat.errors import error_of
from wechat.transport import Transport, open_http


@pytest.fixture
def loquacious() -> Iterator[None]:
    """Let logs say all they ever would."""
    configure("debug")
    yield
    configure("warning")


@pytest.mark.parametrize(
    ("errcode", "kind"),
    [
        (-1, errors.SystemBusy),
        (40226, errors.RiskBlocked),
        (45011, errors.RateLimited),
        (45009, errors.RateLimited),
        (40164, errors.IpNotAllowed),
        (48001, errors.NoPermission),
        (12345, errors.WechatError),
    ],
)
async def test_each_number_is_an_error_of_its_kind(
    mini: MiniProgram, tester: Hand, errcode: int, kind: type[errors.WechatError]
) -> None:
    await tester.switch("ERROR", errcode=errcode)
    code = await tester.code()

    with pytest.raises(errors.WechatError) as refused:
        await mini.code2session(code)

    assert (type(refused.value), refused.value.errcode, bool(refused.value.rid)) == (kind, errcode, True)
    # Nothing was done: the code is still good.
    assert (await mini.code2session(code)).openid


def test_busy_and_limited_say_when_to_come_back() -> None:
    waits = [error_of("jscode2session", errcode).retry_after_seconds for errcode in (-1, 45011, 40163)]
    assert waits == [1.0, 60.0, None]


async def test_an_answer_that_is_lost_after_the_work_burns_the_code(mini: MiniProgram, tester: Hand) -> None:
    await tester.switch("LOST_ANSWER", call="jscode2session")
    code = await tester.code()

    with pytest.raises(errors.LostAnswer):
        await mini.code2session(code)

    with pytest.raises(errors.LoginCodeExpired, match="40163"):
        await mini.code2session(code)


async def test_silence_is_a_lost_answer_in_time(mini: MiniProgram, tester: Hand) -> None:
    async with open_http(0.2) as http:
        impatient = dataclasses.replace(mini, transport=Transport(http, mini.transport.base_url))
        await tester.switch("SLOW", delayMs=1000)
        began = perf_counter()
        with pytest.raises(errors.LostAnswer):
            await impatient.code2session(await tester.code())
    assert 0.2 <= perf_counter() - began < 0.9


async def test_who_never_heard_the_question_is_unreachable(mini: MiniProgram) -> None:
    nowhere = Transport(mini.transport.http, "http://127.0.0.1:1")
    with pytest.raises(errors.Unreachable):
        await dataclasses.replace(mini, transport=nowhere).code2session("x")


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (502, b"Bad Gateway"),
        (200, b"<html>"),
        (200, b"[]"),
        (200, b"{}"),
        (200, b'{"errcode":"x"}'),
        (200, b'{"openid":7}'),
    ],
)
async def test_what_is_not_wechat_is_a_bad_answer(mini: MiniProgram, status: int, body: bytes) -> None:
    elsewhere = Starlette(routes=[Mount("/", Response(body, status))])
    async with serving_app(elsewhere) as base_url:
        odd = dataclasses.replace(mini, transport=Transport(mini.transport.http, base_url))
        with pytest.raises(errors.BadAnswer):
            await odd.code2session("x")


async def test_nothing_private_is_logged_or_said_in_errors(
    mini: MiniProgram, tester: Hand, loquacious: None, capfd: pytest.CaptureFixture[str]
) -> None:
    code = await tester.code()
    session = await mini.code2session(code)
    token = await mini.tokens.token(mini.transport, mini.appid, mini.secret)
    phone = await mini.phone_number(await tester.phone_code())
    await tester.switch("LOST_ANSWER", call="checksession")
    said = []
    for asked in (
        mini.code2session(code),
        mini.check_text(f"nobody{session.openid}", "x", TextPlace.FORUM),
        mini.is_session_valid(session.openid, session.session_key),
    ):
        with pytest.raises(errors.WechatError) as refused:
            await asked
        said.append("".join(format_exception(refused.value)))

    captured = capfd.readouterr()
    told = " ".join([*said, captured.out, captured.err, str(session), str(phone), str(mini)])
    assert all(word in told for word in ("wechat_answered", "wechat_refused", "40163", "LostAnswer"))
    for secret in (code, session.openid, session.session_key, token, phone.number):
        assert secret not in told
