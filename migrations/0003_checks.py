"""What can never be, whoever writes: CHECK constraints. Money is fen up to 2^53 - 1, which JSON readers hold exactly."""

from typing import ClassVar

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

from models.constraints import check

FEN = "between 0 and 9007199254740991"

CHECKS = {
    "shop": {
        "mode": "mode in ('LIVE', 'SANDBOX')",
        "handle": "handle <> ''",
        "currency": "currency_code ~ '^[A-Z]{3}$'",
        # The clock goes forward, and only where nothing is real.
        "clock": "clock_offset_ms = 0 or (mode = 'SANDBOX' and clock_offset_ms > 0)",
        "versions": "version >= 1 and catalogue_version >= 1",
    },
    "wechat_app": {"kind": "kind in ('MINI_PROGRAM', 'OFFICIAL_ACCOUNT', 'WEBSITE')", "appid": "appid <> ''"},
    "visitor_key": {"key": "key <> ''"},
    "staff": {
        "roles": "roles <@ array['OWNER', 'CATALOGUE', 'ORDERS', 'ANALYTICS', 'KOL']::text[]",
        "token_version": "token_version >= 1",
    },
    "customer": {"merged_into": "merged_into <> id"},
    "category": {
        "handle": "handle <> ''",
        "position": "position >= 0",
        "version": "version >= 1",
        # The way from the root ends at the node and comes through its parent.
        "path": """
            cardinality(path) >= 1 and path[cardinality(path)] = id
            and path[cardinality(path) - 1] is not distinct from parent_id
        """,
    },
    "product": {
        "handle": "handle <> ''",
        "title": "title <> ''",
        "status": "status in ('DRAFT', 'ACTIVE', 'ARCHIVED')",
        "origin": "origin in ('OWN', 'IMPORTED', 'SUPPLIED')",
        "window": "unpublish_at > published_at",
        "description": "jsonb_typeof(description_blocks) = 'array'",
        "limits": "per_person_limit >= 1 and per_order_limit >= 1",
        "prices": f"min_price_fen {FEN} and max_price_fen {FEN} and min_price_fen <= max_price_fen",
        "counts": "variant_count >= 0 and image_count >= 0 and sales_count >= 0",
        "rating": """
            rating_count >= 0 and rating_sum between rating_count and 5 * rating_count
            and rating_hundredths between 0 and 500
        """,
        "version": "version >= 1",
    },
    "product_option": {"position": "position >= 1", "name": "name <> ''"},
    "media": {
        "kind": "kind in ('IMAGE', 'VIDEO')",
        "url": "url <> ''",
        "position": "position >= 1",
        "size": "width >= 1 and height >= 1",
    },
    "variant": {
        "position": "position >= 1",
        "prices": f"price_fen {FEN} and compare_at_price_fen {FEN} and cost_fen {FEN}",
        "inventory_policy": "inventory_policy in ('DENY', 'CONTINUE')",
        "origin": "origin in ('OWN', 'IMPORTED', 'SUPPLIED')",
        "weight": "weight_grams >= 0",
        "limits": "per_person_limit >= 1 and per_order_limit >= 1",
        "version": "version >= 1",
    },
    "price_history": {"prices": f"price_fen {FEN} and compare_at_price_fen {FEN}"},
    "collection": {
        "handle": "handle <> ''",
        "title": "title <> ''",
        "kind": "kind in ('MANUAL', 'RULE')",
        "rule_match": "rule_match in ('ALL', 'ANY')",
        "rules": "jsonb_typeof(rules) = 'array'",
        "position": "position >= 0",
        "count": "product_count >= 0",
        "version": "version >= 1",
    },
    "collection_product": {"position": "position >= 0"},
    "location": {"name": "name <> ''"},
    "stock_level": {"stock": "reserved >= 0 and (may_oversell or on_hand >= reserved)"},
    "stock_move": {
        "reason": "reason in ('IMPORT', 'RECEIVED', 'COUNTED', 'DAMAGED', 'RETURNED', 'CORRECTION')",
    },
    "review": {
        "rating": "rating between 1 and 5",
        "status": "status in ('PENDING', 'PUBLISHED', 'HIDDEN')",
        "hidden": "status <> 'HIDDEN' or hidden_reason <> ''",
        "reply": "(reply is null) = (replied_at is null)",
        "version": "version >= 1",
    },
    "metafield": {
        "owner": "num_nonnulls(product_id, variant_id) = 1",
        "type": "type in ('STRING', 'INTEGER', 'DECIMAL', 'BOOLEAN', 'DATETIME', 'URL', 'JSON')",
        "visibility": "visibility in ('PRIVATE', 'STOREFRONT')",
        "name": "namespace <> '' and key <> ''",
    },
    "idempotency_key": {"input": "octet_length(input_sha256) = 32", "key": "key <> ''"},
    "outbox_event": {
        "attempts": "attempts >= 0",
        "end": "delivered_at is null or dead_at is null",
    },
}
"""Table -> name -> condition. A condition that comes out null passes, which is what a nullable column wants."""


class Migration(migrations.Migration):
    """One constraint for each promise, named after it, so that a refusal can be told by its name."""

    dependencies: ClassVar = [("models", "0002_references")]
    operations: ClassVar = [
        RunSQL(
            [check(table, name, condition) for table, checks in CHECKS.items() for name, condition in checks.items()]
        )
    ]
