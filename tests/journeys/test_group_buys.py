"""Group-buys as staff run them: prepared, published, changed and ended, and when shoppers' pages grow old by it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from clock import wall_now as to_the_microsecond
from ids import decode_id
from models.database import pool
from models.staff import Role
from resolvers.offer_window import announce_due_offers, next_offer_edge
from tests.harness.asking import Answer, Refused
from tests.harness.buying import on_sale
from tests.harness.shops import SandboxShop

DAY = timedelta(days=1)
OFFER = """id title status nextStates startsAt endsAt minSize maxSize tiers { size price { fen } } teamHours
  variants { variant { id } price { fen } tiers { size price { fen } } leaderPrice { fen } stock taken }
  perPersonLimit perOrderLimit leaderAdvantage newCustomersOnly joinBy latePayment virtualFillPercent version"""
_ERRORS = "userErrors { code field message ... on StockUserError { available } ... on ConflictUserError { version } }"
CREATE = f"""
mutation ($input: GroupBuyCreateInput!, $key: String!) {{
  groupBuyCreate(input: $input, idempotencyKey: $key) {{ groupBuy {{ {OFFER} }} {_ERRORS} }}
}}"""
UPDATE = f"""
mutation ($id: ID!, $input: GroupBuyUpdateInput!) {{
  groupBuyUpdate(id: $id, input: $input) {{ groupBuy {{ {OFFER} }} {_ERRORS} }}
}}"""
PUBLISH = f"""
mutation ($id: ID!, $version: Int) {{
  groupBuyPublish(id: $id, version: $version) {{ groupBuy {{ {OFFER} }} {_ERRORS} }}
}}"""
END = f"""
mutation ($id: ID!, $version: Int) {{
  groupBuyEnd(id: $id, version: $version) {{ groupBuy {{ {OFFER} }} {_ERRORS} }}
}}"""
LOOK = "query ($id: ID!) { groupBuy(id: $id) { title status } }"
PRODUCT_OF = "select product_id from variant where id = $1"


def wall_now() -> datetime:
    """Now, as exactly as answers tell moments."""
    return to_the_microsecond().replace(microsecond=0)


async def product_of(variant: str) -> str:
    product: UUID = await pool().fetchval(PRODUCT_OF, inside(variant))
    return f"prd_{product.hex}"


def inside(global_id: str) -> UUID:
    found = decode_id(global_id[:3], global_id)
    assert found
    return found


async def wish(variant: str, *more: str, **changes: Any) -> dict[str, Any]:
    """Return the input of a team of two for 30 yuan, open from an hour ago for a week."""
    now = wall_now()
    return {
        "productId": await product_of(variant), "title": "两人拼", "startsAt": (now - DAY / 24).isoformat(),
        "endsAt": (now + 7 * DAY).isoformat(), "tierSizes": [2], "teamHours": 24,
        "variants": [{"variantId": one, "prices": [{"fen": 3000}]} for one in (variant, *more)], **changes,
    }  # fmt: skip


async def makes(shop: SandboxShop, variant: str, key: str = "k", **changes: Any) -> Answer:
    return await shop.staff(CREATE, {"input": await wish(variant, **changes), "key": key})


async def made(shop: SandboxShop, variant: str, key: str = "k", **changes: Any) -> Any:
    answer = await makes(shop, variant, key, **changes)
    assert answer.refusals == []
    return answer["groupBuyCreate"]["groupBuy"]


async def published(shop: SandboxShop, variant: str, key: str = "k", **changes: Any) -> Any:
    offer = await made(shop, variant, key, **changes)
    answer = await shop.staff(PUBLISH, {"id": offer["id"]})
    assert answer.refusals == []
    return answer["groupBuyPublish"]["groupBuy"]


async def changes(shop: SandboxShop, offer: Mapping[str, Any], **input: Any) -> Answer:  # noqa: A002 - as in the schema
    return await shop.staff(UPDATE, {"id": offer["id"], "input": input})


async def told(shop: SandboxShop) -> list[tuple[str, bool]]:
    """What the world heard of the shop's group-buys: status, and whether it is open."""
    rows = await pool().fetch(
        "select payload ->> 'status' as status, (payload ->> 'isOpen')::boolean as open from outbox_event"
        " where shop_id = $1 and topic = 'group_buy.changed' order by sequence",
        shop.id,
    )
    return [(row["status"], row["open"]) for row in rows]


