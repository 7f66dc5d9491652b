"""Refunds at the sandbox's WeChat Pay: never above what was paid, one fate each, and books that say the same."""

import asyncio
import json

from models.database import pool
from tests.wechat.pay_world import Till, codes

REFUNDS = "/v3/refund/domestic/refunds"


async def test_wechatpayv3_refunds_and_opens_the_notification(till: Till) -> None:
    order = await till.paid(fen=500)

    def refunded() -> tuple[int, str]:
        answer: tuple[int, str] = till.package.refund(
            out_refund_no="R1",
            out_trade_no=order["out_trade_no"],
            amount={"refund": 200, "total": 500, "currency": "CNY"},
            notify_url=till.shop_server.url,
        )
        return answer

    status, body = await asyncio.to_thread(refunded)
    told = [one for one in await till.heard(2) if one["event_type"] == "REFUND.SUCCESS"]
    asked, now = await asyncio.to_thread(till.package.query_refund, out_refund_no="R1")

    assert (status, json.loads(body)["status"]) == (200, "PROCESSING")
    assert (asked, json.loads(now)["status"]) == (200, "SUCCESS")
    [resource] = [one["resource"] for one in told]
    assert (resource["refund_status"], resource["amount"]["refund"]) == ("SUCCESS", 200)
    assert (await till.query(order)).body["trade_state"] == "REFUND"
    books = await till.read("/ledger")
    assert (books["balanceFen"], books["refundingFen"]) == (300, 0)
    assert [one["kind"] for one in books["entries"]] == ["PAYMENT", "REFUND", "REFUND_DONE"]


async def test_parallel_refunds_never_exceed_what_was_paid(till: Till) -> None:
    order = await till.paid(fen=100)
    answers = await asyncio.gather(*(till.refund(order, 30) for _ in range(12)))

    assert codes(answers) == {None: 3, "NOT_ENOUGH": 9}
    assert (await till.read("/ledger"))["balanceFen"] == 10


async def test_one_number_is_one_refund(till: Till) -> None:
    order = await till.paid(fen=100)
    answers = await asyncio.gather(*(till.refund(order, 30, "R1") for _ in range(12)))

    assert {answer.body["refund_id"] for answer in answers} == {answers[0].body["refund_id"]}
    assert (await till.read("/ledger"))["balanceFen"] == 70
    other = await till.refund(order, 31, "R1")
    assert (other.status, other.code) == (400, "INVALID_REQUEST")


async def test_a_refund_has_the_fate_that_a_tester_gives_it(till: Till) -> None:
    await till.door("/merchants", refunds="PROCESSING")
    order = await till.paid(fen=100)
    for number in ("GOOD", "SHUT", "ODD"):
        await till.refund(order, 20, number)
    assert (await till.read("/ledger"))["refundingFen"] == 60

    for number, status in (("GOOD", "SUCCESS"), ("SHUT", "CLOSED"), ("ODD", "ABNORMAL")):
        await till.door(f"/refunds/{number}", status=status)

    told = {one["resource"].get("out_refund_no"): one["event_type"] for one in await till.heard(4)}
    assert {number: told[number] for number in ("GOOD", "SHUT", "ODD")} == {
        "GOOD": "REFUND.SUCCESS", "SHUT": "REFUND.CLOSED", "ODD": "REFUND.ABNORMAL",
    }  # fmt: skip
    books = await till.read("/ledger")
    assert (books["balanceFen"], books["refundingFen"]) == (60, 20)
    again = await till.http.post("/sandbox/wechat/refunds/GOOD", json={"status": "CLOSED"})
    assert (again.status_code, again.json()["code"]) == (400, "INVALID")
    # What was closed may be given back under another number.
    assert (await till.refund(order, 60)).status == 200


CARD = {"bank_type": "ICBC_DEBIT", "bank_account": "6222021234567890123", "real_name": "张三"}


async def abnormal(till: Till, number: str) -> str:
    """Have a refund go wrong; returns WeChat Pay's id of it. The next ones are taken on, and wait."""
    await till.door("/merchants", refunds="ABNORMAL")
    order = await till.paid(fen=100)
    refund_id: str = (await till.refund(order, 100, number)).body["refund_id"]
    await till.door("/merchants", refunds="PROCESSING")
    return refund_id


