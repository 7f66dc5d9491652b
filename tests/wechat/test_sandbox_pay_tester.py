"""What a tester has of the sandbox's WeChat Pay besides: switches, the record of calls, bills, shipments, odd input."""

import asyncio
import hashlib
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clock import wall_now
from models.database import pool
from tests.wechat.pay_world import Till
from wechat.sandbox.app import PATH
from wechat.sandbox.pay_routes import PAY_PROTOCOL
from wechat.sandbox.pay_time import CHINA

SOME = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
SHIPPING = "/wxa/sec/order/upload_shipping_info"


@pytest.mark.parametrize(
    ("code", "status"), [("SYSTEM_ERROR", 500), ("FREQUENCY_LIMITED", 429), ("NOT_ENOUGH", 403), ("BRAND_NEW", 400)]
)
async def test_a_switch_says_any_error_and_nothing_is_done(till: Till, code: str, status: int) -> None:
    order = await till.paid()
    await till.door("/switches", kind="ERROR", code=code, call="refund")
    answer = await till.refund(order, 100, "R1")
    assert (answer.status, answer.code, "Wechatpay-Signature" in answer.headers) == (status, code, True)
    assert (await till.read("/ledger"))["balanceFen"] == 100
    assert (await till.refund(order, 100, "R1")).status == 200


async def test_a_switch_means_a_merchant_an_app_a_user_or_an_order(till: Till, other_till: Till) -> None:
    await till.door("/switches", kind="RATE_LIMIT", user="xiaohong", times=5)
    order, other = await till.prepaid("xiaoming"), await other_till.prepaid("xiaohong")
    hongs = await till.hand.post("/codes", user="xiaohong")
    refused = await till.ask("POST", "/v3/pay/transactions/jsapi", till.order(hongs["openid"]))
    assert (refused.status, refused.code) == (429, "FREQUENCY_LIMITED")

    await till.hand.post("/switches", kind="ERROR", code="BANK_ERROR", order=order["out_trade_no"])
    assert (await other_till.query(other)).code is None
    assert (await till.query(order)).code == "BANK_ERROR"
    assert (await till.query(order)).code is None
    switches = await till.read("/switches")
    assert [(one["kind"], one["remaining"]) for one in switches] == [("RATE_LIMIT", 4)]


async def test_a_lost_answer_was_done(till: Till) -> None:
    order = await till.paid()
    await till.door("/switches", kind="LOST_ANSWER", call="refund")
    with pytest.raises(httpx.RemoteProtocolError):
        await till.refund(order, 40, "R1")
    assert (await till.ask("GET", "/v3/refund/domestic/refunds/R1")).body["status"] == "SUCCESS"
    await till.heard(2)


async def test_every_call_is_written_down_with_whom_it_is_about(till: Till) -> None:
    order = await till.paid("xiaohong")
    await till.query(order)
    await till.close(order)
    await till.ask("GET", "/v3/certificates", Authorization="nothing")

    calls = await till.read("/calls")
    assert [(one["call"], one["user"], one["order"], one["errcode"], one["code"]) for one in calls] == [
        ("prepay", "xiaohong", order["out_trade_no"], 0, None),
        ("query", "xiaohong", order["out_trade_no"], 0, None),
        ("close", "xiaohong", order["out_trade_no"], 400, "ORDER_PAID"),
    ]
    assert {one["appid"] for one in calls} == {till.hand.appid}
    assert "signature" not in str(calls)


async def test_bills_are_ready_the_next_morning_and_add_up(till: Till, opened: Any) -> None:
    await till.door("/merchants", shopId=opened.global_id)
    order = await till.paid(fen=1234)
    await till.refund(order, 1000)
    today = wall_now().astimezone(CHINA).date()
    path = f"/v3/bill/tradebill?bill_date={today}"
    assert (await till.ask("GET", path)).code == "INVALID_REQUEST"
    morning = datetime.combine(today + timedelta(days=1), datetime.min.time(), CHINA)

    async def clock_at(hours: float) -> None:
        offset_ms = int((morning + timedelta(hours=hours) - wall_now()).total_seconds() * 1000)
        await pool().execute("update shop set clock_offset_ms = $2 where id = $1", opened.id, offset_ms)

    await clock_at(9)
    assert (await till.ask("GET", path)).code == "STATEMENT_CREATING"
    await clock_at(11)
    for kind, last in (("tradebill", "`2,`12.34,`10.00,"), ("fundflowbill", "`2,`1,`12.34,`1,`10.00")):
        offered = (await till.ask("GET", f"/v3/bill/{kind}?bill_date={today}")).body
        url = offered["download_url"].partition(PATH)[2]
        bill = (await till.ask("GET", url)).body
        assert hashlib.sha1(bill, usedforsecurity=False).hexdigest() == offered["hash_value"]
        assert bill.decode("utf-8-sig").splitlines()[-1].startswith(last)
        assert (await till.ask("GET", url + "0")).code == "NO_AUTH"
    assert (
        await till.ask("GET", f"/v3/bill/tradebill?bill_date={today - timedelta(days=1)}")
    ).code == "NO_STATEMENT_EXIST"


