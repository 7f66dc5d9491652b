"""One valid row in every table of group-buys: a team of two that waits for its second, led by who has paid."""

from datetime import timedelta

from tests.models.row_ids import AGES, MOMENT, Ids, Row


def group_buys(ids: Ids) -> dict[str, Row]:
    """Return the rows, parents before children."""
    return {
        "group_buy": {
            "id": ids.group_buy, "product_id": ids.product, "title": "两人拼", "status": "PUBLISHED",
            "starts_at": MOMENT, "ends_at": MOMENT + timedelta(days=7), "per_person_limit": 2, "per_order_limit": 2,
            "new_customers_only": False, "tier_sizes": [2], "max_size": 2, "team_hours": 24,
            "leader_advantage": "PRICE", "join_by": "LIST", "late_payment": "REFUND", "virtual_fill_percent": None,
            **AGES,
        },
        "group_buy_variant": {
            "group_buy_id": ids.group_buy, "variant_id": ids.variant, "tier_prices_fen": [90], "leader_price_fen": 80,
            "stock": 10, "taken": 2,
        },
        "group_buy_team": {
            "id": ids.team, "group_buy_id": ids.group_buy, "leader_id": ids.customer, "share_link_id": ids.share_link,
            "terms": "{}", "state": "FORMING", "size": 2, "joined": 1, "reserved": 0, "virtual_seats": 0,
            "tier_size": None, "started_at": MOMENT, "expires_at": MOMENT + timedelta(hours=24), "ended_at": None,
            **AGES,
        },
        "group_buy_seat": {
            "id": ids.seat, "group_buy_id": ids.group_buy, "team_id": ids.team, "customer_id": ids.customer,
            "order_id": ids.order, "order_line_id": ids.order_line, "variant_id": ids.variant, "quantity": 2,
            "share_link_id": ids.share_link, "invited_by": ids.customer, "role": "LEADER", "state": "JOINED",
            "is_virtual": False, "price_paid_fen": 80, "price_final_fen": None, "refund_id": ids.refund,
            "attempts": 0, "last_error": "", "joined_at": MOMENT, "created_at": MOMENT, "updated_at": MOMENT,
        },
        "group_buy_card": {
            "team_id": ids.team, "app_id": ids.app, "telling": "WAITING", "revision": 1, "told": "", "attempts": 0,
            "next_attempt_at": MOMENT, "leased_until": None, "last_error": "", "created_at": MOMENT,
            "updated_at": MOMENT,
        },
        "group_buy_change": {
            "team_id": ids.team, "seat_id": ids.seat, "from_state": "RESERVED", "to_state": "JOINED",
            "actor_kind": "CUSTOMER", "actor_id": ids.customer, "reason": "", "created_at": MOMENT,
        },
    }  # fmt: skip
