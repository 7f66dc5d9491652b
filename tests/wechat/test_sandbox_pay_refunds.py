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


async def test_an_abnormal_refund_is_sent_elsewhere(till: Till) -> None:
    await till.door("/merchants", refunds="ABNORMAL")
    order = await till.paid(fen=100)
    refund_id = (await till.refund(order, 100, "R1")).body["refund_id"]
    await till.door("/merchants", refunds="SUCCESS")

    elsewhere = {"out_refund_no": "R1", "type": "USER_BANK_CARD"}
    answer = await till.ask("POST", f"{REFUNDS}/{refund_id}/apply-abnormal-refund", elsewhere)

    assert answer.body["status"] == "PROCESSING"
    assert (await till.ask("GET", f"{REFUNDS}/R1")).body["status"] == "SUCCESS"
    assert (await till.ask("POST", f"{REFUNDS}/{refund_id}/apply-abnormal-refund", elsewhere)).code == "INVALID_REQUEST"


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
