"""The calls of WeChat Pay over real sockets: what leaves, and what an answer says."""

import dataclasses
from datetime import UTC, datetime

import pytest

from tests.wechat import pay_office
from tests.wechat.pay_office import NO, ORDER, REFUND, REFUNDED, WISH, Office
from wechat import pay_errors as errors
from wechat.pay import Pay
from wechat.pay_answers import RefundStatus, TradeState


async def test_prepay_says_what_is_to_be_paid(pay: Pay, office: Office) -> None:
    office.will_say(200, {"prepay_id": "wx201"})
    assert await pay.prepay(dataclasses.replace(WISH, description="茶" * 200)) == "wx201"
    method, path, _, headers = office.asked[-1]
    assert (method, path) == ("POST", "/v3/pay/transactions/jsapi")
    assert office.body == {
        "mchid": pay_office.MCHID,
        "appid": pay_office.APPID,
        "description": "茶" * 127,
        "out_trade_no": NO,
        "time_expire": "2026-11-22T18:30:15+08:00",
        "notify_url": "https://shop.test/webhooks/wechat-pay/abc",
        "amount": {"total": 8800, "currency": "CNY"},
        "payer": {"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"},
    }
    assert headers["wechatpay-serial"] == pay_office.PUBLIC_KEY_ID
    assert (headers["accept"], headers["content-type"]) == ("application/json", "application/json")
    assert headers["user-agent"]


async def test_a_service_provider_says_for_whom(partner: Pay, office: Office) -> None:
    office.will_say(200, {"prepay_id": "wx201"})
    await partner.prepay(dataclasses.replace(WISH, provider_appid=pay_office.PROVIDER_APPID))
    sub = {"sp_mchid": pay_office.MCHID, "sub_mchid": pay_office.SUB_MCHID}
    assert office.asked[-1][1] == "/v3/pay/partner/transactions/jsapi"
    assert {name: office.body[name] for name in ("sp_mchid", "sub_mchid", "sp_appid", "sub_appid", "payer")} == {
        **sub,
        "sp_appid": pay_office.PROVIDER_APPID,
        "sub_appid": WISH.appid,
        "payer": {"sub_openid": WISH.openid},
    }
    assert {"mchid", "appid"} & set(office.body) == set()

    said = sub | {"sp_appid": pay_office.PROVIDER_APPID, "sub_appid": pay_office.APPID}
    payer = {"sp_openid": "o1", "sub_openid": "o2"}
    office.answers.clear()
    office.will_say(200, {**said, "out_trade_no": NO, "trade_state": "SUCCESS", "payer": payer})
    found = await partner.query(NO)
    assert (found.mchid, found.sub_mchid) == (pay_office.MCHID, pay_office.SUB_MCHID)
    assert (found.appid, found.sub_appid, found.payer_openid) == (pay_office.PROVIDER_APPID, pay_office.APPID, "o2")
    query = f"?sp_mchid={pay_office.MCHID}&sub_mchid={pay_office.SUB_MCHID}"
    assert office.asked[-1][1] == f"/v3/pay/partner/transactions/out-trade-no/{NO}{query}"

    office.answers.clear()
    office.will_say(204)
    await partner.close(NO)
    assert (office.asked[-1][1], office.body) == (f"/v3/pay/partner/transactions/out-trade-no/{NO}/close", sub)

    office.answers.clear()
    office.will_say(200, REFUNDED)
    await partner.refund(REFUND)
    assert office.body["sub_mchid"] == pay_office.SUB_MCHID
    await partner.query_refund("R1")
    assert office.asked[-1][1] == f"/v3/refund/domestic/refunds/R1?sub_mchid={pay_office.SUB_MCHID}"


async def test_query_reads_a_payment_whatever_state_it_is_in(pay: Pay, office: Office) -> None:
    office.will_say(200, ORDER)
    found = await pay.query(NO)
    assert office.asked[-1][:3] == (
        "GET",
        f"/v3/pay/transactions/out-trade-no/{NO}?mchid={pay_office.MCHID}",
        b"",
    )
    assert (found.trade_state, found.is_paid, found.amount_total_fen, found.transaction_id) == (
        TradeState.NOTPAY, False, None, None,
    )  # fmt: skip
    office.answers.clear()
    office.will_say(200, ORDER | {"trade_state": "FROZEN_BY_MOONLIGHT"})
    found = await pay.query(NO)
    assert (found.trade_state, found.said_state, found.is_paid) == (TradeState.UNKNOWN, "FROZEN_BY_MOONLIGHT", False)


async def test_a_number_with_odd_letters_is_signed_as_it_travels(pay: Pay, office: Office) -> None:
    office.will_say(200, ORDER | {"out_trade_no": "a|b*c-d_e"})
    await pay.query("a|b*c-d_e")
    assert office.asked[-1][1].startswith("/v3/pay/transactions/out-trade-no/a%7Cb%2Ac-d_e?")


async def test_the_way_to_a_sandbox_is_not_signed(pay: Pay, office: Office) -> None:
    # The office holds questions to the whole path, so here it sees a signature of another one.
    office.will_say(200, ORDER)
    below = dataclasses.replace(
        pay, merchant=dataclasses.replace(pay.merchant, base_url=f"{pay.merchant.base_url}/sandbox/wechat")
    )
    office.way = "/sandbox/wechat"
    await below.query(NO)
    assert office.asked[-1][1].startswith("/sandbox/wechat/v3/pay/transactions/")


async def test_close_is_done_or_too_late(pay: Pay, office: Office) -> None:
    office.will_say(204)
    await pay.close(NO)
    assert office.body == {"mchid": pay_office.MCHID}
    office.answers.clear()
    office.will_say(400, {"code": "ORDER_PAID", "message": "订单已支付"})
    with pytest.raises(errors.PayOrderPaid):
        await pay.close(NO)


async def test_a_refund_is_where_wechat_says(pay: Pay, office: Office) -> None:
    office.will_say(200, REFUNDED)
    asked = await pay.refund(REFUND)
    assert (asked.status, asked.refund_id, asked.amount_refund_fen) == (RefundStatus.PROCESSING, "5030", 800)
    assert office.asked[-1][1] == "/v3/refund/domestic/refunds"
    assert office.body == {
        "transaction_id": "4200001",
        "out_refund_no": "R1",
        "reason": "不想要了",
        "notify_url": "https://shop.test/webhooks/wechat-pay/abc",
        "amount": {"refund": 800, "total": 8800, "currency": "CNY"},
    }
    office.answers.clear()
    office.will_say(200, REFUNDED | {"status": "SUCCESS", "success_time": "2026-11-22T18:00:00+08:00"})
    found = await pay.query_refund("R1")
    assert (found.status, found.success_time) == (RefundStatus.SUCCESS, datetime(2026, 11, 22, 10, tzinfo=UTC))
    office.answers.clear()
    office.will_say(200, REFUNDED | {"status": "ON_ITS_WAY"})
    assert (await pay.query_refund("R1")).status is RefundStatus.UNKNOWN
    with pytest.raises(errors.PayUnknown):
        await pay.query_refund("R2")
