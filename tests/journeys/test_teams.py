"""Teams as shoppers live them: one starts it, friends join, and everybody pays less, or gets their money back."""

from datetime import timedelta

from tests.harness.buying import on_sale
from tests.harness.paying import all_right, later, payer, settled, stock_of
from tests.harness.shops import SandboxShop
from tests.harness.teams import joins, open_group_buy, seat_quote, starts, team_of


async def test_two_friends_complete_a_team_and_pay_the_group_price(shop: SandboxShop) -> None:
    [shirt] = await on_sale(shop, "t1", 10, fen=5000)
    offer = await open_group_buy(shop, {shirt: [3000]}, sizes=[2])
    ming, hong = await payer(shop, "小明"), await payer(shop, "小红")

    quote = await seat_quote(ming, offer, shirt)
    begun = await starts(ming, offer, shirt)
    await ming.has_paid(begun["order"]["id"])
    await settled(shop)
    forming = await team_of(hong, begun["team"]["id"])
    joined = await joins(hong, offer, shirt, begun["team"]["id"])
    await hong.has_paid(joined["order"]["id"])
    await settled(shop)
    done = await team_of(hong, begun["team"]["id"])

    assert quote["total"]["fen"] == 3000
    assert quote["adjustments"] == [
        {"kind": "GROUP_BUY", "amount": {"fen": -2000}, "allocations": [{"lineIndex": 0, "amount": {"fen": -2000}}]}
    ]
    assert (begun["team"]["state"], begun["order"]["total"]["fen"]) == ("OPENING", 3000)
    assert (forming["state"], forming["joined"], forming["seatsLeft"]) == ("FORMING", 1, 1)
    assert (done["state"], done["joined"], done["viewerSeat"]) == (
        "SUCCEEDED", 2, {"state": "FULFILLING", "role": "MEMBER"},
    )  # fmt: skip
    assert await stock_of(shop, shirt) == (8, 0)
    assert await all_right(shop)


async def test_a_team_that_nobody_joins_gives_the_money_back(shop: SandboxShop) -> None:
    [shirt] = await on_sale(shop, "t1", 10, fen=5000)
    offer = await open_group_buy(shop, {shirt: [3000]}, sizes=[2], stock=5)
    ming = await payer(shop, "小明")
    begun = await starts(ming, offer, shirt)
    await ming.has_paid(begun["order"]["id"])
    await settled(shop)

    await later(shop, timedelta(hours=25))
    await settled(shop)

    failed = await team_of(ming, begun["team"]["id"])
    order = await ming.looks(begun["order"]["id"])
    assert (failed["state"], failed["viewerSeat"]["state"]) == ("FAILED", "REFUNDED")
    assert (order["status"], order["paymentStatus"]) == ("CLOSED", "REFUNDED")
    assert await stock_of(shop, shirt) == (10, 0)
    assert await all_right(shop)
