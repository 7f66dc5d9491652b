"""A worker that is killed with a team's card in hand: the next one has it say how the team stands."""

from pathlib import Path

import pytest

from clock import wall_now
from models.database import pool
from settings import Settings
from tests.faults.house import dies, leases_end
from tests.harness.cards import CREATE, UPDATE, begins, cards, forgives, refuses, said_on
from tests.harness.paying import all_right, settled, wechat_pay
from tests.harness.shops import SandboxShop

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("faults")]


@pytest.mark.parametrize("point", ["card.made", "card.before_call", "card.after_call"])
async def test_a_worker_that_is_killed_loses_no_word(
    settings: Settings, shop: SandboxShop, tmp_path: Path, point: str
) -> None:
    one = await begins(shop)
    if point == "card.made":
        await wechat_pay(shop, "/cards/expire", appid=shop.app.appid)
    await refuses(shop, CREATE if point == "card.made" else UPDATE, -1)
    await one.grows()
    await forgives(shop)
    await pool().execute("update group_buy_card set next_attempt_at = $2 where shop_id = $1", shop.id, wall_now())

    await dies(settings, shop, tmp_path / "worker.log", point)
    await leases_end(shop.id)
    await settled(shop)

    page = await one.looks()
    [card] = [card for card in await cards(shop) if card["activityId"] == page["shareCard"]["activityId"]]
    # Twice when its teller died before it could write that down.
    assert (said_on(card)[-1], set(said_on(card)) - {"1/3", "2/3"}) == ("2/3", set())
    assert await one.telling() == ("DONE", "")
    assert page["joined"] == 2
    assert await all_right(shop)
