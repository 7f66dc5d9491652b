"""Teams as shoppers live them: one starts it, friends join, and everybody pays less, or gets their money back."""

from datetime import timedelta

from tests.harness.buying import on_sale
from tests.harness.paying import all_right, count, later, payer, settled, stock_of
from tests.harness.shops import SandboxShop
from tests.harness.teams import begun, joined, joins, leaves, open_group_buy, seat_quote, starts, team_of, tries_to_join

DAY = timedelta(hours=24)


async def test_two_friends_complete_a_team_and_pay_the_group_price(shop: SandboxShop) -> None:
    [shirt] = await on_sale(shop, "shirt", 10, fen=5000)
    offer = await open_group_buy(shop, {shirt: [3000]}, sizes=[2])
    ming, hong = await payer(shop, "小明"), await payer(shop, "小红")

    quote = await seat_quote(ming, offer, shirt)
    opening = await starts(ming, offer, shirt)
    hidden = await team_of(hong, opening["team"]["id"])
    await ming.has_paid(opening["order"]["id"])
    await settled(shop)
    forming = await team_of(hong, opening["team"]["id"])
    await joined(shop, hong, offer, shirt, opening["team"]["id"])
    done = await team_of(hong, opening["team"]["id"])

    assert quote["total"]["fen"] == 3000
    assert quote["adjustments"] == [
        {"kind": "GROUP_BUY", "amount": {"fen": -2000}, "allocations": [{"lineIndex": 0, "amount": {"fen": -2000}}]}
    ]
    assert quote["priceExplanation"][0] | {"missing": None} == {
        "kind": "GROUP_BUY", "applied": True, "reason": "APPLIED", "amount": {"fen": -2000}, "missing": None,
    }  # fmt: skip
    assert (opening["team"]["state"], opening["order"]["total"]["fen"], hidden) == ("OPENING", 3000, None)
    assert (forming["state"], forming["joined"], forming["seatsLeft"]) == ("FORMING", 1, 1)
    seat = {"state": "FULFILLING", "role": "MEMBER"}
    assert (done["state"], done["joined"], done["viewerSeat"]) == ("SUCCEEDED", 2, seat)
    assert await stock_of(shop, shirt) == (8, 0)
    assert await all_right(shop)


async def test_a_team_that_nobody_joins_gives_the_money_back(shop: SandboxShop) -> None:
    [shirt] = await on_sale(shop, "shirt", 10, fen=5000)
    offer = await open_group_buy(shop, {shirt: [3000]}, sizes=[2], stock=5)
    ming = await payer(shop)
    team = await begun(shop, ming, offer, shirt)
    assert await count(shop, "group_buy_variant", "taken = 1") == 1

    await later(shop, DAY)
    await settled(shop)

    failed = await team_of(ming, team)
    assert (failed["state"], failed["viewerSeat"]["state"]) == ("FAILED", "REFUNDED")
    assert await count(shop, "orders", "status = 'CLOSED' and payment_status = 'REFUNDED'") == 1
    assert await count(shop, "refund", "reason = 'GROUP_FAILED' and state = 'SUCCEEDED' and amount_fen = 3000") == 1
    assert await stock_of(shop, shirt) == (10, 0)
    assert await count(shop, "group_buy_variant", "taken = 0") == 1
    assert await all_right(shop)


async def test_a_leader_who_never_pays_leaves_nothing_behind(shop: SandboxShop) -> None:
    [shirt] = await on_sale(shop, "shirt", 10, fen=5000)
    offer = await open_group_buy(shop, {shirt: [3000]}, sizes=[2], stock=5)
    ming = await payer(shop)
    opening = await starts(ming, offer, shirt)

    await later(shop, timedelta(minutes=31))
    await settled(shop)

    lapsed = await team_of(ming, opening["team"]["id"])
    assert (lapsed["state"], lapsed["viewerSeat"]["state"]) == ("LAPSED", "RELEASED")
    assert await stock_of(shop, shirt) == (10, 0)
    assert await count(shop, "group_buy_variant", "taken = 0") == 1
    assert await all_right(shop)


