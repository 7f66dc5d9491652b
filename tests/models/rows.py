"""A shop with one valid row in every table, written as SQL: what constraints are tried against."""

from datetime import timedelta
from uuid import UUID

import asyncpg

from ids import new_id
from tests.models.row_ids import AGES, MOMENT, Ids, Row
from tests.models.rows_group_buy import group_buys
from tests.models.rows_messages import messages
from tests.models.rows_places import places
from tests.models.rows_trade import trade


def whole_shop() -> dict[str, Row]:
    """Return one row for each table, parents before children."""
    ids = Ids()
    owned = _people(ids) | _catalogue(ids) | _what_happens(ids) | _who_comes(ids) | _who_is_known(ids)
    owned |= _where_they_land(ids) | places(ids) | trade(ids) | messages(ids) | group_buys(ids)
    return {"shop": _shop(ids)} | {table: {"id": new_id(), "shop_id": ids.shop} | row for table, row in owned.items()}


def _shop(ids: Ids) -> Row:
    return {
        "id": ids.shop, "handle": ids.shop.hex, "name": "小铺", "description": "", "mode": "SANDBOX",
        "currency_code": "CNY", "language": "zh-CN", "seed": 0, "clock_offset_ms": 0,
        "catalogue_version": 1, **AGES,
    }  # fmt: skip


def _people(ids: Ids) -> dict[str, Row]:
    """Who is in the shop, and how they come in."""
    return {
        "wechat_app": {
            "id": ids.app, "appid": "wx0000000000000000", "kind": "MINI_PROGRAM", "name": "小程序",
            "secret_sealed": b"-",
            "base_url": "https://api.weixin.qq.com", "created_at": MOMENT,
        },
        "visitor_key": {"app_id": ids.app, "key": ids.app.hex, "created_at": MOMENT},
        "staff": {
            "id": ids.staff, "name": "店长", "roles": ["OWNER"], "active": True, "token_version": 1,
            "created_at": MOMENT,
        },
        "customer": {"id": ids.customer, "nickname": "小王", "merged_into": None, "created_at": MOMENT},
    }  # fmt: skip


def _catalogue(ids: Ids) -> dict[str, Row]:
    """What it sells."""
    return {
        "category": {
            "id": ids.category, "parent_id": None, "handle": "tea", "name": "茶", "position": 0,
            "path": [ids.category], **AGES,
        },
        "product": {
            "id": ids.product, "handle": "longjing", "title": "龙井", "vendor": "", "product_type": "",
            "tags": ["绿茶"],
            "category_id": ids.category, "description_blocks": "[]", "seo_title": "", "seo_description": "",
            "status": "ACTIVE", "published_at": MOMENT, "unpublish_at": None, "origin": "OWN", "source": "",
            "per_person_limit": None, "per_order_limit": None, "min_price_fen": 100, "max_price_fen": 200,
            "in_stock": True, "variant_count": 1, "image_count": 1, "rating_sum": 5, "rating_count": 1,
            "rating_hundredths": 500, "sales_count": 0, **AGES,
        },
        "product_words": {"product_id": ids.product, "words": "'龙井':1A", "is_stale": False},
        "product_option": {"product_id": ids.product, "name": "规格", "position": 1, "values": ["100 克"]},
        "media": {
            "id": ids.media, "product_id": ids.product, "kind": "IMAGE", "url": "https://img.example/1.jpg", "alt": "",
            "position": 1, "width": 800, "height": 800,
        },
        "variant": {
            "id": ids.variant, "product_id": ids.product, "title": "100 克", "position": 1, "option_values": ["100 克"],
            "sku": "", "barcode": "", "price_fen": 100, "compare_at_price_fen": None, "cost_fen": None, "tracked": True,
            "inventory_policy": "DENY", "available": 5, "requires_shipping": True, "weight_grams": 100,
            "media_id": ids.media, "per_person_limit": None, "per_order_limit": None, "origin": "OWN",
            "source": "", **AGES,
        },
        "price_history": {
            "variant_id": ids.variant, "price_fen": 100, "compare_at_price_fen": None, "created_at": MOMENT,
        },
        "collection": {
            "id": ids.collection, "handle": "new", "title": "新品", "description": "", "kind": "MANUAL",
            "rule_match": "ALL", "rules": "[]", "position": 0, "published": True, "product_count": 1, **AGES,
        },
        "collection_product": {"collection_id": ids.collection, "product_id": ids.product, "position": 0},
    }  # fmt: skip


def _what_happens(ids: Ids) -> dict[str, Row]:
    """Stock, words and events about what it sells."""
    return {
        "location": {"id": ids.location, "name": "默认仓库", "is_default": True, "created_at": MOMENT},
        "stock_level": {
            "id": ids.stock_level, "variant_id": ids.variant, "location_id": ids.location, "on_hand": 5, "reserved": 0,
            "may_oversell": False, "updated_at": MOMENT,
        },
        "stock_move": {
            "variant_id": ids.variant, "location_id": ids.location, "delta": 5, "on_hand_after": 5,
            "reason": "RECEIVED",
            "note": "", "staff_id": ids.staff, "created_at": MOMENT,
        },
        "review": {
            "product_id": ids.product, "customer_id": ids.customer, "author_name": "王**", "rating": 5, "body": "好茶",
            "image_urls": [], "status": "PUBLISHED", "hidden_reason": "", "reply": None, "replied_at": None,
            "source": "", "version": 1, "created_at": MOMENT,
        },
        "metafield": {
            "product_id": ids.product, "variant_id": None, "namespace": "tea", "key": "year", "type": "INTEGER",
            "value": "2026", "visibility": "STOREFRONT", "updated_at": MOMENT,
        },
        "idempotency_key": {
            "actor": "staff", "mutation": "productCreate", "key": "1", "input_sha256": bytes(32), "outcome": "{}",
            "created_at": MOMENT,
        },
        "outbox_event": {
            "topic": "product.created", "aggregate_id": ids.product, "payload": "{}", "attempts": 0,
            "next_attempt_at": MOMENT, "delivered_at": None, "dead_at": None, "last_error": "", "created_at": MOMENT,
        },
    }  # fmt: skip


