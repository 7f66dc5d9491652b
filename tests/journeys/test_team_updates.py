"""Following a team over sockets: whoever looks at it hears of each step, at whichever process, and nothing is lost."""

from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import uuid4

import pytest

from models.staff import Role
from resolvers.outbox_delivery import deliver_outbox
from settings import Settings
from tests.conftest import Counting
from tests.harness.asking import Asker
from tests.harness.buying import on_sale
from tests.harness.paying import Payer, later, payer, settled
from tests.harness.processes import process_serving, process_working
from tests.harness.shops import SandboxShop
from tests.harness.sockets import Talk, talking
from tests.harness.teams import begun, joins, leaves, open_group_buy, starts

NEWS = "cursor team { id state joined missing } teams(first: 5) { id state joined version }"
FOLLOW = f"""subscription ($id: ID, $after: String) {{
  groupBuyTeamUpdated(teamId: $id, after: $after) {{ {NEWS} }}
}}"""
WITH_SEAT = """subscription ($id: ID) {
  groupBuyTeamUpdated(teamId: $id) { team { joined viewerSeat { id state } } }
}"""
POLL = f"query ($id: ID, $after: String) {{ groupBuyTeamChange(teamId: $id, after: $after) {{ {NEWS} }} }}"


def token_of(asker: Asker) -> str:
    """The token that somebody asks with."""
    return dict(asker.headers)["authorization"].removeprefix("Bearer ")


async def come(talk: Talk, shop: SandboxShop, asker: Asker | None = None) -> None:
    """Open the conversation as somebody, or as a visitor whom nobody knows."""
    if asker is None:
        await talk.initialise(shopKey=shop.key, visitorId=str(uuid4()))
    else:
        await talk.initialise(shopKey=shop.key, token=token_of(asker))


async def told(talk: Talk, seconds: float = 10) -> Any:
    """What a socket hears of next."""
    message = await talk.hear(seconds)
    assert message["type"] == "next", message
    return message["payload"]["data"]["groupBuyTeamUpdated"]


async def selling(shop: SandboxShop, **more: Any) -> tuple[str, str]:
    """A group-buy and what is bought in it."""
    [shirt] = await on_sale(shop, f"shirt-{uuid4().hex}", 50, fen=5000)
    return await open_group_buy(shop, {shirt: [3000]}, **more), shirt


async def sits(person: Payer, offer: str, shirt: str, team: str) -> None:
    """Join and pay."""
    joined = await joins(person, offer, shirt, team)
    await person.has_paid(joined["order"]["id"])


async def until(talk: Talk, state: str, joined: int) -> Any:
    """Listen until a team stands so."""
    news = await told(talk)
    while (news["team"]["state"], news["team"]["joined"]) != (state, joined):
        news = await told(talk)
    return news


async def test_visitors_and_members_hear_how_a_team_fills_up(server: str, shop: SandboxShop) -> None:
    offer, shirt = await selling(shop, sizes=[3])
    ming, hong, lan = [await payer(shop, name) for name in ("小明", "小红", "小兰")]
    team, other = await begun(shop, ming, offer, shirt), await begun(shop, lan, offer, shirt)
    await deliver_outbox(shop.id)
    async with AsyncExitStack() as opened:
        talks = [await opened.enter_async_context(talking(server)) for _ in range(3)]
        for talk, who in zip(talks, (None, ming.ask, await shop.staff_with(Role.ORDERS)), strict=True):
            await come(talk, shop, who)
            await talk.ask("f", FOLLOW, id=team)
            assert (await told(talk))["team"] == {"id": team, "state": "FORMING", "joined": 1, "missing": 2}

        await leaves(lan, other)
        await deliver_outbox(shop.id)
        assert await talks[0].hears_nothing(0.3)

        for person, state, joined in ((hong, "FORMING", 2), (lan, "SUCCEEDED", 3)):
            await sits(person, offer, shirt, team)
            await settled(shop)
            heard = [(await until(talk, state, joined))["team"] for talk in talks]
            assert heard[0] == heard[1] == heard[2]


