"""A card that was shared into a chat counts up with its team, and no order ever waits for it.

The witness is the sandbox's WeChat, which shows its cards as people in the chat see them.
"""

import asyncio
from datetime import timedelta

import pytest

from clock import wall_now
from ids import decode_id
from models.database import pool
from models.failpoint import FailpointError
from resolvers import group_buy_card_update
from resolvers.group_buy_card_update import update_cards
from tests.harness.cards import (
    CREATE,
    UPDATE,
    Round,
    asked,
    begins,
    cards,
    forgives,
    hurried,
    refuses,
    said_on,
)
from tests.harness.paying import all_right, later, settled, wechat_pay
from tests.harness.shops import SandboxShop
from tests.harness.teams import leaves


async def has_paid(one: Round, order: str) -> bool:
    """Whether an order stands as paid, whatever becomes of cards."""
    row = await pool().fetchrow(
        "select status, payment_status from orders where shop_id = $1 and id = $2", one.shop.id, decode_id("ord", order)
    )
    return bool(row and tuple(row) == ("PAID", "PAID"))


async def test_the_card_counts_up_until_all_have_come(shop: SandboxShop) -> None:
    one = await begins(shop)
    [card] = await cards(shop)
    assert (card["text"], said_on(card)) == ("成员正在加入，当前 1/3 人", ["1/3"])
    page = await one.looks()
    assert page["shareCard"]["activityId"] == card["activityId"]
    assert page["shareCard"]["path"] == f"pages/landing/landing?st={page['shareToken']}"

    await one.grows()
    [card] = await cards(shop)
    assert card["text"] == "成员正在加入，当前 2/3 人"
    await one.grows()

    [card] = await cards(shop)
    assert (card["text"], said_on(card)) == ("已到齐", ["1/3", "2/3", "1"])
    assert (card["path"], card["versionType"]) == (page["shareCard"]["path"], "release")
    assert (await one.looks())["state"] == "SUCCEEDED"
    assert await one.telling() == ("DONE", "")
    assert await all_right(shop)


async def test_the_card_of_a_team_that_everybody_left_says_that_it_is_over(shop: SandboxShop) -> None:
    one = await begins(shop)
    await leaves(one.leader, one.team)
    await settled(shop)
    [card] = await cards(shop)
    assert (card["text"], said_on(card)) == ("已结束", ["1/3", "2"])


async def test_the_card_of_a_team_that_failed_says_that_it_is_over(shop: SandboxShop) -> None:
    one = await begins(shop)
    await one.grows()
    await later(shop, timedelta(hours=25))
    await settled(shop)

    [card] = await cards(shop)
    assert (card["text"], said_on(card)) == ("已结束", ["1/3", "2/3", "2"])
    assert await all_right(shop)


async def test_a_wechat_without_a_word_for_over_is_left_alone(shop: SandboxShop) -> None:
    one = await begins(shop)
    await refuses(shop, UPDATE, 47502)
    await later(shop, timedelta(hours=25))
    await settled(shop)
    before = await asked(shop, UPDATE)
    await hurried(shop)

    assert await one.telling() == ("DONE", "CardStateRefused 47502")
    assert await asked(shop, UPDATE) == before


@pytest.mark.parametrize("errcode", [-1, 45009, None])
async def test_what_passes_is_tried_again_and_no_order_waits(shop: SandboxShop, errcode: int | None) -> None:
    one = await begins(shop)
    await refuses(shop, UPDATE, errcode)

    order = await one.grows()
    assert await has_paid(one, order)
    assert (await one.looks())["joined"] == 2
    assert (await one.telling())[0] == "WAITING"
    await forgives(shop)
    await hurried(shop)

    [card] = await cards(shop)
    assert (card["text"], await one.telling()) == ("成员正在加入，当前 2/3 人", ("DONE", ""))
    assert await all_right(shop)


async def test_what_came_meanwhile_is_left_out_and_the_last_word_is_how_it_ended(shop: SandboxShop) -> None:
    one = await begins(shop)
    await refuses(shop, UPDATE, -1)
    orders = [await one.grows(), await one.grows()]
    assert [await has_paid(one, order) for order in orders] == [True, True]
    await forgives(shop)
    await hurried(shop)

    [card] = await cards(shop)
    assert said_on(card) == ["1/3", "1"]


@pytest.mark.parametrize("errcode", [-1, None])
async def test_a_team_gets_its_card_when_wechat_makes_one_again(shop: SandboxShop, errcode: int | None) -> None:
    await wechat_pay(shop, "/apps", appid=shop.app.appid)
    await refuses(shop, CREATE, errcode)
    one = await begins(shop)
    assert await has_paid(one, one.order)
    assert (await one.looks())["shareCard"]["activityId"] is None
    order = await one.grows()
    assert await has_paid(one, order)

    await forgives(shop)
    await hurried(shop)

    page = await one.looks()
    [card] = [card for card in await cards(shop) if card["activityId"] == page["shareCard"]["activityId"]]
    assert (card["text"], said_on(card)) == ("成员正在加入，当前 2/3 人", ["2/3"])


async def test_what_is_refused_for_good_is_given_up_until_the_team_changes(shop: SandboxShop) -> None:
    one = await begins(shop)
    await refuses(shop, UPDATE, 48001)
    order = await one.grows()
    assert await one.telling() == ("FAILED", "NoPermission 48001")
    assert await has_paid(one, order)
    before = await asked(shop, UPDATE)
    await hurried(shop)
    assert await asked(shop, UPDATE) == before

    await forgives(shop)
    await one.grows()

    [card] = await cards(shop)
    assert (said_on(card), await one.telling()) == (["1/3", "1"], ("DONE", ""))


