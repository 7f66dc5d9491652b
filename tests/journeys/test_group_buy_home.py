"""The home block and the product's page: what can be bought together, in which order, and what it is to who asks."""

from datetime import timedelta
from typing import Any

from models.database import pool
from tests.conftest import Counting
from tests.harness.buying import buyer, on_sale
from tests.harness.paying import inside, later, payer, settled
from tests.harness.shops import SandboxShop
from tests.harness.teams import joins, open_group_buy, starts
from tests.journeys.test_pages import put, put_well
from tests.journeys.test_statement_counts import asked

HOME = """
query ($sort: GroupBuySort! = ENDING_SOON, $product: ID, $first: PageSize, $after: Cursor) {
  groupBuys(sort: $sort, productId: $product, first: $first, after: $after) {
    nodes {
      id title price { fen } lowestPrice { fen } leaderPrice { fen } minSize maxSize stockLeft joinedCount
      successfulTeams fillsVirtually tiers { size price { fen } } product { handle priceRange { min { fen } } }
      variants { stockLeft } openTeams(first: 5) { id joined seatsLeft missing members { name } }
      viewerContext { canStart limitLeft seat { state team { id } } }
    }
    pageInfo { hasNextPage endCursor }
  }
}"""
ONE = "query ($id: ID!) { groupBuy(id: $id) { id status endsAt viewerContext { canStart limitLeft } } }"
OF_PRODUCT = """
query ($handle: Handle) {
  product(handle: $handle) {
    groupBuy { id openTeams(first: 2) { id } }
    offers { __typename id kind title price { fen } ... on GroupBuy { minSize openTeams { id } } }
  }
}"""
SHIRT = {"shirt": 5000}


async def home(shop: SandboxShop, ask: Any = None, **variables: Any) -> list[dict[str, Any]]:
    answer = await (ask or shop.visitor)(HOME, variables)
    nodes: list[dict[str, Any]] = answer["groupBuys"]["nodes"]
    return nodes


async def ids(shop: SandboxShop, **variables: Any) -> list[str]:
    return [offer["id"] for offer in await home(shop, **variables)]


async def test_the_home_block_says_what_a_group_buy_is(shop: SandboxShop, statements: Counting) -> None:
    small, big = await on_sale(shop, "shirt", 10, 10, fen=5000)
    offer = await open_group_buy(
        shop, {small: [4000, 3000], big: [3900, 3500]}, sizes=[2, 4], max_size=6, stock=7, leader="PRICE",
        leader_price=2500, per_person=3, fill_percent=50,
    )  # fmt: skip

    async with statements() as seen:
        [found] = await home(shop)

    assert len(asked(seen)) == 1
    assert found == {
        "id": offer, "title": "拼团", "price": {"fen": 3900}, "lowestPrice": {"fen": 3000},
        "leaderPrice": {"fen": 2500},
        "minSize": 2, "maxSize": 6, "stockLeft": 14, "joinedCount": 0, "successfulTeams": 0, "fillsVirtually": True,
        "tiers": [{"size": 2, "price": {"fen": 3900}}, {"size": 4, "price": {"fen": 3000}}],
        "product": {"handle": "shirt", "priceRange": {"min": {"fen": 5000}}}, "openTeams": [], "viewerContext": None,
        "variants": [{"stockLeft": 7}, {"stockLeft": 7}],
    }  # fmt: skip


async def test_orders_of_the_home_block_page_by_keyset(shop: SandboxShop) -> None:
    [shirt] = await on_sale(shop, "shirt", 10, fen=5000)
    [shoe] = await on_sale(shop, "shoe", 10, fen=5000)
    late = await open_group_buy(shop, {shirt: [3000]}, days=9)
    soon = await open_group_buy(shop, {shirt: [3000]}, days=1)
    liked = await open_group_buy(shop, {shoe: [3000]}, days=5)
    ming = await payer(shop)
    await ming.has_paid((await starts(ming, liked, shoe))["order"]["id"])
    await settled(shop)

    assert await ids(shop) == [soon, liked, late]
    assert (await ids(shop, sort="MOST_JOINED"))[0] == liked
    assert await ids(shop, sort="NEWEST") == [liked, soon, late]
    assert await ids(shop, product=await product_of(shirt)) == [soon, late]
    for sort in ("ENDING_SOON", "MOST_JOINED", "NEWEST"):
        found: list[str] = []
        after = None
        for _page in range(3):
            page = (await shop.visitor(HOME, {"sort": sort, "first": 1, "after": after}))["groupBuys"]
            found += [offer["id"] for offer in page["nodes"]]
            after = page["pageInfo"]["endCursor"]
        assert found == await ids(shop, sort=sort)


