"""Processes are killed while a team ends or is paid for: nobody's money is lost, and none goes back twice."""

from datetime import timedelta
from pathlib import Path

import pytest

from models.database import pool
from settings import Settings
from tests.faults.house import dies, leases_end
from tests.harness.buying import on_sale
from tests.harness.paying import Payer, all_right, count, mchid_of, payer, settled, stock_of, wechat_pay
from tests.harness.refunding import ledger
from tests.harness.shops import SandboxShop
from tests.harness.teams import begun, joins, open_group_buy, team_of

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("faults")]

FEN = 3000
LATER = "update shop set clock_offset_ms = clock_offset_ms + $2 where id = $1"
ASK_NOW = "update payment set next_query_at = now() where shop_id = $1 and next_query_at is not null"


async def passes(shop: SandboxShop, by: timedelta) -> None:
    """Move the clock, and leave what falls due to who comes by."""
    await pool().execute(LATER, shop.id, by // timedelta(milliseconds=1))


async def two_in_a_team_of_three(shop: SandboxShop, shirt: str) -> tuple[Payer, str]:
    """Two have paid, and one may."""
    offer = await open_group_buy(shop, {shirt: [FEN]}, sizes=[3], stock=9)
    ming, hong = await payer(shop, "明"), await payer(shop, "红")
    team = await begun(shop, ming, offer, shirt)
    await hong.has_paid((await joins(hong, offer, shirt, team, quantity=2))["order"]["id"])
    await settled(shop)
    return ming, team


@pytest.mark.parametrize(
    "point",
    ["group_buy.ending", "group_buy.ended.before_commit", "group_buy.settled.before_commit", "refund.after_call"],
)
async def test_a_worker_that_is_killed_while_a_team_fails_gives_each_their_money_once(
    settings: Settings, shop: SandboxShop, tmp_path: Path, point: str
) -> None:
    [shirt] = await on_sale(shop, "shirt", 10, fen=5000)
    ming, team = await two_in_a_team_of_three(shop, shirt)
    assert await ledger(shop) == (3 * FEN, 0)
    await passes(shop, timedelta(hours=25))

    await dies(settings, shop, tmp_path / "worker.log", point)
    await leases_end(shop.id)
    await settled(shop)
    await settled(shop)

    assert (await team_of(ming, team))["state"] == "FAILED"
    assert await count(shop, "group_buy_seat", "state = 'REFUNDED'") == 2
    # By WeChat's own books.
    back = await wechat_pay(shop, "/refunds", method="GET", mchid=await mchid_of(shop))
    assert sorted((one["status"], one["amountFen"]) for one in back) == [("SUCCESS", FEN), ("SUCCESS", 2 * FEN)]
    assert await ledger(shop) == (0, 0)
    assert await stock_of(shop, shirt) == (10, 0)
    assert await count(shop, "group_buy_variant", "taken = 0") == 1
    assert await count(shop, "outbox_event", "topic = 'group_buy_team.changed' and payload ->> 'state' = 'FAILED'") == 1
    assert await all_right(shop)


async def test_a_worker_that_is_killed_while_the_last_payment_comes_completes_the_team_once(
    settings: Settings, shop: SandboxShop, tmp_path: Path
) -> None:
    """Nobody is told of the payment; the worker asks, and dies with the answer."""
    [shirt] = await on_sale(shop, "shirt", 10, fen=5000)
    offer = await open_group_buy(shop, {shirt: [FEN]}, sizes=[2], leader="FREE")
    ming, hong = await payer(shop, "明"), await payer(shop, "红")
    team = await begun(shop, ming, offer, shirt)
    order = (await joins(hong, offer, shirt, team))["order"]["id"]
    await wechat_pay(shop, "/notifications/hold", mchid=await mchid_of(shop), hold=True)
    await hong.has_paid(order)
    await wechat_pay(shop, "/notifications/hold", mchid=await mchid_of(shop), hold=False)
    await pool().execute(ASK_NOW, shop.id)

    await dies(settings, shop, tmp_path / "worker.log", "order.paid.before_commit")
    await leases_end(shop.id)
    await settled(shop)
    await settled(shop)

    now = await team_of(hong, team)
    assert (now["state"], now["joined"]) == ("SUCCEEDED", 2)
    assert await count(shop, "payment", "state = 'SUCCEEDED'") == 2
    assert await count(shop, "refund", "reason = 'LEADER_REWARD' and state = 'SUCCEEDED'") == 1
    assert await ledger(shop) == (FEN, 0)
    assert await count(shop, "order_hold", "released_at is null") == 0
    assert await all_right(shop)
