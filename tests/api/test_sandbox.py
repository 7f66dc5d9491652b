"""The testers' door: shops to throw away, clocks that stop at every deadline, tokens, and settling without sleeping."""

from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

import httpx
import pytest

import api.sandbox
from api.sandbox_input import BODY_BYTES_MAX, SEED_MAX
from ids import decode_id, encode_id, new_id
from models.database import pool
from models.shop import ShopMode
from resolvers import outbox_delivery
from resolvers.check import INVARIANTS
from resolvers.outbox import Event
from resolvers.product import product_create, products_publish
from resolvers.shop import create_shop
from tests.harness.asking import Asker, credentials
from tests.harness.shops import OpenedShop, SandboxShop
from tests.resolvers.drafts import tee
from worker import WAITING

HOUR = timedelta(hours=1)

_TABLES = """
select table_name from information_schema.columns
where table_schema = 'public' and column_name = 'shop_id' order by table_name
"""


async def opened_by_http(http: httpx.AsyncClient, **asked: Any) -> dict[str, Any]:
    response = await http.post("/sandbox/shops", json=asked)
    assert response.status_code == 201, response.text
    body: dict[str, Any] = response.json()
    return body


async def move(http: httpx.AsyncClient, shop_id: str, **asked: Any) -> httpx.Response:
    return await http.post(f"/sandbox/shops/{shop_id}/clock", json=asked)


async def shop_time(asker: Asker) -> datetime:
    answer = await asker("{ __typename }")
    return datetime.fromisoformat(answer.extensions["now"])


