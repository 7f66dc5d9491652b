"""One valid row in every table of messages: of an order that was paid, which its customer agreed to hear of."""

from tests.models.row_ids import AGES, MOMENT, Ids, Row


def messages(ids: Ids) -> dict[str, Row]:
    """Return the rows, parents before children."""
    return {
        "message_template": {
            "app_id": ids.app, "event": "ORDER_PAID", "template_id": "T1",
            "keywords": '[{"keyword": "amount2", "value": "PAID", "text": ""}]', "page": "pages/order", "active": True,
            **AGES,
        },
        "message_push": {
            "app_id": ids.app, "channel": ids.app.hex, "token_sealed": b"-", "key_sealed": b"-",
            "created_at": MOMENT, "updated_at": MOMENT,
        },
        "pushed_message": {
            "app_id": ids.app, "digest": bytes(32), "event": "trade_manage_remind_shipping", "outcome": "REMINDED",
            "created_at": MOMENT,
        },
        "message_quota": {
            "identity_id": ids.identity, "template_id": "T1", "remaining": 1, "updated_at": MOMENT,
        },
        "message": {
            "event": "ORDER_PAID", "occasion": ids.order.hex, "subject_id": ids.order, "order_id": ids.order,
            "customer_id": ids.customer, "identity_id": ids.identity, "app_id": ids.app, "state": "WAITING",
            "holds_quota": False, "may_have_arrived": False, "attempts": 0, "next_attempt_at": MOMENT,
            "last_error": "", "created_at": MOMENT, "sent_at": None,
        },
    }  # fmt: skip
