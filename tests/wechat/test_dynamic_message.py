"""Cards in chats: what WeChat is told to have them say, what people then see, and WeChat's noes in types."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from clock import wall_now
from tests.harness.server import serving_app
from tests.wechat.hand import Hand
from wechat import errors
from wechat.client import AppVersion, MiniProgram
from wechat.dynamic_message import CREATE, UPDATE, Card, CardState, create_activity, update_card
from wechat.errors import error_of
from wechat.sandbox.app import PATH
from wechat.transport import Transport

JOINING = Card(CardState.JOINING, 2, 3, "pages/team/index?id=1")
STARTED = replace(JOINING, state=CardState.STARTED, version=AppVersion.TRIAL)
ENDED = replace(JOINING, state=CardState.ENDED)


async def seen(tester: Hand, activity_id: str) -> Any:
    """The card as people see it."""
    [card] = await tester.get("/cards", activityId=activity_id)
    return card


async def raw(mini: MiniProgram, tester: Hand, **body: Any) -> Any:
    """Tell WeChat what our client never would."""
    token = await mini.tokens.token(mini.transport, mini.appid, mini.secret)
    answer = await tester.http.post(f"{PATH}{UPDATE}", params={"access_token": token}, json=body)
    return answer.json()["errcode"]


async def test_a_card_counts_up_and_is_done(mini: MiniProgram, tester: Hand) -> None:
    activity = await create_activity(mini)
    assert (await seen(tester, activity.id))["text"] == "成员正在加入，当前 ?/? 人"

    for count in (1, 2):
        await update_card(mini, activity.id, replace(JOINING, member_count=count))
        assert (await seen(tester, activity.id))["text"] == f"成员正在加入，当前 {count}/3 人"
    await update_card(mini, activity.id, STARTED)

    card = await seen(tester, activity.id)
    assert (card["state"], card["text"], card["path"], card["versionType"]) == (1, "已到齐", JOINING.path, "trial")
    assert [(told["state"], told["said"]) for told in card["updates"]] == [
        (0, {"member_count": "1", "room_limit": "3"}),
        (0, {"member_count": "2", "room_limit": "3"}),
        (1, {"path": JOINING.path, "version_type": "trial"}),
    ]


async def test_an_id_lives_for_a_day(mini: MiniProgram) -> None:
    before = wall_now()
    first, second = await create_activity(mini), await create_activity(mini)
    assert first.id != second.id
    assert timedelta(hours=23, minutes=59) < first.expires_at - before < timedelta(hours=24, minutes=1)


@pytest.mark.parametrize(
    ("before", "after"), [(STARTED, JOINING), (STARTED, STARTED), (ENDED, JOINING), (ENDED, STARTED), (ENDED, ENDED)]
)
async def test_a_card_never_goes_back(mini: MiniProgram, tester: Hand, before: Card, after: Card) -> None:
    activity = await create_activity(mini)
    await update_card(mini, activity.id, before)
    with pytest.raises(errors.CardStateRefused, match="47502"):
        await update_card(mini, activity.id, after)
    assert (await seen(tester, activity.id))["state"] == int(before.state)


async def test_what_has_started_may_end(mini: MiniProgram, tester: Hand) -> None:
    activity = await create_activity(mini)
    await update_card(mini, activity.id, STARTED)
    await update_card(mini, activity.id, ENDED)
    assert (await seen(tester, activity.id))["text"] == "已结束"


async def test_of_rivals_one_starts_a_card(mini: MiniProgram, tester: Hand) -> None:
    activity = await create_activity(mini)
    told = await asyncio.gather(*(update_card(mini, activity.id, STARTED) for _ in range(6)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in told) == ["CardStateRefused"] * 5 + ["NoneType"]
    assert len((await seen(tester, activity.id))["updates"]) == 1


async def test_what_is_over_reads_ended_and_is_not_changed(mini: MiniProgram, tester: Hand) -> None:
    over, other = await create_activity(mini), await create_activity(mini)
    await update_card(mini, over.id, JOINING)
    assert await tester.post("/cards/expire", activityId=over.id) == {"expired": 1}

    with pytest.raises(errors.ActivityOver, match="47504"):
        await update_card(mini, over.id, STARTED)

    assert (await seen(tester, over.id))["text"] == "已结束"
    await update_card(mini, other.id, JOINING)
    assert await tester.post("/cards/expire") == {"expired": 1}
    assert await tester.post("/cards/expire") == {"expired": 0}
    assert {card["text"] for card in await tester.get("/cards")} == {"已结束"}


async def test_an_id_is_its_apps_alone(mini: MiniProgram, tester: Hand) -> None:
    other = replace(mini, appid=f"{mini.appid[:-1]}{'0' if mini.appid[-1] != '0' else '1'}")
    theirs = await create_activity(other)
    for activity_id in (theirs.id, "nobodys"):
        with pytest.raises(errors.ActivityOver, match="47501"):
            await update_card(mini, activity_id, JOINING)
    assert await tester.get("/cards") == []


@pytest.mark.parametrize(
    ("changed", "errcode"),
    [
        ({"target_state": 3}, 47502),
        ({"target_state": "0"}, 47502),
        ({"target_state": True}, 47502),
        ({"template_info": None}, 47001),
        ({"template_info": {"parameter_list": {"name": "member_count", "value": "1"}}}, 47001),
        ({"template_info": {"parameter_list": [{"name": "member_count", "value": 1}]}}, 47001),
        ({"template_info": {"parameter_list": [{"name": "member_count", "value": "1"}]}}, 47001),
        ({"template_info": {"parameter_list": [{"name": "title", "value": "1"}]}}, 47001),
        ({"target_state": 1}, 47001),
        (
            {
                "target_state": 1,
                "template_info": {
                    "parameter_list": [{"name": "path", "value": "p"}, {"name": "version_type", "value": "formal"}]
                },
            },
            47503,
        ),
    ],
)
async def test_what_lacks_a_part_is_refused_by_number(
    mini: MiniProgram, tester: Hand, changed: dict[str, Any], errcode: int
) -> None:
    activity = await create_activity(mini)
    counted = [{"name": "member_count", "value": "1"}, {"name": "room_limit", "value": "3"}]
    whole = {"activity_id": activity.id, "target_state": 0, "template_info": {"parameter_list": counted}}
    assert await raw(mini, tester, **(whole | changed)) == errcode
    assert await raw(mini, tester) == 44002
    assert await raw(mini, tester, **whole) == 0


async def test_an_id_for_one_persons_cards_needs_the_person(mini: MiniProgram, tester: Hand) -> None:
    known = (await tester.post("/codes", user="xiaoming"))["openid"]
    await mini.get(CREATE, {"openid": known})
    assert [card["user"] for card in await tester.get("/cards")] == ["xiaoming"]
    with pytest.raises(errors.InvalidOpenid):
        await mini.get(CREATE, {"openid": "nobody"})


async def test_switches_tell_the_two_calls_from_each_other_and_from_messages(mini: MiniProgram, tester: Hand) -> None:
    await tester.switch("ERROR", call="send")
    await tester.switch("ERROR", call="updatablemsg/send", errcode=45009)
    await tester.switch("LOST_ANSWER", call="activityid/create")

    with pytest.raises(errors.LostAnswer):
        await create_activity(mini)
    activity = await create_activity(mini)
    with pytest.raises(errors.RateLimited):
        await update_card(mini, activity.id, JOINING)
    await update_card(mini, activity.id, JOINING)

    assert [call["errcode"] for call in await tester.calls("updatablemsg/send")] == [45009, 0]
    assert len(await tester.get("/cards")) == 2


async def test_a_token_that_ended_early_is_replaced(mini: MiniProgram, tester: Hand) -> None:
    activity = await create_activity(mini)
    await tester.post("/tokens/expire")
    await update_card(mini, activity.id, JOINING)
    await tester.post("/tokens/expire")
    another = await create_activity(mini)

    assert another.id != activity.id
    assert [call["errcode"] for call in await tester.calls("updatablemsg/send")][-1] == 0


@pytest.mark.parametrize(
    ("errcode", "kind", "wait"),
    [
        (47501, errors.ActivityOver, None),
        (47502, errors.CardStateRefused, None),
        (47503, errors.CardInvalid, None),
        (47504, errors.ActivityOver, None),
        (44002, errors.CardInvalid, None),
        (47001, errors.CardInvalid, None),
        (45009, errors.RateLimited, 60.0),
        (-1, errors.SystemBusy, 1.0),
        (48001, errors.NoPermission, None),
    ],
)
def test_each_no_is_of_its_kind(errcode: int, kind: type[errors.WechatError], wait: float | None) -> None:
    error = error_of("updatablemsg/send", errcode)
    assert (type(error), error.retry_after_seconds) == (kind, wait)


@pytest.mark.parametrize(
    "asked", [{"appid": "wx1", "activityId": "x" * 129}, {"activityId": "a"}, {"appid": "wx1", "b": "1"}]
)
async def test_odd_wishes_of_testers_are_refused(http: httpx.AsyncClient, asked: dict[str, str]) -> None:
    assert (await http.get(f"{PATH}/cards", params=asked)).status_code == 400
    assert (await http.post(f"{PATH}/cards/expire", json=asked)).status_code == 400


class Desk:
    """A WeChat that keeps what came, and says what a test wants."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, Any]] = []
        self.answer: dict[str, Any] = {}

    async def token(self, _request: Request) -> JSONResponse:
        """Hand out the app's token."""
        return JSONResponse({"access_token": "token", "expires_in": 7200})

    async def listen(self, request: Request) -> JSONResponse:
        """Take what is told."""
        self.told.append((request.method, str(request.url.query), orjson.loads(await request.body() or b"null")))
        return JSONResponse(self.answer)