def said(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


async def test_a_shop_opens_within_a_second_with_all_one_needs(http: httpx.AsyncClient) -> None:
    began = perf_counter()
    shop = await opened_by_http(http, **{"from": "empty", "seed": 7})
    assert perf_counter() - began < 1

    for given in ({"key": shop["visitorKey"]}, {"token": shop["staffToken"]}, {"token": shop["kolToken"]}):
        assert (await Asker(http, credentials(**given))("{ __typename }")).data == {"__typename": "Query"}


async def test_a_copy_of_the_demo_opens_within_a_second_with_goods_and_windows(http: httpx.AsyncClient) -> None:
    await opened_by_http(http, **{"from": "demo", "seed": 1})
    began = perf_counter()
    shop = await opened_by_http(http, **{"from": "demo", "seed": 2})
    assert perf_counter() - began < 1

    visitor = Asker(http, credentials(key=shop["visitorKey"]))
    assert len((await visitor("{ products(first: 5) { nodes { title } } }"))["products"]["nodes"]) == 5
    ran = (await move(http, shop["shopId"], by="P30D")).json()["ran"]
    days = [(datetime.fromisoformat(step["at"]) - datetime.fromisoformat(ran[0]["at"])).days for step in ran]
    assert (ran[0]["count"] > 10, days, [step["count"] for step in ran[1:]]) == (True, [0, 2, 13], [1, 1])


async def test_the_seed_makes_the_shop_but_never_its_keys(http: httpx.AsyncClient) -> None:
    one, same, other = [await opened_by_http(http, seed=seed) for seed in (7, 7, 8)]
    assert one["appid"] == same["appid"] != other["appid"]
    assert one["visitorKey"] != same["visitorKey"]
    assert one["shopId"] != same["shopId"]


async def test_two_testers_who_name_no_seed_share_no_app_and_may_repeat_their_shop(http: httpx.AsyncClient) -> None:
    one, other = [await opened_by_http(http) for _ in range(2)]
    again = await opened_by_http(http, seed=one["seed"])

    assert one["seed"] != other["seed"]
    assert one["appid"] != other["appid"]
    assert (again["seed"], again["appid"]) == (one["seed"], one["appid"])
    assert all(0 <= shop["seed"] <= SEED_MAX for shop in (one, other))


async def test_the_clock_moves_at_once_for_everybody_in_the_shop(http: httpx.AsyncClient) -> None:
    shop = await opened_by_http(http)
    visitor = Asker(http, credentials(key=shop["visitorKey"]))
    before = await shop_time(visitor)

    moved = await move(http, shop["shopId"], by="P1DT15M")

    after = await shop_time(visitor)
    assert timedelta(0) <= after - before - timedelta(days=1, minutes=15) < timedelta(seconds=5)
    assert abs(datetime.fromisoformat(moved.json()["now"]) - after) < timedelta(seconds=5)


@pytest.mark.parametrize("by", [90, "PT1M30S", "PT90S"])
async def test_a_while_is_said_in_seconds_or_as_a_duration(http: httpx.AsyncClient, by: object) -> None:
    shop = await opened_by_http(http)
    before = datetime.fromisoformat((await move(http, shop["shopId"], by=0)).json()["now"])
    after = datetime.fromisoformat((await move(http, shop["shopId"], by=by)).json()["now"])
    assert timedelta(0) <= after - before - timedelta(seconds=90) < timedelta(seconds=5)


async def test_the_clock_stops_at_every_deadline_in_order(http: httpx.AsyncClient, shop: SandboxShop) -> None:
    late = await product_create(shop.caller, tee("late"), "k1")
    soon = await product_create(shop.caller, tee("soon"), "k2")
    start = shop.caller.now
    await products_publish(shop.caller, [late], start + 3 * HOUR, start + 5 * HOUR)
    await products_publish(shop.caller, [soon], start + HOUR, start + 4 * HOUR)

    moved = (await move(http, shop.global_id, by="PT10H")).json()

    assert [(step["work"], step["count"], datetime.fromisoformat(step["at"])) for step in moved["ran"]] == [
        ("announce_windows", 1, start + hours * HOUR) for hours in (1, 3, 4, 5)
    ]
    await http.post(f"/sandbox/shops/{shop.global_id}/settle")
    told = await pool().fetch(
        "select topic, aggregate_id from outbox_event where shop_id = $1 and topic like '%publi%' order by sequence",
        shop.id,
    )
    assert [(row["topic"].rpartition(".")[2], row["aggregate_id"]) for row in told][-4:] == [
        ("published", soon), ("published", late), ("unpublished", soon), ("unpublished", late),
    ]  # fmt: skip


async def test_a_stop_short_of_a_deadline_leaves_it_for_later(http: httpx.AsyncClient, shop: SandboxShop) -> None:
    product_id = await product_create(shop.caller, tee(), "k1")
    opens = shop.caller.now + HOUR
    await products_publish(shop.caller, [product_id], opens)
    query = '{ product(handle: "tee") { title } }'

    await move(http, shop.global_id, to=(opens - timedelta(seconds=30)).isoformat())
    assert (await shop.visitor(query))["product"] is None
    await move(http, shop.global_id, to=opens.isoformat())
    assert (await shop.visitor(query))["product"] == {"title": "纯棉 T 恤"}


async def test_the_clock_never_goes_back(http: httpx.AsyncClient, opened: OpenedShop) -> None:
    await move(http, opened.global_id, by="P1D")
    back = await move(http, opened.global_id, to=opened.caller.now.isoformat())
    assert said(back) == (400, "OUT_OF_RANGE")


@pytest.mark.parametrize(
    "asked",
    [{}, {"to": "2030-01-01T00:00:00Z", "by": 5}, {"by": -5}, {"by": "P100Y"}, {"by": "later"}, {"to": "2030-01-01"},
     {"to": "2030-01-01T00:00:00"}, {"forward": 5}, {"by": 1e300}, {"to": "9999-12-31T23:59:59Z"}],
)  # fmt: skip
async def test_a_time_that_makes_no_sense_is_a_bad_request(
    http: httpx.AsyncClient, opened: OpenedShop, asked: dict[str, Any]
) -> None:
    response = await move(http, opened.global_id, **asked)
    assert response.status_code == 400
    assert response.json()["message"]


async def test_a_live_shop_has_the_walls_clock_and_stays(http: httpx.AsyncClient, database: None) -> None:
    live = await create_shop(mode=ShopMode.LIVE, handle=f"live-{new_id().hex}", name="真店")
    shop_id = encode_id("shp", live.id)

    assert said(await move(http, shop_id, by=5)) == (403, "NOT_ALLOWED")
    assert said(await http.delete(f"/sandbox/shops/{shop_id}")) == (403, "NOT_ALLOWED")
    assert said(await http.post("/sandbox/staff/tokens", json={"shopId": shop_id})) == (403, "NOT_ALLOWED")
    await pool().execute("delete from shop where id = $1", live.id)


async def test_a_deleted_shop_leaves_no_row_and_opens_to_nobody(http: httpx.AsyncClient, shop: SandboxShop) -> None:
    await product_create(shop.caller, tee(), "k1")
    await shop.visitor("{ __typename }")
    tables = [row["table_name"] for row in await pool().fetch(_TABLES)]

    assert (await http.delete(f"/sandbox/shops/{shop.global_id}")).status_code == 204

    left = {
        table: await pool().fetchval(f"select count(*) from {table} where shop_id = $1", shop.id) for table in tables
    }
    assert left == dict.fromkeys(tables, 0)
    assert (await shop.visitor("{ __typename }")).codes == ["UNAUTHENTICATED"]
    assert said(await http.delete(f"/sandbox/shops/{shop.global_id}")) == (404, "NOT_FOUND")


@pytest.mark.parametrize("shop_id", ["nonsense", "shp_" + "0" * 32, "prd_" + "0" * 32])
async def test_a_shop_that_is_not_there_is_not_found(http: httpx.AsyncClient, shop_id: str) -> None:
    assert said(await move(http, shop_id, by=5)) == (404, "NOT_FOUND")
    assert said(await http.post(f"/sandbox/shops/{shop_id}/settle")) == (404, "NOT_FOUND")
    assert said(await http.post("/sandbox/staff/tokens", json={"shopId": shop_id})) == (404, "NOT_FOUND")


async def test_a_token_carries_exactly_the_roles_asked_for(http: httpx.AsyncClient, opened: OpenedShop) -> None:
    asked = {"shopId": opened.global_id, "name": "小李", "roles": ["CATALOGUE", "ORDERS"]}
    made = (await http.post("/sandbox/staff/tokens", json=asked)).json()

    staff_id = decode_id("stf", made["staffId"])
    row = await pool().fetchrow("select name, roles from staff where shop_id = $1 and id = $2", opened.id, staff_id)
    assert row
    assert (row["name"], row["roles"]) == ("小李", ["CATALOGUE", "ORDERS"])
    assert (await Asker(http, credentials(token=made["token"]))("{ __typename }")).errors == []


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"7", b'"x"', b"\xff", b'{"roles": ["KING"]}', b'{"seed": -1}', b'{"from": "thin air"}']
)
async def test_a_hostile_body_is_a_bad_request(http: httpx.AsyncClient, body: bytes) -> None:
    for path in ("/sandbox/shops", "/sandbox/staff/tokens"):
        assert said(await http.post(path, content=body)) == (400, "INVALID")


