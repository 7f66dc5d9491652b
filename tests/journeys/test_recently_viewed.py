"""What somebody looked at lately: a device's until somebody logs in on it, then theirs on every device."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import uuid4

from clock import wall_now
from models.database import pool
from resolvers.viewed_product import KEPT, KEPT_MOST, reap_views, settle_views
from settings import Settings
from tests.harness.asking import Asker
from tests.harness.phones import Phone, phone_in_another_app, phone_of
from tests.harness.shops import SandboxShop
from tests.journeys.test_pages import goods
from tests.journeys.test_search import goods as named
from tests.journeys.test_search import save
from tests.journeys.test_sharing import SHARE

LOOK: Final = "query ($handle: Handle) { product(handle: $handle) { title } }"
LOOK_BY_ID: Final = "query ($id: ID) { product(id: $id) { title } }"
LAND: Final = "query ($at: LandingInput) { landing(input: $at) { target { __typename } } }"
SEEN: Final = "{ recentlyViewed(first: 100) { handle } viewer { recentlyViewed(first: 100) { handle } } }"
UNPUBLISH: Final = "mutation ($ids: [ID!]!) { productsUnpublish(ids: $ids) { userErrors { code } } }"


@dataclass(frozen=True, slots=True)
class Looker:
    """Somebody who looks around."""

    ask: Asker

    async def look(self, *handles: str) -> None:
        """Open the pages of products, one after the other, and see them remembered."""
        for handle in handles:
            assert (await self.ask(LOOK, {"handle": handle})).errors == []
        await settle_views()

    async def seen(self) -> list[str]:
        """Their list; a customer's is the same under `viewer`."""
        answer = await self.ask(SEEN)
        found = [one["handle"] for one in answer["recentlyViewed"]]
        if answer["viewer"]:
            assert [one["handle"] for one in answer["viewer"]["recentlyViewed"]] == found
        return found


def device(shop: SandboxShop) -> Looker:
    return Looker(shop.visitor.also(x_visitor_id=str(uuid4())))


async def logged_in(phone: Phone) -> Looker:
    return Looker(await phone.logged_in())


def somebody(shop: SandboxShop) -> Phone:
    return phone_of(shop, f"u{secrets.token_hex(8)}")


async def rows(shop: SandboxShop) -> Sequence[Any]:
    found: Sequence[Any] = await pool().fetch("select * from viewed_product where shop_id = $1", shop.id)
    return found


async def test_a_device_finds_what_it_opened_last_first_and_each_once(shop: SandboxShop) -> None:
    await goods(shop, "a", "b", "c", "draft")
    me, other = device(shop), device(shop)

    await me.look("a", "b", "c", "a", "draft", "nowhere")
    await other.look("c")

    assert await me.seen() == ["a", "c", "b"]
    assert await other.seen() == ["c"]
    assert await device(shop).seen() == await Looker(shop.visitor).seen() == []


async def test_a_look_is_a_product_or_a_landing_that_was_asked_for_whatever_named_it(shop: SandboxShop) -> None:
    ids = await goods(shop, "a", "b", "c", "d", "e", "f")
    links = {}
    for handle in ("c", "d"):
        answer = await shop.staff(SHARE, {"input": {"target": {"productId": ids[handle]}}, "key": handle})
        assert answer.refusals == []
        links[handle] = answer["shareCreate"]["shareLink"]["token"]
    me = device(shop)

    await me.ask(LOOK_BY_ID, {"id": ids["a"]})
    for at in (
        {"productHandle": "b"},
        {"scene": f"t%3D{links['c']}"},
        {"shareToken": links["d"]},
        {"productId": ids["e"], "shareToken": links["d"]},
        {"collectionHandle": "a"},
        {},
    ):
        await me.ask(LAND, {"at": at})
    await me.ask("{ products { nodes { handle } } node: nodes(ids: []) { id } }")
    await me.ask(LOOK_BY_ID, {"id": "nonsense"})
    await me.ask('query ($no: Boolean!) { product(handle: "f") @include(if: $no) { title } }', {"no": False})
    await settle_views()

    assert await me.seen() == ["e", "d", "c", "b", "a"]