async def test_after_too_many_tries_it_is_given_up(shop: SandboxShop) -> None:
    one = await begins(shop)
    await refuses(shop, UPDATE, -1)
    await one.grows()
    for _ in range(group_buy_card_update.ATTEMPTS_MAX):
        await hurried(shop)
    assert await one.telling() == ("FAILED", "SystemBusy -1")


async def test_an_id_that_is_over_is_made_anew_for_new_cards(shop: SandboxShop) -> None:
    one = await begins(shop)
    first = (await one.looks())["shareCard"]["activityId"]
    await wechat_pay(shop, "/cards/expire", appid=shop.app.appid)

    order = await one.grows()
    assert await has_paid(one, order)
    await hurried(shop)

    page = await one.looks()
    old, new = await cards(shop)
    assert (old["activityId"], old["text"], said_on(old)) == (first, "已结束", ["1/3"])
    assert (new["activityId"], new["text"]) == (page["shareCard"]["activityId"], "成员正在加入，当前 2/3 人")


async def test_a_team_that_forms_for_longer_than_a_day_gets_another_card(shop: SandboxShop) -> None:
    one = await begins(shop)
    first, version = (await one.looks())["shareCard"]["activityId"], (await one.looks())["version"]
    ago = wall_now() - timedelta(seconds=1)
    await pool().execute("update group_buy_team set activity_expires_at = $2 where shop_id = $1", shop.id, ago)
    await pool().execute("update group_buy_card set next_attempt_at = $2 where shop_id = $1", shop.id, ago)

    await settled(shop)

    page = await one.looks()
    assert page["shareCard"]["activityId"] != first
    assert page["version"] > version
    assert [said_on(card) for card in await cards(shop)] == [["1/3"], ["1/3"]]


async def test_nothing_is_said_of_a_team_that_ended_after_its_card(shop: SandboxShop) -> None:
    one = await begins(shop)
    await one.grows()
    await wechat_pay(shop, "/cards/expire", appid=shop.app.appid)
    await one.grows()
    assert await one.telling() == ("DONE", "OVER")
    assert await asked(shop, CREATE) == 1
    await hurried(shop)
    assert [said_on(card) for card in await cards(shop)] == [["1/3", "2/3"]]


@pytest.mark.parametrize("point", ["card.before_call", "card.after_call"])
async def test_who_dies_with_a_card_in_hand_leaves_it_to_the_next(shop: SandboxShop, point: str) -> None:
    one = await begins(shop)
    await refuses(shop, UPDATE, -1)
    await one.grows()
    await forgives(shop)
    assert (await shop.http.post("/sandbox/failpoints", json={"name": point, "action": "ERROR"})).is_success
    with pytest.raises(FailpointError):
        await hurried(shop)
    await hurried(shop)

    [card] = await cards(shop)
    assert set(said_on(card)) == {"1/3", "2/3"}
    assert said_on(card)[-1] == "2/3"
    assert await one.telling() == ("DONE", "")


async def test_who_dies_with_a_new_id_in_hand_leaves_one_that_nobody_has(shop: SandboxShop) -> None:
    one = await begins(shop)
    await wechat_pay(shop, "/cards/expire", appid=shop.app.appid)
    await refuses(shop, CREATE, -1)
    await one.grows()
    await forgives(shop)
    assert (await shop.http.post("/sandbox/failpoints", json={"name": "card.made", "action": "ERROR"})).is_success
    with pytest.raises(FailpointError):
        await hurried(shop)
    await hurried(shop)

    page = await one.looks()
    _, unknown, known = await cards(shop)
    assert (said_on(unknown), said_on(known)) == ([], ["2/3"])
    assert known["activityId"] == page["shareCard"]["activityId"]


async def _changed_at(monkeypatch: pytest.MonkeyPatch, shop: SandboxShop, point: str, statement: str) -> None:
    """Have something happen, once, while a card is in somebody's hand."""
    happened: list[str] = []

    async def failpoint(name: str) -> None:
        if name == point and not happened:
            happened.append(name)
            await pool().execute(statement, shop.id)

    monkeypatch.setattr(group_buy_card_update, "failpoint", failpoint)


async def test_who_comes_back_too_late_has_it_said_once_more(
    shop: SandboxShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await begins(shop)
    ended = "update group_buy_card set leased_until = null where shop_id = $1"
    await _changed_at(monkeypatch, shop, "card.after_call", ended)
    await one.grows()

    [card] = await cards(shop)
    assert (said_on(card), await one.telling()) == (["1/3", "2/3", "2/3"], ("DONE", ""))


async def test_a_change_that_comes_while_wechat_is_asked_is_looked_at_after(
    shop: SandboxShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await begins(shop)
    changed = """
    with changed as (update group_buy_card set revision = revision + 1 where shop_id = $1 and telling = 'WAITING')
    update group_buy_team set size = size + 1 where shop_id = $1
    """
    await _changed_at(monkeypatch, shop, "card.after_call", changed)
    await one.grows()

    [card] = await cards(shop)
    assert (said_on(card), await one.telling()) == (["1/3", "2/3", "2/4"], ("DONE", ""))


async def test_any_number_of_workers_say_a_thing_once(shop: SandboxShop) -> None:
    one = await begins(shop)
    await refuses(shop, UPDATE, -1)
    await one.grows()
    await forgives(shop)
    ago = wall_now() - timedelta(seconds=1)
    await pool().execute("update group_buy_card set next_attempt_at = $2 where shop_id = $1", shop.id, ago)
    told = await asyncio.gather(*(update_cards(wall_now(), shop.id) for _ in range(6)))

    assert sum(told) == 1
    [card] = await cards(shop)
    assert said_on(card) == ["1/3", "2/3"]
