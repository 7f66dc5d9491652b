"""A team's page, and landing on it: what friends see of each other, and what nobody else ever does."""

from datetime import timedelta
from typing import Any

from models.database import pool
from models.staff import Role
from tests.conftest import Counting
from tests.harness.buying import buyer, on_sale
from tests.harness.paying import Payer, inside, later, payer, settled
from tests.harness.shops import SandboxShop
from tests.harness.teams import begun, joined, joins, open_group_buy, starts
from tests.journeys.test_statement_counts import asked

TEAM = """
id state nextStates size joined seatsLeft missing isVirtual tierSize price { fen } leaderAdvantage
tiers { size isReached price { fen } } tier { size } nextTier { size price { fen } }
variants { variant { title } price { fen } priceNow { fen } stockLeft }
groupBuy { title status price { fen } product { handle } variants { price { fen } } }
leader { name role } members { name avatarUrl role joinedAt isVirtual }
viewerSeat {
  state nextStates role quantity pricePaid { fen } priceFinal { fen } order { id } team { id } refund { id }
}
share { target team { id } } shareToken shareCard { title imageUrl path activityId } otherTeams(first: 3) { id }
"""
PAGE = f"query ($id: ID, $token: String) {{ groupBuyTeam(id: $id, shareToken: $token) {{ {TEAM} }} }}"
FOR_STAFF = """
query ($id: ID, $offer: ID, $state: GroupBuyTeamState) {
  groupBuyTeam(id: $id) {
    seats(first: 5) { totalCount nodes { customerName state order { orderNo } share { token } } }
    history { fromState toState actorKind reason seat { id } }
  }
  groupBuyTeams(groupBuyId: $offer, state: $state) { nodes { id state } }
}"""
LAND = """
query ($input: LandingInput) {
  landing(input: $input) {
    target {
      __typename title
      ... on TeamPage { team { id state members { name } otherTeams { id } } } ... on ProductPage { product { handle } }
    }
    share { target } offers { id ... on GroupBuy { openTeams { id } } } warnings { code }
  }
}"""
SHARE = """
mutation ($id: ID!, $key: String!) {
  shareCreate(input: {target: {teamId: $id}}, idempotencyKey: $key) {
    shareLink { token target team { id } } userErrors { code field }
  }
}"""
OWN = """
{ viewer {
    groupBuyTeams(first: 5) { totalCount nodes { id state } }
    orders { nodes { lines { offer { kind offerId participationId } groupBuyTeam { id state } } } }
} }"""


async def somebody(shop: SandboxShop, name: str) -> Payer:
    """Somebody who pays, and calls themselves so."""
    found = await payer(shop, name)
    await pool().execute("update customer set nickname = $2 where id = $1", found.customer_id, name)
    return found


async def page(who: Any, team: str) -> Any:
    return (await who(PAGE, {"id": team}))["groupBuyTeam"]


async def land(who: Any, **where: Any) -> Any:
    return (await who(LAND, {"input": where}))["landing"]


async def test_the_page_tells_all_in_one_statement(shop: SandboxShop, statements: Counting) -> None:
    [shirt] = await on_sale(shop, "shirt", 20, fen=5000, media=[{"url": "https://img.example/s.jpg", "alt": ""}])
    offer = await open_group_buy(shop, {shirt: [4000, 3000]}, sizes=[2, 4], max_size=5, stock=9)
    ming, hong = await somebody(shop, "小明"), await somebody(shop, "红")
    await pool().execute("update customer set avatar_url = 'https://img.example/a' where id = $1", ming.customer_id)
    team = await begun(shop, ming, offer, shirt)
    other = await begun(shop, await somebody(shop, "别人"), offer, shirt)
    await joins(hong, offer, shirt, team)

    async with statements() as seen:
        found = await page(ming.ask, team)

    assert len(asked(seen)) == 1
    token = found.pop("shareToken")
    seat, [member] = found.pop("viewerSeat"), found.pop("members")
    assert member.pop("joinedAt")
    order = seat.pop("order")["id"]
    assert order.startswith("ord_")
    assert member == {"name": "小**", "avatarUrl": "https://img.example/a", "role": "LEADER", "isVirtual": False}
    assert seat == {
        "state": "JOINED", "nextStates": ["FULFILLING", "REFUNDING"], "role": "LEADER", "quantity": 1,
        "pricePaid": {"fen": 4000}, "priceFinal": None, "team": {"id": team}, "refund": None,
    }  # fmt: skip
    card = found.pop("shareCard")
    assert card["title"] == "还差1人，¥40.00 一起拼：拼团"
    assert (card["imageUrl"], card["path"]) == ("https://img.example/s.jpg", f"pages/landing/landing?st={token}")
    assert found == {
        "id": team, "state": "FORMING", "nextStates": ["FAILED", "SUCCEEDED"], "size": 5, "joined": 1, "seatsLeft": 3,
        "missing": 1, "isVirtual": False, "tierSize": None, "price": {"fen": 4000}, "leaderAdvantage": "NONE",
        "tiers": [
            {"size": 2, "isReached": False, "price": {"fen": 4000}},
            {"size": 4, "isReached": False, "price": {"fen": 3000}},
        ],
        "tier": None, "nextTier": {"size": 2, "price": {"fen": 4000}},
        "variants": [{"variant": {"title": "1"}, "price": {"fen": 4000}, "priceNow": {"fen": 4000}, "stockLeft": 6}],
        "groupBuy": {
            "title": "拼团", "status": "PUBLISHED", "price": {"fen": 4000}, "product": {"handle": "shirt"},
            "variants": [{"price": {"fen": 4000}}],
        },
        "leader": {"name": "小**", "role": "LEADER"}, "share": {"target": "TEAM", "team": {"id": team}},
        "otherTeams": [{"id": other}],
    }  # fmt: skip
    by_token = (await shop.visitor(PAGE, {"token": token}))["groupBuyTeam"]
    assert (by_token["id"], by_token["viewerSeat"]) == (team, None)


