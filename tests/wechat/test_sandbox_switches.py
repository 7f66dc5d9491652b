"""Failure switches: which calls they meet, how often, and that they are listed, cleared and refused when odd."""

import asyncio
from collections import Counter
from datetime import timedelta
from time import perf_counter
from typing import Any

import httpx
import pytest

from clock import wall_now
from models.database import pool
from tests.wechat.hand import Hand
from wechat import errors
from wechat.client import MiniProgram
from wechat.sandbox.app import PATH
from wechat.sandbox.calls import begin_call, end_call


async def outcome(mini: MiniProgram, tester: Hand, user: str = "xiaoming") -> int:
    try:
        await mini.code2session(await tester.code(user))
    except errors.WechatError as refused:
        return refused.errcode
    return 0


async def test_a_switch_meets_the_next_calls_and_no_more(mini: MiniProgram, tester: Hand) -> None:
    await tester.switch("ERROR", errcode=40226, times=3)
    done = await asyncio.gather(*(outcome(mini, tester) for _ in range(10)))
    assert Counter(done) == {40226: 3, 0: 7}


async def test_a_switch_meets_only_its_user_and_its_call(mini: MiniProgram, tester: Hand) -> None:
    await tester.switch("ERROR", user="xiaohong", call="jscode2session", times=10)
    await tester.switch("RATE_LIMIT", call="getuserphonenumber")

    assert [await outcome(mini, tester, user) for user in ("xiaoming", "xiaohong")] == [0, -1]
    with pytest.raises(errors.RateLimited, match="45011"):
        await mini.phone_number(await tester.phone_code())


async def test_another_apps_switch_is_none_of_ours(mini: MiniProgram, tester: Hand) -> None:
    await tester.post("/switches", appid="wx" + "2" * 16, kind="ERROR", times=5)
    assert await outcome(mini, tester) == 0


async def test_slow_answers_come_in_the_end(mini: MiniProgram, tester: Hand) -> None:
    await tester.switch("SLOW", delayMs=300)
    began = perf_counter()
    assert await outcome(mini, tester) == 0
    assert perf_counter() - began >= 0.3


async def test_switches_are_listed_and_cleared_one_by_one_and_all(mini: MiniProgram, tester: Hand) -> None:
    first, second = [await tester.switch("ERROR", errcode=40226, times=2) for _ in range(2)]
    await outcome(mini, tester)
    listed = await tester.get("/switches")
    assert [(one["id"], one["remaining"]) for one in listed] == [(first["id"], 1), (second["id"], 2)]
    [call] = await tester.calls("jscode2session")
    assert (call["errcode"], call["switchId"]) == (40226, first["id"])

    async def clear(**asked: Any) -> Any:
        return (await tester.http.delete(f"{PATH}/switches", params={"appid": tester.appid} | asked)).json()

    assert await clear(id=first["id"]) == {"removed": 1}
    assert await clear() == {"removed": 1}
    assert await outcome(mini, tester) == 0


async def test_a_user_may_log_in_a_hundred_times_a_minute(mini: MiniProgram, tester: Hand) -> None:
    done = await asyncio.gather(*(outcome(mini, tester) for _ in range(100)))
    assert Counter(done) == {0: 100}
    assert await outcome(mini, tester) == 45011
    assert await outcome(mini, tester, "xiaohong") == 0

    await tester.http.delete(f"{PATH}/calls", params={"appid": tester.appid})
    assert await outcome(mini, tester) == 0


@pytest.mark.parametrize(
    ("path", "body", "place"),
    [
        ("/codes", b"{", "not JSON"),
        ("/codes", b"[]", "dictionary"),
        ("/codes", b'{"appid": "wx1"}', "user"),
        ("/codes", b'{"appid": "wx 1", "user": "a"}', "appid"),
        ("/codes", b'{"appid": "wx12", "user": "a"}', "invalid appid"),
        ("/codes", b'{"appid": "wx1", "user": "a\\u0000"}', "user"),
        ("/codes", b'{"appid": "wx1", "user": "a", "more": 1}', "more"),
        ("/switches", b'{"appid": "wx1", "kind": "BOOM"}', "kind"),
        ("/switches", b'{"appid": "wx1", "kind": "ERROR", "errcode": 0}', "errcode 0 is no error"),
        ("/switches", b'{"appid": "wx1", "kind": "ERROR", "times": 0}', "times"),
        ("/apps", b'{"appid": "wx1", "encodingAesKey": "short"}', "encodingAesKey"),
        ("/pushes", b'{"appid": "wx0000000000000000", "user": "a", "message": {}}', "pushUrl"),
        ("/sealed-data", b'{"appid": "wx0000000000000000", "user": "stranger"}', "has not logged in"),
    ],
)
async def test_a_door_says_what_it_does_not_understand(
    http: httpx.AsyncClient, path: str, body: bytes, place: str
) -> None:
    answer = await http.post(f"{PATH}{path}", content=body)
    said = answer.json()
    assert (answer.status_code, said["code"]) == (400, "INVALID")
    assert place in said.get("errmsg", said.get("message"))


async def test_calls_and_codes_of_yesterday_are_dropped_now_and_then(tester: Hand) -> None:
    long_ago = wall_now() - timedelta(days=2)
    await begin_call(tester.appid, "", "yesterday", {}, long_ago)
    young = await begin_call(tester.appid, "", "today", {}, wall_now())
    await tester.code(seconds=0)
    await pool().execute("update wechat_sandbox.code set expires_at = $2 where appid = $1", tester.appid, long_ago)

    await end_call((young // 1000 + 1) * 1000, 0, None, 0)

    assert [call["call"] for call in await tester.get("/calls")] == ["today"]
    assert await pool().fetchval("select count(*) from wechat_sandbox.code where appid = $1", tester.appid) == 0