async def test_shipping_is_told_in_a_list_and_kept(till: Till) -> None:
    order = await till.paid()
    token = (
        await till.http.post(
            f"{PATH}/cgi-bin/stable_token",
            json={"grant_type": "client_credential", "appid": till.hand.appid, "secret": "sandbox"},
        )
    ).json()["access_token"]
    parcel = {"tracking_no": "SF1", "express_company": "SF", "item_desc": "T 恤"}
    body = {
        "order_key": {"order_number_type": 1, "mchid": till.merchant.mchid, "out_trade_no": order["out_trade_no"]},
        "logistics_type": 1,
        "delivery_mode": 1,
        "shipping_list": [parcel],
        "upload_time": "2026-11-22T10:00:00.000+08:00",
        "payer": order["payer"],
    }

    async def told(path: str = SHIPPING, **changed: Any) -> int:
        answer = await till.http.post(f"{PATH}{path}", params={"access_token": token}, json=body | changed)
        return int(answer.json()["errcode"])

    received = {"merchant_id": till.merchant.mchid, "merchant_trade_no": order["out_trade_no"], "received_time": 1}
    confirm = "/wxa/sec/order/notify_confirm_receive"
    assert await told(shipping_list=parcel) == 47001
    assert await told(payer={"openid": "o"}) == 10060031
    assert await told(order_key={**body["order_key"], "out_trade_no": "T-unknown"}) == 10060001
    assert await told(confirm, **received) == 10060004
    assert await told() == 0
    assert await told() == 10060023
    assert await told(upload_time="2026-11-22T11:00:00.000+08:00") == 0
    assert await told(upload_time="2026-11-22T12:00:00.000+08:00") == 10060003
    assert [await told(confirm, **received) for _ in range(2)] == [0, 10060004]
    kept = await till.hand.get("/shipments")
    assert [one["kind"] for one in kept] == ["SHIPPED", "SHIPPED", "RECEIVED"]
    assert kept[0]["asked"]["shipping_list"] == [parcel]


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=4,
)


@given(data=st.data())
@SOME
async def test_an_odd_word_gets_an_answer_of_wechat_pays_kind(till: Till, data: st.DataObject) -> None:
    order = await till.paid()
    sensible = {
        "prepay": {name: order[name] for name in till.order("o")},
        "refund": {
            "out_trade_no": order["out_trade_no"], "out_refund_no": "R1",
            "amount": {"refund": 1, "total": 100, "currency": "CNY"},
        },
        "close": {"mchid": till.merchant.mchid},
    }  # fmt: skip
    paths = {
        "prepay": "/v3/pay/transactions/jsapi",
        "refund": "/v3/refund/domestic/refunds",
        "close": f"/v3/pay/transactions/out-trade-no/{order['out_trade_no']}/close",
    }
    call = data.draw(st.sampled_from(sorted(sensible)))
    body = sensible[call] | {data.draw(st.sampled_from([*sensible[call], "x"])): data.draw(values)}
    answer = await till.ask("POST", paths[call], body)
    assert answer.status in {200, 204, 400, 403, 404}


@pytest.mark.parametrize("route", PAY_PROTOCOL, ids=lambda route: f"{route.path}-{min(route.methods)}")
async def test_who_signs_nothing_gets_nothing(http: httpx.AsyncClient, database: None, route: Any) -> None:
    [method] = {"GET", "POST"} & set(route.methods)
    path = route.path.replace("{", "").replace("}", "")
    for content, query in ((b"{", ""), (b"[]", "?mchid=%00"), (b'{"payer": {"openid": "\\u0000"}}', "?a=%ff")):
        answer = await http.request(method, f"{PATH}{path}{query}", content=content)
        assert (answer.status_code, answer.json()["code"]) == (401, "SIGN_ERROR")
        assert answer.headers["wechatpay-signature-type"] == "WECHATPAY2-SHA256-RSA2048"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/pay", {"prepay_id": "unknown"}),
        ("/pay", {"prepay_id": "x", "outcome": "maybe"}),
        ("/pay", {"prepay_id": "x", "paySign": "s"}),
        ("/merchants", {"keyMode": "NONE"}),
        ("/merchants", {"shopId": "shp_1"}),
        ("/refunds/unknown", {"status": "SUCCESS"}),
        ("/notifications/hold", {"mchid": "1999999998"}),
        ("/notifications/x/send", {}),
        ("/notifications/99999999999999999999/send", {}),
        ("/switches", {"kind": "ERROR"}),
    ],
)
async def test_a_door_says_what_it_does_not_understand(
    http: httpx.AsyncClient, database: None, path: str, body: dict[str, Any]
) -> None:
    answer = await http.post(f"{PATH}{path}", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID")


async def test_the_ledger_is_only_ever_added_to(till: Till) -> None:
    await till.paid()
    for statement in ("delete from wechat_sandbox.pay_ledger", "update wechat_sandbox.pay_ledger set amount_fen = 1"):
        with pytest.raises(Exception, match="only ever added to"):
            await pool().execute(statement)


async def test_twenty_questions_are_answered_at_once(till: Till) -> None:
    orders = await asyncio.gather(*(till.prepaid() for _ in range(20)))
    assert len({order["prepay_id"] for order in orders}) == 20