async def test_terms_are_those_it_was_started_with(shop: SandboxShop) -> None:
    """Also when the group-buy asks for more by now, and is over for everybody else."""
    [shirt] = await on_sale(shop, "shirt", 20, fen=5000)
    offer = await open_group_buy(shop, {shirt: [4000, 3000]}, sizes=[2, 3], max_size=4)
    people = [await somebody(shop, name) for name in "明红兰"]
    team = await begun(shop, people[0], offer, shirt)
    for person in people[1:]:
        await joined(shop, person, offer, shirt, team)
    await pool().execute(
        "update group_buy_variant set tier_prices_fen = '{4900, 4800}' where group_buy_id = $1", inside("gbo", offer)
    )
    await pool().execute("update group_buy set status = 'ENDED' where id = $1", inside("gbo", offer))

    found = await page(shop.visitor, team)

    assert (found["tier"], found["nextTier"], found["price"]) == ({"size": 3}, None, {"fen": 3000})
    assert [tier["isReached"] for tier in found["tiers"]] == [True, True]
    assert found["variants"][0]["priceNow"] == {"fen": 3000}
    assert found["groupBuy"]["status"] == "ENDED"
    assert found["groupBuy"]["variants"] == [{"price": {"fen": 4900}}]
    assert [member["name"] for member in found["members"]] == ["明**", "红**", "兰**"]
    assert found["otherTeams"] == []


async def test_nobody_learns_who_the_others_are(shop: SandboxShop) -> None:
    """Neither names nor ids of customers, orders and seats come by any way that is not their own or the shop's."""
    [shirt] = await on_sale(shop, "shirt", 20, fen=5000)
    offer = await open_group_buy(shop, {shirt: [3000]}, sizes=[2])
    secret = "一二三四五六七八"
    ming, hong = await somebody(shop, secret), await somebody(shop, "红")
    team = await begun(shop, ming, offer, shirt)
    row = await pool().fetchrow("select id, order_id from group_buy_seat where team_id = $1", inside("gbt", team))
    assert row
    seat, order = row
    nodes = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    ids = [f"gbs_{seat.hex}", f"ord_{order.hex}", f"cus_{ming.customer_id.hex}"]

    for who in (hong.ask, shop.visitor, await shop.staff_with(Role.CATALOGUE)):
        answer = await who(PAGE, {"id": team})
        assert answer["groupBuyTeam"]["members"][0]["name"] == "一**"
        assert answer["groupBuyTeam"]["viewerSeat"] is None
        for hidden in (secret[1:], ming.customer_id.hex, order.hex, seat.hex):
            assert hidden not in str(answer.body)
        assert (await who(nodes, {"ids": ids}))["nodes"] == [None, None, None]
        assert [error["extensions"]["code"] for error in (await who(FOR_STAFF, {"id": team})).errors]
    assert [node and node["id"] for node in (await ming.ask(nodes, {"ids": ids}))["nodes"]] == ids
    seen = await shop.staff(FOR_STAFF, {"id": team, "offer": offer, "state": "FORMING"})
    [mine] = seen["groupBuyTeam"]["seats"]["nodes"]
    assert (mine["customerName"], mine["state"], mine["order"] is None) == (secret, "JOINED", False)
    assert {step["toState"] for step in seen["groupBuyTeam"]["history"]} >= {"OPENING", "FORMING", "RESERVED", "JOINED"}
    assert seen["groupBuyTeams"]["nodes"] == [{"id": team, "state": "FORMING"}]


async def test_a_team_is_its_leaders_own_until_they_have_paid(shop: SandboxShop) -> None:
    [shirt] = await on_sale(shop, "shirt", 20, fen=5000)
    offer = await open_group_buy(shop, {shirt: [3000]}, sizes=[2])
    ming, hong = await somebody(shop, "小明"), await somebody(shop, "红")
    team = (await starts(ming, offer, shirt))["team"]["id"]

    for state in ("OPENING", "LAPSED"):
        assert (await page(ming.ask, team))["state"] == state
        assert await page(shop.staff, team)
        for who in (hong.ask, shop.visitor):
            assert await page(who, team) is None
            landing = await land(who, teamId=team)
            assert landing["target"] == {"__typename": "ProductPage", "title": "shirt", "product": {"handle": "shirt"}}
            assert landing["warnings"] == [{"code": "TARGET_GONE"}]
        await later(shop, timedelta(minutes=31))
        await settled(shop)


