"""What the catalogue of PostgreSQL says of every table: rows of one shop can't point into another."""

import pytest

from models.database import pool
from tests.models.catalogue import Catalogue, read_catalogue
from tests.models.written import CHILDREN

# Table -> why it carries no shop_id.
PLATFORM_TABLES = {
    "shop": "the tenant itself",
    "tortoise_migrations": "which migrations the database has seen",
    "scene": "WeChat's own numbers, the same for everybody",
    "region": "China's divisions, the same for everybody",
    "carrier": "WeChat's own codes, the same for everybody",
}

# Unique index -> why it does not begin with shop_id (primary keys need no reason: ids are unique everywhere).
PLATFORM_KEYS = {
    ("shop", ("handle",)): "a shop is told from others by it",
    ("visitor_key", ("key",)): "a credential, which finds the shop",
    ("tortoise_migrations", ("app", "name")): "of the platform",
    ("merchant_account", ("channel",)): "an address that WeChat writes to, which finds the shop",
    ("message_push", ("channel",)): "the same",
    ("payment", ("mchid", "out_trade_no")): "WeChat's: several shops may be paid through one account",
    ("payment", ("mchid", "transaction_id")): "the same",
    ("payment_notification", ("mchid", "notification_id")): "the same",
}

# uuid column -> why it is no foreign key.
LOOSE_IDS = {
    ("outbox_event", "aggregate_id"): "names a row of any table, which may be gone when the world hears of it",
    ("share_link", "target_id"): "names a row of one of several tables, which may be gone when somebody comes",
    ("search", "visitor_id"): "made up by a client",
    ("share_link", "visitor_id"): "the same",
    ("viewed_product", "visitor_id"): "the same",
    ("visit", "visit_id"): "the same",
    ("visit", "visitor_id"): "the same",
    ("visitor", "visitor_id"): "the same",
    ("cart", "visitor_id"): "the same",
    ("orders", "visitor_id"): "the same",
    ("orders", "visit_id"): "the same",
    ("order_change", "actor_id"): "history: names a row of one of several tables, which may be gone",
    ("after_sale_change", "actor_id"): "the same",
    ("group_buy_change", "actor_id"): "the same",
    ("order_adjustment", "source_id"): "history: what was agreed on stays, whatever becomes of the campaign",
    ("order_line", "offer_id"): "the same",
    ("order_line", "participation_id"): "the same",
    ("orders", "live_session_id"): "the same",
    ("message", "subject_id"): "names a row of one of several tables: what the message tells about",
    ("delivery", "store_id"): "no order is picked up in a store yet",
}

# Foreign key -> why deleting what it points to may look at all rows of the shop.
WITHOUT_INDEX = {
    "stock_level_location_id_fkey": "locations are emptied and kept; they go only with their shop",
    "stock_move_location_id_fkey": "the same",
    "stock_move_staff_id_fkey": "staff are made inactive; they go only with their shop",
    "visitor_key_app_id_fkey": "a shop has a handful of keys",
    "visit_app_id_fkey": "apps stay; they go only with their shop",
    "code_image_app_id_fkey": "the same",
    "session_app_id_fkey": "the same",
    "orders_app_id_fkey": "the same",
    "message_app_id_fkey": "the same",
    "payment_app_id_fkey": "the same",
    "order_note_staff_id_fkey": "staff are made inactive; they go only with their shop",
    "refund_staff_id_fkey": "the same",
    "shipment_staff_id_fkey": "the same",
    "cart_line_share_link_id_fkey": "links stay; they go only with their shop",
    "order_line_share_link_id_fkey": "the same",
    "group_buy_seat_share_link_id_fkey": "the same",
    "group_buy_team_share_link_id_fkey": "the same",
    "group_buy_seat_order_line_id_fkey": "orders stay with what belongs to them; they go only with their shop",
    "group_buy_seat_refund_id_fkey": "the same",
    "group_buy_change_seat_id_fkey": "seats stay; they go only with their shop, their history first",
}


@pytest.fixture(scope="module")
async def catalogue(database: None) -> Catalogue:
    """The migrated database."""
    async with pool().acquire() as sql:
        return await read_catalogue(sql)


async def test_every_table_but_those_of_the_platform_belongs_to_a_shop(catalogue: Catalogue) -> None:
    owned = {column.table for column in catalogue.columns if column.name == "shop_id" and column.is_required}

    assert set(catalogue.tables) - owned == set(PLATFORM_TABLES)


async def test_every_shop_id_points_to_a_shop_and_goes_with_it_or_with_an_order(catalogue: Catalogue) -> None:
    required = {(column.table, column.name) for column in catalogue.columns if column.is_required}
    of_shop = [key for key in catalogue.foreign_keys if key.target == "shop"]
    of_order = [key for key in catalogue.foreign_keys if key.target == "orders" and key.table in CHILDREN]

    assert {key.table for key in of_shop} == set(catalogue.tables) - set(PLATFORM_TABLES) - set(CHILDREN)
    assert {(key.columns, key.target_columns, key.on_delete) for key in of_shop} == {(("shop_id",), ("id",), "c")}
    assert sorted(key.table for key in of_order) == sorted(CHILDREN)
    assert {(key.columns, key.on_delete) for key in of_order} == {(("shop_id", "order_id"), "c")}
    assert {(key.table, "order_id") for key in of_order} <= required


async def test_every_foreign_key_between_tables_of_a_shop_begins_with_shop_id(catalogue: Catalogue) -> None:
    between = [key for key in catalogue.foreign_keys if key.target != "shop"]

    assert between
    assert [key.name for key in between if key.columns[0] != "shop_id" or len(key.columns) != 2] == []
    assert {key.target_columns for key in between} == {("shop_id", "id")}


async def test_every_unique_key_begins_with_shop_id(catalogue: Catalogue) -> None:
    others = {
        (index.table, index.columns)
        for index in catalogue.indexes
        if index.is_unique and not index.is_primary and index.columns[0] != "shop_id"
    }

    assert others == set(PLATFORM_KEYS)


async def test_every_id_of_another_row_is_a_foreign_key(catalogue: Catalogue) -> None:
    pointing = {(key.table, column) for key in catalogue.foreign_keys for column in key.columns}
    loose = {
        (column.table, column.name)
        for column in catalogue.columns
        if column.type == "uuid" and column.name != "id" and (column.table, column.name) not in pointing
    }

    assert loose == set(LOOSE_IDS)


async def test_deleting_a_row_finds_what_points_to_it_by_an_index(catalogue: Catalogue) -> None:
    prefixes = {
        (index.table, index.columns[:length])
        for index in catalogue.indexes
        for length in range(1, len(index.columns) + 1)
    }
    slow = {key.name for key in catalogue.foreign_keys if (key.table, key.columns) not in prefixes}

    assert slow == set(WITHOUT_INDEX)


async def test_lists_of_titles_are_sorted_by_bytes(catalogue: Catalogue) -> None:
    [order] = [index.definition for index in catalogue.indexes if index.name == "product_title_order"]

    assert order.endswith('(shop_id, title COLLATE "C", id)')


async def test_no_extension_is_needed(database: None) -> None:
    assert [row[0] for row in await pool().fetch("select extname from pg_extension")] == ["plpgsql"]
