"""What the small shop was paid and gave back, what it sent, and what customers did not like."""

from datetime import timedelta
from uuid import UUID

import orjson

from tests.engine.small_shop import AGES, NOW, SmallShop
from tests.models.row_ids import Row

_CARRIERS = (("SF", "SF1234567890123"), ("YTO", "YT1234567890123"), (None, None))
_REFUNDS = ("REQUESTED", "PROCESSING", "ABNORMAL", "CLOSED")
_CLAIMS = ("APPLIED", "AWAITING_RETURN", "RETURN_SHIPPED", "REFUNDING", "EXCHANGE_SHIPPED", "COMPLETED", "REJECTED")
_PROBLEMS = ("WRONG_MERCHANT", "WRONG_APP", "WRONG_CURRENCY", "WRONG_AMOUNT", "WRONG_TRANSACTION")
_UPLOADS = ("WAITING", "DONE", "FAILED", "FAILED")


def moneyed(shop: SmallShop) -> SmallShop:
    """Add them to a shop that has orders, and return it."""
    account, app = _account(shop)
    for number, order in enumerate(shop.rows["orders"]):
        lines = [line for line in shop.rows["order_line"] if line["order_id"] == order["id"]]
        payment = _payments(shop, order, number, account, app)
        if payment is None:
            continue
        claim = _claim(shop, order, lines[0], number)
        if order["refund_status"] != "NONE":
            _refund(shop, order, lines[0], payment, claim, number)
        if order["fulfilment_status"] != "NOT_SHIPPED":
            _parcels(shop, order, lines, payment, number)
    return shop


def _account(shop: SmallShop) -> tuple[Row, UUID]:
    """Two accounts, the second a service provider's that no app pays through; the first, and the app of it."""
    app = shop.add(
        "wechat_app", appid="wx0123456789abcdef", kind="MINI_PROGRAM", name=shop.word, secret_sealed=b"-",
        base_url="https://api.weixin.qq.com", created_at=NOW,
    )  # fmt: skip
    for number, mode in enumerate(("DIRECT", "PARTNER")):
        account = shop.add(
            "merchant_account", name=f"{shop.word}{number}", mode=mode, mchid=f"{shop.id.int % 10**9:09}{number}",
            sub_mchid="1900000009" if number else None,
            provider_appid="wxfedcba9876543210" if number else None,
            serial_no="5157F09EFDC096DE15EBE81A47057A7232F1B8E1",
            api_v3_key_sealed=b"-", private_key_sealed=b"-", channel=shop.new_id().hex,
            platform_keys=orjson.dumps({} if number else {"PUB_KEY_ID_2": "-", "PUB_KEY_ID_1": shop.word}).decode(),
            base_url="https://api.mch.weixin.qq.com", **AGES,
        )  # fmt: skip
        if number == 0:
            shop.add("merchant_account_app", merchant_account_id=account, app_id=app)
    return shop.rows["merchant_account"][0], app


def _payments(shop: SmallShop, order: Row, number: int, account: Row, app: UUID) -> Row | None:
    """What was closed or is open, by a friend now and then, and the one that brought the money, if any did."""
    first, second, _third = shop.ids("customer")
    payer = (order["customer_id"], second, first)[number % 3]
    base: Row = {
        "order_id": order["id"], "method": "WECHAT", "is_surplus": False, "amount_fen": order["total_fen"],
        "refunding_fen": 0, "refunded_fen": 0, "merchant_account_id": account["id"], "mchid": account["mchid"],
        "app_id": app,
        "payer_customer_id": payer, "prepay_id": "wx1", "expires_at": order["expires_at"],
        "queries": 0, "last_error": "", "created_at": order["created_at"], "updated_at": NOW,
    }  # fmt: skip
    is_paid = order["payment_status"] != "UNPAID"
    for index, state in enumerate(("PREPAID", "CLOSED", "FAILED", "CREATED")[number % 4 :]):
        closed = NOW - timedelta(hours=1) if state == "CLOSED" else None
        problem = {"problem": _PROBLEMS[number % 5], "told_fen": number} if number % 3 == index else {}
        shop.add(
            "payment", state="CLOSED" if is_paid else state, closed_at=NOW if is_paid else closed,
            payer_openid=f"o{index}", out_trade_no=f"T{number:03}{index:03}", **base, **problem,
        )  # fmt: skip
    if not is_paid:
        return None
    is_free = number % 11 == 6
    came: Row = {"state": "SUCCEEDED", "succeeded_at": order["paid_at"], "payer_openid": "o9"}
    free: Row = {"method": "FREE", "amount_fen": 0, "merchant_account_id": None, "mchid": None, "app_id": None}
    shop.add(
        "payment", out_trade_no=f"T{number:03}PAID",
        transaction_id=None if is_free else f"420000{number:04}", **{**base, **came, **(free if is_free else {})},
    )  # fmt: skip
    paid: Row = shop.rows["payment"][-1]
    if number % 4 == 0:
        shop.add(
            "payment", out_trade_no=f"T{number:03}MORE", transaction_id=f"430000{number:04}",
            **{**base, **came, "is_surplus": True},
        )  # fmt: skip
    return paid


