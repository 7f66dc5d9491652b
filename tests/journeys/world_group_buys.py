"""What a furnished shop sells to those who buy together: one is open, one is being prepared, one is to be ended.

A friend of the customer's leads a team that waits for more, and another for which they have not paid.
"""

from datetime import timedelta
from typing import Any, Final

from ids import decode_id
from tests.harness.buying import with_home
from tests.harness.paying import Payer, settled
from tests.harness.phones import PROFILE, phone_of
from tests.harness.shops import SandboxShop
from tests.harness.teams import starts

_DAY: Final = timedelta(days=1)
_MAKE: Final = """
mutation ($input: GroupBuyCreateInput!, $key: String!) {
  groupBuyCreate(input: $input, idempotencyKey: $key) {
    groupBuy { id variants { id } } userErrors { code field message }
  }
}"""
_PUBLISH: Final = """
mutation ($id: ID!) { groupBuyPublish(id: $id) { groupBuy { id } userErrors { code field message } } }
"""

_SEATS: Final = "query ($id: ID!) { groupBuyTeam(id: $id) { shareToken seats(first: 1) { nodes { id } } } }"


def a_group_buy(shop: SandboxShop, title: str, product: str, variant: str, **more: Any) -> dict[str, Any]:
    """A ladder from two on, open from an hour ago for ten days."""
    now = shop.caller.now
    return {
        "productId": product, "title": title, "startsAt": (now - _DAY / 24).isoformat(),
        "endsAt": (now + 10 * _DAY).isoformat(), "tierSizes": [2, 5], "maxSize": 8, "teamHours": 24,
        "variants": [{"variantId": variant, "prices": [{"fen": 90}, {"fen": 80}], "leaderPrice": {"fen": 70},
                      "stock": 50}],
        "leaderAdvantage": "PRICE", "perPersonLimit": 5, "perOrderLimit": 2, "virtualFillPercent": 80, **more,
    }  # fmt: skip


async def offer_together(shop: SandboxShop, mark: str, hidden: str, ids: dict[str, str]) -> dict[str, str]:
    """Write them and return their ids; only the open one has the mark that the public may see."""
    later = {"startsAt": (shop.caller.now + 11 * _DAY).isoformat(), "endsAt": (shop.caller.now + 12 * _DAY).isoformat()}
    wishes = {
        "groupBuy": a_group_buy(shop, mark, ids["product"], ids["product.variant"]),
        "draftGroupBuy": a_group_buy(shop, hidden, ids["product"], ids["product.variant"], **later),
        "spareGroupBuy": a_group_buy(shop, mark, ids["sibling"], ids["sibling.variant"]),
    }
    made: dict[str, str] = {}
    for name, wish in wishes.items():
        answer = await shop.staff(_MAKE, {"input": wish, "key": name})
        assert answer.refusals == []
        offer = answer["groupBuyCreate"]["groupBuy"]
        made |= {name: offer["id"], f"{name}.variant": offer["variants"][0]["id"]}
    for name in ("groupBuy", "spareGroupBuy"):
        assert (await shop.staff(_PUBLISH, {"id": made[name]})).refusals == []
    return made


async def team_up(shop: SandboxShop, mark: str, ids: dict[str, str]) -> dict[str, str]:
    """Let a friend start the two teams, and return what they are known by."""
    phone = phone_of(shop, f"friend-{mark}")
    login = await phone.login()
    token, customer_id = login["session"]["accessToken"], decode_id("cus", login["customer"]["id"])
    assert customer_id
    friend = await with_home(Payer(shop, phone.customer(token), customer_id, phone=phone))
    assert (await friend.ask(PROFILE, {"input": {"nickname": mark}})).refusals == []
    begun = {
        name: await starts(friend, ids["groupBuy"], ids["product.variant"], key=f"{name} {mark}")
        for name in ("team", "leftTeam")
    }
    await friend.has_paid(begun["team"]["order"]["id"])
    await settled(shop)
    team = (await shop.staff(_SEATS, {"id": begun["team"]["team"]["id"]}))["groupBuyTeam"]
    return {
        "friend.token": token,
        "friend.address": friend.address,
        "team": begun["team"]["team"]["id"],
        "leftTeam": begun["leftTeam"]["team"]["id"],
        "team.seat": team["seats"]["nodes"][0]["id"],
        "team.token": team["shareToken"],
    }
