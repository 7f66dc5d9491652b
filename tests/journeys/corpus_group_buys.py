"""What staff send to run group-buys."""

from typing import Any, Final

from tests.journeys.corpus_write import instead, their, write
from tests.journeys.world import World
from tests.journeys.world_group_buys import a_group_buy

GROUP_BUY: Final = """id kind title status nextStates startsAt endsAt minSize maxSize teamHours
  tiers { size price { fen } } price { fen } lowestPrice { fen } leaderPrice { fen } stockLeft
  variants { id variant { id title } price { fen } tiers { size price { fen } } leaderPrice { fen } stockLeft }
  perPersonLimit perOrderLimit leaderAdvantage newCustomersOnly joinBy latePayment fillsVirtually
  joinedCount successfulTeams product { id title } version createdAt updatedAt"""
_GROUP_BUY: Final = f"groupBuy {{ {GROUP_BUY} }}"


def _wish(of: World, **more: Any) -> dict[str, Any]:
    return a_group_buy(of.shop, f"new {of.hidden}", of["product"], of["product.variant"], **more)


GROUP_BUY_WRITES: Final = (
    write(
        "groupBuyCreate", "$input: GroupBuyCreateInput!, $idempotencyKey: String!", _GROUP_BUY,
        lambda of: {"input": _wish(of), "idempotencyKey": "corpus"},
        instead("input.productId", input=lambda mine, theirs: _wish(mine, productId=theirs["product"])),
        instead(
            "input.variants.0.variantId",
            input=lambda mine, theirs: _wish(
                mine, leaderAdvantage="NONE",
                variants=[{"variantId": theirs["product.variant"], "prices": [{"fen": 2}, {"fen": 1}]}],
            ),
        ),
    ),
    write(
        "groupBuyUpdate", "$id: ID!, $input: GroupBuyUpdateInput!", _GROUP_BUY,
        lambda of: {"id": of["groupBuy"], "input": {
            "title": f"new {of.mark}",
            "variants": [{"variantId": of["product.variant"], "prices": [{"fen": 85}, {"fen": 75}],
                          "leaderPrice": {"fen": 60}}],
        }},
        instead("id", id=their("groupBuy")),
        instead("id", id=their("draftGroupBuy")),
    ),
    write(
        "groupBuyPublish", "$id: ID!, $version: Int", _GROUP_BUY, lambda of: {"id": of["draftGroupBuy"], "version": 1},
        instead("id", id=their("draftGroupBuy")),
    ),
    write(
        "groupBuyEnd", "$id: ID!, $version: Int", _GROUP_BUY, lambda of: {"id": of["spareGroupBuy"], "version": 2},
        instead("id", id=their("spareGroupBuy")),
    ),
)  # fmt: skip