async def catalogue_version(shop: SandboxShop) -> int:
    found: int = await pool().fetchval("select catalogue_version from shop where id = $1", shop.id)
    return found


async def test_a_group_buy_comes_back_as_it_was_written(shop: SandboxShop) -> None:
    [tea] = await on_sale(shop, "tea", 10, fen=5000)
    starts, ends = wall_now() + DAY, wall_now() + 2 * DAY

    offer = await made(
        shop, tea, title="阶梯拼", startsAt=starts.isoformat(), endsAt=ends.isoformat(), tierSizes=[2, 5], maxSize=8,
        variants=[{"variantId": tea, "prices": [{"fen": 3000}, {"fen": 2500}], "leaderPrice": {"fen": 2000},
                   "stock": 40}],
        teamHours=48, perPersonLimit=3, perOrderLimit=2, leaderAdvantage="PRICE", newCustomersOnly=True,
        joinBy="SHARE", latePayment="NEW_TEAM", virtualFillPercent=60,
    )  # fmt: skip

    tiers = [{"size": 2, "price": {"fen": 3000}}, {"size": 5, "price": {"fen": 2500}}]
    assert (datetime.fromisoformat(offer.pop("startsAt")), datetime.fromisoformat(offer.pop("endsAt"))) == (
        starts, ends,
    )  # fmt: skip
    assert offer == {
        "id": offer["id"], "title": "阶梯拼", "status": "DRAFT", "nextStates": ["ENDED", "PUBLISHED"], "minSize": 2,
        "maxSize": 8, "tiers": tiers, "teamHours": 48, "perPersonLimit": 3, "perOrderLimit": 2,
        "variants": [{"variant": {"id": tea}, "price": {"fen": 3000}, "tiers": tiers, "leaderPrice": {"fen": 2000},
                      "stock": 40, "taken": 0}],
        "leaderAdvantage": "PRICE", "newCustomersOnly": True, "joinBy": "SHARE", "latePayment": "NEW_TEAM",
        "virtualFillPercent": 60, "version": 1,
    }  # fmt: skip


async def test_what_is_left_out_has_its_default_and_no_virtual_seats(shop: SandboxShop) -> None:
    [tea] = await on_sale(shop, "tea", 10, fen=5000)

    offer = await made(shop, tea, tierSizes=[3])

    names = ("minSize", "maxSize", "perPersonLimit", "perOrderLimit", "leaderAdvantage", "newCustomersOnly", "joinBy",
             "latePayment", "virtualFillPercent")  # fmt: skip
    assert [offer[name] for name in names] == [3, 3, None, None, "NONE", False, "LIST", "REFUND", None]
    assert (offer["variants"][0]["stock"], offer["variants"][0]["leaderPrice"]) == (None, None)


async def test_from_draft_to_end_as_the_public_sees_it(shop: SandboxShop) -> None:
    [tea] = await on_sale(shop, "tea", 10, fen=5000)
    draft = await made(shop, tea)
    before = await catalogue_version(shop)

    async def seen() -> Any:
        return (await shop.visitor(LOOK, {"id": draft["id"]}))["groupBuy"]

    hidden = await seen()
    first, again = [await shop.staff(PUBLISH, {"id": draft["id"], "version": 1}) for _ in range(2)]
    shown = await seen()
    over = [await shop.staff(END, {"id": draft["id"], "version": 2}) for _ in range(2)]

    assert (hidden, shown) == (None, {"title": "两人拼", "status": "PUBLISHED"})
    assert (await seen()) is None
    for answer, root, state in ((first, "groupBuyPublish", "PUBLISHED"), (again, "groupBuyPublish", "PUBLISHED"),
                                (over[0], "groupBuyEnd", "ENDED"), (over[1], "groupBuyEnd", "ENDED")):  # fmt: skip
        assert answer.refusals == []
        assert answer[root]["groupBuy"]["status"] == state
    assert over[1]["groupBuyEnd"]["groupBuy"]["version"] == 3
    assert await told(shop) == [("DRAFT", False), ("PUBLISHED", True), ("ENDED", False)]
    assert await catalogue_version(shop) == before + 2


