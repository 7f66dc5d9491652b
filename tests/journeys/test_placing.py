"""Placing orders: stock is held, prices are frozen, and every no is told with its reason."""

import dataclasses
from datetime import timedelta
from uuid import uuid4

import orjson

from models.database import pool
from resolvers.sandbox_shop import KOL_NAME
from tests.conftest import Counting
from tests.harness.asking import Refused
from tests.harness.buying import PLACE, QUOTE, Buyer, buyer, on_sale
from tests.harness.paying import later, settled
from tests.harness.shops import SandboxShop
from tests.journeys.test_sharing import customer, kol

BY_STAFF_ONLY = "query ($id: ID!) { order(id: $id) { channel } }"
PLACING_STATEMENTS_MAX = 8


async def reserved(shop: SandboxShop) -> int:
    """Pieces that orders hold."""
    held: int = await pool().fetchval("select sum(reserved) from stock_level where shop_id = $1", shop.id)
    return held


async def test_an_order_is_placed_at_the_quoted_price_and_holds_its_stock(shop: SandboxShop) -> None:
    small, large = await on_sale(shop, "tee", 5, 5)
    ming = await buyer(shop)

    order = await ming.places((small, 2), (large, 1))

    assert order["status"] == "PENDING_PAYMENT"
    assert order["total"] == {"fen": 5970}
    assert [(line["title"], line["quantity"], line["total"]["fen"]) for line in order["lines"]] == [
        ("tee", 2, 3980),
        ("tee", 1, 1990),
    ]
    assert order["deliveries"][0]["recipient"]["name"] == "王小明"
    levels = await pool().fetch("select reserved, on_hand from stock_level where shop_id = $1 order by id", shop.id)
    assert sorted(tuple(level) for level in levels) == [(1, 5), (2, 5)]
    assert await ming.order(order["id"]) == order
    assert await (await buyer(shop, "小红")).order(order["id"]) is None


async def test_a_quote_explains_itself_and_its_token_buys_exactly_it(shop: SandboxShop) -> None:
    [tee] = await on_sale(shop, "tee", 5)
    ming = await buyer(shop)

    quote = await ming.quotes((tee, 2))

    assert quote["total"] == {"fen": 3980, "amount": "39.80"}
    assert [(line["index"], line["quantity"], line["total"]["fen"]) for line in quote["lines"]] == [(0, 2, 3980)]
    assert quote["priceExplanation"] == [
        {"kind": "FREIGHT", "applied": False, "reason": "NO_FEE", "amount": {"fen": 0}, "missing": None}
    ]
    wish = {"source": {"quoteToken": quote["token"]}, "idempotencyKey": "k"}
    answer = await ming.ask(PLACE, {"input": wish})
    assert answer.refusals == []
    order = answer["orderPlace"]["order"]
    assert (order["total"]["fen"], order["lines"][0]["quantity"]) == (3980, 2)
    assert order["deliveries"][0]["recipient"]["regionText"] == "浙江省 杭州市 西湖区"


async def test_a_quote_token_is_its_customers_and_ends(shop: SandboxShop) -> None:
    [tee] = await on_sale(shop, "tee", 5)
    ming, hong = await buyer(shop), await buyer(shop, "小红")
    token = (await ming.quotes((tee, 1)))["token"]

    async def refusals(person: Buyer, said: str) -> list[Refused]:
        wish = {"source": {"quoteToken": said}, "idempotencyKey": uuid4().hex}
        return (await person.ask(PLACE, {"input": wish})).refusals

    expired = [Refused("QUOTE_EXPIRED", "input.source.quoteToken")]
    assert await refusals(hong, token) == expired
    assert await refusals(ming, f"{token[:-2]}AA") == expired
    assert await refusals(ming, "x" * 70_000) == expired
    await later(shop, timedelta(minutes=31))
    assert await refusals(ming, token) == expired


async def test_a_changed_price_is_refused_with_the_new_quote(shop: SandboxShop) -> None:
    [tee] = await on_sale(shop, "tee", 5)
    ming = await buyer(shop)

    answer = await ming.tries((tee, 1), total=1000)

    assert answer.refusals == [Refused("PRICE_CHANGED", "input.expectedTotal")]
    quote = answer["orderPlace"]["quote"]
    assert (answer["orderPlace"]["order"], quote["total"]["fen"]) == (None, 1990)
    assert (
        await ming.ask(PLACE, {"input": {"source": {"quoteToken": quote["token"]}, "idempotencyKey": "k"}})
    ).refusals == []


