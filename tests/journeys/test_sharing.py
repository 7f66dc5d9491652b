"""Sharing: who passes something on is known by its token, and who comes by it is put to their credit, once."""

import asyncio
import dataclasses
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from clock import wall_now
from ids import encode_id, new_id
from models.customer import Customer
from models.staff import Role, Staff
from resolvers.caller import ActorKind
from resolvers.sandbox_shop import KOL_NAME
from resolvers.tokens import Bearer
from tests.harness.asking import Answer, Asker, Refused, credentials
from tests.harness.shops import SandboxShop

SHARE = """
mutation ($input: ShareCreateInput!, $key: String!) {
  shareCreate(input: $input, idempotencyKey: $key) {
    shareLink { id token scene target channel campaign depth product { title } promoter { name } }
    userErrors { code field message }
  }
}"""
TRACK = """
mutation ($visit: ID!, $input: VisitTrackInput!) {
  visitTrack(visitId: $visit, input: $input) { visitId userErrors { code field message } }
}"""
VISITS = """
{ visits(first: 100) { nodes {
    visitId visitorId source isSelfShare counts channel campaign path query scene sceneGroup openGId
    promoter { id name } shareLink { token } } } }"""
PROMOTE = """
mutation ($input: PromoterCreateInput!, $key: String!) {
  promoterCreate(input: $input, idempotencyKey: $key) {
    promoter { id kind name avatarUrl active version } userErrors { code field message }
  }
}"""
CHANGE = """
mutation ($id: ID!, $input: PromoterUpdateInput!) {
  promoterUpdate(id: $id, input: $input) { promoter { name active version } userErrors { code field message } }
}"""


@dataclasses.dataclass(frozen=True)
class Person:
    """Somebody with a phone: the same visitor id for ever, a visit id for each launch."""

    ask: Asker
    visitor: str = dataclasses.field(default_factory=lambda: str(uuid4()))
    customer_id: UUID | None = None

    async def opens(self, visit: str | None = None, **told: Any) -> Answer:
        """Open the shop once and tell how."""
        visit = visit or str(uuid4())
        return await self.ask.also(x_visitor_id=self.visitor)(TRACK, {"visit": visit, "input": told})

    async def shares(self, key: str = "k", **wish: Any) -> Any:
        """Pass something on; the shop unless said."""
        asked = {"target": {"shop": True}, **wish}
        answer = await self.ask.also(x_visitor_id=self.visitor)(SHARE, {"input": asked, "key": key})
        assert answer.refusals == []
        return answer["shareCreate"]["shareLink"]


def visitor(shop: SandboxShop) -> Person:
    return Person(shop.visitor)


async def customer(shop: SandboxShop, name: str = "小明") -> Person:
    row = await Customer.create(id=new_id(), shop_id=shop.id, nickname=name, created_at=wall_now())
    token = shop.tokens.issue(Bearer(ActorKind.CUSTOMER, shop.id, shop.app.appid, row.id, 1), minutes=60)
    return Person(Asker(shop.http, credentials(key=shop.key, token=token)), customer_id=row.id)


async def kol(shop: SandboxShop) -> Person:
    staff = await Staff.get(shop_id=shop.id, name=KOL_NAME)
    return Person(Asker(shop.http, credentials(token=shop.token_of(staff))))


async def visits(http: httpx.AsyncClient, shop: SandboxShop) -> list[dict[str, Any]]:
    assert (await http.post(f"/sandbox/shops/{shop.global_id}/settle")).json()["idle"]
    nodes: list[dict[str, Any]] = (await shop.staff(VISITS))["visits"]["nodes"]
    return nodes


async def only_visit(http: httpx.AsyncClient, shop: SandboxShop) -> dict[str, Any]:
    [visit] = await visits(http, shop)
    return visit


async def test_a_kols_share_is_put_to_their_credit(http: httpx.AsyncClient, shop: SandboxShop) -> None:
    link = await (await kol(shop)).shares(channel="weibo", campaign="618")

    await visitor(shop).opens(shareToken=link["token"])

    visit = await only_visit(http, shop)
    assert (visit["source"], visit["promoter"]["name"], visit["shareLink"]) == (
        "SHARE",
        KOL_NAME,
        {"token": link["token"]},
    )
    assert (visit["channel"], visit["campaign"], visit["isSelfShare"]) == ("weibo", "618", False)


