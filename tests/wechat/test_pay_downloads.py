"""What is downloaded from WeChat Pay: its certificates, and the bill of a day."""

import dataclasses
import hashlib
from datetime import date
from typing import Any

import pytest

from tests.wechat import pay_office
from tests.wechat.pay_office import NO, Office
from wechat import pay_errors as errors
from wechat.pay import Pay
from wechat.pay_bill import fen_of

CERTIFICATE = 0x5157F09EFDC096DE15EBE81A47057A7232F1B8E1


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
    BILL[: BILL.index("总".encode())],
    BILL.replace(b"`2026-11-21 11", b"2026-11-21 11").replace(b",`", b";`"),
    BILL.replace("订单金额".encode(), b"amount"),
]


@pytest.mark.parametrize("file", ODD_BILLS)
async def test_a_bill_that_reads_otherwise_is_not_guessed_at(pay: Pay, office: Office, file: bytes) -> None:
    office.will_say(200, told_bill(pay, file))
    office.will_say(200, file, is_signed=False)
    with pytest.raises(errors.PayUnknown, match=errors.BAD_ANSWER):
        await pay.trade_bill(date(2026, 11, 21))


async def test_a_bill_may_have_no_rows(pay: Pay, office: Office) -> None:
    file = f"{HEAD}\n{SUMS}".encode()
    office.will_say(200, told_bill(pay, file))
    office.will_say(200, file, is_signed=False)
    assert await pay.trade_bill(date(2026, 11, 21)) == []


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