def _who_comes(ids: Ids) -> dict[str, Row]:
    """Who brings visitors, by what, and who came."""
    return {
        "promoter": {
            "id": ids.promoter, "kind": "KOL", "name": "小鱼", "avatar_url": None, "staff_id": ids.staff,
            "customer_id": ids.customer, "active": True, **AGES,
        },
        "share_link": {
            "id": ids.share_link, "token": "aB3dE5gH1j", "parent_id": None, "depth": 0, "promoter_id": ids.promoter,
            "customer_id": None, "target_kind": "PRODUCT", "target_id": ids.product, "expires_at": None,
            "created_at": MOMENT,
        },
        "visit": {
            "visit_id": new_id(), "visitor_id": new_id(), "customer_id": ids.customer, "app_id": ids.app,
            "scene_value": 1007, "scene_group": "CHAT_CARD", "counts": True, "share_link_id": ids.share_link,
            "arrived_at": MOMENT, "source": "SHARE", "promoter_id": ids.promoter, "is_self_share": False,
        },
        "code_image": {
            "app_id": ids.app, "share_link_id": ids.share_link, "picture": b"png", "created_at": MOMENT,
        },
        "search": {"visitor_id": new_id(), "term": "龙井", "hits": 1, "is_counted": False, "searched_at": MOMENT},
        "hot_search": {"term": "龙井", "visitors": 1, "searched_at": MOMENT},
    }  # fmt: skip


def _who_is_known(ids: Ids) -> dict[str, Row]:
    """What is kept of a customer who has logged in."""
    return {
        "identity": {
            "id": ids.identity, "customer_id": ids.customer, "appid": "wx0000000000000000", "openid": "o1",
            "open_account": "", "unionid": "u1", "person_hash": bytes(32), "session_key_sealed": b"-",
            "created_at": MOMENT, "seen_at": MOMENT,
        },
        "session": {"id": ids.session, "customer_id": ids.customer, "app_id": ids.app, "created_at": MOMENT},
        "refresh_token": {
            "session_id": ids.session, "token_sha256": bytes(32), "created_at": MOMENT,
            "expires_at": MOMENT + timedelta(days=30),
        },
        "consent": {
            "customer_id": ids.customer, "kind": "PRIVACY", "policy_version": "1", "given_at": MOMENT,
            "is_current": True,
        },
        "visitor": {"visitor_id": new_id(), "customer_id": ids.customer, "joined_at": MOMENT},
        "staff_identity": {
            "staff_id": ids.staff, "appid": "wx5555555555555555", "openid": "o9", "created_at": MOMENT,
        },
        "staff_invitation": {
            "staff_id": ids.staff, "token_sha256": bytes(32), "created_at": MOMENT,
            "expires_at": MOMENT + timedelta(days=1),
        },
        "wechat_code": {"app_id": ids.app, "kind": "LOGIN", "code_sha256": bytes(32), "claimed_at": MOMENT},
    }  # fmt: skip


def _where_they_land(ids: Ids) -> dict[str, Row]:
    """What the shop puts together, and what customers find again."""
    return {
        "page": {
            "handle": "home", "kind": "HOME", "title": "首页", "blocks": "[]", "published": True, "share_title": "",
            "share_image_url": None, **AGES,
        },
        "viewed_product": {"customer_id": ids.customer, "product_id": ids.product, "viewed_at": MOMENT},
        "favourite": {"customer_id": ids.customer, "product_id": ids.product, "created_at": MOMENT},
        "media_file": {
            "id": ids.media_file, "name": f"{'0' * 32}.jpg", "kind": "IMAGE", "content_type": "image/jpeg",
            "size_bytes": 1, "width": 1, "height": 1, "created_at": MOMENT,
        },
        "media_upload": {
            "token_sha256": bytes(32), "kind": "IMAGE", "content_type": "image/jpeg", "size_bytes": 1,
            "file_id": ids.media_file, "sent_sha256": bytes(32), "created_at": MOMENT,
            "expires_at": MOMENT + timedelta(minutes=15),
        },
    }  # fmt: skip


async def insert(sql: asyncpg.Connection, table: str, row: Row) -> None:
    """Write one row; columns that it does not name take the table's own default."""
    columns = ", ".join(f'"{name}"' for name in row)
    binds = ", ".join(f"${number}" for number in range(1, len(row) + 1))
    await sql.execute(f"insert into {table} ({columns}) values ({binds})", *row.values())


async def insert_shop(sql: asyncpg.Connection) -> dict[str, Row]:
    """Write a whole shop and return its rows."""
    shop = whole_shop()
    for table, row in shop.items():
        await insert(sql, table, row)
    return shop


def fresh(row: Row) -> Row:
    """Return the same row under another id."""
    return row | {"id": new_id()}


def shop_id(shop: dict[str, Row]) -> UUID:
    """Return the id of a shop's rows."""
    found: UUID = shop["shop"]["id"]
    return found
