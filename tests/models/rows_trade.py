"""One valid row in every table of trade: an order that was paid, shipped and is being refunded."""

from datetime import timedelta

from tests.models.row_ids import AGES, MOMENT, Ids, Row


def trade(ids: Ids) -> dict[str, Row]:
    """Return the rows, parents before children."""
    return _cart(ids) | _order(ids) | _agreed(ids) | _paid(ids) | _sent(ids) | _given_back(ids)


def _cart(ids: Ids) -> dict[str, Row]:
    return {
        "cart": {"id": ids.cart, "customer_id": ids.customer, "note": "", "attributes": "{}", **AGES},
        "cart_line": {
            "cart_id": ids.cart, "variant_id": ids.variant, "quantity": 1, "selected": True, "attributes": "{}",
            "attributes_key": bytes(32), "share_link_id": ids.share_link, "seen_price_fen": 100,
            "created_at": MOMENT, "updated_at": MOMENT,
        },
    }  # fmt: skip


def _order(ids: Ids) -> dict[str, Row]:
    """What was agreed on: two pieces at 100 fen, freight of 20."""
    return {
        "orders": {
            "id": ids.order, "order_no": "2026010100001", "customer_id": ids.customer, "app_id": ids.app,
            "status": "PAID", "payment_status": "PAID", "fulfilment_status": "SHIPPED", "refund_status": "NONE",
            "goods_fen": 200, "freight_fen": 20, "total_fen": 220, "paid_fen": 220, "refunding_fen": 0,
            "refunded_fen": 0, "item_count": 2, "note": "", "promoter_id": ids.promoter,
            "share_link_id": ids.share_link, "prior_paid_orders": 0, "is_confirm_extended": False,
            "expires_at": MOMENT + timedelta(minutes=30), "paid_at": MOMENT, **AGES,
        },
        "order_line": {
            "id": ids.order_line, "order_id": ids.order, "position": 1, "product_id": ids.product,
            "variant_id": ids.variant, "title": "龙井", "variant_title": "100 克", "sku": "", "price_fen": 100,
            "cost_fen": 40, "quantity": 2, "payable_fen": 200, "refunding_fen": 0, "refunded_fen": 0,
            "refunding_quantity": 0, "refunded_quantity": 0, "shipped_quantity": 2, "weight_grams": 100,
            "requires_shipping": True, "origin": "OWN", "share_link_id": ids.share_link, "created_at": MOMENT,
        },
        "order_adjustment": {
            "order_id": ids.order, "position": 1, "kind": "FREIGHT", "title": "运费", "amount_fen": 20,
        },
        "order_change": {
            "order_id": ids.order, "axis": "STATUS", "from_value": None, "to_value": "PENDING_PAYMENT",
            "actor_kind": "CUSTOMER", "actor_id": ids.customer, "reason": "", "created_at": MOMENT,
        },
        "order_note": {"order_id": ids.order, "staff_id": ids.staff, "text": "老顾客", "created_at": MOMENT},
    }  # fmt: skip


def _agreed(ids: Ids) -> dict[str, Row]:
    """Where it goes, what holds it, and the stock that it speaks for."""
    return {
        "delivery": {
            "order_id": ids.order, "method": "EXPRESS", "recipient_sealed": b"-", "name_masked": "王**",
            "phone_masked": "138****0000", "region_code": "330106", "region_text": "浙江省杭州市西湖区",
            "freight_fen": 20, "origin": "OWN", "created_at": MOMENT,
        },
        "order_hold": {"order_id": ids.order, "kind": "RISK_REVIEW", "reason": "", "created_at": MOMENT},
        "reservation": {
            "order_id": ids.order, "order_line_id": ids.order_line, "stock_level_id": ids.stock_level, "quantity": 2,
            "returned": 0, "state": "TAKEN", "created_at": MOMENT, "updated_at": MOMENT,
        },
    }  # fmt: skip


