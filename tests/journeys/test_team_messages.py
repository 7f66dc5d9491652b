"""WeChat tells the members of a team how it goes: each of them once, as far as they agreed to, and nobody else."""

from datetime import timedelta
from uuid import uuid4

import pytest

from models.database import pool
from resolvers.message_note import remind_of_teams
from tests.harness.buying import on_sale
from tests.harness.messages import agrees, arrived, log_of, tells
from tests.harness.paying import Payer, all_right, count, later, payer, settled
from tests.harness.shops import SandboxShop
from tests.harness.teams import joins, leaves, open_group_buy, starts

WORDS = (
    ("number1", "TEAM_MISSING"),
    ("number2", "TEAM_JOINED"),
    ("number3", "TEAM_SIZE"),
    ("time4", "TEAM_EXPIRES_AT"),
    ("thing5", "GOODS"),
)
OF_ONE = {"GROUP_BUY_JOINED": ("thing6", "TEAM_NEWEST"), "GROUP_BUY_FAILED": ("amount6", "REFUND_AMOUNT")}
EVENTS = (
    "GROUP_BUY_JOINED", "GROUP_BUY_ONE_MISSING", "GROUP_BUY_SUCCEEDED", "GROUP_BUY_FAILED", "GROUP_BUY_EXPIRING",
)  # fmt: skip


class Told:
    """A shop that tells of teams, and what it sells."""

    def __init__(self, shop: SandboxShop, shirt: str, templates: dict[str, str]) -> None:
        self.shop, self.shirt, self.templates = shop, shirt, templates

    async def person(self, name: str, *, times: int = 2) -> Payer:
        """Somebody who agreed to hear of everything, so many times."""
        person = await payer(self.shop, name)
        for _ in range(times):
            for template in self.templates:
                await agrees(person, template)
        return person

    async def heard(self, person: Payer) -> list[tuple[str, dict[str, str]]]:
        """Which events somebody was told of, and with what."""
        return [
            (self.templates[one["templateId"]], {name: held["value"] for name, held in one["data"].items()})
            for one in await arrived(person)
        ]

    async def events(self, person: Payer) -> list[str]:
        """Which, in their order."""
        return [event for event, _ in await self.heard(person)]

    async def starts(self, leader: Payer, offer: str) -> str:
        """Start a team and pay; returns it."""
        made = await starts(leader, offer, self.shirt)
        await leader.has_paid(made["order"]["id"])
        await settled(self.shop)
        team: str = made["team"]["id"]
        return team

    async def joins(self, person: Payer, offer: str, team: str) -> str:
        """Join and pay; returns the order."""
        joined = await joins(person, offer, self.shirt, team)
        await person.has_paid(joined["order"]["id"])
        await settled(self.shop)
        order: str = joined["order"]["id"]
        return order


@pytest.fixture
async def told(shop: SandboxShop) -> Told:
    """The shop with a template for each event."""
    [shirt] = await on_sale(shop, f"shirt-{uuid4().hex}", 50, fen=5000, title="短袖")
    templates = {}
    for event in EVENTS:
        words = [*WORDS, *([OF_ONE[event]] if event in OF_ONE else [])]
        keywords = [{"keyword": keyword, "value": value} for keyword, value in words]
        templates[await tells(shop, event, *keywords, page="pages/team?id={teamId}&order={orderId}")] = event
    return Told(shop, shirt, templates)


async def test_members_hear_of_who_joins_of_the_last_seat_and_of_success(told: Told) -> None:
    offer = await open_group_buy(told.shop, {told.shirt: [3000]}, sizes=[3])
    ming, hong, lan = [await told.person(name) for name in ("小明", "小红", "小兰")]
    team = await told.starts(ming, offer)
    assert await told.heard(ming) == []

    await told.joins(hong, offer, team)
    heard = await told.heard(ming)
    assert sorted(event for event, _ in heard) == ["GROUP_BUY_JOINED", "GROUP_BUY_ONE_MISSING"]
    for _, said in heard:
        assert (said["number1"], said["number2"], said["number3"], said["thing5"]) == ("1", "2", "3", "短袖")
        assert said["time4"].count(":") == 1
    assert dict(heard)["GROUP_BUY_JOINED"]["thing6"] == "微**"
    # Who has just come knows.
    assert await told.heard(hong) == []

    order = await told.joins(lan, offer, team)
    for person in (ming, hong, lan):
        assert (await told.events(person)).count("GROUP_BUY_SUCCEEDED") == 1
    assert await told.events(hong) == ["GROUP_BUY_SUCCEEDED"]
    [message] = await arrived(lan)
    assert message["page"] == f"pages/team?id={team}&order={order}"
    assert {state for _, state, _ in await log_of(told.shop)} == {"SENT"}
    assert await all_right(told.shop)


