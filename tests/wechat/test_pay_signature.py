"""Signatures of WeChat Pay, held to what WeChat published, to another library, and to what must be refused."""

import base64
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wechatpayv3 import utils as peer  # type: ignore[import-untyped]  # it has no types

from tests.wechat import pay_office
from wechat.pay import request_payment
from wechat.pay_errors import BadResource, BadSignature, Replayed, UnknownSerial
from wechat.pay_keys import open_sealed, private_key, public_key
from wechat.pay_signature import (
    Question,
    answer_message,
    authorization,
    check_signature,
    is_signed,
    payment_message,
    request_message,
    sign,
)

# Of the key pair that WeChat's documentation signs its examples with.
PUBLISHED_KEY = b"""-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAptpm+qvIDCh/9wjU26SQ
CK26ogYkBhDrYxnAaw2JbbBsp1oDbHKk+1r381NeBUG2HEFAuU+Fr72u5ot3yKdz
oF/FajAzQNKnm569/D3upKoi8mYBaST15Uig8j8qoUW1U217LL0jEHlSnHV3lcaD
TXqDpTRR4Bfz9IqOgJgFZ8/oTfEomSrjrLYef81Eyxr7ZIMQXEKKEK7V4UXKS0+/
fDsiG/cXidhzt8UbTL9vqXqxM2+IDImyO+FAc/tkBG55LmzxPto1Nq0WbnZzRM/w
Tzrd0I/8NlevxtFbphg4evlHjFNI7+GrqR87ViEwuAJJ9Je5QQjct5YJfFRWiZ5C
MQIDAQAB
-----END PUBLIC KEY-----
"""
PUBLISHED = {"timestamp": "1554208460", "nonce": "593BEC0C930BF1AFEB40B4A08C8FB242"}
PUBLISHED_PREPAY_ID = "wx201410272009395522657a690389285100"
PUBLISHED_PAY_SIGN = (
    "mI35pfNEQV6777ke/1T+LJLQDNTm7yeoUJH+j/adPGhmCCi0PbgkvYQTRcXH0uibcLVtvFLdGLpmoYO9FV6lBBsTAjuhh5YOvQi0e2g3e0yytiti"
    "NET9FEuqM0pjnKfRW4K6LIZDdbWJv9KhZUx3DrJa5TL7OJ7VdADVivxVySIlPVKjGwuCXzuXSJes0UcILgWQUMyha5/3nYofuHtS7r+KYyMuxD+o"
    "J9VM1Qdxk4UIG59CP5Y3wtYIFybyF3bdu1caHTRRX+DLyMXyYA/IrTmiW01c4RPjpHBX5Dk1sZyY1zVsWNsvMHr2e1NTWtBxKJ+qk5N61J7caYoe"
    "pHFaxw=="
)
PUBLISHED_BODY = (
    '{"appid":"wxd678efh567hg6787","mchid":"1900007291","description":"Image形象店-深圳腾大-QQ公仔",'
    '"out_trade_no":"1217752501201407033233368018","notify_url":"https://www.weixin.qq.com/wxpay/pay.php",'
    '"amount":{"total":100,"currency":"CNY"},"payer":{"openid":"oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"}}'
)
PUBLISHED_SIGNATURE = (
    "jnks4dlrPw3ZX+ozVvSK39oa0t7OMBsg83BHAwd8BRdUFiVaQNTLTvci+wURgP1OQBbKYhFGvt7iqYpDSTQkp7Uq1sltaQKyncCyrA1g88m5bsKE"
    "RQfPyT0ahSwKTYJ1CAn9QiJuSJRq1QsQs07eehbU/k9BCS51jTyc1Jpsi2H77HF9f/BnjXAOP3/sPObg6V5Ee4EzwLox684hhuMuIwHo7D8KFk3L"
    "IHOKDcNI4It1aCXydFWNpNK+SG86VUDe5kwoDpw4Ulqfu9z8OFDGbDs9TCxEv8iqQzbpxOlEVoOe2kalSYM5kApQb3nZcxdUtoE0liJGW3RGUNE0"
    "t4v01A=="
)

BODY = '{"id":"EV-1","summary":"支付成功"}'.encode()
NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def headers(**changed: str) -> dict[str, str]:
    """What WeChat signs BODY with at NOW, and then changed on the way."""
    return pay_office.signed(BODY, at=int(NOW.timestamp())) | {
        f"Wechatpay-{name.replace('_', '-').title()}": value for name, value in changed.items()
    }


