"""A promoter who works here sees what their own shares brought, and nothing of anybody else's."""

import dataclasses
from typing import Any, Final
from uuid import uuid4

from models.staff import Role
from tests.conftest import Counting
from tests.harness.buying import on_sale
from tests.harness.paying import Payer, payer, settled
from tests.harness.refunding import refunds
from tests.harness.shops import SandboxShop
from tests.journeys.test_sharing import Person, customer, kol, visitor
from tests.journeys.test_statement_counts import asked

MINE: Final = """
query ($first: PageSize, $after: Cursor) {
  myShareLinks(first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor }
    nodes {
      shareLink { token target channel createdAt }
      visits { total visitors } orders { placed paid paidTotal { fen } refundedTotal { fen } }
    }
  }
}"""
NO_ORDERS: Final = {"placed": 0, "paid": 0, "paidTotal": {"fen": 0}, "refundedTotal": {"fen": 0}}
NOTHING: Final = ({"total": 0, "visitors": 0}, NO_ORDERS)


async def mine(promoter: Person, **asked: Any) -> dict[str, Any]:
    """Figures by token, in the order they come."""
    nodes = (await promoter.ask(MINE, asked))["myShareLinks"]["nodes"]
    return {node["shareLink"]["token"]: (node["visits"], node["orders"]) for node in nodes}


async def comes(person: Payer, token: str) -> Payer:
    """Open the shop by a link, and stay in that visit."""
    visit, device = str(uuid4()), str(uuid4())
    at_the_shop = person.ask.also(x_visitor_id=device, x_visit_id=visit)
    await Person(at_the_shop, visitor=device).opens(visit, shareToken=token)
    await settled(person.shop)
    return dataclasses.replace(person, ask=at_the_shop)


async def test_each_link_tells_who_came_and_what_was_bought(shop: SandboxShop) -> None:
    [mug] = await on_sale(shop, "mug", 9, fen=1000)
    me = await kol(shop)
    first, second = await me.shares("a", channel="weibo"), await me.shares("b", channel="douyin")
    ming = await comes(await payer(shop), first["token"])
    await ming.places((mug, 1))
    paid = await ming.places((mug, 2))
    await ming.has_paid(paid["id"])
    await settled(shop)
    guest = visitor(shop)
    for _ in range(2):
        await guest.opens(shareToken=first["token"])
    # Her own visits are nobody's, and neither is a test build's.
    await me.opens(shareToken=first["token"])
    await guest.opens(shareToken=first["token"], scene=1129)
    await settled(shop)

    seen = await mine(me)
    assert list(seen) == [second["token"], first["token"]]
    assert seen[second["token"]] == NOTHING
    assert seen[first["token"]] == (
        {"total": 3, "visitors": 2}, {"placed": 2, "paid": 1, "paidTotal": {"fen": 2000}, "refundedTotal": {"fen": 0}},
    )  # fmt: skip

    await refunds(shop, paid["id"])
    await settled(shop)
    _visits, orders = (await mine(me))[first["token"]]
    assert orders == {"placed": 2, "paid": 1, "paidTotal": {"fen": 2000}, "refundedTotal": {"fen": 2000}}


async def test_what_others_pass_on_is_counted_for_their_link(shop: SandboxShop) -> None:
    [mug] = await on_sale(shop, "mug", 9, fen=1000)
    me, friend = await kol(shop), await customer(shop, "小红")
    own = await me.shares()
    passed_on = await friend.shares(parentToken=own["token"])
    ming = await comes(await payer(shop), passed_on["token"])
    await ming.places((mug, 1))

    assert await mine(me) == {own["token"]: NOTHING}


async def test_nobody_sees_anothers(shop: SandboxShop, other_shop: SandboxShop) -> None:
    me = await kol(shop)
    await me.shares()
    await (await customer(shop)).shares()
    # Another who promotes, the owner who does not, and who promotes next door.
    nobodys = (await shop.staff_with(Role.KOL), shop.staff, (await kol(other_shop)).ask)
    for asker in nobodys:
        assert (await asker(MINE))["myShareLinks"] == {
            "totalCount": 0, "pageInfo": {"hasNextPage": False, "endCursor": None}, "nodes": [],
        }  # fmt: skip
    assert len(await mine(me)) == 1

    orders = await shop.staff_with(Role.ORDERS, Role.ANALYTICS, Role.CATALOGUE)
    for asker in (orders, shop.visitor, (await customer(shop)).ask):
        answer = await asker(MINE)
        assert (answer.status, answer.codes) == (403, ["FORBIDDEN"])
        assert answer.errors[0]["extensions"]["fields"] == ["Query.myShareLinks"]
    # And a role that reads one's own shares reads no more of the shop than before.
    assert (await me.ask("{ shareLinks(first: 1) { totalCount } }")).codes == ["FORBIDDEN"]


async def test_every_page_is_one_statement(shop: SandboxShop, statements: Counting) -> None:
    me = await kol(shop)
    tokens = [(await me.shares(key=f"{number}"))["token"] for number in range(5)]
    found: list[str] = []
    after: str | None = None
    while True:
        async with statements() as seen:
            page = (await me.ask(MINE, {"first": 2, "after": after}))["myShareLinks"]
        assert len(asked(seen)) == 1
        found += [node["shareLink"]["token"] for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert (found, page["totalCount"]) == (tokens[::-1], 5)
