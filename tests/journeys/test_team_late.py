"""Money that comes when its team has ended, each policy for it, and what staff and members may do at each time."""

from datetime import timedelta

import pytest

from models.database import pool
from tests.harness.buying import on_sale
from tests.harness.paying import (
    Payer,
    all_right,
    count,
    inside,
    later,
    mchid_of,
    payer,
    settled,
    stock_of,
    wechat_pay,
)
from tests.harness.refunding import complains, ledger, seen, tries_to_complain, tries_to_refund
from tests.harness.shipping import tries_to_ship
from tests.harness.shops import SandboxShop
from tests.harness.teams import begun, joined, joins, open_group_buy, team_of
from tests.journeys.test_group_buys import END
from tests.journeys.test_teams import DAY
from wechat.sandbox.app import PATH

FEN = 3000
ASK_NOW = "update payment set next_query_at = now() where shop_id = $1 and next_query_at is not null"
STATES = "select state, role from group_buy_seat where order_id = $1 order by id"


async def shirt_of(shop: SandboxShop) -> str:
    [shirt] = await on_sale(shop, "shirt", 20, fen=5000)
    return shirt


async def pays_late(shop: SandboxShop, who: Payer, order: str, by: timedelta, outcome: str = "success") -> str:
    """Pay in time, with a WeChat that tells nobody and cannot be asked until `by` is over; returns the notification."""
    mchid = await mchid_of(shop)
    request = (await who.pays(order))["requestPayment"]
    await wechat_pay(shop, "/notifications/hold", mchid=mchid, hold=True)
    said = await who.sheet(request, outcome=outcome)
    assert said["outcome"] == outcome
    for call in ("query", "close"):
        await wechat_pay(shop, "/switches", mchid=mchid, call=call, kind="ERROR", code="SYSTEM_ERROR", times=1000)
    await later(shop, by)
    await settled(shop)
    return str(said.get("notification") or "")


async def hears(shop: SandboxShop, notification: str = "") -> None:
    """Let WeChat be there again, and tell what it kept; this more than once."""
    mchid = await mchid_of(shop)
    answer = await shop.http.delete(f"{PATH}/switches", params={"mchid": mchid})
    assert answer.is_success, answer.text
    await wechat_pay(shop, "/notifications/hold", mchid=mchid, hold=False)
    if notification:
        await wechat_pay(shop, f"/notifications/{notification}/send", times=3, parallel=True)
    kept = [one["id"] for one in await wechat_pay(shop, "/notifications", method="GET", mchid=mchid)]
    await wechat_pay(shop, "/notifications/release", mchid=mchid, ids=kept)
    await pool().execute(ASK_NOW, shop.id)
    await settled(shop)
    assert await count(shop, "payment_notification", "next_attempt_at is not null") == 0


async def seats_of(order: str) -> list[tuple[str, str]]:
    return [(row["state"], row["role"]) for row in await pool().fetch(STATES, inside("ord", order))]


async def test_money_that_comes_too_late_goes_back(shop: SandboxShop) -> None:
    shirt = await shirt_of(shop)
    offer = await open_group_buy(shop, {shirt: [FEN]}, sizes=[2], stock=5)
    ming, hong = await payer(shop, "明"), await payer(shop, "红")
    team = await begun(shop, ming, offer, shirt)
    await later(shop, timedelta(hours=23, minutes=45))
    order = (await joins(hong, offer, shirt, team))["order"]["id"]

    word = await pays_late(shop, hong, order, timedelta(minutes=30))
    ended = await team_of(hong, team)
    unheard = (await hong.order(order))["status"]
    await hears(shop, word)

    assert (ended["state"], ended["viewerSeat"]["state"], unheard) == ("FAILED", "RESERVED", "PENDING_PAYMENT")
    assert (await team_of(hong, team))["viewerSeat"]["state"] == "REFUNDED"
    assert await count(shop, "refund", "reason = 'GROUP_FAILED' and state = 'SUCCEEDED' and amount_fen = 3000") == 2
    assert await ledger(shop) == (0, 0)
    assert await stock_of(shop, shirt) == (20, 0)
    assert await count(shop, "group_buy_variant", "taken = 0") == 1
    assert await all_right(shop)