def check(said: Mapping[str, str], body: bytes = BODY, now: datetime = NOW) -> bool:
    """Hold a message to its signature as the merchant does: True, or what is wrong with it is raised."""
    check_signature(said, body, pay_office.merchant(), now)
    return True


def test_what_a_phone_opens_is_signed_as_published() -> None:
    # One message and key have one signature of this kind, so whoever verifies it has made it.
    message = payment_message(pay_office.APPID, **PUBLISHED, package=f"prepay_id={PUBLISHED_PREPAY_ID}")
    assert is_signed(public_key(PUBLISHED_KEY), message, PUBLISHED_PAY_SIGN)


def test_a_question_is_signed_as_published() -> None:
    asked = Question("POST", "/v3/pay/transactions/jsapi", PUBLISHED_BODY.encode())
    assert is_signed(public_key(PUBLISHED_KEY), request_message(asked, **PUBLISHED), PUBLISHED_SIGNATURE)


def test_the_phone_gets_the_five_parameters() -> None:
    party = pay_office.merchant()
    said = request_payment(party, pay_office.APPID, "wx201", 1554208460, "abc")
    signature = said.pop("paySign")
    assert said == {"timeStamp": "1554208460", "nonceStr": "abc", "package": "prepay_id=wx201", "signType": "RSA"}
    message = f"{pay_office.APPID}\n1554208460\nabc\nprepay_id=wx201\n"
    assert signature == peer.rsa_sign(pay_office.key_pair("merchant"), message)


@given(st.sampled_from(["GET", "POST"]), texts, texts)
def test_another_library_signs_a_question_alike(method: str, path: str, body: str) -> None:
    party = pay_office.merchant()
    theirs = peer.build_authorization(
        f"/v3/{path}", method, party.mchid, party.serial_no, pay_office.key_pair("merchant"), body, PUBLISHED["nonce"]
    )
    timestamp = re.findall(r'timestamp="(\d+)"', theirs)[0]
    ours = authorization(party, Question(method, f"/v3/{path}", body.encode()), timestamp, PUBLISHED["nonce"])
    assert ours == theirs


@given(texts)
def test_another_library_verifies_what_we_sign_of_an_answer(body: str) -> None:
    signature = sign(private_key(pay_office.private_pem("platform")), answer_message("1", "n", body.encode()))
    assert peer.rsa_verify("1", "n", body, signature, public_key(pay_office.public_pem("platform")))


def test_what_wechat_signed_is_believed_whatever_the_case_of_its_headers() -> None:
    assert check(headers())
    assert check({name.lower(): value for name, value in headers().items()})
    assert check({name.upper(): value for name, value in headers().items()})


def test_a_certificate_verifies_as_well_as_a_public_key() -> None:
    serial = 0x5157F09EFDC096DE15EBE81A47057A7232F1B8E1
    keys = {
        f"{serial:X}": pay_office.certificate_pem("old", serial),
        pay_office.PUBLIC_KEY_ID: pay_office.public_pem("platform"),
    }
    party = pay_office.merchant(platform_keys=keys)
    check_signature(pay_office.signed(BODY), BODY, party, datetime.now(UTC))
    check_signature(pay_office.signed(BODY, "old", f"{serial:X}"), BODY, party, datetime.now(UTC))
    with pytest.raises(BadSignature):
        check_signature(pay_office.signed(BODY, "old"), BODY, party, datetime.now(UTC))


@pytest.mark.parametrize("place", range(0, len(BODY), 5))
def test_one_flipped_bit_of_the_body_is_refused(place: int) -> None:
    flipped = BODY[:place] + bytes([BODY[place] ^ 1]) + BODY[place + 1 :]
    with pytest.raises(BadSignature):
        check(headers(), flipped)


@pytest.mark.parametrize("place", [0, 100, 255])
def test_one_flipped_bit_of_the_signature_is_refused(place: int) -> None:
    said = headers()
    raw = bytearray(base64.b64decode(said["Wechatpay-Signature"]))
    raw[place] ^= 1
    with pytest.raises(BadSignature):
        check(said | {"Wechatpay-Signature": base64.b64encode(raw).decode()})


