"""The client of WeChat Pay over real sockets: what it sends, what it believes, and in what it fails."""

import dataclasses
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, date, datetime
from traceback import format_exception
from typing import Any

import orjson
import pytest

from logs import configure
from tests.harness.server import serving_app
from tests.wechat import pay_office
from tests.wechat.pay_office import Office
from wechat import pay_errors as errors
from wechat.pay import Pay, Prepay, RefundWish
from wechat.pay_answers import RefundStatus, TradeState
from wechat.pay_bill import fen_of
from wechat.pay_merchant import PayMode
from wechat.transport import open_http

NO = "T2026112200000001"
WISH = Prepay(
    appid=pay_office.APPID,
    out_trade_no=NO,
    description="小铺 · 茶叶",
    amount_fen=8800,
    openid="oUpF8uMuAJO_M2pxb1Q9zNjWeS6o",
    expires_at=datetime(2026, 11, 22, 10, 30, 15, 250000, UTC),
    notify_url="https://shop.test/webhooks/wechat-pay/abc",
)
REFUND = RefundWish("4200001", NO, "R1", "不想要了", 800, 8800, "https://shop.test/webhooks/wechat-pay/abc")
ORDER = {"mchid": pay_office.MCHID, "appid": pay_office.APPID, "out_trade_no": NO, "trade_state": "NOTPAY"}
REFUNDED = {
    "out_refund_no": "R1",
    "refund_id": "5030",
    "out_trade_no": NO,
    "transaction_id": "4200001",
    "status": "PROCESSING",
    "amount": {"refund": 800, "total": 8800},
}
CERTIFICATE = 0x5157F09EFDC096DE15EBE81A47057A7232F1B8E1


@pytest.fixture(scope="module")
async def opened() -> AsyncIterator[tuple[Office, Pay]]:
    """A WeChat Pay that says what it is told to, and a merchant's way there, with little patience."""
    office = Office()
    async with serving_app(office) as base_url, open_http(0.5) as http:
        yield office, Pay(http, pay_office.merchant(base_url=base_url))


@pytest.fixture
def office(opened: tuple[Office, Pay]) -> Office:
    """The office, as new."""
    opened[0].forget()
    return opened[0]


@pytest.fixture
def pay(opened: tuple[Office, Pay]) -> Pay:
    """The way there."""
    return opened[1]


@pytest.fixture
def partner(pay: Pay) -> Pay:
    """A service provider's way, for a sub-merchant."""
    return dataclasses.replace(
        pay, merchant=dataclasses.replace(pay.merchant, mode=PayMode.PARTNER, sub_mchid=pay_office.SUB_MCHID)
    )


@pytest.fixture
def loquacious() -> Iterator[None]:
    """Let logs say all they ever would."""
    configure("debug")
    yield
    configure("warning")


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
    await partner.prepay(WISH)
    sub = {"sp_mchid": pay_office.MCHID, "sub_mchid": pay_office.SUB_MCHID}
    assert office.asked[-1][1] == "/v3/pay/partner/transactions/jsapi"
    assert {name: office.body[name] for name in ("sp_mchid", "sub_mchid", "sp_appid", "payer")} == {
        **sub,
        "sp_appid": pay_office.APPID,
        "payer": {"sp_openid": WISH.openid},
    }
    assert {"mchid", "appid"} & set(office.body) == set()

    said = {"sp_mchid": pay_office.MCHID, "sub_mchid": pay_office.SUB_MCHID, "sp_appid": pay_office.APPID}
    office.answers.clear()
    office.will_say(200, {**said, "out_trade_no": NO, "trade_state": "SUCCESS", "payer": {"sp_openid": "o1"}})
    found = await partner.query(NO)
    assert (found.mchid, found.sub_mchid, found.payer_openid) == (pay_office.MCHID, pay_office.SUB_MCHID, "o1")
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


Ask = Callable[[Pay], Awaitable[Any]]
EACH: list[Ask] = [
    lambda pay: pay.prepay(WISH),
    lambda pay: pay.query(NO),
    lambda pay: pay.close(NO),
    lambda pay: pay.refund(REFUND),
    lambda pay: pay.query_refund("R1"),
    lambda pay: pay.certificates(),
    lambda pay: pay.trade_bill(date(2026, 11, 21)),
]