async def test_money_that_comes_when_the_team_has_succeeded_goes_back(shop: SandboxShop) -> None:
    """A ladder that ends with a seat undecided: who had joined keep what they have."""
    shirt = await shirt_of(shop)
    offer = await open_group_buy(shop, {shirt: [FEN, FEN - 500]}, sizes=[2, 3])
    ming, hong, lan = await payer(shop, "明"), await payer(shop, "红"), await payer(shop, "兰")
    team = await begun(shop, ming, offer, shirt)
    await joined(shop, hong, offer, shirt, team)
    await later(shop, timedelta(hours=23, minutes=45))
    order = (await joins(lan, offer, shirt, team))["order"]["id"]

    await hears(shop, await pays_late(shop, lan, order, timedelta(minutes=30)))

    now = await team_of(lan, team)
    assert (now["state"], now["joined"], now["viewerSeat"]["state"]) == ("SUCCEEDED", 2, "REFUNDED")
    assert len(now["members"]) == 2
    assert await ledger(shop) == (2 * FEN, 0)
    assert await all_right(shop)


async def test_late_money_takes_a_seat_in_another_team(shop: SandboxShop) -> None:
    """In one on the same terms, which that completes; a team that was started at another price is none."""
    shirt = await shirt_of(shop)
    offer = await open_group_buy(shop, {shirt: [FEN]}, sizes=[2], late="JOIN_OTHER", stock=9)
    ming, hong, wang, zhao = [await payer(shop, name) for name in "明红王赵"]
    team = await begun(shop, ming, offer, shirt)
    await later(shop, timedelta(hours=23, minutes=45))
    order = (await joins(hong, offer, shirt, team))["order"]["id"]
    prices = "update group_buy_variant set tier_prices_fen = array[$2::bigint] where group_buy_id = $1"
    await pool().execute(prices, inside("gbo", offer), 2500)
    dearer = await begun(shop, zhao, offer, shirt)
    await pool().execute(prices, inside("gbo", offer), FEN)
    other = await begun(shop, wang, offer, shirt)

    await hears(shop, await pays_late(shop, hong, order, timedelta(minutes=30)))

    assert (await team_of(wang, dearer))["state"] == "FORMING"
    now = await team_of(hong, other)
    assert (now["state"], now["viewerSeat"]) == ("SUCCEEDED", {"state": "FULFILLING", "role": "MEMBER"})
    assert await seats_of(order) == [("RELEASED", "MEMBER"), ("FULFILLING", "MEMBER")]
    line = await hong.ask(
        "query ($id: ID!) { order(id: $id) { lines { groupBuyTeam { id } } } }", {"id": order}
    )  # fmt: skip
    assert line["order"]["lines"] == [{"groupBuyTeam": {"id": other}}]
    assert await count(shop, "group_buy_variant", "taken = 3") == 1
    assert await ledger(shop) == (2 * FEN + 2500, 0)
    assert await all_right(shop)


@pytest.mark.parametrize("policy", ["JOIN_OTHER", "NEW_TEAM"])
async def test_late_money_starts_a_team_of_its_own(shop: SandboxShop, policy: str) -> None:
    """JOIN_OTHER does so when there is none to join: not the payer's own."""
    shirt = await shirt_of(shop)
    offer = await open_group_buy(shop, {shirt: [FEN]}, sizes=[2], late=policy)
    ming, hong, lan = await payer(shop, "明"), await payer(shop, "红"), await payer(shop, "兰")
    team = await begun(shop, ming, offer, shirt)
    await later(shop, timedelta(hours=23, minutes=45))
    order = (await joins(hong, offer, shirt, team))["order"]["id"]
    await begun(shop, hong if policy == "JOIN_OTHER" else lan, offer, shirt)

    await hears(shop, await pays_late(shop, hong, order, timedelta(minutes=30)))

    assert (await team_of(hong, team))["viewerSeat"]["state"] == "RELEASED"
    assert await seats_of(order) == [("RELEASED", "MEMBER"), ("JOINED", "LEADER")]
    row = await pool().fetchrow(
        "select team_id from group_buy_seat where order_id = $1 and state = 'JOINED'", inside("ord", order)
    )
    assert row
    new = f"gbt_{row['team_id'].hex}"
    assert (await team_of(hong, new))["state"] == "FORMING"
    await joined(shop, lan, offer, shirt, new)
    assert (await team_of(hong, new))["state"] == "SUCCEEDED"
    assert await all_right(shop)


