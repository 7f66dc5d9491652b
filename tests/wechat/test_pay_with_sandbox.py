"""Our client of WeChat Pay and the sandbox's WeChat Pay, made apart from each other, over real sockets."""

import dataclasses
import secrets
from datetime import timedelta
from typing import Any

import pytest

from clock import wall_now
from tests.wechat.pay_world import Till
from wechat.client import MiniProgram
from wechat.errors import PaymentNotSeen, ShippingKnown
from wechat.pay import BankCard, Pay, Prepay, RefundWish, request_payment
from wechat.pay_answers import RefundStatus, TradeState, refund_in, transaction_in
from wechat.pay_errors import PayBusy, PayNotFound, PayOrderPaid, PayRefused, PayUnknown
from wechat.pay_merchant import PayMerchant, PayMode, check_merchant
from wechat.pay_notification import Notification, open_notification
from wechat.sandbox.app import PATH
from wechat.shipping import LogisticsType, Parcel, Shipping, notify_confirm_receive, upload_shipping_info


@pytest.fixture
def pay(till: Till, mini: MiniProgram) -> Pay:
    """The same merchant as our settings have it."""
    made = till.merchant
    merchant = PayMerchant(
        mode=PayMode.DIRECT,
        mchid=made.mchid,
        sub_mchid=None,
        provider_appid=None,
        api_v3_key=made.api_v3_key,
        private_key_pem=made.private_key_pem.encode(),
        serial_no=made.serial_no,
        platform_keys={made.public_key_id: made.public_key_pem.encode()},
        base_url=f"{till.base_url}{PATH}",
    )
    check_merchant(merchant)
    return Pay(mini.transport.http, merchant)


@pytest.fixture
async def wish(till: Till) -> Prepay:
    """Tea for xiaoming."""
    openid = (await till.hand.post("/codes", user="xiaoming"))["openid"]
    return Prepay(
        appid=till.hand.appid,
        out_trade_no=f"T{secrets.token_hex(8)}",
        description="茶叶",
        amount_fen=8800,
        openid=openid,
        expires_at=wall_now() + timedelta(minutes=30),
        notify_url=till.shop_server.url,
    )


async def told(till: Till, pay: Pay, count: int) -> Notification:
    """The notification of that number, opened by us."""
    await till.heard(count)
    headers, body = till.shop_server.got[count - 1]
    return open_notification(headers, body, pay.merchant, wall_now())


def refund_of(wish: Prepay, transaction_id: str, fen: int) -> RefundWish:
    """Some of it back."""
    return RefundWish(
        transaction_id, wish.out_trade_no, f"R{secrets.token_hex(8)}", "不要了", fen, wish.amount_fen, wish.notify_url
    )


async def test_from_prepay_to_refund(till: Till, pay: Pay, wish: Prepay) -> None:
    prepay_id = await pay.prepay(wish)
    assert (await pay.query(wish.out_trade_no)).trade_state is TradeState.NOTPAY
    sheet = request_payment(pay.merchant, wish.appid, prepay_id, int(wall_now().timestamp()), secrets.token_hex(16))
    assert sheet["package"] == f"prepay_id={prepay_id}"

    await till.pay({"prepay_id": prepay_id})

    paid = await pay.query(wish.out_trade_no)
    notified = await told(till, pay, 1)
    assert notified.event_type == "TRANSACTION.SUCCESS"
    assert transaction_in(notified.resource) == paid
    assert (paid.is_paid, paid.amount_total_fen, paid.currency) == (True, 8800, "CNY")
    assert (paid.mchid, paid.appid, paid.payer_openid) == (pay.merchant.mchid, wish.appid, wish.openid)
    assert paid.transaction_id is not None
    with pytest.raises(PayOrderPaid):
        await pay.close(wish.out_trade_no)

    back = refund_of(wish, paid.transaction_id, 800)
    asked = await pay.refund(back)
    assert asked.status in {RefundStatus.PROCESSING, RefundStatus.SUCCESS}
    # The same number again is the same refund.
    assert (await pay.refund(back)).refund_id == asked.refund_id
    refunded = refund_in((await told(till, pay, 2)).resource)
    assert (refunded.status, refunded.amount_refund_fen) == (RefundStatus.SUCCESS, 800)
    assert (await pay.query_refund(back.out_refund_no)).status is RefundStatus.SUCCESS
    assert (await pay.query(wish.out_trade_no)).trade_state is TradeState.REFUND


async def test_what_was_paid_is_told_as_shipped_once_and_corrected_once(
    till: Till, pay: Pay, wish: Prepay, mini: MiniProgram
) -> None:
    app = dataclasses.replace(mini, appid=till.hand.appid)
    first = Shipping(
        mchid=pay.merchant.mchid,
        out_trade_no=wish.out_trade_no,
        openid=wish.openid,
        logistics=LogisticsType.EXPRESS,
        parcels=(Parcel("茶叶", "SF1234567890", "SF", "13800001234"),),
        is_all=True,
        uploaded_at=wall_now(),
    )
    prepay_id = await pay.prepay(wish)
    with pytest.raises(PaymentNotSeen):
        await upload_shipping_info(app, first)
    await till.pay({"prepay_id": prepay_id})

    await upload_shipping_info(app, first)
    await upload_shipping_info(app, dataclasses.replace(first, uploaded_at=first.uploaded_at + timedelta(seconds=1)))
    with pytest.raises(ShippingKnown):
        await upload_shipping_info(app, dataclasses.replace(first, uploaded_at=first.uploaded_at + timedelta(hours=1)))
    await notify_confirm_receive(app, pay.merchant.mchid, wish.out_trade_no, wall_now())


