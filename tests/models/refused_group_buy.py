"""What the checks of group-buys' tables refuse, each on top of a row that is accepted."""

from typing import Final

from ids import new_id
from tests.models.row_ids import MOMENT, Row

_NOBODY: Final[Row] = {"is_virtual": True, "customer_id": None, "order_id": None, "state": "FULFILLING", "quantity": 0}

REFUSED_IN_GROUP_BUYS: Final[dict[str, list[Row]]] = {
    "group_buy_status_check": [{"status": "PAUSED"}],
    "group_buy_window_check": [{"ends_at": MOMENT}],
    "group_buy_limits_check": [{"per_person_limit": 0}, {"per_order_limit": 0}],
    "group_buy_sizes_check": [
        {"tier_sizes": []},
        {"tier_sizes": list(range(2, 13)), "max_size": 12},
        {"tier_sizes": [1], "max_size": 1},
        {"tier_sizes": [1, 2]},
        {"tier_sizes": [101], "max_size": 101},
        {"tier_sizes": [2, 5], "max_size": 4},
        {"max_size": 3},
    ],
    "group_buy_hours_check": [{"team_hours": 0}, {"team_hours": 721}],
    "group_buy_words_check": [{"leader_advantage": "GIFT"}, {"join_by": "LUCK"}, {"late_payment": "KEEP"}],
    "group_buy_fill_check": [{"virtual_fill_percent": 0}, {"virtual_fill_percent": 100}],
    "group_buy_version_check": [{"version": 0}],
    "group_buy_variant_prices_check": [
        {"tier_prices_fen": []},
        {"tier_prices_fen": [90, -1]},
        {"leader_price_fen": -1},
    ],
    "group_buy_variant_stock_check": [{"stock": -1}, {"taken": -1}],
    "group_buy_team_state_check": [{"state": "PAUSED", "ended_at": MOMENT}],
    "group_buy_team_seats_check": [
        {"joined": 3},
        {"joined": -1},
        {"reserved": -1},
        {"virtual_seats": -1},
        {"reserved": 1, "virtual_seats": 1},
    ],
    "group_buy_team_size_check": [
        {"size": 1},
        {"size": 101},
        {"state": "SUCCEEDED", "ended_at": MOMENT, "tier_size": 1},
        {"state": "SUCCEEDED", "ended_at": MOMENT, "tier_size": 3},
    ],
    "group_buy_team_began_check": [
        {"started_at": None},
        {"expires_at": None},
        {"ended_at": MOMENT},
        {"state": "OPENING"},
        {"state": "FAILED"},
        {"state": "LAPSED", "ended_at": MOMENT},
    ],
    "group_buy_team_tier_check": [{"tier_size": 2}, {"state": "SUCCEEDED", "ended_at": MOMENT}],
    "group_buy_team_version_check": [{"version": 0}, {"terms": "[]"}],
    "group_buy_seat_state_check": [{"state": "LOST"}],
    "group_buy_seat_role_check": [{"role": "GUEST"}],
    "group_buy_seat_virtual_check": [
        {"is_virtual": True},
        {"customer_id": None},
        {"quantity": 0},
        _NOBODY | {"state": "JOINED"},
        _NOBODY | {"order_id": new_id()},
        _NOBODY | {"quantity": -1},
    ],
    "group_buy_seat_prices_check": [{"price_paid_fen": -1}, {"price_final_fen": -1}, {"price_final_fen": 81}],
    "group_buy_seat_joined_check": [{"joined_at": None}, {"joined_at": None, "state": "FULFILLING"}],
    "group_buy_seat_attempts_check": [{"attempts": -1}],
    "wechat_app_landing_page_check": [{"landing_page": ""}, {"landing_page": "/p"}, {"landing_page": "p?a=1"}],
    "group_buy_card_telling_check": [{"telling": "SAID"}],
    "group_buy_card_due_check": [{"next_attempt_at": None}],
    "group_buy_card_counts_check": [{"revision": 0}, {"attempts": -1}],
}
