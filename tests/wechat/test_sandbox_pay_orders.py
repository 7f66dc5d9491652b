"""Orders at the sandbox's WeChat Pay: signed questions, prepaying, paying, asking, closing; and 20 who pay at once."""

import asyncio
import json
import time
from collections import Counter
from datetime import datetime
from time import perf_counter
from typing import Any

import pytest

from clock import wall_now
from models.database import pool
from tests.wechat.pay_world import Till
from wechat.sandbox.app import PATH
from wechat.sandbox.pay_merchants import make_merchant
from wechat.sandbox.pay_partners import SubMerchant, make_sub_merchant

JSAPI = "/v3/pay/transactions/jsapi"


async def test_wechatpayv3_orders_and_understands_the_answers(till: Till) -> None:
    openid = (await till.hand.post("/codes", user="xiaoming"))["openid"]
    number = f"W{time.time_ns()}"

    def ordered() -> tuple[int, str]:
        answer: tuple[int, str] = till.package.pay(
            description="T 恤",
            out_trade_no=number,
            amount={"total": 100},
            payer={"openid": openid},
            appid=till.hand.appid,
            notify_url=till.shop_server.url,
        )
        return answer

    status, body = await asyncio.to_thread(ordered)
    assert status == 200
    await till.pay(json.loads(body))
    status, body = await asyncio.to_thread(till.package.query, out_trade_no=number)

    said = json.loads(body)
    assert (status, said["trade_state"], said["amount"]["total"]) == (200, "SUCCESS", 100)
    [told] = await till.heard(1)
    assert told["event_type"] == "TRANSACTION.SUCCESS"
    assert (told["resource"]["out_trade_no"], told["resource"]["payer"]) == (number, {"openid": openid})
    assert told["resource"]["transaction_id"] == said["transaction_id"]


async def test_an_order_is_paid_once_by_twenty_who_try(till: Till) -> None:
    order = await till.prepaid(fen=4200)
    done = await asyncio.gather(*(till.pay(order) for _ in range(20)))

    assert Counter((one["outcome"], one["reason"]) for one in done) == {
        ("success", None): 1,
        ("fail", "ORDER_PAID"): 19,
    }
    [paid] = await till.read("/payments", order=order["out_trade_no"])
    assert (paid["state"], paid["paidFen"]) == ("SUCCESS", 4200)
    assert (await till.read("/ledger"))["balanceFen"] == 4200
    assert len(await till.heard(1)) == 1


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"amount": {"total": 0}}, 400, "PARAM_ERROR"),
        ({"amount": {"total": True}}, 400, "PARAM_ERROR"),
        ({"amount": {"total": 1, "currency": "USD"}}, 400, "PARAM_ERROR"),
        ({"out_trade_no": "short"}, 400, "PARAM_ERROR"),
        ({"description": "衫" * 128}, 400, "PARAM_ERROR"),
        ({"notify_url": "https://shop.cn/pay?shop=1"}, 400, "PARAM_ERROR"),
        ({"time_expire": "2020-01-01T00:00:00+08:00"}, 400, "PARAM_ERROR"),
        ({"payer": {"openid": "o-of-another-app"}}, 400, "OPENID_MISMATCH"),
        ({"appid": "wx" + "9" * 16}, 400, "APPID_MCHID_NOT_MATCH"),
        ({"mchid": "1999999999"}, 400, "PARAM_ERROR"),
    ],
)
async def test_what_is_wrong_with_an_order_is_said(till: Till, changed: dict[str, Any], status: int, code: str) -> None:
    openid = (await till.hand.post("/codes", user="xiaoming"))["openid"]
    answer = await till.ask("POST", JSAPI, till.order(openid) | changed)
    assert (answer.status, answer.code) == (status, code)
    assert "Wechatpay-Signature" in answer.headers


async def test_the_same_order_again_is_the_same_and_another_is_refused(till: Till) -> None:
    order = await till.prepaid()
    body = {name: value for name, value in order.items() if name != "prepay_id"}

    again = await asyncio.gather(*(till.ask("POST", JSAPI, body) for _ in range(8)))
    assert {one.body["prepay_id"] for one in again} == {order["prepay_id"]}
    other = await till.ask("POST", JSAPI, body | {"amount": {"total": 101, "currency": "CNY"}})
    assert (other.status, other.code) == (403, "OUT_TRADE_NO_USED")
    await till.pay(order)
    assert (await till.ask("POST", JSAPI, body)).code == "ORDER_PAID"


async def test_a_request_is_believed_by_its_signature_alone(till: Till) -> None:
    path = f"/v3/pay/transactions/out-trade-no/T000000?mchid={till.merchant.mchid}"
    right = till.signed("GET", path)
    old = right.replace('timestamp="1', 'timestamp="0')
    serial = right.replace(till.merchant.serial_no, "7" * 40)
    stranger = right.replace(till.merchant.mchid, "1999999999")
    moved = till.signed("GET", path.replace("T000000", "T000001"))
    posted = till.signed("POST", path)

    for header in (old, serial, stranger, moved, posted, "", "Bearer x", right.replace("nonce_str", "nonce")):
        answer = await till.ask("GET", path, Authorization=header)
        assert (answer.status, answer.code) == (401, "SIGN_ERROR"), header
    assert (await till.ask("GET", path, Authorization=right)).code == "ORDER_NOT_EXIST"
    replayed = await till.ask("GET", path, Authorization=right)
    assert (replayed.status, replayed.body["message"]) == (401, "Http头Authorization中的nonce_str已被使用")