@pytest.mark.parametrize(
    "told",
    [
        lambda token: {"path": f"pages/goods?st={token}"},
        lambda token: {"query": f"id=7&st={token}", "scene": 1007},
        lambda token: {"query": f"scene=t%3D{token}", "scene": 1047},
        lambda token: {"shareToken": f"t={token}"},
    ],
    ids=["path", "query", "code", "scene string"],
)
async def test_a_token_is_found_however_it_comes(http: httpx.AsyncClient, shop: SandboxShop, told: Any) -> None:
    link = await (await kol(shop)).shares()

    await visitor(shop).opens(**told(link["token"]))

    assert (await only_visit(http, shop))["source"] == "SHARE"


async def test_a_customer_shares_and_is_seen_in_the_chain(http: httpx.AsyncClient, shop: SandboxShop) -> None:
    first = await (await kol(shop)).shares()
    friend = await customer(shop)

    second = await friend.shares(parentToken=first["token"])
    third = await friend.shares("k2", parentToken=second["token"])
    lost = await friend.shares("k3", parentToken="nobodyhas1")
    await visitor(shop).opens(shareToken=second["token"])
    visit = await only_visit(http, shop)

    assert [link["depth"] for link in (first, second, third, lost)] == [0, 1, 1, 0]
    assert second["promoter"] is None
    read = await shop.staff(
        "query ($token: String!) { shareLink(token: $token) { parent { token } visits(first: 1) { totalCount } } }",
        {"token": second["token"]},
    )
    assert read["shareLink"] == {"parent": {"token": first["token"]}, "visits": {"totalCount": 1}}
    assert (visit["source"], visit["promoter"]) == ("SHARE", None)


async def test_a_customer_who_is_a_promoter_shares_in_that_name(shop: SandboxShop) -> None:
    friend = await customer(shop, "阿珍")
    assert friend.customer_id
    wish = {"kind": "CUSTOMER", "name": "珍姐", "customerId": encode_id("cus", friend.customer_id)}
    assert (await shop.staff(PROMOTE, {"input": wish, "key": "p"})).refusals == []

    link = await friend.shares()

    assert link["promoter"] == {"name": "珍姐"}


async def test_a_visitor_must_log_in_to_share(shop: SandboxShop) -> None:
    answer = await visitor(shop).ask.also(x_visitor_id=str(uuid4()))(
        SHARE, {"input": {"target": {"shop": True}}, "key": "k"}
    )

    assert answer.refusals == [Refused("LOGIN_REQUIRED")]
    assert answer["shareCreate"]["shareLink"] is None


async def test_opening_ones_own_share_counts_for_nobody(http: httpx.AsyncClient, shop: SandboxShop) -> None:
    friend = await customer(shop)
    link = await friend.shares()

    await friend.opens(shareToken=link["token"], campaign="618")
    await dataclasses.replace(friend, ask=shop.visitor).opens(shareToken=link["token"])

    by_login, by_device = sorted(await visits(http, shop), key=lambda visit: visit["source"])
    assert (by_login["source"], by_login["campaign"], by_login["isSelfShare"]) == ("CAMPAIGN", "618", True)
    assert (by_device["source"], by_device["isSelfShare"]) == ("DIRECT", True)


async def test_who_logs_in_during_the_visit_is_found_out(http: httpx.AsyncClient, shop: SandboxShop) -> None:
    friend = await customer(shop)
    link = await friend.shares()
    elsewhere, launch = Person(shop.visitor), str(uuid4())

    await elsewhere.opens(launch, shareToken=link["token"])
    assert (await only_visit(http, shop))["source"] == "SHARE"
    await friend.ask.also(x_visitor_id=elsewhere.visitor, x_visit_id=launch)("{ __typename }")

    visit = await only_visit(http, shop)
    assert (visit["source"], visit["isSelfShare"]) == ("DIRECT", True)


async def test_what_was_told_first_stays_and_what_was_missing_is_added(
    http: httpx.AsyncClient, shop: SandboxShop
) -> None:
    links = [await (await kol(shop)).shares(f"k{number}") for number in range(2)]
    somebody, launch = visitor(shop), str(uuid4())

    await somebody.opens(launch, scene=1047)
    await visits(http, shop)
    await somebody.opens(launch, scene=1001, shareToken=links[0]["token"])
    await somebody.opens(launch, shareToken=links[1]["token"], openGId="tGroup")

    visit = await only_visit(http, shop)
    assert (visit["scene"], visit["sceneGroup"], visit["openGId"]) == (1047, "CODE", "tGroup")
    assert (visit["source"], visit["shareLink"]) == ("SHARE", {"token": links[0]["token"]})