async def test_who_comes_back_has_missed_nothing_and_the_query_tells_the_same(server: str, shop: SandboxShop) -> None:
    offer, shirt = await selling(shop, sizes=[2])
    ming = await payer(shop)
    team = await begun(shop, ming, offer, shirt)
    async with talking(server) as talk:
        await come(talk, shop)
        await talk.ask("f", FOLLOW, id=team)
        cursor = (await told(talk))["cursor"]
        assert (await shop.visitor(POLL, {"id": team}))["groupBuyTeamChange"]["cursor"] == cursor
        assert (await shop.visitor(POLL, {"id": team, "after": cursor}))["groupBuyTeamChange"] is None
    await later(shop, timedelta(hours=25))
    await settled(shop)

    async with talking(server) as talk:
        await come(talk, shop)
        await talk.ask("f", FOLLOW, id=team, after=cursor)
        news = await told(talk)
        assert news["team"] == {"id": team, "state": "FAILED", "joined": 1, "missing": 0}
        await talk.say("complete", "f")
        await talk.ask("f", FOLLOW, id=team, after=news["cursor"])
        assert await talk.hears_nothing(0.3)
    assert (await shop.visitor(POLL, {"id": team, "after": cursor}))["groupBuyTeamChange"] == news


async def test_a_team_that_is_being_opened_is_followed_by_its_leader_alone(server: str, shop: SandboxShop) -> None:
    offer, shirt = await selling(shop, sizes=[2])
    ming, hong = await payer(shop), await payer(shop, "小红")
    made = await starts(ming, offer, shirt)
    team = made["team"]["id"]
    async with talking(server) as own, talking(server) as foreign, talking(server) as nobody:
        for talk, who in ((own, ming.ask), (foreign, hong.ask), (nobody, None)):
            await come(talk, shop, who)
            await talk.ask("f", FOLLOW, id=team)
        assert (await told(own))["team"]["state"] == "OPENING"
        assert await foreign.hears_nothing(0.3)
        assert await nobody.hears_nothing(0.1)
        assert (await hong.ask(POLL, {"id": team}))["groupBuyTeamChange"] is None
        assert (await ming.ask(POLL, {"id": team}))["groupBuyTeamChange"]["team"]["state"] == "OPENING"

        await ming.has_paid(made["order"]["id"])
        await settled(shop)
        for talk in (own, foreign, nobody):
            await until(talk, "FORMING", 1)


async def test_a_customer_follows_all_their_teams(server: str, shop: SandboxShop) -> None:
    offer, shirt = await selling(shop, sizes=[3])
    ming, hong, lan = [await payer(shop, name) for name in ("小明", "小红", "小兰")]
    async with talking(server) as here, talking(server) as stranger:
        for talk, who in ((here, hong.ask), (stranger, lan.ask)):
            await come(talk, shop, who)
            await talk.ask("f", FOLLOW)
            assert (await told(talk))["teams"] == []
        team = await begun(shop, ming, offer, shirt)
        await joins(hong, offer, shirt, team)
        await deliver_outbox(shop.id)
        assert (await until(here, "FORMING", 1))["team"]["id"] == team

        # Of a step that is another's, in a team of theirs.
        await leaves(ming, team)
        await settled(shop)
        news = await until(here, "FAILED", 0)
        assert (await hong.ask(POLL))["groupBuyTeamChange"]["team"] == news["team"]
        assert await stranger.hears_nothing(0.3)
    assert (await shop.visitor(POLL))["groupBuyTeamChange"] is None
    assert (await shop.visitor(POLL, {"id": "gbt_nothing"}))["groupBuyTeamChange"] is None