async def test_a_seat_that_is_not_paid_is_free_again(shop: SandboxShop) -> None:
    [shirt] = await on_sale(shop, "shirt", 10, fen=5000)
    offer = await open_group_buy(shop, {shirt: [3000]}, sizes=[2])
    ming, hong, lan = await payer(shop, "明"), await payer(shop, "红"), await payer(shop, "兰")
    team = await begun(shop, ming, offer, shirt)
    other = await begun(shop, await payer(shop, "王"), offer, shirt)
    await joins(hong, offer, shirt, team)

    full = await tries_to_join(lan, offer, shirt, team, total=3000)
    await later(shop, timedelta(minutes=31))
    await settled(shop)
    again = await team_of(lan, team)
    await joined(shop, lan, offer, shirt, team)

    refused = full["groupBuyTeamJoin"]
    assert [error["code"] for error in refused["userErrors"]] == ["TEAM_FULL"]
    assert refused["otherTeams"] == [{"id": other}]
    assert (again["state"], again["seatsLeft"]) == ("FORMING", 1)
    assert (await team_of(lan, team))["state"] == "SUCCEEDED"
    assert await all_right(shop)


async def test_a_ladder_gives_everybody_the_difference_to_what_was_reached(shop: SandboxShop) -> None:
    [shirt] = await on_sale(shop, "shirt", 10, fen=5000)
    offer = await open_group_buy(shop, {shirt: [4000, 3500, 3000]}, sizes=[2, 3, 4], max_size=5)
    people = [await payer(shop, name) for name in "明红兰"]
    team = await begun(shop, people[0], offer, shirt, quantity=2)
    for person in people[1:]:
        await joined(shop, person, offer, shirt, team)
    assert (await team_of(people[0], team))["state"] == "FORMING"

    await later(shop, DAY)
    await settled(shop)

    done = await team_of(people[0], team)
    assert (done["state"], done["tierSize"]) == ("SUCCEEDED", 3)
    back = "reason = 'PRICE_DIFFERENCE' and state = 'SUCCEEDED'"
    assert (await count(shop, "refund", f"{back} and amount_fen = 500"),
            await count(shop, "refund", f"{back} and amount_fen = 1000")) == (2, 1)  # fmt: skip
    assert await count(shop, "group_buy_seat", "price_paid_fen = 4000 and price_final_fen = 3500") == 3
    assert await count(shop, "orders", "status = 'PAID' and refund_status = 'NONE'") == 3
    assert await count(shop, "order_hold", "released_at is null") == 0
    assert await all_right(shop)


async def test_a_full_ladder_ends_at_once_at_its_best_price(shop: SandboxShop) -> None:
    [shirt] = await on_sale(shop, "shirt", 10, fen=5000)
    offer = await open_group_buy(shop, {shirt: [4000, 3000]}, sizes=[2, 3])
    people = [await payer(shop, name) for name in "明红兰"]
    team = await begun(shop, people[0], offer, shirt)
    for person in people[1:]:
        await joined(shop, person, offer, shirt, team)

    assert (await team_of(people[0], team))["state"] == "SUCCEEDED"
    assert await count(shop, "refund", "reason = 'PRICE_DIFFERENCE' and amount_fen = 1000") == 3
    assert await all_right(shop)


async def test_who_leads_for_free_gets_everything_back_when_the_team_succeeds(shop: SandboxShop) -> None:
    [shirt] = await on_sale(shop, "shirt", 10, fen=5000)
    offer = await open_group_buy(shop, {shirt: [3000]}, sizes=[2], leader="FREE")
    ming, hong = await payer(shop, "明"), await payer(shop, "红")
    team = await begun(shop, ming, offer, shirt)
    assert await count(shop, "refund") == 0

    await joined(shop, hong, offer, shirt, team)

    assert await count(shop, "refund", "reason = 'LEADER_REWARD' and amount_fen = 3000 and state = 'SUCCEEDED'") == 1
    assert await count(shop, "refund") == 1
    assert await count(shop, "orders", "status = 'PAID'") == 2
    assert await all_right(shop)


async def test_a_leader_with_a_price_of_their_own_pays_it(shop: SandboxShop) -> None:
    [shirt] = await on_sale(shop, "shirt", 10, fen=5000)
    offer = await open_group_buy(shop, {shirt: [3000]}, sizes=[2], leader="PRICE", leader_price=2000)
    ming, hong = await payer(shop, "明"), await payer(shop, "红")

    opening = await starts(ming, offer, shirt)
    await ming.has_paid(opening["order"]["id"])
    await settled(shop)
    following = await joins(hong, offer, shirt, opening["team"]["id"])

    assert (opening["order"]["total"]["fen"], following["order"]["total"]["fen"]) == (2000, 3000)


