"""A shop in which a team succeeded, one is forming and one failed, and what breaks the rules of group-buys there."""

from datetime import timedelta
from typing import Final

from tests.harness.buying import on_sale
from tests.harness.paying import later, payer, settled
from tests.harness.shops import SandboxShop
from tests.harness.teams import joins, open_group_buy, starts


def _seat(change: str, state: str) -> str:
    return (
        f"update group_buy_seat set {change} where id = (select id from group_buy_seat"
        f" where shop_id = '{{shop}}' and state = '{state}' order by id limit 1)"
    )


def _team(change: str, state: str) -> str:
    return (
        f"update group_buy_team set {change} where id = (select id from group_buy_team"
        f" where shop_id = '{{shop}}' and state = '{state}' order by id limit 1)"
    )


GROUP_BUY_PLANTS: Final[dict[str, str]] = {
    "group_buy_team.counts_are_its_seats": _team("joined = joined + 1", "SUCCEEDED"),
    "group_buy_team.is_led_by_a_member": _seat("role = 'MEMBER'", "JOINED"),
    "group_buy_team.ends_in_time": _team(
        "started_at = started_at - interval '9 days', expires_at = expires_at - interval '9 days'", "FORMING"
    ),
    "group_buy_team.states_follow_their_history": "delete from group_buy_change where shop_id = '{shop}'"
    " and to_state = 'FAILED'",
    "group_buy_seat.follows_its_order": _seat("state = 'RESERVED'", "JOINED"),
    "group_buy_seat.follows_its_team": _seat("state = 'FULFILLING'", "JOINED"),
    "group_buy_seat.holds_its_order": "update order_hold set released_at = created_at where shop_id = '{shop}'",
    "group_buy_seat.gets_all_back_once": "update group_buy_seat set refund_id = null where shop_id = '{shop}'",
    "group_buy_seat.comes_to_its_final_price": _seat("price_final_fen = price_paid_fen - 1", "FULFILLING"),
    "group_buy_seat.is_settled": _seat(
        "settle_at = created_at, updated_at = created_at - interval '9 days'", "FULFILLING"
    ),
    "group_buy_variant.taken_is_in_seats": "update group_buy_variant set taken = taken + 1 where id = ("
    "select id from group_buy_variant where shop_id = '{shop}' order by id limit 1)",
    "order_line.has_the_seat_it_names": "update order_line set participation_id = '{new}' where id = ("
    "select id from order_line where shop_id = '{shop}' and offer_kind = 'GROUP_BUY' order by id limit 1)",
}


async def buy_together(shop: SandboxShop) -> None:
    """Let a team succeed with a difference to give back, one fail, and one be forming."""
    [shirt] = await on_sale(shop, "together", 20, fen=5000)
    offer = await open_group_buy(shop, {shirt: [4000, 3000]}, sizes=[2, 3], max_size=4, days=30)
    people = [await payer(shop) for _ in range(5)]
    alone = await starts(people[3], offer, shirt)
    await people[3].has_paid(alone["order"]["id"])
    await settled(shop)
    await later(shop, timedelta(days=1))
    await settled(shop)
    begun = await starts(people[0], offer, shirt)
    await people[0].has_paid(begun["order"]["id"])
    await settled(shop)
    for person in people[1:3]:
        joined = await joins(person, offer, shirt, begun["team"]["id"])
        await person.has_paid(joined["order"]["id"])
    await settled(shop)
    await later(shop, timedelta(days=1))
    await settled(shop)
    forming = await starts(people[4], offer, shirt)
    await people[4].has_paid(forming["order"]["id"])
    await settled(shop)