async def test_what_has_ended_stays_so(shop: SandboxShop) -> None:
    [tea] = await on_sale(shop, "tea", 10, fen=5000)
    offer = await made(shop, tea)
    await shop.staff(END, {"id": offer["id"]})

    assert (await shop.staff(PUBLISH, {"id": offer["id"]})).refusals == [Refused("NOT_ALLOWED", "id")]
    assert (await changes(shop, offer, title="再来")).refusals == [Refused("NOT_ALLOWED", "id")]


async def test_the_same_wish_makes_one_group_buy(shop: SandboxShop) -> None:
    [tea] = await on_sale(shop, "tea", 10, fen=5000)
    input_ = await wish(tea)

    ids = [(await shop.staff(CREATE, {"input": input_, "key": "k"}))["groupBuyCreate"]["groupBuy"] for _ in range(2)]

    assert ids[0] == ids[1]


async def test_a_draft_changes_in_all_its_parts(shop: SandboxShop) -> None:
    tea, cup = [(await on_sale(shop, name, 10, fen=5000))[0] for name in ("tea", "cup")]
    offer = await made(shop, tea, perPersonLimit=3)

    answer = await changes(
        shop, offer, version=1, productId=await product_of(cup), tierSizes=[3, 4], perPersonLimit=None,
        variants=[{"variantId": cup, "prices": [{"fen": 4000}, {"fen": 100}], "stock": 5}],
    )  # fmt: skip
    late = await changes(shop, offer, version=1, title="晚了")

    changed = answer["groupBuyUpdate"]["groupBuy"]
    assert [one["variant"]["id"] for one in changed["variants"]] == [cup]
    assert (changed["title"], changed["maxSize"], changed["perPersonLimit"], changed["version"]) == (
        "两人拼",
        4,
        None,
        2,
    )
    assert late.refusals == [Refused("CONFLICT", "input.version")]
    assert late["groupBuyUpdate"]["userErrors"][0]["version"] == 2


async def test_leaders_lose_their_price_with_the_advantage(shop: SandboxShop) -> None:
    [tea] = await on_sale(shop, "tea", 10, fen=5000)
    variants = [{"variantId": tea, "prices": [{"fen": 3000}], "leaderPrice": {"fen": 2000}}]
    offer = await made(shop, tea, leaderAdvantage="PRICE", variants=variants)

    changed = (await changes(shop, offer, leaderAdvantage="FREE"))["groupBuyUpdate"]["groupBuy"]
    back = await changes(shop, offer, leaderAdvantage="PRICE")

    assert (changed["leaderAdvantage"], changed["variants"][0]["leaderPrice"]) == ("FREE", None)
    assert back.refusals == [Refused("BLANK", "input.variants")]


async def test_once_published_prices_change_and_the_shape_stays(shop: SandboxShop) -> None:
    tea, other = (await on_sale(shop, "tea", 10, 10, fen=5000))[:2]
    [cup] = await on_sale(shop, "cup", 10, fen=5000)
    offer = await published(shop, tea, tierSizes=[2, 5], maxSize=8,
                            variants=[{"variantId": tea, "prices": [{"fen": 3000}, {"fen": 2500}]}])  # fmt: skip
    cheaper = {"variantId": tea, "prices": [{"fen": 2900}, {"fen": 2400}], "stock": 9}
    more = {"variantId": other, "prices": [{"fen": 2900}, {"fen": 2400}]}

    same = await changes(shop, offer, tierSizes=[2, 5], productId=await product_of(tea), variants=[cheaper, more])
    shape = await changes(shop, offer, tierSizes=[2, 6], maxSize=9, productId=await product_of(cup))
    gone = await changes(shop, offer, variants=[more])

    assert same.refusals == []
    changed = same["groupBuyUpdate"]["groupBuy"]
    assert [one["price"]["fen"] for one in changed["variants"]] == [2900, 2900]
    assert (changed["maxSize"], changed["variants"][0]["stock"]) == (8, 9)
    assert shape.refusals == [
        Refused("NOT_ALLOWED", "input.productId"), Refused("NOT_ALLOWED", "input.tierSizes"),
        Refused("NOT_ALLOWED", "input.maxSize"), Refused("INVALID", "input.variants"),
    ]  # fmt: skip
    assert gone.refusals == [Refused("NOT_ALLOWED", "input.variants")]