NOES = [
    (400, "PARAM_ERROR", errors.PayRefused),
    (400, "ORDERPAID", errors.PayOrderPaid),
    (401, "SIGN_ERROR", errors.PayRefused),
    (403, "NOT_ENOUGH", errors.PayRefused),
    (403, "OUT_TRADE_NO_USED", errors.PayRefused),
    (403, "FREQUENCY_LIMITED", errors.PayBusy),
    (404, "ORDER_NOT_EXIST", errors.PayNotFound),
    (404, "RESOURCE_NOT_EXISTS", errors.PayNotFound),
    (404, "USER_NOT_EXISTS", errors.PayRefused),
    (429, "FREQUENCY_LIMITED", errors.PayBusy),
    (400, "SYSTEM_ERROR", errors.PayUnknown),
    (500, "SYSTEM_ERROR", errors.PayUnknown),
    (502, "BAD_GATEWAY", errors.PayUnknown),
    (202, "USERPAYING", errors.PayUnknown),
    (302, "FOUND", errors.PayUnknown),
]


@pytest.mark.parametrize("ask", EACH)
@pytest.mark.parametrize("no", NOES)
async def test_each_no_is_of_its_kind(
    pay: Pay, office: Office, ask: Ask, no: tuple[int, str, type[errors.PayError]]
) -> None:
    status, code, kind = no
    office.will_say(status, {"code": code, "message": "no"}, request_id="08F7D1")
    with pytest.raises(errors.PayError) as refused:
        await ask(pay)
    found = refused.value
    assert (type(found), found.code, found.status, found.request_id) == (kind, code, status, "08F7D1")


async def test_only_what_can_be_tried_again_says_when() -> None:
    kinds = [errors.PayRefused, errors.PayOrderPaid, errors.PayNotFound, errors.PayBusy, errors.PayUnknown]
    assert [kind.retry_after_seconds for kind in kinds] == [None, None, None, 5.0, 1.0]


@pytest.mark.parametrize("ask", EACH)
@pytest.mark.parametrize("status", [200, 204, 400, 404])
async def test_what_wechat_did_not_sign_leaves_all_unknown(pay: Pay, office: Office, ask: Ask, status: int) -> None:
    office.will_say(status, b"" if status == 204 else {"code": "ORDER_NOT_EXIST", "data": []}, is_signed=False)
    with pytest.raises(errors.PayUnknown) as unknown:
        await ask(pay)
    assert unknown.value.code in {errors.BAD_SIGNATURE, errors.BAD_ANSWER}


async def test_a_good_answer_under_another_signature_is_unknown(pay: Pay, office: Office) -> None:
    for headers in (pay_office.signed(b"{}"), pay_office.signed(orjson.dumps(ORDER), at=1554208460)):
        office.answers = [(200, orjson.dumps(ORDER), headers)]
        with pytest.raises(errors.PayUnknown, match=errors.BAD_SIGNATURE):
            await pay.query(NO)


async def test_an_unsigned_no_of_the_gate_is_believed_where_it_harms_nothing(pay: Pay, office: Office) -> None:
    for status, kind in ((401, errors.PayRefused), (429, errors.PayBusy)):
        office.answers.clear()
        office.will_say(status, b"<html>", is_signed=False)
        with pytest.raises(kind):
            await pay.query(NO)


@pytest.mark.parametrize(
    "said",
    [
        b"<html>",
        b"[]",
        {},
        ORDER | {"out_trade_no": "another"},
        ORDER | {"amount": {"total": "88"}},
        ORDER | {"amount": {"total": -1}},
        ORDER | {"amount": {"total": True}},
        ORDER | {"success_time": "soon"},
        ORDER | {"success_time": "2026-11-22T18:00:00"},
    ],
)
async def test_what_is_not_as_published_is_unknown(pay: Pay, office: Office, said: Any) -> None:
    office.will_say(200, said)
    with pytest.raises(errors.PayUnknown, match=errors.BAD_ANSWER):
        await pay.query(NO)


