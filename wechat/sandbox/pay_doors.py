"""What testers do to the sandbox's WeChat Pay: open merchants, pay, and decide what becomes of refunds."""

from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from clock import wall_now
from models.database import pool
from wechat.sandbox.doors import door
from wechat.sandbox.inputs import InputError, read_body, read_query
from wechat.sandbox.pay_inputs import (
    MerchantInput,
    MerchantListInput,
    PageInput,
    PayInput,
    RefundInput,
    ShipmentListInput,
)
from wechat.sandbox.pay_ledger import MERCHANT, REFUNDING, balance, entries
from wechat.sandbox.pay_merchants import Merchant, SandboxMerchant, change_merchant, find_merchant, make_merchant
from wechat.sandbox.pay_notifications import deliver_pay_notifications
from wechat.sandbox.pay_page import no_such_order, pay_page
from wechat.sandbox.pay_partners import SubMerchant, make_sub_merchant, sub_appids
from wechat.sandbox.pay_paying import Outcome, Sheet, SignedRequest, is_request_signed, pay
from wechat.sandbox.pay_payments import by_key, by_prepay_id
from wechat.sandbox.pay_refunds import move
from wechat.sandbox.pay_ring import ring_of
from wechat.sandbox.pay_stories import payments_of, refund_named, refunds_of
from wechat.sandbox.pay_time import time_of
from wechat.sandbox.shipping import shipments_of


async def set_merchant_up(request: Request) -> dict[str, Any]:
    """Open a merchant or change one, and say all that a shop enters of it."""
    asked = await read_body(request, MerchantInput)
    if asked.sub_mchid:
        sub = SubMerchant(asked.sub_mchid, asked.shop, asked.appids)
        made = await make_sub_merchant(sub, mchid=asked.mchid, seed=asked.seed, provider_appid=asked.provider_appid)
    else:
        made = await make_merchant(mchid=asked.mchid, shop_id=asked.shop, seed=asked.seed, appids=asked.appids)
    merchant = await _merchant(made.mchid)
    changes: dict[str, Any] = {
        "key_mode": asked.key_mode,
        "rotation": asked.rotation,
        "is_certificate_expired": asked.certificate_expired,
        "refunds_become": asked.refunds,
        # A partner's own clock is none of its sub-merchants'.
        "shop_id": None if asked.sub_mchid else asked.shop,
    }
    merchant = await change_merchant(replace(merchant, **{name: to for name, to in changes.items() if to is not None}))
    return await _described(merchant, made)


async def _described(merchant: Merchant, account: SandboxMerchant) -> dict[str, Any]:
    ring, sub_mchid = await ring_of(merchant), account.sub_mchid
    certificates = [{"serialNo": key.serial, "certificate": key.certificate_pem} for key in ring.certificates]
    public_keys = [{"publicKeyId": key.serial, "publicKey": key.public_key_pem} for key in ring.public_keys]
    return {
        "mchid": merchant.mchid,
        "subMchid": sub_mchid,
        "providerAppid": account.provider_appid,
        "appids": await sub_appids(merchant.mchid, sub_mchid) if sub_mchid else merchant.appids,
        "apiV3Key": merchant.api_v3_key,
        "privateKey": account.private_key_pem,
        "serialNo": account.serial_no,
        "keyMode": merchant.key_mode,
        "rotation": merchant.rotation,
        "certificateExpired": merchant.is_certificate_expired,
        "refunds": merchant.refunds_become,
        "hold": merchant.is_holding,
        # Of each list the first signs.
        "publicKeys": public_keys,
        "certificates": certificates,
    }


async def pay_order(request: Request) -> dict[str, Any]:
    """Pay an order as the user does, or cancel, or fail; the shop is told before the answer comes."""
    asked = await read_body(request, PayInput)
    sheet = Sheet(asked.prepay_id, asked.outcome, asked.payer, asked.amount, asked.after_close)
    if asked.app_id and not await is_request_signed(_signed_request(asked)):
        return {"outcome": Outcome.FAIL, "errMsg": "requestPayment:fail:支付验证签名失败", "reason": "SIGN_ERROR"}
    done = await pay(sheet)
    if done is None:
        message = "prepay_id: there is no such order"
        raise InputError(message)
    return done