@pytest.fixture
def desk() -> Desk:
    """A desk with nothing on it."""
    return Desk()


@pytest.fixture
async def app(mini: MiniProgram, desk: Desk) -> AsyncIterator[MiniProgram]:
    """An app whose WeChat is the desk."""
    routes = [
        Route("/cgi-bin/stable_token", desk.token, methods=["POST"]),
        Route(CREATE, desk.listen, methods=["GET"]),
        Route(UPDATE, desk.listen, methods=["POST"]),
    ]
    async with serving_app(Starlette(routes=routes)) as base_url:
        yield replace(mini, transport=Transport(mini.transport.http, base_url))


async def test_both_are_asked_as_published(app: MiniProgram, desk: Desk) -> None:
    desk.answer = {"activity_id": "966_x", "expiration_time": 1795341600, "errcode": 0}
    activity = await create_activity(app)
    assert (activity.id, activity.expires_at) == ("966_x", datetime(2026, 11, 22, 10, 0, tzinfo=UTC))
    desk.answer = {"errcode": 0, "errmsg": "ok"}
    for card in (JOINING, STARTED, ENDED):
        await update_card(app, activity.id, card)

    counted = [{"name": "member_count", "value": "2"}, {"name": "room_limit", "value": "3"}]
    path = [{"name": "path", "value": JOINING.path}, {"name": "version_type", "value": "trial"}]
    said = [(0, counted), (1, path), (2, counted)]
    assert desk.told == [("GET", "access_token=token", None)] + [
        (
            "POST",
            "access_token=token",
            {"activity_id": "966_x", "target_state": state, "template_info": {"parameter_list": listed}},
        )
        for state, listed in said
    ]


@pytest.mark.parametrize(
    "answer",
    [{}, {"activity_id": "a"}, {"activity_id": "a", "expiration_time": 10**18}, {"expiration_time": 1795341600}],
)
async def test_an_answer_that_is_none_is_a_lost_one(app: MiniProgram, desk: Desk, answer: dict[str, Any]) -> None:
    desk.answer = answer
    with pytest.raises(errors.LostAnswer):
        await create_activity(app)
