"""What can never be is refused by the database itself, whoever writes."""

from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from asyncpg.exceptions import CheckViolationError, UniqueViolationError

from ids import new_id
from models.database import Connection
from models.outbox_event import OutboxEvent
from tests.harness.shops import OpenedShop
from tests.models.refused_group_buy import REFUSED_IN_GROUP_BUYS
from tests.models.refused_messages import REFUSED_IN_MESSAGES
from tests.models.refused_places import REFUSED_IN_PLACES
from tests.models.refused_trade import REFUSED_IN_TRADE
from tests.models.row_ids import MOMENT, Row
from tests.models.rows import fresh, insert, insert_shop, shop_id

TOO_MUCH = 2**53
OTHER = new_id()

# Constraint -> what it refuses, each on top of a row that is accepted.
REFUSED: dict[str, list[Row]] = {
    "shop_mode_check": [{"mode": "DEMO"}],
    "shop_handle_check": [{"handle": ""}],
    "shop_currency_check": [{"currency_code": "rmb"}, {"currency_code": "CN"}],
    "shop_clock_check": [{"clock_offset_ms": -1}, {"mode": "LIVE", "clock_offset_ms": 1}],
    "shop_versions_check": [{"version": 0}, {"catalogue_version": 0}],
    "wechat_app_kind_check": [{"kind": "APP"}],
    "wechat_app_appid_check": [{"appid": ""}],
    "visitor_key_key_check": [{"key": ""}],
    "staff_roles_check": [{"roles": ["OWNER", "GUEST"]}],
    "staff_token_version_check": [{"token_version": 0}],
    "customer_merged_into_check": [{"id": OTHER, "merged_into": OTHER}],
    "customer_phone_check": [
        {"phone_masked": "138****0000"},
        {"phone_masked": "138****0000", "phone_sealed": b"-", "phone_hash": b"short"},
    ],
    "identity_openid_check": [{"openid": ""}, {"appid": ""}],
    "identity_unionid_check": [{"unionid": ""}],
    "identity_person_check": [{"person_hash": b"short"}],
    "refresh_token_digest_check": [{"token_sha256": b"short"}],
    "refresh_token_expires_check": [{"expires_at": MOMENT}],
    "refresh_token_pair_check": [{"next_pair_sealed": b"-"}],
    "session_subject_check": [{"customer_id": None}, {"staff_id": OTHER}, {"app_id": None}],
    "staff_identity_openid_check": [{"openid": ""}, {"appid": ""}],
    "staff_invitation_digest_check": [{"token_sha256": b"short"}],
    "staff_invitation_expires_check": [{"expires_at": MOMENT}],
    "consent_kind_check": [{"kind": "ALL"}],
    "consent_policy_check": [{"policy_version": ""}],
    "consent_withdrawn_check": [{"withdrawn_at": MOMENT - timedelta(seconds=1)}],
    "wechat_code_kind_check": [{"kind": "PAY"}],
    "wechat_code_digest_check": [{"code_sha256": b"short"}],
    "wechat_code_answer_check": [{"answer_sealed": b"-"}],
    "category_handle_check": [{"handle": ""}],
    "category_position_check": [{"position": -1}],
    "category_version_check": [{"version": 0}],
    "category_path_check": [
        {"path": []},
        {"path": [OTHER]},
        {"id": OTHER, "path": [new_id(), OTHER]},
        {"id": OTHER, "parent_id": new_id(), "path": [OTHER]},
        {"id": OTHER, "parent_id": new_id(), "path": [new_id(), OTHER]},
    ],
    "product_handle_check": [{"handle": ""}],
    "product_title_check": [{"title": ""}],
    "product_status_check": [{"status": "SOLD"}],
    "product_origin_check": [{"origin": "FOUND"}],
    "product_window_check": [{"unpublish_at": MOMENT}, {"unpublish_at": MOMENT - timedelta(seconds=1)}],
    "product_description_check": [{"description_blocks": "{}"}],
    "product_limits_check": [{"per_person_limit": 0}, {"per_order_limit": 0}],
    "product_prices_check": [
        {"min_price_fen": -1},
        {"max_price_fen": TOO_MUCH},
        {"min_price_fen": 201},
    ],
    "product_counts_check": [{"variant_count": -1}, {"image_count": -1}, {"sales_count": -1}],
    "product_rating_check": [
        {"rating_count": -1},
        {"rating_sum": 6},
        {"rating_sum": 0},
        {"rating_hundredths": 501},
        {"rating_hundredths": -1},
    ],
    "product_version_check": [{"version": 0}],
    "product_option_position_check": [{"position": 0}],
    "product_option_name_check": [{"name": ""}],
    "media_kind_check": [{"kind": "MODEL"}],
    "media_url_check": [{"url": ""}],
    "media_position_check": [{"position": 0}],
    "media_size_check": [{"width": 0}, {"height": 0}],
    "variant_position_check": [{"position": 0}],
    "variant_prices_check": [
        {"price_fen": -1},
        {"price_fen": TOO_MUCH},
        {"compare_at_price_fen": -1},
        {"cost_fen": TOO_MUCH},
    ],
    "variant_inventory_policy_check": [{"inventory_policy": "MAYBE"}],
    "variant_origin_check": [{"origin": "FOUND"}],
    "variant_weight_check": [{"weight_grams": -1}],
    "variant_limits_check": [{"per_person_limit": 0}, {"per_order_limit": 0}],
    "variant_version_check": [{"version": 0}],
    "price_history_prices_check": [{"price_fen": -1}, {"price_fen": TOO_MUCH}, {"compare_at_price_fen": -1}],
    "collection_handle_check": [{"handle": ""}],
    "collection_title_check": [{"title": ""}],
    "collection_kind_check": [{"kind": "SMART"}],
    "collection_rule_match_check": [{"rule_match": "NONE"}],
    "collection_rules_check": [{"rules": "{}"}],
    "collection_position_check": [{"position": -1}],
    "collection_count_check": [{"product_count": -1}],
    "collection_version_check": [{"version": 0}],
    "collection_product_position_check": [{"position": -1}],
    "location_name_check": [{"name": ""}],
    "stock_level_stock_check": [{"reserved": -1}, {"reserved": 6}, {"on_hand": -1}],
    "stock_move_reason_check": [{"reason": "LOST"}],
    "review_rating_check": [{"rating": 0}, {"rating": 6}],
    "review_status_check": [{"status": "DELETED"}],
    "review_hidden_check": [{"status": "HIDDEN"}],
    "review_reply_check": [{"reply": "谢谢"}, {"replied_at": MOMENT}],
    "review_version_check": [{"version": 0}],
    "metafield_owner_check": [{"product_id": None}, {"variant_id": OTHER}, {"order_id": OTHER}],
    "metafield_type_check": [{"type": "FLOAT"}],
    "metafield_visibility_check": [{"visibility": "PUBLIC"}],
    "metafield_name_check": [{"namespace": ""}, {"key": ""}],
    "idempotency_key_input_check": [{"input_sha256": b"short"}],
    "idempotency_key_key_check": [{"key": ""}],
    "outbox_event_attempts_check": [{"attempts": -1}],
    "promoter_kind_check": [{"kind": "FRIEND"}],
    "promoter_name_check": [{"name": ""}],
    "promoter_version_check": [{"version": 0}],
    "share_link_token_check": [{"token": "short"}, {"token": "with space"}, {"token": "under_score"}],
    "share_link_owner_check": [{"customer_id": OTHER}],
    "share_link_target_check": [{"target_kind": "ORDER"}, {"target_id": None}, {"target_kind": "SHOP"}],
    "share_link_depth_check": [{"depth": -1}],
    "share_link_parent_check": [{"id": OTHER, "parent_id": OTHER}],
    "share_link_expires_check": [{"expires_at": MOMENT}],
    "scene_group_check": [{"value": 9001, "scene_group": "DREAM", "counts": True}],
    "scene_value_check": [{"value": 0, "scene_group": "OTHER", "counts": True}],
    "search_term_check": [{"term": ""}],
    "search_hits_check": [{"hits": -1}],
    "hot_search_term_check": [{"term": ""}],
    "hot_search_visitors_check": [{"visitors": 0}],
    "viewed_product_whose_check": [{"customer_id": None}, {"visitor_id": OTHER}],
    "visit_scene_check": [{"scene_group": None}, {"scene_value": None}, {"scene_value": 0}, {"scene_group": "DREAM"}],
    "visit_source_check": [{"source": "LUCK", "promoter_id": None}],
    "visit_credit_check": [{"is_self_share": True}, {"source": "SCENE"}],
    "code_image_picture_check": [{"picture": b""}],
    "media_file_name_check": [{"name": "a.jpg"}, {"name": f"{'0' * 32}.svg"}, {"name": f"../{'0' * 32}.jpg"}],
    "media_file_kind_check": [{"kind": "AUDIO"}, {"content_type": "text/html"}],
    "media_file_size_check": [{"size_bytes": 0}, {"width": 0}, {"height": 0}],
    "media_upload_digest_check": [{"token_sha256": b"short"}, {"sent_sha256": b"short"}],
    "media_upload_kind_check": [{"kind": "AUDIO"}, {"content_type": "text/html"}],
    "media_upload_size_check": [{"size_bytes": 0}],
    "media_upload_done_check": [{"file_id": None}, {"sent_sha256": None}],
    "media_upload_expires_check": [{"expires_at": MOMENT}],
    "page_handle_check": [{"handle": ""}],
    "page_kind_check": [{"kind": "ARTICLE"}],
    "page_title_check": [{"title": ""}],
    "page_blocks_check": [{"blocks": "{}"}],
    "page_version_check": [{"version": 0}],
    "shop_promises_check": [{"service_promises": "{}"}],
    "outbox_event_end_check": [{"delivered_at": MOMENT, "dead_at": MOMENT}],
    **REFUSED_IN_GROUP_BUYS,
    **REFUSED_IN_MESSAGES,
    **REFUSED_IN_PLACES,
    **REFUSED_IN_TRADE,
}