async def test_late_money_starts_no_team_of_an_offer_that_is_over(shop: SandboxShop) -> None:
    shirt = await shirt_of(shop)
    offer = await open_group_buy(shop, {shirt: [FEN]}, sizes=[2], late="NEW_TEAM")
    ming, hong = await payer(shop, "明"), await payer(shop, "红")
    team = await begun(shop, ming, offer, shirt)
    await later(shop, timedelta(hours=23, minutes=45))
    order = (await joins(hong, offer, shirt, team))["order"]["id"]
    assert (await shop.staff(END, {"id": offer})).refusals == []

    await hears(shop, await pays_late(shop, hong, order, timedelta(minutes=30)))

    assert await seats_of(order) == [("REFUNDED", "MEMBER")]
    assert await count(shop, "group_buy_team") == 1
    assert await ledger(shop) == (0, 0)
    assert await all_right(shop)


async def test_who_had_not_paid_lets_go_when_wechat_can_be_asked_again(shop: SandboxShop) -> None:
    """The team did not wait for ever; what the seat held is free, once."""
    shirt = await shirt_of(shop)
    offer = await open_group_buy(shop, {shirt: [FEN]}, sizes=[2], late="NEW_TEAM", stock=5)
    ming, hong = await payer(shop, "明"), await payer(shop, "红")
    team = await begun(shop, ming, offer, shirt)
    await later(shop, timedelta(hours=23, minutes=45))
    order = (await joins(hong, offer, shirt, team))["order"]["id"]
    await pays_late(shop, hong, order, timedelta(minutes=30), outcome="cancel")
    assert (await team_of(hong, team))["viewerSeat"]["state"] == "RESERVED"

    await hears(shop)

    now = await team_of(hong, team)
    assert (now["state"], now["viewerSeat"]["state"]) == ("FAILED", "RELEASED")
    assert await count(shop, "group_buy_team") == 1
    assert await count(shop, "group_buy_variant", "taken = 0") == 1
    assert await stock_of(shop, shirt) == (20, 0)
    assert await all_right(shop)


async def test_a_payment_that_wechat_confirms_at_the_deadline_completes_the_team(shop: SandboxShop) -> None:
    """It was made in time, and nobody told: the deadline asks before it fails anybody."""
    shirt = await shirt_of(shop)
    offer = await open_group_buy(shop, {shirt: [FEN]}, sizes=[2])
    ming, hong = await payer(shop, "明"), await payer(shop, "红")
    team = await begun(shop, ming, offer, shirt)
    await later(shop, timedelta(hours=23, minutes=58))
    order = (await joins(hong, offer, shirt, team))["order"]["id"]
    await wechat_pay(shop, "/notifications/hold", mchid=await mchid_of(shop), hold=True)
    await hong.has_paid(order)

    await later(shop, timedelta(minutes=5))
    await settled(shop)

    assert (await team_of(hong, team))["state"] == "SUCCEEDED"
    assert await count(shop, "refund") == 0
    assert await all_right(shop)


async def test_teams_end_in_the_order_of_their_deadlines(shop: SandboxShop) -> None:
    shirt = await shirt_of(shop)
    offer = await open_group_buy(shop, {shirt: [FEN]}, sizes=[2])
    teams = []
    for name in "明红兰":
        teams.append(await begun(shop, await payer(shop, name), offer, shirt))
        await later(shop, timedelta(hours=1))

    await later(shop, 2 * DAY)
    await settled(shop)

    rows = await pool().fetch(
        "select id, state, ended_at = expires_at as on_time, ended_at - expires_at < interval '1 second' as soon"
        " from group_buy_team where shop_id = $1 order by ended_at",
        shop.id,
    )
    assert [f"gbt_{row['id'].hex}" for row in rows] == teams
    assert [(row["state"], row["soon"]) for row in rows] == [("FAILED", True)] * 3
    assert await ledger(shop) == (0, 0)
    assert await all_right(shop)


async def test_nobody_ships_refunds_or_complains_before_the_team_has_succeeded(shop: SandboxShop) -> None:
    shirt = await shirt_of(shop)
    offer = await open_group_buy(shop, {shirt: [FEN]}, sizes=[2])
    ming, hong = await payer(shop, "明"), await payer(shop, "红")
    team = await begun(shop, ming, offer, shirt)
    mine = (await ming.ask("{ viewer { orders { nodes { id } } } }"))["viewer"]["orders"]["nodes"][0]["id"]
    order = await seen(ming, mine)

    shipped = await tries_to_ship(shop, order["id"])
    given = await tries_to_refund(shop, order["id"])
    complained = await tries_to_complain(ming, order["lines"][0])
    last = await joined(shop, hong, offer, shirt, team)

    for answer in (shipped, given, complained):
        assert [error.code for error in answer.refusals] == ["NOT_ALLOWED"]
    assert (await tries_to_ship(shop, order["id"])).refusals == []
    assert (await complains(hong, (await seen(hong, last))["lines"][0]))["status"]
    assert await all_right(shop)