async def test_stock_is_never_below_what_is_taken(shop: SandboxShop) -> None:
    [tea] = await on_sale(shop, "tea", 10, fen=5000)
    offer = await published(shop, tea, variants=[{"variantId": tea, "prices": [{"fen": 3000}], "stock": 10}])
    await pool().execute("update group_buy_variant set taken = 6 where group_buy_id = $1", inside(offer["id"]))

    async def stocked(stock: int | None) -> Answer:
        return await changes(shop, offer, variants=[{"variantId": tea, "prices": [{"fen": 3000}], "stock": stock}])

    refused = await stocked(5)

    assert refused.refusals == [Refused("OUT_OF_STOCK", "input.variants.0.stock")]
    assert refused["groupBuyUpdate"]["userErrors"][0]["available"] == 4
    for stock in (6, None):
        [variant] = (await stocked(stock))["groupBuyUpdate"]["groupBuy"]["variants"]
        assert (variant["stock"], variant["taken"]) == (stock, 6)


async def test_a_product_is_in_one_group_buy_at_a_time(shop: SandboxShop) -> None:
    [tea] = await on_sale(shop, "tea", 10, fen=5000)
    now = wall_now()
    first = await published(shop, tea, "1")
    rival = await made(shop, tea, "2")
    later = await published(shop, tea, "3", startsAt=first["endsAt"], endsAt=(now + 9 * DAY).isoformat())

    assert (await shop.staff(PUBLISH, {"id": rival["id"]})).refusals == [Refused("TAKEN", "id")]
    early = await changes(shop, later, startsAt=(now + 6 * DAY).isoformat())
    assert early.refusals == [Refused("TAKEN", "input.startsAt")]
    await shop.staff(END, {"id": first["id"]})
    assert (await shop.staff(PUBLISH, {"id": rival["id"]})).refusals == []


async def test_what_shops_say_at_edges_of_windows(shop: SandboxShop) -> None:
    [tea] = await on_sale(shop, "tea", 10, fen=5000)
    start, end = wall_now() + DAY, wall_now() + 2 * DAY
    await published(shop, tea, startsAt=start.isoformat(), endsAt=end.isoformat())
    before = await catalogue_version(shop)

    edges = [await next_offer_edge(shop.id, wall_now()), await next_offer_edge(shop.id, start)]
    found = [await announce_due_offers(at, shop.id) for at in (start - DAY / 2, start, start, end, end + DAY)]

    assert edges == [start, None]
    assert found == [0, 1, 0, 1, 0]
    assert await told(shop) == [("DRAFT", False), ("PUBLISHED", False), ("PUBLISHED", True), ("PUBLISHED", False)]
    assert await catalogue_version(shop) == before + 2


async def test_staff_who_keep_the_catalogue_run_group_buys(shop: SandboxShop) -> None:
    [tea] = await on_sale(shop, "tea", 10, fen=5000)
    offer, input_ = await made(shop, tea), await wish(tea)

    for stranger in (shop.visitor, await shop.staff_with(Role.ORDERS)):
        assert (await stranger(CREATE, {"input": input_, "key": "x"})).codes == ["FORBIDDEN"]
        assert (await stranger(UPDATE, {"id": offer["id"], "input": {}})).codes == ["FORBIDDEN"]
        for document in (PUBLISH, END):
            assert (await stranger(document, {"id": offer["id"]})).codes == ["FORBIDDEN"]
    keeper = await shop.staff_with(Role.CATALOGUE)
    assert (await keeper(PUBLISH, {"id": offer["id"]})).refusals == []


async def test_a_product_that_was_ever_in_a_group_buy_stays(shop: SandboxShop) -> None:
    [tea] = await on_sale(shop, "tea", 10, fen=5000)
    await made(shop, tea)

    answer = await shop.staff(
        "mutation ($id: ID!) { productDelete(id: $id) { deletedProductId userErrors { code field message } } }",
        {"id": await product_of(tea)},
    )

    assert answer.refusals == [Refused("IN_USE", "id")]