async def test_of_many_who_join_each_member_hears_once(told: Told) -> None:
    offer = await open_group_buy(told.shop, {told.shirt: [3000]}, sizes=[6])
    people = [await told.person(f"人{number}") for number in range(4)]
    team = await told.starts(people[0], offer)
    for person in people[1:]:
        await told.joins(person, offer, team)
    # Told again by the outbox, nothing is sent again.
    await pool().execute(
        "update outbox_event set delivered_at = null, next_attempt_at = created_at"
        " where shop_id = $1 and topic = 'group_buy_team.changed'",
        told.shop.id,
    )
    await settled(told.shop)

    assert [await told.events(person) for person in people] == [["GROUP_BUY_JOINED"]] * 3 + [[]]


async def test_who_fails_to_come_together_hears_of_it_and_of_their_money(told: Told) -> None:
    template = await tells(told.shop, "REFUND_SUCCEEDED", {"keyword": "amount1", "value": "REFUND_AMOUNT"})
    told.templates[template] = "REFUND_SUCCEEDED"
    offer = await open_group_buy(told.shop, {told.shirt: [3000]}, sizes=[3])
    ming, gone = await told.person("小明"), await told.person("小红")
    team = await told.starts(ming, offer)
    await told.joins(gone, offer, team)
    await leaves(gone, team)
    await settled(told.shop)
    assert await told.events(gone) == ["REFUND_SUCCEEDED"]

    await later(told.shop, timedelta(hours=25))
    await settled(told.shop)

    heard = dict(await told.heard(ming))
    assert (await told.events(ming)).count("GROUP_BUY_FAILED") == 1
    assert heard["GROUP_BUY_FAILED"]["amount6"] == heard["REFUND_SUCCEEDED"]["amount1"] == "¥30.00"
    # Who left before it failed has had their money, and is told of nothing else.
    assert await told.events(gone) == ["REFUND_SUCCEEDED"]
    assert await all_right(told.shop)


@pytest.mark.parametrize(("hours", "early", "late"), [(24, 21, 2), (2, 0.5, 0.75)])
async def test_members_are_reminded_before_it_is_too_late(told: Told, hours: int, early: float, late: float) -> None:
    offer = await open_group_buy(told.shop, {told.shirt: [3000]}, sizes=[3], hours=hours)
    whole = await open_group_buy(told.shop, {told.shirt: [3000]}, sizes=[2], hours=hours)
    ming, hong, lan = [await told.person(name) for name in ("小明", "小红", "小兰")]
    await told.starts(ming, offer)
    complete = await told.starts(hong, whole)
    await told.joins(lan, whole, complete)

    await later(told.shop, timedelta(hours=early))
    await settled(told.shop)
    assert await told.events(ming) == []
    await later(told.shop, timedelta(hours=late))
    await settled(told.shop)

    [(event, said)] = await told.heard(ming)
    assert (event, said["number1"]) == ("GROUP_BUY_EXPIRING", "2")
    for person in (hong, lan):
        assert "GROUP_BUY_EXPIRING" not in await told.events(person)
    now = await pool().fetchval("select now()")
    assert await remind_of_teams(now, told.shop.id) == 0


async def test_who_did_not_agree_hears_nothing_and_the_team_goes_on(told: Told) -> None:
    offer = await open_group_buy(told.shop, {told.shirt: [3000]}, sizes=[2])
    ming, hong = await payer(told.shop, "小明"), await told.person("小红", times=1)
    team = await told.starts(ming, offer)
    await told.joins(hong, offer, team)

    assert await arrived(ming) == []
    assert await told.events(hong) == ["GROUP_BUY_SUCCEEDED"]
    assert sorted(await log_of(told.shop)) == [
        ("GROUP_BUY_SUCCEEDED", "SENT", ""), ("GROUP_BUY_SUCCEEDED", "UNWANTED", "NOT_AGREED"),
    ]  # fmt: skip
    assert await all_right(told.shop)


async def test_seats_that_nobody_has_hear_nothing(told: Told) -> None:
    offer = await open_group_buy(told.shop, {told.shirt: [3000]}, sizes=[4], fill_percent=50)
    ming, hong = await told.person("小明"), await told.person("小红")
    team = await told.starts(ming, offer)
    await told.joins(hong, offer, team)
    await later(told.shop, timedelta(hours=25))
    await settled(told.shop)

    for person in (ming, hong):
        assert (await told.events(person)).count("GROUP_BUY_SUCCEEDED") == 1
    assert await count(told.shop, "message", "event = 'GROUP_BUY_SUCCEEDED'") == 2
    virtual = "is_virtual and team_id = (select id from group_buy_team where shop_id = $1)"
    assert await count(told.shop, "group_buy_seat", virtual) == 2


async def test_a_shop_without_templates_writes_nothing_down(shop: SandboxShop) -> None:
    [shirt] = await on_sale(shop, f"shirt-{uuid4().hex}", 50, fen=5000)
    silent = Told(shop, shirt, {})
    offer = await open_group_buy(shop, {shirt: [3000]}, sizes=[2])
    ming, hong = await payer(shop, "小明"), await payer(shop, "小红")
    team = await silent.starts(ming, offer)
    await silent.joins(hong, offer, team)

    assert await count(shop, "message") == 0