async def test_what_is_closed_cannot_be_paid_and_closing_again_is_no_error(pay: Pay, wish: Prepay) -> None:
    await pay.prepay(wish)
    await pay.close(wish.out_trade_no)
    await pay.close(wish.out_trade_no)
    assert (await pay.query(wish.out_trade_no)).trade_state is TradeState.CLOSED


async def test_what_never_arrived_is_not_found(pay: Pay, wish: Prepay) -> None:
    with pytest.raises(PayNotFound):
        await pay.query(wish.out_trade_no)
    with pytest.raises(PayNotFound):
        await pay.query_refund("R0000000001")


async def test_another_amount_wants_another_number(pay: Pay, wish: Prepay) -> None:
    await pay.prepay(wish)
    with pytest.raises(PayRefused):
        await pay.prepay(dataclasses.replace(wish, amount_fen=1))


async def test_a_signature_of_another_key_is_refused(pay: Pay, wish: Prepay) -> None:
    other = dataclasses.replace(pay, merchant=dataclasses.replace(pay.merchant, serial_no="7F"))
    with pytest.raises(PayRefused) as refused:
        await other.prepay(wish)
    assert (refused.value.code, refused.value.status) == ("SIGN_ERROR", 401)


@pytest.mark.parametrize(
    ("switch", "kind"),
    [
        ({"kind": "RATE_LIMIT"}, PayBusy),
        ({"kind": "ERROR", "code": "SYSTEM_ERROR"}, PayUnknown),
        ({"kind": "LOST_ANSWER"}, PayUnknown),
        ({"kind": "SLOW", "delayMs": 3000}, PayUnknown),
    ],
)
async def test_what_goes_wrong_on_the_way_is_of_its_kind(
    till: Till, pay: Pay, wish: Prepay, switch: dict[str, Any], kind: type[Exception]
) -> None:
    await till.hand.switch(**switch, call="prepay")
    with pytest.raises(kind):
        await pay.prepay(wish)
    # Asked again under the same number it is one payment.
    assert await pay.prepay(wish)
    assert (await pay.query(wish.out_trade_no)).trade_state is TradeState.NOTPAY


async def test_an_abnormal_refund_goes_to_a_card_that_wechat_alone_reads(till: Till, pay: Pay, wish: Prepay) -> None:
    card = BankCard("CMB_DEBIT", "6225881234567890", "李四")
    assert "6225881234567890" not in repr(card)
    await till.pay({"prepay_id": await pay.prepay(wish)})
    await till.door("/merchants", refunds="ABNORMAL")
    back = refund_of(wish, (await pay.query(wish.out_trade_no)).transaction_id or "", 8800)
    refund_id = (await pay.refund(back)).refund_id
    await till.door("/merchants", refunds="PROCESSING")
    assert (await pay.query_refund(back.out_refund_no)).status is RefundStatus.ABNORMAL

    said = await pay.apply_abnormal_refund(refund_id, back.out_refund_no, card)

    assert (said.status, said.refund_id) == (RefundStatus.PROCESSING, refund_id)
    with pytest.raises(PayRefused):
        await pay.apply_abnormal_refund(refund_id, back.out_refund_no, None)
    [told_it] = [one for one in await till.read("/refunds") if one["outRefundNo"] == back.out_refund_no]
    assert told_it["status"] == "PROCESSING"


async def test_a_card_is_sealed_under_the_newest_certificate_where_there_is_no_public_key(
    till: Till, pay: Pay, wish: Prepay
) -> None:
    made = await till.door("/merchants", keyMode="CERTIFICATE", rotation="SWITCHED")
    keys = {one["serialNo"]: one["certificate"].encode() for one in made["certificates"]}
    certified = dataclasses.replace(pay, merchant=dataclasses.replace(pay.merchant, platform_keys=keys))
    await till.pay({"prepay_id": await certified.prepay(wish)})
    await till.door("/merchants", refunds="ABNORMAL")
    back = refund_of(wish, (await certified.query(wish.out_trade_no)).transaction_id or "", 1)
    refund_id = (await certified.refund(back)).refund_id
    await till.door("/merchants", refunds="PROCESSING")

    card = BankCard("CMB_DEBIT", "6225881234567890", "李四")
    said = await certified.apply_abnormal_refund(refund_id, back.out_refund_no, card)

    assert said.status is RefundStatus.PROCESSING
    over = dataclasses.replace(pay.merchant, platform_keys={})
    with pytest.raises(PayUnknown, match="UNKNOWN_SERIAL"):
        await dataclasses.replace(pay, merchant=over).apply_abnormal_refund(refund_id, back.out_refund_no, card)