# The last values on the good side.
ACCEPTED: list[tuple[str, Row]] = [
    ("product", {"handle": "free", "min_price_fen": 0, "max_price_fen": TOO_MUCH - 1}),
    ("product", {"handle": "window", "unpublish_at": MOMENT + timedelta(microseconds=1)}),
    ("product", {"handle": "new", "rating_sum": 0, "rating_count": 0, "rating_hundredths": 0}),
    ("variant", {"option_values": ["200 克"], "price_fen": TOO_MUCH - 1, "per_order_limit": 1}),
    ("category", {"id": OTHER, "handle": "root", "path": [OTHER]}),
    ("group_buy", {"tier_sizes": [2, 100], "max_size": 100, "team_hours": 720, "virtual_fill_percent": 99}),
    ("group_buy_team", {"joined": 1, "reserved": 1}),
    (
        "group_buy_seat",
        {"customer_id": None, "order_id": None, "is_virtual": True, "state": "FULFILLING", "quantity": 0},
    ),
    ("review", {"rating": 1, "status": "HIDDEN", "hidden_reason": "广告"}),
]

_CHECKS = "select conname from pg_constraint where contype = 'c' and connamespace = 'public'::regnamespace"
_TABLE = "select conrelid::regclass::text from pg_constraint where conname = $1"