async def test_silence_and_nobody_there_are_unknown(pay: Pay, office: Office) -> None:
    office.seconds = 2.0
    office.will_say(200, ORDER)
    with pytest.raises(errors.PayUnknown, match=errors.NO_ANSWER):
        await pay.query(NO)
    nowhere = dataclasses.replace(pay, merchant=pay_office.merchant())
    with pytest.raises(errors.PayUnknown, match=errors.NO_CONNECTION):
        await nowhere.query(NO)


def told_certificate(name: str, serial: int) -> dict[str, Any]:
    """A certificate as WeChat lists it."""
    pem = pay_office.certificate_pem(name, serial)
    return {
        "serial_no": f"{serial:X}",
        "effective_time": "2026-01-01T00:00:00+08:00",
        "expire_time": "2031-01-01T00:00:00+08:00",
        "encrypt_certificate": pay_office.sealed(pem, "certificate"),
    }


async def test_certificates_vouch_for_themselves_the_first_time(pay: Pay, office: Office) -> None:
    fresh = dataclasses.replace(pay, merchant=dataclasses.replace(pay.merchant, platform_keys={}))
    said = {"data": [told_certificate("old", CERTIFICATE), told_certificate("next", CERTIFICATE + 1)]}
    office.will_say(200, said, is_signed=False)
    body = office.answers[0][1]
    serial = f"{CERTIFICATE:X}"
    office.answers = [(200, body, pay_office.signed(body, "old", serial))]
    found = await fresh.certificates()
    assert found == {
        serial: pay_office.certificate_pem("old", CERTIFICATE),
        f"{CERTIFICATE + 1:X}": pay_office.certificate_pem("next", CERTIFICATE + 1),
    }
    # Signed under a key that is neither known nor told.
    office.answers = [(200, body, pay_office.signed(body, "somebody", "7F"))]
    with pytest.raises(errors.PayUnknown, match=errors.UNKNOWN_SERIAL):
        await fresh.certificates()
    office.answers = [(200, body, pay_office.signed(body, "somebody", serial))]
    with pytest.raises(errors.PayUnknown, match=errors.BAD_SIGNATURE):
        await fresh.certificates()


@pytest.mark.parametrize(
    "said",
    [
        {"data": [told_certificate("old", 7) | {"serial_no": "8"}]},
        {"data": [told_certificate("old", 7) | {"encrypt_certificate": pay_office.sealed(b"no certificate")}]},
        {"data": [told_certificate("old", 7) | {"encrypt_certificate": {}}]},
        {"data": 7},
    ],
)
async def test_certificates_that_do_not_open_are_not_taken(pay: Pay, office: Office, said: Any) -> None:
    office.will_say(200, said)
    with pytest.raises(errors.PayUnknown, match=errors.BAD_ANSWER):
        await pay.certificates()


HEAD = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,"
    "微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注"
)
SOLD = (
    f"`2026-11-21 10:00:00,`wx2421b1c4370ec43b,`1900007291,`0,`,`4200001,`{NO},`o1,`JSAPI,`SUCCESS,`OTHERS,"
    "`CNY,`88.00,`0.00,`0,`0,`0.00,`0.00,`,`,`茶,叶 `大,`,`0.52800,`0.60%,`88.00,`0.00,`"
)
BACK = (
    f"`2026-11-21 11:00:00,`wx2421b1c4370ec43b,`1900007291,`0,`,`4200001,`{NO},`o1,`JSAPI,`REFUND,`OTHERS,"
    "`CNY,`0.00,`0.00,`5030,`R1,`8.05,`0.00,`ORIGINAL,`SUCCESS,`茶,`,`-0.05000,`0.60%,`0.00,`8.05,`"
)
SUMS = (
    "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额\r\n"
    "`2,`88.00,`8.05,`0.00,`0.47800,`88.00,`8.05"
)
BILL = f"\ufeff{HEAD}\r\n{SOLD}\r\n{BACK}\r\n{SUMS}\r\n".encode()


def told_bill(pay: Pay, file: bytes) -> dict[str, str]:
    """Where a bill is, and what it has to be."""
    digest = hashlib.sha1(file).hexdigest()  # noqa: S324 - WeChat's own choice
    url = f"{pay.merchant.base_url}/v3/billdownload/file?token=abc&tartype=none"
    return {"hash_type": "SHA1", "hash_value": digest, "download_url": url}