async def test_what_is_short_is_told_by_line_and_holds_nothing(shop: SandboxShop) -> None:
    small, large = await on_sale(shop, "tee", 5, 1)
    ming = await buyer(shop)

    answer = await ming.tries((small, 2), (large, 3), total=9950)

    [error] = answer["orderPlace"]["userErrors"]
    assert error == {
        "code": "OUT_OF_STOCK", "field": ["input", "source", "lines", "1"], "message": "库存不足，仅剩 1 件",
        "available": 1,
    }  # fmt: skip
    assert await reserved(shop) == 0
    # The same variant on two lines is counted together.
    twice = await ming.tries((large, 1), (large, 1), total=3980)
    assert twice.refusals == [Refused("OUT_OF_STOCK", "input.source.lines.1")]


async def test_limits_hold_over_orders_and_say_what_is_used(shop: SandboxShop) -> None:
    [tee] = await on_sale(shop, "tee", 50, perPersonLimit=3, perOrderLimit=2)
    ming = await buyer(shop)

    assert (await ming.tries((tee, 3), total=5970)).refusals == [Refused("LIMIT_REACHED", "input.source.lines.0")]
    await ming.places((tee, 2))
    answer = await ming.tries((tee, 2), total=3980)
    [error] = answer["orderPlace"]["userErrors"]
    assert (error["code"], error["limit"], error["used"]) == ("LIMIT_REACHED", 3, 2)
    await ming.places((tee, 1))
    await (await buyer(shop, "小红")).places((tee, 2))


async def test_nobody_holds_more_than_five_unpaid_orders(shop: SandboxShop) -> None:
    [tee] = await on_sale(shop, "tee", 50)
    ming = await buyer(shop)

    for _ in range(5):
        await ming.places((tee, 1))

    [error] = (await ming.tries((tee, 1)))["orderPlace"]["userErrors"]
    assert (error["code"], error["limit"], error["used"]) == ("LIMIT_REACHED", 5, 5)


async def test_one_key_is_one_order_and_no_other(shop: SandboxShop) -> None:
    [tee] = await on_sale(shop, "tee", 50)
    ming = await buyer(shop)

    first, again = [await ming.places((tee, 1), key="one") for _ in range(2)]

    assert first == again
    other = await ming.tries((tee, 2), key="one")
    assert other.refusals == [Refused("IDEMPOTENCY_KEY_REUSED", "input.idempotencyKey")]
    assert await reserved(shop) == 1


async def test_a_refusal_does_not_use_the_key_up(shop: SandboxShop) -> None:
    [tee] = await on_sale(shop, "tee", 1)
    ming = await buyer(shop)

    assert (await ming.tries((tee, 2), total=3980, key="k")).refusals == [
        Refused("OUT_OF_STOCK", "input.source.lines.0")
    ]
    assert (await ming.places((tee, 1), key="k"))["total"]["fen"] == 1990


async def test_visitors_and_the_homeless_are_told_what_is_missing(shop: SandboxShop) -> None:
    [tee] = await on_sale(shop, "tee", 5)
    nobody = await buyer(shop, at_home=False)
    wish = nobody.wish((tee, 1), total=1990)

    assert (await shop.visitor(PLACE, {"input": wish})).refusals == [Refused("LOGIN_REQUIRED", "input")]
    assert (await nobody.ask(PLACE, {"input": wish})).refusals == [Refused("BLANK", "input.delivery.address")]
    somebody = await buyer(shop, "小红")
    borrowed = {"delivery": {"address": {"addressId": somebody.address}}}
    assert (await nobody.tries((tee, 1), total=1990, **borrowed)).refusals == [
        Refused("NOT_FOUND", "input.delivery.address.addressId")
    ]


async def test_whoever_has_no_name_at_all_may_ask_for_a_price(shop: SandboxShop) -> None:
    [tee] = await on_sale(shop, "tee", 5)
    wish = {"source": {"lines": [{"variantId": tee, "quantity": 2}]}}

    answer = await shop.visitor(QUOTE, {"input": wish})

    assert answer["quote"]["userErrors"] == []
    assert answer["quote"]["quote"]["total"]["fen"] == 3980


async def test_drafts_and_strangers_are_not_sold(shop: SandboxShop) -> None:
    [tee] = await on_sale(shop, "tee", 5)
    [draft] = await on_sale(shop, "draft", 5, status="DRAFT")
    ming = await buyer(shop)

    answer = await ming.tries((tee, 1), (draft, 1), ("var_nothing", 1), total=1990)

    assert answer.refusals == [
        Refused("NO_LONGER_SOLD", "input.source.lines.1"),
        Refused("NOT_FOUND", "input.source.lines.2"),
    ]


async def test_what_is_not_counted_is_sold_without_end(shop: SandboxShop) -> None:
    [tee] = await on_sale(shop, "tee", 0, variant={"tracked": False})
    [more] = await on_sale(shop, "more", 1, variant={"inventoryPolicy": "CONTINUE"})
    ming = await buyer(shop)

    order = await ming.places((tee, 7), (more, 3))

    assert order["itemCount"] == 10
    assert await reserved(shop) == 3