async def test_staff_crawlers_and_the_nameless_leave_nothing(shop: SandboxShop) -> None:
    await goods(shop, "a")
    crawler = shop.visitor.also(x_visitor_id=str(uuid4()), user_agent="Mozilla/5.0 (compatible; mpcrawler)")

    for asker in (shop.staff.also(x_visitor_id=str(uuid4())), shop.visitor, crawler):
        await Looker(asker).look("a")

    assert await rows(shop) == []


async def test_what_is_off_sale_is_left_out_and_what_goes_takes_its_looks_along(shop: SandboxShop) -> None:
    ids = await goods(shop, "a", "b")
    me = device(shop)
    await me.look("a", "b")

    assert (await shop.staff(UNPUBLISH, {"ids": [ids["b"]]})).refusals == []

    assert await me.seen() == ["a"]
    assert len(await rows(shop)) == 2
    await pool().execute("delete from product where shop_id = $1", shop.id)
    assert await rows(shop) == []


async def test_a_login_takes_over_what_the_device_saw_and_what_comes_later_is_the_customers(shop: SandboxShop) -> None:
    await goods(shop, "a", "b", "c", "d")
    phone = somebody(shop)
    before = Looker(phone.visitor)
    await before.look("a", "b")
    # Not written yet when the login is.
    await before.ask(LOOK, {"handle": "c"})
    me = await logged_in(phone)
    await me.look("a")

    assert await me.seen() == ["a", "c", "b"]
    assert await before.seen() == []
    again = Phone(shop, phone.user, phone.key, phone.appid)
    await Looker(again.visitor).look("b", "d")
    elsewhere = await logged_in(again)
    assert await elsewhere.seen() == await me.seen() == ["d", "b", "a", "c"]
    await before.look("d")
    assert (await before.seen(), await me.seen()) == (["d"], ["d", "b", "a", "c"])


async def test_who_turns_out_to_be_one_person_has_one_list(shop: SandboxShop, settings: Settings) -> None:
    await goods(shop, "a", "b", "c")
    first = somebody(shop)
    second = await phone_in_another_app(first, settings, f"wx{secrets.token_hex(8)}")
    await first.door("/apps", openAccount="mine")
    await second.door("/apps", openAccount=None)
    older, younger = await logged_in(first), await logged_in(second)
    await older.look("a", "b")
    await younger.look("c", "a")
    assert (await older.seen(), await younger.seen()) == (["b", "a"], ["a", "c"])

    await second.door("/apps", openAccount="mine")
    merged = await logged_in(second)

    assert await merged.seen() == await older.seen() == ["a", "c", "b"]
    assert len({row["customer_id"] for row in await rows(shop)}) == 1


async def test_a_list_holds_a_hundred_and_nothing_older_than_half_a_year(shop: SandboxShop) -> None:
    handles = [f"p{number}" for number in range(KEPT_MOST + 5)]
    await save(shop, *(named(handle, handle) for handle in handles))
    me, other = device(shop), device(shop)

    await other.look(handles[0])
    await me.look(*handles[:90])
    await me.look(*handles[90:])

    assert await me.seen() == handles[:4:-1]
    assert await other.seen() == handles[:1]
    old = "update viewed_product set viewed_at = $2 where shop_id = $1 and visitor_id = (select visitor_id from"
    old += " viewed_product where shop_id = $1 group by 1 having count(*) = 1)"
    await pool().execute(old, shop.id, wall_now() - KEPT - timedelta(minutes=1))
    assert await reap_views(wall_now()) >= 1
    assert (len(await me.seen()), await other.seen()) == (KEPT_MOST, [])