async def test_wechatpayv3_sends_an_abnormal_refund_to_a_card(till: Till) -> None:
    refund_id = await abnormal(till, "R1")

    def applied() -> tuple[int, str]:
        answer: tuple[int, str] = till.package.abnormal_refund(refund_id, "R1", "USER_BANK_CARD", **CARD)
        return answer

    status, body = await asyncio.to_thread(applied)

    said = json.loads(body)
    assert (status, said["status"], said["out_refund_no"]) == (200, "PROCESSING", "R1")
    assert (said["channel"], said["user_received_account"]) == ("OTHER_BANKCARD", "工商银行借记卡0123")
    again, refused = await asyncio.to_thread(applied)
    assert (again, json.loads(refused)["code"]) == (400, "INVALID_REQUEST")
    await till.door("/refunds/R1", status="SUCCESS")
    assert (await till.ask("GET", f"{REFUNDS}/R1")).body["status"] == "SUCCESS"
    assert (await till.read("/ledger"))["refundingFen"] == 0
    calls = await till.read("/calls", call="abnormal_refund")
    assert {calls[0]["asked"][name] for name in ("bank_account", "real_name")} == {"***"}


async def test_an_abnormal_refund_goes_back_to_the_merchant(till: Till) -> None:
    refund_id = await abnormal(till, "R1")
    elsewhere = {"out_refund_no": "R1", "type": "MERCHANT_BANK_CARD"}

    answer = await till.ask("POST", f"{REFUNDS}/{refund_id}/apply-abnormal-refund", elsewhere)

    assert (answer.body["status"], answer.body["user_received_account"]) == ("PROCESSING", "商户结算银行账户")


async def test_a_card_is_whole_and_sealed_under_the_key_that_is_named(till: Till) -> None:
    refund_id = await abnormal(till, "R1")
    path = f"{REFUNDS}/{refund_id}/apply-abnormal-refund"
    key_id = till.merchant.public_key_id
    whole = {"out_refund_no": "R1", "type": "USER_BANK_CARD", **CARD}

    async def code(body: dict[str, str], **headers: str) -> str | None:
        return (await till.ask("POST", path, body, **headers)).code

    for missing in CARD:
        partly = {name: value for name, value in whole.items() if name != missing}
        assert await code(partly, **{"Wechatpay-Serial": key_id}) == "PARAM_ERROR"
    assert await code({**whole, "bank_type": "ICBC_CREDIT"}, **{"Wechatpay-Serial": key_id}) == "PARAM_ERROR"
    # Neither in plain words, nor under a key that is not WeChat Pay's, nor without its name.
    assert await code(whole, **{"Wechatpay-Serial": key_id}) == "PARAM_ERROR"
    assert await code(whole, **{"Wechatpay-Serial": "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"}) == "PARAM_ERROR"
    assert await code(whole) == "PARAM_ERROR"
    assert await code({"out_refund_no": "R2", "type": "MERCHANT_BANK_CARD"}) == "RESOURCE_NOT_EXISTS"
    assert (await till.ask("GET", f"{REFUNDS}/R1")).body["status"] == "ABNORMAL"


async def test_what_can_not_be_given_back_is_refused(till: Till) -> None:
    unpaid, paid = await till.prepaid(), await till.paid(fen=100)
    assert (await till.refund(unpaid, 1)).code == "TRADE_ERROR"
    assert (await till.refund(paid, 101)).code == "NOT_ENOUGH"
    assert (await till.refund({**paid, "amount": {"total": 99}}, 1)).code == "INVALID_REQUEST"
    assert (await till.refund({**paid, "out_trade_no": "T-unknown"}, 1)).code == "RESOURCE_NOT_EXISTS"
    assert (await till.refund(paid, 0)).code == "PARAM_ERROR"
    assert (await till.ask("GET", f"{REFUNDS}/nothing")).code == "RESOURCE_NOT_EXISTS"

    await pool().execute(
        "update wechat_sandbox.pay_transaction set paid_at = paid_at - interval '366 days' where out_trade_no = $1",
        paid["out_trade_no"],
    )
    assert (await till.refund(paid, 1)).code == "INVALID_REQUEST"


async def test_a_payment_is_given_back_in_at_most_fifty_parts(till: Till) -> None:
    order = await till.paid(fen=100)
    answers = [await till.refund(order, 1) for _ in range(51)]
    assert (codes(answers[:50]), answers[50].code) == ({None: 50}, "INVALID_REQUEST")