async def test_nobody_else_completes_a_visit(http: httpx.AsyncClient, shop: SandboxShop) -> None:
    launch = str(uuid4())
    await visitor(shop).opens(launch, scene=1001)
    await visits(http, shop)

    await visitor(shop).opens(launch, path="pages/stolen")

    assert (await only_visit(http, shop))["path"] is None


async def test_an_expired_link_brings_no_credit(http: httpx.AsyncClient, shop: SandboxShop) -> None:
    now = datetime.fromisoformat((await shop.visitor("{ __typename }")).extensions["now"])
    link = await (await kol(shop)).shares(expiresAt=(now + timedelta(hours=1)).isoformat())
    await visitor(shop).opens(shareToken=link["token"])

    await http.post(f"/sandbox/shops/{shop.global_id}/clock", json={"by": "PT2H"})
    await visitor(shop).opens(shareToken=link["token"])

    assert sorted(visit["source"] for visit in await visits(http, shop)) == ["DIRECT", "SHARE"]


async def test_who_no_longer_promotes_brings_nobody_and_shares_no_more(
    http: httpx.AsyncClient, shop: SandboxShop
) -> None:
    famous = await kol(shop)
    link = await famous.shares()
    [promoter] = (await shop.staff("{ promoters(first: 5) { nodes { id version } } }"))["promoters"]["nodes"]
    stop = {"id": promoter["id"], "input": {"active": False, "version": promoter["version"]}}
    assert (await shop.staff(CHANGE, stop))["promoterUpdate"]["promoter"] == {
        "name": KOL_NAME,
        "active": False,
        "version": 2,
    }

    await visitor(shop).opens(shareToken=link["token"])
    again = await famous.ask(SHARE, {"input": {"target": {"shop": True}}, "key": "k2"})

    assert (await only_visit(http, shop))["promoter"] is None
    assert again.refusals == [Refused("NOT_ALLOWED")]


async def test_crawlers_and_test_builds_count_nothing(http: httpx.AsyncClient, shop: SandboxShop) -> None:
    crawler = Person(shop.visitor.also(user_agent="Mozilla/5.0 (compatible; Baiduspider/2.0)"))
    await crawler.opens()
    await crawler.ask.also(x_visitor_id=str(uuid4()), x_visit_id=str(uuid4()))("{ __typename }")
    await visitor(shop).opens(scene=1129)

    visit = await only_visit(http, shop)
    assert (visit["scene"], visit["counts"]) == (1129, False)


async def test_what_a_query_says_of_a_person_is_not_kept(http: httpx.AsyncClient, shop: SandboxShop) -> None:
    await visitor(shop).opens(path="pages/bind?code=0a3Xy&phone=13800138000&utm_source=poster")

    visit = await only_visit(http, shop)
    assert (visit["path"], visit["query"]) == ("pages/bind", "code=***&phone=***&utm_source=poster")
    assert (visit["source"], visit["channel"]) == ("CAMPAIGN", "poster")


async def test_another_shops_token_means_nothing(
    http: httpx.AsyncClient, shop: SandboxShop, other_shop: SandboxShop
) -> None:
    link = await (await kol(other_shop)).shares()

    await visitor(shop).opens(shareToken=link["token"])

    visit = await only_visit(http, shop)
    assert (visit["source"], visit["shareLink"]) == ("DIRECT", None)
    assert await visits(http, other_shop) == []
    assert (await shop.visitor("query ($t: String!) { shareLink(token: $t) { id } }", {"t": link["token"]}))[
        "shareLink"
    ] is None


async def test_twenty_taps_on_share_make_one_link(shop: SandboxShop) -> None:
    friend = await customer(shop)

    links = await asyncio.gather(*(friend.shares("tap") for _ in range(20)))

    assert len({link["token"] for link in links}) == 1
    assert (await shop.staff("{ shareLinks(first: 5) { totalCount } }"))["shareLinks"]["totalCount"] == 1


