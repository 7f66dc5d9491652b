"""Notifications of WeChat Pay: verified first, opened after, refused in types."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from wechatpayv3 import WeChatPay, WeChatPayType  # type: ignore[import-untyped]  # it has no types

from tests.wechat import pay_office
from wechat.pay_answers import RefundStatus, TradeState, refund_in, transaction_in
from wechat.pay_errors import BadResource, BadSignature, Replayed, UnknownSerial
from wechat.pay_notification import TRANSACTION_SUCCESS, open_notification

PAID = {
    "mchid": pay_office.MCHID,
    "appid": pay_office.APPID,
    "out_trade_no": "T20261122000001",
    "transaction_id": "4200001234202611220000000001",
    "trade_type": "JSAPI",
    "trade_state": "SUCCESS",
    "trade_state_desc": "支付成功",
    "bank_type": "OTHERS",
    "success_time": "2026-11-22T18:00:00+08:00",
    "payer": {"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"},
    "amount": {"total": 8800, "payer_total": 8000, "currency": "CNY", "payer_currency": "CNY"},
}
REFUNDED = {
    "mchid": pay_office.MCHID,
    "out_trade_no": "T20261122000001",
    "transaction_id": "4200001234202611220000000001",
    "out_refund_no": "R20261122000001",
    "refund_id": "50300001234",
    "refund_status": "SUCCESS",
    "success_time": "2026-11-22T18:00:00+08:00",
    "user_received_account": "支付用户零钱",
    "amount": {"total": 8800, "refund": 800, "payer_total": 8000, "payer_refund": 800},
}
MERCHANT = pay_office.merchant()


def notice(plain: Any, event_type: str = TRANSACTION_SUCCESS, **changed: Any) -> bytes:
    """The body of a notification, as WeChat writes it."""
    told = {
        "id": "EV-2018022511223320873",
        "create_time": "2026-11-22T18:00:01+08:00",
        "resource_type": "encrypt-resource",
        "event_type": event_type,
        "summary": "支付成功",
        "resource": {"original_type": "transaction", **pay_office.sealed(orjson.dumps(plain))},
    }
    return orjson.dumps(told | changed)


def test_a_payment_is_read() -> None:
    body = notice(PAID)
    found = open_notification(pay_office.signed(body), body, MERCHANT, datetime.now(UTC))
    assert (found.id, found.event_type, found.resource) == ("EV-2018022511223320873", "TRANSACTION.SUCCESS", PAID)
    assert found.create_time == datetime(2026, 11, 22, 10, 0, 1, tzinfo=UTC)

    paid = transaction_in(found.resource)
    assert (paid.trade_state, paid.is_paid) == (TradeState.SUCCESS, True)
    assert (paid.mchid, paid.appid, paid.currency) == (pay_office.MCHID, pay_office.APPID, "CNY")
    assert (paid.amount_total_fen, paid.payer_total_fen) == (8800, 8000)
    assert paid.success_time == datetime(2026, 11, 22, 10, tzinfo=UTC)
    assert paid.payer_openid == PAID["payer"]["openid"]  # type: ignore[index]  # a literal of mixed values
    # Neither the payer nor anything else of a person is printed.
    assert "oUpF8uMuAJO" not in f"{found} {paid}"


def test_a_refund_is_read() -> None:
    body = notice(REFUNDED, "REFUND.SUCCESS")
    found = refund_in(open_notification(pay_office.signed(body), body, MERCHANT, datetime.now(UTC)).resource)
    assert (found.status, found.amount_refund_fen, found.amount_total_fen) == (RefundStatus.SUCCESS, 800, 8800)
    assert (found.out_refund_no, found.refund_id, found.mchid) == ("R20261122000001", "50300001234", pay_office.MCHID)


def test_another_library_opens_the_same() -> None:
    peer = WeChatPay(
        wechatpay_type=WeChatPayType.JSAPI,
        mchid=pay_office.MCHID,
        private_key=pay_office.private_pem("merchant").decode(),
        cert_serial_no=pay_office.SERIAL,
        appid=pay_office.APPID,
        apiv3_key=pay_office.API_V3_KEY,
        public_key=pay_office.public_pem("platform").decode(),
        public_key_id=pay_office.PUBLIC_KEY_ID,
    )
    body = notice(PAID)
    headers = pay_office.signed(body)
    theirs = peer.callback(headers, body)
    assert theirs["resource"] == open_notification(headers, body, MERCHANT, datetime.now(UTC)).resource == PAID


def test_nothing_is_opened_before_it_is_verified() -> None:
    # Sealed for another key too: what is told is that it is not WeChat's.
    body = notice(PAID, resource={"algorithm": "AEAD_AES_256_GCM", "ciphertext": "", "nonce": ""})
    with pytest.raises(BadSignature):
        open_notification(pay_office.signed(body, "somebody"), body, MERCHANT, datetime.now(UTC))


def test_a_body_that_was_written_anew_is_refused() -> None:
    body = notice(PAID)
    rewritten = orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2)
    for changed in (rewritten, body + b"\n", body.decode().encode("utf-16")):
        with pytest.raises(BadSignature):
            open_notification(pay_office.signed(body), changed, MERCHANT, datetime.now(UTC))


def test_a_recorded_notification_is_refused_later() -> None:
    body = notice(PAID)
    with pytest.raises(Replayed):
        open_notification(pay_office.signed(body), body, MERCHANT, datetime.now(UTC) + timedelta(minutes=6))


def test_a_key_of_tomorrow_is_named_so_that_it_can_be_fetched() -> None:
    body = notice(PAID)
    with pytest.raises(UnknownSerial, match="not known"):
        open_notification(pay_office.signed(body, "next", "7F00"), body, MERCHANT, datetime.now(UTC))


def cut(resource: dict[str, Any]) -> dict[str, Any]:
    """The same with its tag cut short."""
    raw = base64.b64decode(resource["ciphertext"])
    return resource | {"ciphertext": base64.b64encode(raw[:-1]).decode()}


@pytest.mark.parametrize(
    "changed",
    [
        {"resource": pay_office.sealed(b"{}") | {"associated_data": "refund"}},
        {"resource": pay_office.sealed(b"{}") | {"algorithm": "AEAD_SM4_GCM"}},
        {"resource": cut(pay_office.sealed(b"{}"))},
        {"resource": pay_office.sealed(b"[]")},
        {"resource": pay_office.sealed(b"no json")},
        {"resource": pay_office.sealed(b"{}") | {"nonce": 7}},
        {"resource": pay_office.sealed(b"{}") | {"ciphertext": None}},
        {"resource": []},
        {"resource_type": "plain"},
        {"create_time": "yesterday"},
        {"create_time": "2026-11-22T18:00:01"},
        {"id": ""},
        {"id": 7},
    ],
)
def test_what_wechat_signed_and_is_not_as_published_is_a_bad_resource(changed: dict[str, Any]) -> None:
    body = notice(PAID, **changed)
    with pytest.raises(BadResource):
        open_notification(pay_office.signed(body), body, MERCHANT, datetime.now(UTC))


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"null", b"\xff", b'{"resource":1,"resource_type":2}'])
def test_a_signed_body_that_is_none_is_a_bad_resource(body: bytes) -> None:
    with pytest.raises(BadResource):
        open_notification(pay_office.signed(body), body, MERCHANT, datetime.now(UTC))


def test_associated_data_may_be_empty_or_left_out() -> None:
    sealed = pay_office.sealed(b'{"a":1}', "")
    for resource in (sealed, {name: said for name, said in sealed.items() if name != "associated_data"}):
        body = notice({}, resource=resource)
        found = open_notification(pay_office.signed(body), body, MERCHANT, datetime.now(UTC))
        assert found.resource == {"a": 1}