async def test_a_bill_is_downloaded_held_to_its_hash_and_read(pay: Pay, office: Office) -> None:
    office.will_say(200, told_bill(pay, BILL))
    office.will_say(200, BILL, is_signed=False)
    sold, back = await pay.trade_bill(date(2026, 11, 21))
    assert [asked[1] for asked in office.asked] == [
        "/v3/bill/tradebill?bill_date=2026-11-21&bill_type=ALL",
        "/v3/billdownload/file?token=abc&tartype=none",
    ]
    assert (sold.out_trade_no, sold.transaction_id, sold.trade_state) == (NO, "4200001", "SUCCESS")
    assert (sold.order_fen, sold.refund_fen, sold.refund_id, sold.sub_mchid) == (8800, 0, None, None)
    assert (back.trade_state, back.order_fen, back.refund_fen) == ("REFUND", 0, 805)
    assert (back.refund_id, back.out_refund_no, back.refund_status) == ("5030", "R1", "SUCCESS")


async def test_a_bill_with_another_hash_is_not_believed(pay: Pay, office: Office) -> None:
    office.will_say(200, told_bill(pay, BILL))
    office.will_say(200, BILL.replace(b"88.00", b"89.00"), is_signed=False)
    with pytest.raises(errors.PayUnknown, match=errors.BAD_HASH):
        await pay.trade_bill(date(2026, 11, 21))


ODD_BILLS = [
    b"",
    b"\xff\xfe",
    HEAD.encode(),
    BILL.replace(b"`0.00,`8.05", b"`0.00,`8,05"),
    BILL.replace(b"`JSAPI,`SUCCESS", b"`JSAPI"),
    BILL.replace(b"`2,`88.00", b"`3,`88.00"),
    BILL.replace("订单金额".encode(), b"amount"),
]


@pytest.mark.parametrize("file", ODD_BILLS)
async def test_a_bill_that_reads_otherwise_is_not_guessed_at(pay: Pay, office: Office, file: bytes) -> None:
    office.will_say(200, told_bill(pay, file))
    office.will_say(200, file, is_signed=False)
    with pytest.raises(errors.PayUnknown, match=errors.BAD_ANSWER):
        await pay.trade_bill(date(2026, 11, 21))


async def test_a_day_without_trade_has_an_empty_bill(pay: Pay, office: Office) -> None:
    office.will_say(400, {"code": "NO_STATEMENT_EXIST", "message": "账单文件不存在"})
    assert await pay.trade_bill(date(2026, 11, 21)) == []


@pytest.mark.parametrize(
    ("yuan", "fen"),
    [
        ("0", 0),
        ("0.01", 1),
        ("88", 8800),
        ("8.5", 850),
        ("-8.05", -805),
        ("0.10000", 10),
        ("90071992547409.93", 2**53 + 1),
    ],
)
def test_yuan_become_fen_exactly(yuan: str, fen: int) -> None:
    assert fen_of(yuan) == fen


@pytest.mark.parametrize("yuan", ["", "`1.00", "1.005", "1e3", "1,000.00", "+1", " 1", "１"])
def test_what_is_no_amount_is_refused(yuan: str) -> None:
    with pytest.raises(ValueError, match="yuan"):
        fen_of(yuan)


async def test_nothing_private_is_logged_or_said(
    pay: Pay, office: Office, loquacious: None, capfd: pytest.CaptureFixture[str]
) -> None:
    paid = {"trade_state": "SUCCESS", "transaction_id": "4200001", "payer": {"openid": WISH.openid}}
    office.will_say(200, ORDER | paid)
    found = await pay.query(NO)
    office.answers.clear()
    office.will_say(400, {"code": "PARAM_ERROR", "message": f"{WISH.openid} is wrong"})
    with pytest.raises(errors.PayRefused) as refused:
        await pay.prepay(WISH)
    captured = capfd.readouterr()
    said = " ".join([*format_exception(refused.value), captured.out, captured.err, str(found), str(WISH), str(pay)])
    assert all(word in said for word in ("wechat_pay_answered", "wechat_pay_refused", "PARAM_ERROR"))
    signature = office.asked[-1][3]["authorization"]
    for secret in (WISH.openid, pay_office.API_V3_KEY, "BEGIN PRIVATE", signature):
        assert secret not in said