async def test_a_member_who_gets_everything_back_later_is_gone_and_the_team_stands(shop: SandboxShop) -> None:
    """Each refund is of the order it was asked for, and neither gives a seat back nor ends a team."""
    shirt = await shirt_of(shop)
    offer = await open_group_buy(shop, {shirt: [FEN]}, sizes=[2], stock=5)
    ming, hong = await payer(shop, "明"), await payer(shop, "红")
    team = await begun(shop, ming, offer, shirt)
    order = await joined(shop, hong, offer, shirt, team)

    assert (await tries_to_refund(shop, order)).refusals == []
    await settled(shop)

    now = await team_of(hong, team)
    assert (now["state"], now["joined"], [member["role"] for member in now["members"]]) == ("SUCCEEDED", 2, ["LEADER"])
    assert (await seen(hong, order))["status"] == "CLOSED"
    assert await count(shop, "orders", "status = 'PAID'") == 1
    assert await ledger(shop) == (FEN, 0)
    assert await all_right(shop)


async def test_each_member_of_a_failed_team_gets_their_own_money_back(shop: SandboxShop) -> None:
    """Other quantities, other sums: nobody's refund is of the leader's order."""
    shirt = await shirt_of(shop)
    offer = await open_group_buy(
        shop, {shirt: [FEN]}, sizes=[4], stock=9, leader="PRICE", leader_price=1999
    )  # fmt: skip
    people = [await payer(shop, name) for name in "明红兰"]
    team = await begun(shop, people[0], offer, shirt)
    for pieces, person in enumerate(people[1:], 2):
        await joined(shop, person, offer, shirt, team, quantity=pieces)

    await later(shop, DAY)
    await settled(shop)

    rows = await pool().fetch(
        "select refund.amount_fen, orders.paid_fen, orders.customer_id from refund"
        " join orders on orders.id = refund.order_id and orders.shop_id = refund.shop_id where refund.shop_id = $1",
        shop.id,
    )
    assert {(row["customer_id"], row["amount_fen"]) for row in rows} == {
        (people[0].customer_id, 1999), (people[1].customer_id, 2 * FEN), (people[2].customer_id, 3 * FEN),
    }  # fmt: skip
    assert len(rows) == 3
    assert all(row["amount_fen"] == row["paid_fen"] for row in rows)
    assert await stock_of(shop, shirt) == (20, 0)
    assert await count(shop, "group_buy_variant", "taken = 0") == 1
    assert await all_right(shop)


@pytest.mark.parametrize(("percent", "state"), [(None, "FAILED"), (67, "FAILED"), (66, "SUCCEEDED")])
async def test_seats_that_nobody_has_are_filled_only_where_staff_said_so(
    shop: SandboxShop, percent: int | None, state: str
) -> None:
    shirt = await shirt_of(shop)
    offer = await open_group_buy(shop, {shirt: [FEN]}, sizes=[3], fill_percent=percent)
    ming, hong = await payer(shop, "明"), await payer(shop, "红")
    team = await begun(shop, ming, offer, shirt)
    await joined(shop, hong, offer, shirt, team)

    await later(shop, DAY)
    await settled(shop)

    now = await team_of(ming, team)
    filled = state == "SUCCEEDED"
    assert (now["state"], now["isVirtual"], now["joined"], now["seatsLeft"]) == (state, filled, 2, 0)
    assert await count(shop, "group_buy_seat", "is_virtual") == (1 if filled else 0)
    assert await count(shop, "group_buy_seat", "is_virtual and (customer_id, order_id) is not null") == 0
    assert await count(shop, "orders") == 2
    assert await count(shop, "orders", "status = 'PAID'") == (2 if filled else 0)
    if filled:
        members = (await ming.ask(
            "query ($id: ID!) { groupBuyTeam(id: $id) { members { isVirtual name } } }", {"id": team}
        ))["groupBuyTeam"]["members"]  # fmt: skip
        assert [member["isVirtual"] for member in members] == [False, False, True]
    assert await all_right(shop)
