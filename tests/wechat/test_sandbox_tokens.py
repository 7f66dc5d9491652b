"""The app's own token: one for everybody, honoured beside its successor, renewed by force only so often."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from clock import wall_now
from models.database import pool
from tests.wechat.hand import Hand
from wechat import errors
from wechat.access_token import STABLE_TOKEN
from wechat.sandbox.tokens import OVERLAP_SECONDS, TokenKind, holder_of
from wechat.transport import Transport

_AGE = """
update wechat_sandbox.token set expires_at = expires_at - $2::interval, issued_at = issued_at - $2::interval
where appid = $1
"""


async def ask(transport: Transport, appid: str, *, force: bool = False) -> dict[str, Any]:
    body = {"grant_type": "client_credential", "appid": appid, "secret": "sandbox", "force_refresh": force}
    return dict(await transport.post(STABLE_TOKEN, {}, body))


async def age(appid: str, seconds: float) -> None:
    """Let time pass for an app's tokens."""
    await pool().execute(_AGE, appid, timedelta(seconds=seconds))


async def test_all_who_ask_at_once_get_the_same_token(transport: Transport, tester: Hand) -> None:
    answers = await asyncio.gather(*(ask(transport, tester.appid) for _ in range(20)))
    assert len({answer["access_token"] for answer in answers}) == 1
    assert {answer["expires_in"] for answer in answers} <= {7199, 7200}


async def test_in_the_last_five_minutes_a_new_one_comes_and_the_old_is_still_good(
    transport: Transport, tester: Hand
) -> None:
    old = await ask(transport, tester.appid)
    await age(tester.appid, 7200 - OVERLAP_SECONDS - 60)
    same = await ask(transport, tester.appid)
    assert (same["access_token"], same["expires_in"] < 361) == (old["access_token"], True)

    await age(tester.appid, 90)
    new = await ask(transport, tester.appid)

    assert new["access_token"] != old["access_token"]
    for token in (old, new):
        assert (await holder_of(TokenKind.APP, token["access_token"], wall_now())).appid == tester.appid


async def test_a_forced_renewal_leaves_the_old_token_five_minutes(transport: Transport, tester: Hand) -> None:
    old = await ask(transport, tester.appid)
    new = await ask(transport, tester.appid, force=True)
    # Too soon after another: nothing happens.
    assert (await ask(transport, tester.appid, force=True))["access_token"] == new["access_token"]
    assert new["access_token"] != old["access_token"]

    await holder_of(TokenKind.APP, old["access_token"], wall_now())
    await age(tester.appid, OVERLAP_SECONDS)

    with pytest.raises(Exception, match="42001"):
        await holder_of(TokenKind.APP, old["access_token"], wall_now())
    await holder_of(TokenKind.APP, new["access_token"], wall_now())


async def test_the_day_has_twenty_forced_renewals(transport: Transport, tester: Hand) -> None:
    for _ in range(20):
        await ask(transport, tester.appid, force=True)
        await age(tester.appid, 31)
    with pytest.raises(errors.RateLimited, match="45009"):
        await ask(transport, tester.appid, force=True)
    assert (await ask(transport, tester.appid))["access_token"]


async def test_a_missing_or_foreign_token_is_refused(transport: Transport) -> None:
    for token, errcode in (("", 41001), ("x", 40001)):
        with pytest.raises(errors.WechatError, match=str(errcode)):
            await transport.post("/wxa/generate_urllink", {"access_token": token}, {"path": "p"})


@pytest.mark.parametrize(
    ("changed", "errcode"),
    [
        ({"appid": ""}, 41002),
        ({"appid": "wx12"}, 40013),
        ({"secret": ""}, 41004),
        ({"secret": "x"}, 40125),
        ({"grant_type": "x"}, 40002),
        ({"appid": 7}, 40013),
        ({"appid": "\x00"}, 47001),
    ],
)
async def test_a_question_that_is_wrong_is_refused_by_number(
    transport: Transport, tester: Hand, changed: dict[str, Any], errcode: int
) -> None:
    body = {"grant_type": "client_credential", "appid": tester.appid, "secret": "sandbox"}
    with pytest.raises(errors.WechatError) as refused:
        await transport.post(STABLE_TOKEN, {}, body | changed)
    assert refused.value.errcode == errcode


async def test_an_app_with_a_secret_of_its_own_takes_no_other(transport: Transport, tester: Hand) -> None:
    await tester.post("/apps", secret="its own")  # noqa: S106 - made up
    with pytest.raises(errors.InvalidAppSecret):
        await ask(transport, tester.appid)