def _signed_request(asked: PayInput) -> SignedRequest:
    package = f"prepay_id={asked.prepay_id}"
    return SignedRequest(
        asked.app_id or "", asked.time_stamp or "", asked.nonce_str or "", package, asked.pay_sign or ""
    )


async def show_pay_page(request: Request) -> Response:
    """Show the pay sheet."""
    try:
        asked = read_query(request, PageInput)
    except InputError:
        return HTMLResponse(no_such_order(), HTTPStatus.NOT_FOUND)
    payment = await by_prepay_id(pool(), asked.prepay_id)
    if payment is None:
        return HTMLResponse(no_such_order(), HTTPStatus.NOT_FOUND)
    headers = {"Content-Security-Policy": "frame-ancestors 'none'", "Cache-Control": "no-store"}
    return HTMLResponse(pay_page(payment, await time_of(payment.shop_id)), headers=headers)


async def list_payments(request: Request) -> list[dict[str, Any]]:
    """List a merchant's orders."""
    asked = read_query(request, MerchantListInput)
    return await payments_of(asked.mchid, asked.sub_mchid, asked.order, asked.limit)


async def list_refunds(request: Request) -> list[dict[str, Any]]:
    """List a merchant's refunds."""
    asked = read_query(request, MerchantListInput)
    return await refunds_of(asked.mchid, asked.sub_mchid, asked.order, asked.limit)


async def show_ledger(request: Request) -> dict[str, Any]:
    """Show a merchant's books: what is there, what is on its way back to users, and every movement."""
    asked = read_query(request, MerchantListInput)
    whose = (asked.mchid, asked.sub_mchid)
    return {
        "balanceFen": await balance(MERCHANT, *whose),
        "refundingFen": await balance(REFUNDING, *whose),
        "entries": [{_NAMES.get(name, name): value for name, value in row.items()} for row in await entries(*whose)],
    }


async def move_refund(request: Request) -> dict[str, Any]:
    """Let a refund succeed, go wrong, or be closed; the shop is told before the answer comes."""
    asked = await read_body(request, RefundInput)
    found = await refund_named(request.path_params["out_refund_no"], asked.mchid)
    if found is None:
        message = "there is no such refund, or more than one: name the mchid"
        raise InputError(message)
    payment = await by_key(pool(), found.payment_id)
    moved = await move(found, payment, asked.status, await time_of(payment.shop_id))
    if moved is None:
        message = f"status: a refund that is {found.status} does not become {asked.status}"
        raise InputError(message)
    if moved[1]:
        await deliver_pay_notifications(wall_now(), numbers=[moved[1]])
    return {"outRefundNo": moved[0].out_refund_no, "status": moved[0].status, "notification": moved[1]}


async def list_shipments(request: Request) -> list[dict[str, Any]]:
    """List what was told of parcels."""
    asked = read_query(request, ShipmentListInput)
    return await shipments_of(asked.appid, asked.order)


async def _merchant(mchid: str) -> Merchant:
    found = await find_merchant(mchid)
    if found is None:
        message = "mchid: there is no such merchant"
        raise InputError(message)
    return found


_NAMES: Final = {
    "sub_mchid": "subMchid",
    "amount_fen": "amountFen",
    "transaction_id": "transactionId",
    "refund_id": "refundId",
}

PAY_DOORS: Final = (
    door("/merchants", "POST", set_merchant_up),
    door("/pay", "POST", pay_order),
    Route("/pay", show_pay_page, methods=["GET"]),
    door("/payments", "GET", list_payments),
    door("/refunds", "GET", list_refunds),
    door("/refunds/{out_refund_no}", "POST", move_refund),
    door("/ledger", "GET", show_ledger),
    door("/shipments", "GET", list_shipments),
)