async def test_members_are_those_who_paid_and_kept_it(shop: SandboxShop) -> None:
    [shirt] = await on_sale(shop, "shirt", 20, fen=5000)
    offer = await open_group_buy(shop, {shirt: [3000]}, sizes=[2], max_size=2)
    ming, hong = await somebody(shop, "明"), await somebody(shop, "红")
    team = await begun(shop, ming, offer, shirt)
    await joined(shop, hong, offer, shirt, team)
    await pool().execute("update orders set refund_status = 'ALL' where customer_id = $1", hong.customer_id)

    assert [member["name"] for member in (await page(shop.visitor, team))["members"]] == ["明**"]


async def test_shares_lead_to_the_team(shop: SandboxShop, statements: Counting) -> None:
    """By the leader's link, by a link of one's own, by a code's scene; of a team that has ended too."""
    [shirt] = await on_sale(shop, "shirt", 20, fen=5000)
    offer = await open_group_buy(shop, {shirt: [3000]}, sizes=[2])
    ming, hong, lan = await somebody(shop, "明"), await somebody(shop, "红"), await somebody(shop, "兰")
    team = await begun(shop, ming, offer, shirt)
    other = await begun(shop, await somebody(shop, "王"), offer, shirt)
    shared = (await lan.ask(SHARE, {"id": team, "key": "k"}))["shareCreate"]
    assert shared["userErrors"] == []
    token = shared["shareLink"]["token"]
    assert shared["shareLink"] == {"token": token, "target": "TEAM", "team": {"id": team}}

    for where in ({"scene": f"t={token}"}, {"shareToken": token}, {"teamId": team}):
        async with statements() as seen:
            landing = await land(shop.visitor, **where)
        assert len(asked(seen)) == 1
        assert landing["target"] == {
            "__typename": "TeamPage", "title": "拼团",
            "team": {"id": team, "state": "FORMING", "members": [{"name": "明**"}], "otherTeams": [{"id": other}]},
        }  # fmt: skip
        assert landing["offers"] == [{"id": offer, "openTeams": [{"id": team}, {"id": other}]}]
        assert landing["warnings"] == []

    await joined(shop, hong, offer, shirt, team)
    landing = await land(shop.visitor, shareToken=token)
    assert (landing["target"]["team"]["state"], landing["share"], landing["warnings"]) == (
        "SUCCEEDED", {"target": "TEAM"}, [],
    )  # fmt: skip
    refused = (await lan.ask(SHARE, {"id": team, "key": "k2"}))["shareCreate"]
    assert refused == {"shareLink": None, "userErrors": [{"code": "NOT_FOUND", "field": ["input", "target"]}]}


async def test_an_unknown_team_lands_at_home_with_a_warning(shop: SandboxShop) -> None:
    [shirt] = await on_sale(shop, "shirt", 20, fen=5000)
    offer = await open_group_buy(shop, {shirt: [3000]})

    landing = await land(shop.visitor, teamId="gbt_" + "0" * 32)

    assert landing["target"]["__typename"] == "HomePage"
    assert landing["warnings"] == [{"code": "TARGET_GONE"}]
    assert landing["offers"] == [{"id": offer, "openTeams": []}]
    assert (await land(shop.visitor, productHandle="shirt"))["offers"] == [{"id": offer, "openTeams": []}]


async def test_orders_and_customers_lead_to_their_teams(shop: SandboxShop, statements: Counting) -> None:
    [shirt] = await on_sale(shop, "shirt", 20, fen=5000)
    offer = await open_group_buy(shop, {shirt: [3000]}, sizes=[2])
    ming, hong = await somebody(shop, "明"), await somebody(shop, "红")
    first, second = await begun(shop, ming, offer, shirt), await begun(shop, ming, offer, shirt)
    await begun(shop, hong, offer, shirt)

    async with statements() as seen:
        viewer = (await ming.ask(OWN))["viewer"]

    assert len(asked(seen)) == 1
    assert viewer["groupBuyTeams"] == {
        "totalCount": 2, "nodes": [{"id": second, "state": "FORMING"}, {"id": first, "state": "FORMING"}],
    }  # fmt: skip
    lines = [order["lines"][0] for order in viewer["orders"]["nodes"]]
    assert [line["groupBuyTeam"] for line in lines] == viewer["groupBuyTeams"]["nodes"]
    assert {(line["offer"]["kind"], line["offer"]["offerId"]) for line in lines} == {("GROUP_BUY", offer)}


async def test_a_visitor_has_no_team(shop: SandboxShop) -> None:
    assert (await (await buyer(shop)).ask(OWN))["viewer"]["groupBuyTeams"] == {"totalCount": 0, "nodes": []}
    assert (await shop.visitor(PAGE, {}))["groupBuyTeam"] is None