@pytest.mark.parametrize(
    ("constraint", "change"), [(name, change) for name, changes in REFUSED.items() for change in changes]
)
async def test_what_can_never_be_is_refused(sql: Connection, constraint: str, change: Row) -> None:
    shop = await insert_shop(sql)
    table = await sql.fetchval(_TABLE, constraint)

    # The same row again: its keys are looked at after its checks.
    with pytest.raises(CheckViolationError) as refused:
        await insert(sql, table, shop.get(table, {}) | change)

    assert refused.value.constraint_name == constraint


async def test_every_check_of_the_database_has_been_tried(sql: Connection) -> None:
    assert {row["conname"] for row in await sql.fetch(_CHECKS)} == set(REFUSED)


@pytest.mark.parametrize(("table", "change"), ACCEPTED)
async def test_the_last_good_value_is_accepted(sql: Connection, table: str, change: Row) -> None:
    shop = await insert_shop(sql)

    row = fresh(shop[table]) | change
    await insert(sql, table, row)

    assert await sql.fetchval(f"select count(*) from {table} where id = $1", row["id"]) == 1


@pytest.mark.parametrize("oversold", [{"reserved": 6}, {"on_hand": -3}])
async def test_only_stock_that_may_oversell_goes_below_what_is_there(sql: Connection, oversold: dict[str, Any]) -> None:
    level = (await insert_shop(sql))["stock_level"]
    change = ", ".join(f"{column} = {value}" for column, value in oversold.items())

    await sql.execute(f"update stock_level set may_oversell = true, {change} where id = $1", level["id"])
    with pytest.raises(CheckViolationError):
        await sql.execute("update stock_level set may_oversell = false where id = $1", level["id"])


async def test_a_shop_has_one_default_location(sql: asyncpg.Connection) -> None:
    shop = await insert_shop(sql)

    await insert(sql, "location", fresh(shop["location"]) | {"name": "门店", "is_default": False})
    with pytest.raises(UniqueViolationError, match="location_default"):
        await insert(sql, "location", fresh(shop["location"]) | {"name": "仓库二"})


async def test_a_shop_has_one_home(sql: asyncpg.Connection) -> None:
    shop = await insert_shop(sql)

    await insert(sql, "page", fresh(shop["page"]) | {"handle": "spring", "kind": "TOPIC"})
    with pytest.raises(UniqueViolationError, match="page_home"):
        await insert(sql, "page", fresh(shop["page"]) | {"handle": "other"})


async def test_a_customer_keeps_the_shop_once(sql: asyncpg.Connection) -> None:
    shop = await insert_shop(sql)

    await insert(sql, "favourite", fresh(shop["favourite"]) | {"product_id": None})
    with pytest.raises(UniqueViolationError, match="favourite_shop"):
        await insert(sql, "favourite", fresh(shop["favourite"]) | {"product_id": None})


async def test_outbox_events_are_numbered_by_the_database(sql: asyncpg.Connection) -> None:
    shop = await insert_shop(sql)
    await insert(sql, "outbox_event", fresh(shop["outbox_event"]))

    rows = await sql.fetch("select sequence from outbox_event where shop_id = $1 order by id", shop_id(shop))
    numbers = [row[0] for row in rows]

    assert numbers[1] == numbers[0] + 1


async def test_an_event_written_by_the_model_is_numbered_too(opened: OpenedShop) -> None:
    event = await OutboxEvent.create(
        shop_id=opened.id, topic="t", aggregate_id=OTHER, payload={}, next_attempt_at=MOMENT, created_at=MOMENT
    )

    assert (await OutboxEvent.get(id=event.id)).sequence > 0