def _paid(ids: Ids) -> dict[str, Row]:
    """Numbers at WeChat are unique among all shops."""
    return {
        "merchant_account": {
            "id": ids.merchant_account, "name": "收款", "mode": "DIRECT", "mchid": "1900000001", "sub_mchid": None,
            "provider_appid": None, "serial_no": "5157F09EFDC096DE15EBE81A47057A7232F1B8E1", "api_v3_key_sealed": b"-",
            "private_key_sealed": b"-", "channel": ids.merchant_account.hex,
            "base_url": "https://api.mch.weixin.qq.com", **AGES,
        },
        "merchant_account_app": {"merchant_account_id": ids.merchant_account, "app_id": ids.app},
        "payment": {
            "id": ids.payment, "order_id": ids.order, "method": "WECHAT", "state": "SUCCEEDED", "is_surplus": False,
            "amount_fen": 220, "refunding_fen": 0, "refunded_fen": 0, "merchant_account_id": ids.merchant_account,
            "mchid": "1900000001", "out_trade_no": ids.payment.hex, "transaction_id": ids.payment.hex,
            "app_id": ids.app, "payer_customer_id": ids.customer, "payer_openid": "o1", "prepay_id": "wx1",
            "expires_at": MOMENT + timedelta(minutes=30), "succeeded_at": MOMENT, "queries": 0, "last_error": "",
            "created_at": MOMENT, "updated_at": MOMENT,
        },
        "payment_notification": {
            "merchant_account_id": ids.merchant_account, "mchid": "1900000001", "notification_id": ids.payment.hex,
            "event_type": "TRANSACTION.SUCCESS", "resource_sealed": b"-", "outcome": "", "attempts": 0,
            "last_error": "", "created_at": MOMENT,
        },
    }  # fmt: skip


def _sent(ids: Ids) -> dict[str, Row]:
    return {
        "shipment": {
            "id": ids.shipment, "order_id": ids.order, "carrier_code": "SF", "tracking_no": "SF1234567890123",
            "note": "", "staff_id": ids.staff, "created_at": MOMENT,
        },
        "shipment_line": {"shipment_id": ids.shipment, "order_line_id": ids.order_line, "quantity": 2},
        "shipping_upload": {
            "order_id": ids.order, "payment_id": ids.payment, "state": "WAITING", "revision": 1,
            "uploaded_revision": 0, "attempts": 0, "last_error": "", "created_at": MOMENT, "updated_at": MOMENT,
        },
    }  # fmt: skip


def _given_back(ids: Ids) -> dict[str, Row]:
    """One piece is not liked."""
    return {
        "after_sale": {
            "id": ids.after_sale, "after_sale_no": "A2026010100001", "order_id": ids.order,
            "order_line_id": ids.order_line, "customer_id": ids.customer, "type": "RETURN", "status": "APPLIED",
            "quantity": 1, "amount_fen": 100, "reason": "不喜欢", "description": "", **AGES,
        },
        "after_sale_change": {
            "after_sale_id": ids.after_sale, "from_status": None, "to_status": "APPLIED", "actor_kind": "CUSTOMER",
            "actor_id": ids.customer, "note": "", "created_at": MOMENT,
        },
        "refund": {
            "id": ids.refund, "order_id": ids.order, "reason": "AFTER_SALE", "state": "REQUESTED", "amount_fen": 100,
            "freight_fen": 0, "restock": True, "note": "", "after_sale_id": ids.after_sale, "staff_id": ids.staff,
            "created_at": MOMENT, "updated_at": MOMENT,
        },
        "refund_allocation": {
            "refund_id": ids.refund, "payment_id": ids.payment, "amount_fen": 100, "state": "REQUESTED",
            "out_refund_no": "R2026010100001", "attempts": 0, "last_error": "", "created_at": MOMENT,
            "updated_at": MOMENT,
        },
        "refund_line": {"refund_id": ids.refund, "order_line_id": ids.order_line, "quantity": 1, "amount_fen": 100},
    }  # fmt: skip