async def test_a_body_is_signed_to_the_byte(till: Till) -> None:
    openid = (await till.hand.post("/codes", user="xiaoming"))["openid"]
    body = till.order(openid)
    answer = await till.ask("POST", JSAPI, body, Authorization=till.signed("POST", JSAPI, {**body, "attach": "x"}))
    assert answer.code == "SIGN_ERROR"


async def test_an_order_is_closed_and_then_not_paid_unless_both_cross(till: Till) -> None:
    order = await till.prepaid()
    assert (await till.query(order)).body["trade_state"] == "NOTPAY"
    assert [(await till.close(order)).status for _ in range(2)] == [204, 204]
    assert (await till.query(order)).body["trade_state"] == "CLOSED"
    assert (await till.pay(order))["reason"] == "ORDER_CLOSED"

    late = await till.pay(order, afterClose=True)

    assert (late["outcome"], late["state"]) == ("success", "SUCCESS")
    closing = await till.close(order)
    assert (closing.status, closing.code) == (400, "ORDER_PAID")
    assert (await till.close({"out_trade_no": "T-unknown"})).code == "ORDER_NOT_EXIST"


async def test_a_payment_is_found_by_its_own_number_and_not_by_strangers(till: Till, other_till: Till) -> None:
    order = await till.paid()
    path = f"/v3/pay/transactions/id/{order['transactionId']}?mchid="
    assert (await till.ask("GET", path + till.merchant.mchid)).body["out_trade_no"] == order["out_trade_no"]
    assert (await other_till.ask("GET", path + other_till.merchant.mchid)).code == "ORDER_NOT_EXIST"
    assert (await other_till.ask("GET", path + till.merchant.mchid)).code == "PARAM_ERROR"


async def test_the_user_may_think_better_of_it_and_a_friend_may_pay(till: Till) -> None:
    order = await till.prepaid("xiaoming")
    cancelled = await till.pay(order, outcome="cancel")
    assert (cancelled["errMsg"], cancelled["state"]) == ("requestPayment:fail cancel", "NOTPAY")
    assert (await till.pay(order, outcome="fail"))["errMsg"] == "requestPayment:fail"

    friend = (await till.hand.post("/codes", user="xiaohong"))["openid"]
    await till.pay(order, payer="xiaohong", amount=7)

    said = (await till.query(order)).body
    assert (said["payer"], said["amount"]["total"]) == ({"openid": friend}, 7)


async def test_the_pay_sheet_opens_for_what_the_merchant_signed(till: Till) -> None:
    order = await till.prepaid()
    request = {"appId": till.hand.appid, "timeStamp": "1700000000", "nonceStr": "n", "signType": "RSA"}
    lines = [till.hand.appid, "1700000000", "n", f"prepay_id={order['prepay_id']}"]
    signature = till.package.sign(lines)

    refused = await till.pay(order, **(request | {"nonceStr": "m"}), paySign=signature)
    assert refused["reason"] == "SIGN_ERROR"
    assert (await till.pay(order, **request, paySign=signature))["outcome"] == "success"


async def test_the_page_pays(till: Till) -> None:
    order = await till.prepaid(fen=1234)
    page = await till.http.get(f"{PATH}/pay", params={"prepay_id": order["prepay_id"]})
    assert (page.status_code, "¥12.34" in page.text, "订单未支付" in page.text) == (200, True, True)
    assert (await till.http.get(f"{PATH}/pay", params={"prepay_id": "none"})).status_code == 404


async def test_payments_follow_the_clock_of_the_shop(till: Till, opened: Any) -> None:
    await till.door("/merchants", shopId=opened.global_id, appids=[till.hand.appid])
    order = await till.prepaid()
    await pool().execute("update shop set clock_offset_ms = $2 where id = $1", opened.id, 3 * 3_600_000)
    assert (await till.pay(order))["reason"] == "PREPAY_EXPIRED"
    body = {name: value for name, value in order.items() if name != "prepay_id"}
    renewed = (await till.ask("POST", JSAPI, body)).body
    assert renewed["prepay_id"] != order["prepay_id"]

    await till.pay(renewed)
    [paid] = await till.read("/payments")
    ahead = (datetime.fromisoformat(paid["paidAt"]) - wall_now()).total_seconds()
    assert 3 * 3600 - 60 < ahead <= 3 * 3600

    unpaid = await till.prepaid()
    await pool().execute("update shop set clock_offset_ms = $2 where id = $1", opened.id, 9 * 86_400_000)
    assert (await till.query(unpaid)).body["trade_state"] == "CLOSED"


