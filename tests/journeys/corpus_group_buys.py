"""What staff send to run group-buys, and customers to start teams, join and leave them."""

from typing import Any, Final

from tests.journeys.corpus_write import instead, open_to_all, their, write
from tests.journeys.world import World
from tests.journeys.world_group_buys import a_group_buy

GROUP_BUY: Final = """id kind title status nextStates startsAt endsAt minSize maxSize teamHours
  tiers { size price { fen } } price { fen } lowestPrice { fen } leaderPrice { fen } stockLeft
  variants { id variant { id title } price { fen } tiers { size price { fen } } leaderPrice { fen } stockLeft }
  perPersonLimit perOrderLimit leaderAdvantage newCustomersOnly joinBy latePayment fillsVirtually
  joinedCount successfulTeams product { id title } version createdAt updatedAt"""
_GROUP_BUY: Final = f"groupBuy {{ {GROUP_BUY} }}"

TEAM: Final = """id state nextStates size joined seatsLeft missing startedAt expiresAt endedAt isVirtual tierSize
  tiers { size price { fen } isReached } tier { size } nextTier { size } price { fen } leaderAdvantage
  variants { variant { title } price { fen } priceNow { fen } stockLeft } groupBuy { id title product { title } }
  members { name avatarUrl role joinedAt isVirtual } leader { name }
  viewerSeat { id state role quantity pricePaid { fen } order { id } } shareToken share { token }
  shareCard { title imageUrl path activityId }
  otherTeams(first: 3) { id seatsLeft } version createdAt updatedAt"""
MY_TEAMS: Final = f"{{ viewer {{ groupBuyTeams(first: 5) {{ totalCount nodes {{ {TEAM} }} }} }} }}"
OFFERS: Final = """offers { __typename id kind title startsAt endsAt price { fen } stockLeft product { title }
  ... on GroupBuy { minSize openTeams { id joined members { name } } viewerContext { canStart seat { id } } } }"""
_TEAM: Final = f"team {{ {TEAM} }}"


def _wish(of: World, **more: Any) -> dict[str, Any]:
    return a_group_buy(of.shop, f"new {of.hidden}", of["product"], of["product.variant"], **more)


def _seat(of: World, address: str, offer: str = "", **more: Any) -> dict[str, Any]:
    part = {"id": offer or of["groupBuy"], "variantId": of["product.variant"], "quantity": 1, **more}
    return {
        "source": {"offer": part}, "delivery": {"address": {"addressId": of[address]}}, "idempotencyKey": "corpus team",
        "expectedTotal": {"fen": 90 if "instanceId" in more else 70},
    }  # fmt: skip


GROUP_BUY_WRITES: Final = (
    open_to_all(
        write(
            "groupBuyTeamStart", "$input: PlacementInput!", f"{_TEAM} order {{ id total {{ fen }} }}",
            lambda of: {"input": _seat(of, "friend.address")},
            instead(
                "input.source.offer.id",
                input=lambda mine, theirs: _seat(mine, "friend.address", theirs["groupBuy"]),
            ),
        ),
        lambda world: world.friend,
    ),
    open_to_all(
        write(
            "groupBuyTeamJoin", "$input: PlacementInput!", f"{_TEAM} order {{ id total {{ fen }} }}",
            lambda of: {"input": _seat(of, "address", instanceId=of["team"])},
            instead(
                "input.source.offer.instanceId",
                input=lambda mine, theirs: _seat(mine, "address", instanceId=theirs["team"]),
            ),
        ),
        lambda world: world.customer,
    ),
    open_to_all(
        write(
            "groupBuyTeamLeave", "$teamId: ID!, $idempotencyKey: String!", _TEAM,
            lambda of: {"teamId": of["leftTeam"], "idempotencyKey": "corpus"},
            instead("teamId", teamId=their("team")),
        ),
        lambda world: world.friend,
    ),
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