def _claim(shop: SmallShop, order: Row, line: Row, number: int) -> UUID:
    """One wish about the first line."""
    word, status = shop.word, _CLAIMS[number % 7]
    back = ("SF", "SF1") if number % 2 else (None, None)
    there = (None, None) if number % 2 else ("YTO", "YT1")
    claim = shop.add(
        "after_sale", after_sale_no=f"A20260601{number:06}", order_id=order["id"], order_line_id=line["id"],
        customer_id=order["customer_id"], type=("REFUND", "RETURN", "EXCHANGE")[number % 3], status=status,
        quantity=1, amount_fen=line["price_fen"], reason=f"{word}不喜欢", description=word * (number % 2),
        evidence=orjson.dumps([f"https://img.example/{word}.jpg"] * (number % 3)).decode(),
        return_carrier_code=back[0], return_tracking_no=back[1], exchange_carrier_code=there[0],
        exchange_tracking_no=there[1], deadline_at=NOW + timedelta(days=1) if number % 2 else None,
        version=1 + number % 2, created_at=NOW - timedelta(minutes=number // 2), updated_at=NOW,
    )  # fmt: skip
    steps = [(None, "APPLIED", "CUSTOMER"), ("APPLIED", "AWAITING_RETURN", "STAFF")]
    for before, after, actor in steps[: 1 + number % 2]:
        shop.add(
            "after_sale_change", after_sale_id=claim, from_status=before, to_status=after, actor_kind=actor,
            actor_id=None, note=word, created_at=NOW - timedelta(minutes=1),
        )  # fmt: skip
    return claim


def _refund(  # noqa: PLR0913, PLR0917 - a refund hangs from all of these
    shop: SmallShop, order: Row, line: Row, payment: Row, claim: UUID, number: int
) -> None:
    """One that has arrived, of one fen by the after-sale, and one that is on its way, of nothing that was bought."""
    for index, state in enumerate(("SUCCEEDED", _REFUNDS[number % 4])):
        refund = shop.add(
            "refund", order_id=order["id"], reason=("AFTER_SALE", "SURPLUS")[index], state=state, amount_fen=1 + index,
            freight_fen=index, restock=index == 0, note=shop.word * index, after_sale_id=None if index else claim,
            created_at=NOW - timedelta(hours=number // 2), updated_at=NOW, succeeded_at=None if index else NOW,
        )  # fmt: skip
        for part, part_state in enumerate(("CLOSED", state)[index:]):
            shop.add(
                "refund_allocation", refund_id=refund, payment_id=payment["id"], amount_fen=1 + index, state=part_state,
                out_refund_no=f"R{number:03}{index}{part}", attempts=part, last_error=shop.word if part else "",
                created_at=NOW - timedelta(hours=1), updated_at=NOW,
            )  # fmt: skip
        if index == 0:
            shop.add("refund_line", refund_id=refund, order_line_id=line["id"], quantity=1, amount_fen=1)
    order["refunded_fen"], order["refunding_fen"] = 1, 2
    line["refunded_quantity"], line["refunded_fen"] = 1, 1
    payment["refunded_fen"], payment["refunding_fen"] = 1, 2


def _parcels(shop: SmallShop, order: Row, lines: list[Row], payment: Row, number: int) -> None:
    """Two at one moment, and whether WeChat heard of them."""
    for index in range(1 + number % 2):
        carrier, tracking = _CARRIERS[(number + index) % 3]
        parcel = shop.add(
            "shipment", order_id=order["id"], carrier_code=carrier, tracking_no=tracking, note=shop.word * index,
            corrected_at=NOW if index else None, created_at=NOW - timedelta(hours=2),
        )  # fmt: skip
        for line in lines:
            shop.add("shipment_line", shipment_id=parcel, order_line_id=line["id"], quantity=1 + index)
    state = _UPLOADS[number % 4]
    shop.add(
        "shipping_upload", order_id=order["id"], payment_id=payment["id"], state=state, revision=1,
        uploaded_revision=int(state == "DONE"), attempts=number, last_error=shop.word if state == "FAILED" else "",
        next_attempt_at=None if state == "DONE" else NOW, created_at=NOW - timedelta(hours=number // 3),
        updated_at=NOW,
    )  # fmt: skip
