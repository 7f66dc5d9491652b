"""By what the small shop tells customers of events, and what one of them agreed to."""

from datetime import timedelta

import orjson

from tests.engine.small_shop import AGES, NOW, SmallShop

ENDS = (
    ("SENT", ""), ("WAITING", ""), ("WAITING", "-1"), ("UNWANTED", "NOT_AGREED"), ("UNWANTED", "43101"),
    ("UNWANTED", "OVER"), ("FAILED", "47003 thing2"), ("FAILED", "ANSWER_LOST"), ("FAILED", "SealBrokenError"),
    ("FAILED", "Unreachable"), ("FAILED", "GIVEN_UP"),
)  # fmt: skip
"""How messages end, and what is written down of it."""
EVENTS = ("ORDER_PAID", "ORDER_SHIPPED", "ORDER_EXPIRING", "REFUND_SUCCEEDED")


def messaged(shop: SmallShop) -> SmallShop:
    """Add them to a shop that has an app and customers, and return it; the third template is not in use."""
    [app] = shop.rows["wechat_app"]
    person = shop.add(
        "identity", customer_id=shop.ids("customer")[0], appid=app["appid"], openid=shop.word, open_account="",
        unionid=None, person_hash=bytes(32), session_key_sealed=b"-", created_at=NOW, seen_at=NOW,
    )  # fmt: skip
    for number, event in enumerate(EVENTS):
        keywords = [
            {"keyword": "thing1", "value": "", "text": shop.word},
            {"keyword": "amount2", "value": "TOTAL", "text": ""},
        ]
        shop.add(
            "message_template", app_id=app["id"], event=event, template_id=f"{shop.word}{number // 2}",
            keywords=orjson.dumps(keywords[: 1 + number % 2]).decode(), page=shop.word * (number % 2),
            active=number != 2, **AGES | {"created_at": NOW - timedelta(days=number // 2)},
        )  # fmt: skip
    for number, order in enumerate(shop.rows["orders"][: 2 * len(ENDS)]):
        state, error = ENDS[number % len(ENDS)]
        is_waiting = state == "WAITING"
        shop.add(
            "message", event=EVENTS[number % 4], occasion=f"{shop.word}{number}", subject_id=order["id"],
            order_id=order["id"] if number % 5 else None, customer_id=order["customer_id"], identity_id=person,
            app_id=app["id"], state=state, holds_quota=is_waiting, may_have_arrived=error == "ANSWER_LOST",
            attempts=number % 7, next_attempt_at=NOW if is_waiting else None, last_error=error,
            created_at=NOW - timedelta(hours=number // 3), sent_at=NOW if state == "SENT" else None,
        )  # fmt: skip
    shop.add(
        "message_push", app_id=app["id"], channel=shop.new_id().hex, token_sealed=b"-", key_sealed=b"-",
        created_at=NOW, updated_at=NOW,
    )  # fmt: skip
    shop.add("message_quota", identity_id=person, template_id=f"{shop.word}0", remaining=3, updated_at=NOW)
    return shop