async def test_the_public_sees_what_is_open_and_staff_all(shop: SandboxShop) -> None:
    [shirt] = await on_sale(shop, "shirt", 10, fen=5000)
    [hidden] = await on_sale(shop, "hidden", 10, fen=5000, status="DRAFT")
    offers = {name: await open_group_buy(shop, {shirt: [3000]}) for name in ("open", "draft", "over", "early", "ended")}
    offers["of a draft"] = await open_group_buy(shop, {hidden: [3000]})
    for name, change in (
        ("draft", "status = 'DRAFT'"),
        ("over", "ends_at = starts_at + interval '1 second'"),
        ("early", "starts_at = ends_at - interval '1 second'"),
        ("ended", "status = 'ENDED'"),
    ):
        await pool().execute(f"update group_buy set {change} where id = $1", inside("gbo", offers[name]))
    drafts = "{ groupBuys(status: DRAFT) { nodes { id status } } }"

    assert await ids(shop) == [offers["open"]]
    for name, offer in offers.items():
        seen = (await shop.visitor(ONE, {"id": offer}))["groupBuy"]
        assert (seen is not None) == (name == "open")
        assert (await shop.staff(ONE, {"id": offer}))["groupBuy"]["id"] == offer
    assert {offer["id"] for offer in await home(shop, shop.staff)} == set(offers.values())
    assert (await shop.staff(drafts))["groupBuys"]["nodes"] == [{"id": offers["draft"], "status": "DRAFT"}]
    assert (await shop.visitor(drafts))["groupBuys"]["nodes"] == []


async def test_open_teams_are_those_that_one_may_join(shop: SandboxShop) -> None:
    """The one that ends first in front; without one's own, full ones, ended ones, and those nobody has paid for."""
    [shirt] = await on_sale(shop, "shirt", 20, fen=5000)
    offer = await open_group_buy(shop, {shirt: [3000]}, sizes=[2])
    shared = await open_group_buy(shop, {shirt: [3000]}, sizes=[2], join_by="SHARE", days=1)
    people = [await payer(shop, name) for name in "明红兰王"]
    teams = [(await starts(person, offer, shirt)) for person in people[:3]]
    secret = await starts(people[0], shared, shirt)
    for person, team in ((people[1], teams[1]), (people[0], teams[0]), (people[0], secret)):
        await person.has_paid(team["order"]["id"])
        await settled(shop)
        await later(shop, timedelta(minutes=1))
    own, first, opening = (team["team"]["id"] for team in (teams[0], teams[1], teams[2]))

    async def seen(ask: Any) -> list[list[str]]:
        return [[team["id"] for team in one["openTeams"]] for one in await home(shop, ask)]

    assert await seen(shop.visitor) == [[], [first, own]]
    assert await seen(people[0].ask) == [[], [first]]
    assert await seen(people[3].ask) == [[], [first, own]]
    assert opening not in {team for teams_ in await seen(shop.staff) for team in teams_}
    await joins(people[3], offer, shirt, first)
    assert await seen(shop.visitor) == [[], [own]]
    await later(shop, timedelta(hours=24))
    assert await seen(shop.visitor) == [[]]