async def test_when_the_leader_leaves_whoever_joined_first_leads(shop: SandboxShop) -> None:
    [shirt] = await on_sale(shop, "shirt", 10, fen=5000)
    offer = await open_group_buy(shop, {shirt: [3000]}, sizes=[3])
    ming, hong = await payer(shop, "明"), await payer(shop, "红")
    team = await begun(shop, ming, offer, shirt)
    await joined(shop, hong, offer, shirt, team)

    left = await leaves(ming, team, "bye")
    again = await leaves(ming, team, "bye")
    await settled(shop)

    assert (left.refusals, again.refusals) == ([], [])
    now = await team_of(hong, team)
    assert (now["state"], now["joined"], now["viewerSeat"]["role"]) == ("FORMING", 1, "LEADER")
    assert await count(shop, "refund", "state = 'SUCCEEDED' and amount_fen = 3000") == 1
    await joined(shop, ming, offer, shirt, team)
    assert (await team_of(ming, team))["joined"] == 2
    await leaves(ming, team)
    await leaves(hong, team)
    await settled(shop)
    assert (await team_of(hong, team))["state"] == "FAILED"
    assert await count(shop, "orders", "status = 'CLOSED' and payment_status = 'REFUNDED'") == 3
    assert await stock_of(shop, shirt) == (10, 0)
    assert await all_right(shop)


async def test_leaving_before_paying_cancels_the_order(shop: SandboxShop) -> None:
    [shirt] = await on_sale(shop, "shirt", 10, fen=5000)
    offer = await open_group_buy(shop, {shirt: [3000]}, sizes=[2])
    ming, hong = await payer(shop, "明"), await payer(shop, "红")
    team = await begun(shop, ming, offer, shirt)
    await joins(hong, offer, shirt, team)

    left = await leaves(hong, team)

    assert left.refusals == []
    assert left["groupBuyTeamLeave"]["team"]["seatsLeft"] == 1
    assert await count(shop, "orders", "status = 'CANCELLED'") == 1
    assert await all_right(shop)


async def test_leaving_asked_again_does_not_give_up_a_seat_that_was_taken_since(shop: SandboxShop) -> None:
    """The answer got lost, and meanwhile they came back: paying for the second seat, or not yet."""
    [shirt] = await on_sale(shop, "shirt", 10, fen=5000)
    offer = await open_group_buy(shop, {shirt: [3000]}, sizes=[3])
    ming, hong = await payer(shop, "明"), await payer(shop, "红")
    team = await begun(shop, ming, offer, shirt)

    await joins(hong, offer, shirt, team)
    await leaves(hong, team, "unpaid")
    again = await joins(hong, offer, shirt, team)
    assert (await leaves(hong, team, "unpaid")).refusals == []
    waiting = await team_of(hong, team)
    await hong.has_paid(again["order"]["id"])
    await settled(shop)
    assert (await leaves(hong, team, "unpaid")).refusals == []
    paid = await team_of(hong, team)

    assert (waiting["viewerSeat"]["state"], waiting["seatsLeft"]) == ("RESERVED", 1)
    assert (paid["viewerSeat"]["state"], paid["joined"]) == ("JOINED", 2)
    reused = await leaves(hong, (await starts(hong, offer, shirt))["team"]["id"], "unpaid")
    assert [error.code for error in reused.refusals] == ["IDEMPOTENCY_KEY_REUSED"]
    assert await all_right(shop)


async def test_what_need_not_be_sent_is_theirs_once_the_team_has_succeeded(shop: SandboxShop) -> None:
    [song] = await on_sale(shop, "song", 10, fen=5000, variant={"requiresShipping": False})
    offer = await open_group_buy(shop, {song: [3000]}, sizes=[2])
    ming, hong = await payer(shop, "明"), await payer(shop, "红")
    team = await begun(shop, ming, offer, song)

    assert await count(shop, "orders", "status = 'PAID' and fulfilment_status = 'NOT_SHIPPED'") == 1
    await joined(shop, hong, offer, song, team)

    assert await count(shop, "orders", "status = 'COMPLETED' and fulfilment_status = 'RECEIVED'") == 2
    assert await all_right(shop)
