"""What a furnished shop sells to those who buy together: one is open, one is being prepared, one is to be ended."""

from datetime import timedelta
from typing import Any, Final

from tests.harness.shops import SandboxShop

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