async def test_a_list_of_orders_is_ones_own_and_staff_see_all(shop: SandboxShop) -> None:
    [tee] = await on_sale(shop, "tee", 50)
    ming, hong = await buyer(shop), await buyer(shop, "小红")
    mine, hers = await ming.places((tee, 1)), await hong.places((tee, 2))

    viewer = (await ming.ask("{ viewer { orders { nodes { id } } orderCounts { toPay toShip } } }"))["viewer"]
    assert viewer == {"orders": {"nodes": [{"id": mine["id"]}]}, "orderCounts": {"toPay": 1, "toShip": 0}}
    all_ = await shop.staff("{ orders { nodes { id promoter { name } } } }")
    assert [order["id"] for order in all_["orders"]["nodes"]] == [hers["id"], mine["id"]]
    found = await shop.staff("query ($q: String) { orders(query: $q) { nodes { id } } }", {"q": mine["orderNo"]})
    assert [order["id"] for order in found["orders"]["nodes"]] == [mine["id"]]
    by_no = "query ($no: String) { order(no: $no) { id } }"
    assert (await ming.ask(by_no, {"no": hers["orderNo"]}))["order"] is None
    assert (await hong.ask(by_no, {"no": hers["orderNo"]}))["order"] == {"id": hers["id"]}


async def test_a_number_that_another_order_has_is_drawn_again(shop: SandboxShop) -> None:
    [tee] = await on_sale(shop, "tee", 50)
    ming = await buyer(shop)

    first = await ming.places((tee, 1), key="same")
    # With its key forgotten the same wish is a new one, which draws the number that the first has.
    await pool().execute("delete from idempotency_key where shop_id = $1 and key = 'same'", shop.id)
    second = await ming.places((tee, 1), key="same")

    assert first["orderNo"][:6] == second["orderNo"][:6]
    assert first["orderNo"] != second["orderNo"]
    assert await reserved(shop) == 2


async def test_placing_alone_is_eight_statements(shop: SandboxShop, statements: Counting) -> None:
    [tee] = await on_sale(shop, "tee", 50)
    ming = await buyer(shop)
    await ming.places((tee, 1))

    wish = ming.wish((tee, 1), total=1990)
    async with statements() as seen:
        assert (await ming.ask(PLACE, {"input": wish})).refusals == []
    assert len(seen) <= PLACING_STATEMENTS_MAX, seen.sql


async def test_an_order_remembers_what_brought_it(shop: SandboxShop) -> None:
    [tee] = await on_sale(shop, "tee", 5)
    first = await (await kol(shop)).shares(channel="weibo", campaign="618")
    friend = await customer(shop, "小红")
    second = await friend.shares(parentToken=first["token"])
    ming = await buyer(shop)
    visit, visitor_id = str(uuid4()), str(uuid4())
    at_the_shop = dataclasses.replace(ming, ask=ming.ask.also(x_visitor_id=visitor_id, x_visit_id=visit))
    await dataclasses.replace(friend, ask=at_the_shop.ask, visitor=visitor_id).opens(
        visit, shareToken=second["token"], scene=1007
    )
    await settled(shop)

    order = await at_the_shop.places((tee, 1))

    seen = await shop.staff(
        "query ($id: ID!) { order(id: $id) { promoter { name } channel campaign sceneValue priorPaidOrders } }",
        {"id": order["id"]},
    )
    assert seen["order"] == {
        "promoter": {"name": KOL_NAME}, "channel": None, "campaign": None, "sceneValue": 1007, "priorPaidOrders": 0,
    }  # fmt: skip
    row = await pool().fetchrow("select share_chain, share_link_id from orders where shop_id = $1", shop.id)
    assert row
    assert len(orjson.loads(row["share_chain"])) == 2
    assert (await ming.ask(BY_STAFF_ONLY, {"id": order["id"]})).codes == ["FORBIDDEN"]


async def test_an_order_is_found_again_when_its_quote_is_too_old(shop: SandboxShop) -> None:
    [tee] = await on_sale(shop, "tee", 5)
    ming = await buyer(shop)
    token = (await ming.quotes((tee, 1)))["token"]
    wish = {"source": {"quoteToken": token}, "idempotencyKey": "mine"}
    first = await ming.ask(PLACE, {"input": wish})

    await later(shop, timedelta(minutes=31))
    again = await ming.ask(PLACE, {"input": wish})
    another = await ming.ask(PLACE, {"input": wish | {"idempotencyKey": "other"}})

    assert again["orderPlace"]["order"]["id"] == first["orderPlace"]["order"]["id"]
    assert another.refusals == [Refused("QUOTE_EXPIRED", "input.source.quoteToken")]