async def test_a_body_has_its_limit(http: httpx.AsyncClient) -> None:
    assert said(await http.post("/sandbox/shops", content=b" " * (BODY_BYTES_MAX + 1))) == (400, "TOO_LONG")


async def test_settling_tells_what_happened_before_it_answers(http: httpx.AsyncClient, shop: SandboxShop) -> None:
    await product_create(shop.caller, tee(), "k1")
    settled = await http.post(f"/sandbox/shops/{shop.global_id}/settle")
    assert settled.json() == {"idle": True, "waiting": dict.fromkeys(WAITING, 0)}


async def test_a_check_names_every_rule_and_where_it_is_broken(http: httpx.AsyncClient, shop: SandboxShop) -> None:
    product_id = await product_create(shop.caller, tee(), "k1")
    path = f"/sandbox/shops/{shop.global_id}/check"
    well = (await http.get(path)).json()
    assert well["holds"]
    assert [finding["name"] for finding in well["findings"]] == [rule.name for rule in INVARIANTS]

    await pool().execute("update product set image_count = 7 where id = $1", product_id)

    broken = (await http.get(path)).json()
    assert broken["holds"] is False
    assert [finding for finding in broken["findings"] if finding["count"]] == [
        {
            "name": "product.figures_are_fresh",
            "meaning": "A product's prices, stock, counts and rating are those of its variants, pictures, reviews.",
            "count": 1,
            "examples": [encode_id("prd", product_id)],
        }
    ]
    assert said(await http.get("/sandbox/shops/shp_1/check")) == (404, "NOT_FOUND")


async def test_settling_says_what_does_not_come_to_rest(
    http: httpx.AsyncClient, shop: SandboxShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def deaf(_event: Event) -> None:
        raise ConnectionError

    monkeypatch.setattr(outbox_delivery, "DELIVERERS", {"": [deaf]})
    monkeypatch.setattr(api.sandbox, "SETTLE_SECONDS", 0.1)
    await product_create(shop.caller, tee(), "k1")

    settled = (await http.post(f"/sandbox/shops/{shop.global_id}/settle")).json()
    assert settled["idle"] is False
    assert settled["waiting"]["outbox"] >= 1