async def test_what_it_is_to_a_customer(shop: SandboxShop, statements: Counting) -> None:
    [shirt] = await on_sale(shop, "shirt", 10, fen=5000)
    offer = await open_group_buy(shop, {shirt: [3000]}, sizes=[2], per_person=3, per_order=2)
    fresh = await open_group_buy(shop, {shirt: [3000]}, sizes=[2], new_customers_only=True, days=9)
    ming, hong = await payer(shop, "明"), await buyer(shop, "红")
    started = await starts(ming, offer, shirt, quantity=2)

    async with statements() as seen:
        mine = await home(shop, ming.ask)
    assert len(asked(seen)) == 1
    seat = {"state": "RESERVED", "team": {"id": started["team"]["id"]}}
    assert mine[0]["viewerContext"] == {"canStart": True, "limitLeft": 1, "seat": seat}
    assert mine[1]["viewerContext"] == {"canStart": True, "limitLeft": None, "seat": None}
    assert (mine[0]["stockLeft"], mine[0]["variants"]) == (None, [{"stockLeft": None}])

    await ming.has_paid(started["order"]["id"])
    await settled(shop)
    assert (await ming.ask(ONE, {"id": fresh}))["groupBuy"]["viewerContext"]["canStart"] is False
    assert (await hong.ask(ONE, {"id": fresh}))["groupBuy"]["viewerContext"]["canStart"] is True
    await pool().execute("update group_buy_variant set stock = 2 where group_buy_id = $1", inside("gbo", offer))
    assert (await hong.ask(ONE, {"id": offer}))["groupBuy"]["viewerContext"] == {"canStart": False, "limitLeft": 3}
    assert (await shop.staff(ONE, {"id": offer}))["groupBuy"]["viewerContext"] is None


async def test_a_product_shows_its_offers(shop: SandboxShop, statements: Counting) -> None:
    [shirt] = await on_sale(shop, "shirt", 10, fen=5000)
    await on_sale(shop, "shoe", 10, fen=5000)
    late = await open_group_buy(shop, {shirt: [2000]}, days=9)
    soon = await open_group_buy(shop, {shirt: [3000]}, sizes=[2])
    ming = await payer(shop)
    team = await starts(ming, soon, shirt)
    await ming.has_paid(team["order"]["id"])
    await settled(shop)

    async with statements() as seen:
        product = (await shop.visitor(OF_PRODUCT, {"handle": "shirt"}))["product"]

    assert len(asked(seen)) == 1
    open_team = {"id": team["team"]["id"]}
    named = {"__typename": "GroupBuy", "kind": "GROUP_BUY", "title": "拼团"}
    assert product == {
        "groupBuy": {"id": soon, "openTeams": [open_team]},
        "offers": [
            {**named, "id": soon, "price": {"fen": 3000}, "minSize": 2, "openTeams": [open_team]},
            {**named, "id": late, "price": {"fen": 2000}, "minSize": 3, "openTeams": []},
        ],
    }
    assert (await shop.visitor(OF_PRODUCT, {"handle": "shoe"}))["product"] == {"groupBuy": None, "offers": []}


async def product_of(variant: str) -> str:
    return f"prd_{(await pool().fetchval('select product_id from variant where id = $1', inside('var', variant))).hex}"


async def test_a_block_of_a_page_shows_the_next_that_end(shop: SandboxShop, statements: Counting) -> None:
    [shirt] = await on_sale(shop, "shirt", 10, fen=5000)
    [hidden] = await on_sale(shop, "hidden", 10, fen=5000, status="DRAFT")
    offers = [await open_group_buy(shop, {shirt: [3000]}, days=days) for days in (3, 1, 2)]
    await open_group_buy(shop, {hidden: [3000]}, days=1)
    await put_well(
        shop, title="首页", handle="home", kind="HOME", published=True,
        blocks=[{"groupBuys": {"title": "一起拼", "count": 2}}, {"groupBuys": {}}],
    )  # fmt: skip
    asked_for = '{ page(handle: "home") { blocks { __typename title ... on GroupBuysBlock { groupBuys { id } } } } }'

    async with statements() as seen:
        [first, second] = (await shop.visitor(asked_for))["page"]["blocks"]

    assert len(asked(seen)) == 1
    nexts = [{"id": offers[1]}, {"id": offers[2]}]
    assert first == {"__typename": "GroupBuysBlock", "title": "一起拼", "groupBuys": nexts}
    assert second["groupBuys"] == [*nexts, {"id": offers[0]}]
    refused = await put(shop, "bad", title="春", blocks=[{"groupBuys": {"count": 0}}])
    assert [(one.code, one.field) for one in refused.refusals] == [("OUT_OF_RANGE", "input.blocks.0.groupBuys.count")]