@pytest.mark.parametrize(
    "changed",
    [
        {"nonce": "another"},
        {"timestamp": str(int(NOW.timestamp()) + 1)},
        {"timestamp": f"{int(NOW.timestamp())}.0"},
        {"timestamp": ""},
        {"timestamp": "9" * 400},
        {"timestamp": "一七七"},
        {"signature": ""},
        {"signature": "WECHATPAY/SIGNTEST/" + "A" * 325},
        {"signature": "not base64!"},
        {"signature": base64.b64encode(b"\x00" * 256).decode()},
        {"signature_type": "WECHATPAY2-SM2-WITH-SM3"},
    ],
)
def test_what_wechat_did_not_sign_is_refused(changed: dict[str, str]) -> None:
    with pytest.raises(BadSignature):
        check(headers(**changed))


def test_a_probe_is_refused_even_where_its_rest_is_good() -> None:
    said = headers()
    with pytest.raises(BadSignature):
        check(said | {"Wechatpay-Signature": "WECHATPAY/SIGNTEST/" + said["Wechatpay-Signature"]})


def test_another_merchants_key_is_not_wechats() -> None:
    said = pay_office.signed(BODY, "merchant", at=int(NOW.timestamp()))
    with pytest.raises(BadSignature):
        check(said)


@pytest.mark.parametrize("serial", ["", "PUB_KEY_ID_0", "5157F09E"])
def test_a_key_that_is_not_known_is_named(serial: str) -> None:
    with pytest.raises(UnknownSerial) as unknown:
        check(headers(serial=serial))
    assert unknown.value.serial == serial


@pytest.mark.parametrize("seconds", [-301, 301, 86400])
def test_what_was_signed_too_far_from_now_is_refused(seconds: int) -> None:
    assert check(headers(), now=NOW + timedelta(seconds=300))
    assert check(headers(), now=NOW - timedelta(seconds=300))
    with pytest.raises(Replayed):
        check(headers(), now=NOW + timedelta(seconds=seconds))


@given(st.dictionaries(st.sampled_from(list(headers())), texts), st.binary(max_size=80))
def test_whatever_comes_it_is_refused_in_one_of_three_ways(said: dict[str, str], body: bytes) -> None:
    with pytest.raises((BadSignature, UnknownSerial, Replayed)):
        check(said, body)


PLAIN = '{"out_trade_no":"T20261121000001","trade_state":"SUCCESS","amount":{"total":100,"currency":"CNY"}}'
SEALED = (
    "YOZ0/AYhCiKPoeP4ZKU2lztKfufz1jV0QsH1HkIvxvrqAITwTkLQ8BQjR+/nhpKR1DvGXa7zjNDcQy94UAkCowPLOdqpDqhnLALloT/CPYjda4YZVL2h"
    "NFbok+4VwwL81XS6EmOtPfEvjeCCQ4K/jl8Z"
)
KEY = pay_office.API_V3_KEY.encode()


@pytest.mark.parametrize(
    ("associated_data", "ciphertext", "plain"),
    [("transaction", SEALED, PLAIN), ("", "YLmy7doo9EqRqjPG2Ty87pa/", "{}")],
)
def test_sealed_data_opens_as_reckoned_and_as_another_library_opens_it(
    associated_data: str, ciphertext: str, plain: str
) -> None:
    assert open_sealed(KEY, "abcdefghijkl", associated_data, ciphertext) == plain.encode()
    assert peer.aes_decrypt("abcdefghijkl", ciphertext, associated_data, pay_office.API_V3_KEY) == plain


@pytest.mark.parametrize(
    ("key", "nonce", "associated_data", "ciphertext"),
    [
        (KEY, "abcdefghijkl", "refund", SEALED),
        (KEY, "abcdefghijkl", "", SEALED),
        (KEY[::-1], "abcdefghijkl", "transaction", SEALED),
        (KEY, "abcdefghijkm", "transaction", SEALED),
        (KEY, "abcdefghijk", "transaction", SEALED),
        (KEY, "", "transaction", SEALED),
        (KEY, "abcdefghijkl", "transaction", base64.b64encode(base64.b64decode(SEALED)[:-1]).decode()),
        (KEY, "abcdefghijkl", "transaction", base64.b64encode(base64.b64decode(SEALED)[:10]).decode()),
        (KEY, "abcdefghijkl", "transaction", "Z" + SEALED[1:]),
        (KEY, "abcdefghijkl", "transaction", "no base64"),
        (KEY, "abcdefghijkl", "transaction", ""),
    ],
)
def test_what_was_changed_or_cut_does_not_open(key: bytes, nonce: str, associated_data: str, ciphertext: str) -> None:
    with pytest.raises(BadResource):
        open_sealed(key, nonce, associated_data, ciphertext)