async def test_analysts_read_visits_and_links_and_nobody_else_does(http: httpx.AsyncClient, shop: SandboxShop) -> None:
    link = await (await kol(shop)).shares()
    await visitor(shop).opens(shareToken=link["token"])
    await visits(http, shop)
    document = (
        "{ visits(first: 5) { totalCount } shareLinks(first: 5) { nodes { token visits(first: 1) { totalCount } } } }"
    )

    read = (await (await shop.staff_with(Role.ANALYTICS))(document)).data
    others = [await asker(document) for asker in (shop.visitor, await shop.staff_with(Role.CATALOGUE, Role.KOL))]

    assert read == {
        "visits": {"totalCount": 1},
        "shareLinks": {"nodes": [{"token": link["token"], "visits": {"totalCount": 1}}]},
    }
    assert [answer.codes for answer in others] == [["FORBIDDEN"], ["FORBIDDEN"]]


async def test_only_the_owner_names_promoters_and_each_once(shop: SandboxShop) -> None:
    [staff] = [member for member in await Staff.filter(shop_id=shop.id) if member.name == KOL_NAME]
    wish = {"kind": "KOL", "name": "又一次", "staffId": encode_id("stf", staff.id)}

    refused = await shop.staff(PROMOTE, {"input": wish, "key": "p"})
    forbidden = await (await shop.staff_with(Role.ANALYTICS))(PROMOTE, {"input": wish, "key": "p"})

    assert refused.refusals == [Refused("TAKEN", "input.staffId")]
    assert forbidden.codes == ["FORBIDDEN"]


async def test_staff_share_for_the_shop_or_in_a_promoters_name_and_kols_in_theirs_only(shop: SandboxShop) -> None:
    partner = {"kind": "PARTNER", "name": "花店", "avatarUrl": "https://img.example/flower.png"}
    made = (await shop.staff(PROMOTE, {"input": partner, "key": "p"}))["promoterCreate"]["promoter"]
    boss = Person(shop.staff)

    own = await boss.shares("a", channel="poster")
    in_name = await boss.shares("b", promoterId=made["id"])
    stolen = await (await kol(shop)).ask(
        SHARE, {"input": {"target": {"shop": True}, "promoterId": made["id"]}, "key": "c"}
    )

    assert (own["promoter"], in_name["promoter"]) == (None, {"name": "花店"})
    assert stolen.refusals == [Refused("NOT_ALLOWED", "input.promoterId")]


@pytest.mark.parametrize(
    ("wish", "refused"),
    [
        ({"target": {"productId": "prd_" + "0" * 32}}, Refused("NOT_FOUND", "input.target")),
        ({"target": {"collectionId": "nonsense"}}, Refused("NOT_FOUND", "input.target")),
        ({"target": {"pageId": "nonsense", "shop": None}}, Refused("NOT_FOUND", "input.target")),
        ({"target": {}}, Refused("INVALID", "input.target")),
        ({"target": {"shop": False}}, Refused("INVALID", "input.target")),
        ({"target": {"shop": True, "productId": "nonsense"}}, Refused("INVALID", "input.target")),
        ({"channel": "x" * 65}, Refused("TOO_LONG", "input.channel")),
        ({"expiresAt": "2020-01-01T00:00:00Z"}, Refused("OUT_OF_RANGE", "input.expiresAt")),
        ({"promoterId": "pro_" + "0" * 32}, Refused("NOT_FOUND", "input.promoterId")),
    ],
)
async def test_what_cannot_be_shared_is_refused(shop: SandboxShop, wish: dict[str, Any], refused: Refused) -> None:
    answer = await shop.staff(SHARE, {"input": {"target": {"shop": True}, **wish}, "key": "k"})

    assert answer.refusals == [refused]


async def test_what_cannot_be_told_of_a_visit_is_refused(shop: SandboxShop) -> None:
    ask = shop.visitor.also(x_visitor_id=str(uuid4()))

    no_uuid = await ask(TRACK, {"visit": "today", "input": {}})
    nobody = await shop.visitor(TRACK, {"visit": str(uuid4()), "input": {}})
    staff = await shop.staff.also(x_visitor_id=str(uuid4()))(TRACK, {"visit": str(uuid4()), "input": {}})
    wrong = await ask(TRACK, {"visit": str(uuid4()), "input": {"scene": 0, "path": "x" * 1025, "platform": "x" * 33}})

    assert no_uuid.refusals == [Refused("INVALID", "visitId")]
    assert (nobody.refusals, staff.refusals) == ([Refused("INVALID")], [Refused("NOT_ALLOWED")])
    assert wrong.refusals == [
        Refused("TOO_LONG", "input.path"),
        Refused("OUT_OF_RANGE", "input.scene"),
        Refused("TOO_LONG", "input.platform"),
    ]