SUB_APPID = "wxaaaaaaaaaaaaaaaa"
PARTNER_PREPAY = "/v3/pay/partner/transactions/jsapi"


async def partner_order(till: Till, **more: Any) -> dict[str, Any]:
    """Make the till's merchant a partner, with one merchant and its mini-program; a body of a prepay there."""
    mchid = till.merchant.mchid
    await make_sub_merchant(SubMerchant("1800000001", None, [SUB_APPID]), mchid=mchid, seed=0)
    openid = (await till.hand.post("/codes", user="xiaoming", appid=SUB_APPID))["openid"]
    body = {name: value for name, value in till.order("").items() if name not in {"appid", "mchid"}}
    whose = {"sp_appid": till.hand.appid, "sp_mchid": mchid, "sub_appid": SUB_APPID, "sub_mchid": "1800000001"}
    return body | whose | {"payer": {"sub_openid": openid}} | more


async def test_a_partner_takes_money_for_its_merchants(till: Till) -> None:
    body = await partner_order(till)
    sp_openid = (await till.hand.post("/codes", user="xiaoming"))["openid"]

    made = await till.ask("POST", PARTNER_PREPAY, body)
    await till.pay(made.body)
    [told] = await till.heard(1)

    who = {name: body[name] for name in ("sp_appid", "sp_mchid", "sub_appid", "sub_mchid")}
    who["payer"] = {"sp_openid": sp_openid, **body["payer"]}
    assert {name: told["resource"][name] for name in who} == who
    path = f"/v3/pay/partner/transactions/out-trade-no/{body['out_trade_no']}?sp_mchid={till.merchant.mchid}&sub_mchid="
    assert (await till.ask("GET", path + "1800000001")).body["trade_state"] == "SUCCESS"
    assert (await till.ask("GET", path + "1800000002")).code == "NO_AUTH"
    refund = {"out_refund_no": "R1", "out_trade_no": body["out_trade_no"], "sub_mchid": "1800000001"}
    amount = {"refund": 100, "total": 100, "currency": "CNY"}
    assert (await till.ask("POST", "/v3/refund/domestic/refunds", refund | {"amount": amount})).status == 200
    assert (await till.read("/ledger", subMchid="1800000001"))["balanceFen"] == 0


async def test_a_partner_keeps_the_apps_of_its_merchants_apart(till: Till) -> None:
    body = await partner_order(till)
    other = "wxbbbbbbbbbbbbbbbb"
    await make_sub_merchant(SubMerchant("1800000002", None, [other]), mchid=till.merchant.mchid, seed=0)

    for wrong in ({"sub_appid": other}, {"sub_mchid": "1800000002"}, {"sp_appid": SUB_APPID}):
        assert (await till.ask("POST", PARTNER_PREPAY, body | wrong)).code == "APPID_MCHID_NOT_MATCH"
    assert (await till.ask("POST", PARTNER_PREPAY, body | {"sub_appid": None})).code == "OPENID_MISMATCH"

    assert (await till.ask("POST", PARTNER_PREPAY, body)).status == 200
    # One row of numbers for all merchants of a partner.
    openid = (await till.hand.post("/codes", user="xiaoming", appid=other))["openid"]
    theirs = {"sub_mchid": "1800000002", "sub_appid": other, "payer": {"sub_openid": openid}}
    assert (await till.ask("POST", PARTNER_PREPAY, body | theirs)).code == "OUT_TRADE_NO_USED"
    path = f"/v3/pay/partner/transactions/out-trade-no/{body['out_trade_no']}?sp_mchid={till.merchant.mchid}&sub_mchid="
    assert (await till.ask("GET", path + "1800000002")).code == "ORDER_NOT_EXIST"


async def test_a_partner_without_an_app_is_given_one(till: Till) -> None:
    first, second = (SubMerchant(number, None, [SUB_APPID]) for number in ("1800000001", "1800000003"))
    made = await make_sub_merchant(first, mchid=None, seed=78)
    named = await make_sub_merchant(second, mchid=made.mchid, seed=0, provider_appid="wxcccccccccccccccc")
    assert made.provider_appid
    assert (made.provider_appid != SUB_APPID, named.provider_appid) == (True, "wxcccccccccccccccc")
    assert (await till.http.post(f"{PATH}/merchants", json={"providerAppid": SUB_APPID})).status_code == 400


async def test_a_merchant_opens_at_once_and_never_shares_a_number_by_accident(database: None) -> None:
    await make_merchant(mchid=None, shop_id=None, seed=77, appids=[])
    began = perf_counter()
    made = [await make_merchant(mchid=None, shop_id=None, seed=77, appids=["wx" + "1" * 16]) for _ in range(5)]
    assert perf_counter() - began < 5 * 0.05
    assert len({one.mchid for one in made}) == len({one.api_v3_key for one in made}) == 5
    assert len({one.private_key_pem for one in made}) == 1
    again = await make_merchant(mchid=made[0].mchid, shop_id=None, seed=0, appids=["wx" + "2" * 16])
    assert again == made[0]