async def test_many_who_follow_a_team_cost_one_statement(server: str, shop: SandboxShop, statements: Counting) -> None:
    offer, shirt = await selling(shop, sizes=[9])
    ming, hong, lan = [await payer(shop, name) for name in ("小明", "小红", "小兰")]
    team = await begun(shop, ming, offer, shirt)
    await deliver_outbox(shop.id)
    async with AsyncExitStack() as opened:
        talks = [await opened.enter_async_context(talking(server)) for _ in range(12)]
        for number, talk in enumerate(talks):
            await come(talk, shop, (None, ming.ask, hong.ask)[number % 3])
            for again in range(3):
                await talk.ask(str(again), FOLLOW, id=team)
                await told(talk)
        await joins(lan, offer, shirt, team)
        async with statements() as seen:
            await deliver_outbox(shop.id)
            heard = [await told(talk) for talk in talks for _ in range(3)]

    assert len({news["cursor"] for news in heard}) == 1
    assert len([sql for sql in seen.sql if "group_buy_team team where" in sql]) == 1


async def test_who_is_nobody_shares_what_asks_who_the_viewer_is(
    server: str, shop: SandboxShop, statements: Counting
) -> None:
    offer, shirt = await selling(shop, sizes=[9])
    ming, hong = await payer(shop), await payer(shop, "小红")
    team = await begun(shop, ming, offer, shirt)
    await deliver_outbox(shop.id)
    async with AsyncExitStack() as opened:
        talks = [await opened.enter_async_context(talking(server)) for _ in range(6)]
        for number, talk in enumerate(talks):
            await come(talk, shop, ming.ask if number == 0 else None)
            await talk.ask("f", WITH_SEAT, id=team)
            await told(talk)
        await joins(hong, offer, shirt, team)
        async with statements() as seen:
            await deliver_outbox(shop.id)
            heard = [await told(talk) for talk in talks]

    assert [news["team"]["viewerSeat"] is None for news in heard] == [False] + [True] * 5
    assert len([sql for sql in seen.sql if "group_buy_team team where" in sql]) == 2


async def test_nobody_gets_anothers_seat_from_a_read_that_is_shared(server: str, shop: SandboxShop) -> None:
    offer, shirt = await selling(shop, sizes=[9])
    ming, hong, lan = [await payer(shop, name) for name in ("小明", "小红", "小兰")]
    team = await begun(shop, ming, offer, shirt)
    await sits(hong, offer, shirt, team)
    await settled(shop)
    people = (ming.ask, hong.ask, None, ming.ask, hong.ask, None)
    async with AsyncExitStack() as opened:
        talks = [await opened.enter_async_context(talking(server)) for _ in people]
        seats = []
        for talk, who in zip(talks, people, strict=True):
            await come(talk, shop, who)
            await talk.ask("f", WITH_SEAT, id=team)
            seats.append((await told(talk))["team"]["viewerSeat"])
        assert seats[0] == seats[3] != seats[1] == seats[4]
        assert seats[2] is None
        assert seats[5] is None

        await sits(lan, offer, shirt, team)
        await settled(shop)
        for talk, seat in zip(talks, seats, strict=True):
            news = await told(talk)
            while news["team"]["joined"] < 3:
                news = await told(talk)
            assert news["team"]["viewerSeat"] == seat


@pytest.mark.slow
async def test_a_step_at_one_process_is_told_at_the_other_within_a_second(
    settings: Settings, shop: SandboxShop, tmp_path: Path
) -> None:
    offer, shirt = await selling(shop, sizes=[2])
    ming, hong = await payer(shop), await payer(shop, "小红")
    team = await begun(shop, ming, offer, shirt)
    async with (
        process_serving(settings, tmp_path / "one.log") as one,
        process_serving(settings, tmp_path / "two.log") as two,
        process_working(settings, tmp_path / "worker.log"),
        talking(one.base_url) as here,
        talking(two.base_url) as there,
    ):
        for talk in (here, there):
            await come(talk, shop)
            await talk.ask("f", FOLLOW, id=team)
            await until(talk, "FORMING", 1)
        joined = await joins(hong, offer, shirt, team)
        await hong.has_paid(joined["order"]["id"])
        await settled(shop)
        done_at = monotonic()
        for talk in (here, there):
            await until(talk, "SUCCEEDED", 2)
        assert monotonic() - done_at < 1
