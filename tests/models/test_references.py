"""No row points into another shop, and what goes takes with it what can't stand without it."""

from uuid import UUID

import pytest
from asyncpg.exceptions import ForeignKeyViolationError

from ids import new_id
from models.database import Connection
from tests.models.row_ids import Ids, Row
from tests.models.rows import fresh, insert, insert_shop, shop_id
from tests.models.rows_messages import messages
from tests.models.rows_trade import trade
from tests.models.written import REFERENCES

# Some rows must be right in another way too before they can be wrong in this one.
_ALSO = {
    ("category", "parent_id"): ", path = array[$1::uuid, id]",
    ("metafield", "variant_id"): ", product_id = null",
    ("metafield", "customer_id"): ", product_id = null",
    ("metafield", "cart_id"): ", product_id = null",
    ("metafield", "cart_line_id"): ", product_id = null",
    ("metafield", "order_id"): ", product_id = null",
    ("share_link", "customer_id"): ", promoter_id = null",
    ("session", "staff_id"): ", customer_id = null, app_id = null",
}
_TABLES_OF_SHOPS = (
    "select table_name from information_schema.columns where table_schema = 'public' and column_name = 'shop_id'"
)


async def _count(sql: Connection, table: str, shop: UUID) -> int:
    found: int = await sql.fetchval(f"select count(*) from {table} where shop_id = $1", shop)
    return found


@pytest.mark.parametrize(("table", "column", "target"), [reference[:3] for reference in REFERENCES])
async def test_no_row_points_into_another_shop(sql: Connection, table: str, column: str, target: str) -> None:
    ours, theirs = await insert_shop(sql), await insert_shop(sql)
    point = f"update {table} set {column} = $1 {_ALSO.get((table, column), '')} where id = $2"

    with pytest.raises(ForeignKeyViolationError) as refused:
        await sql.execute(point, theirs[target]["id"], ours[table]["id"])

    assert refused.value.constraint_name == f"{table}_{column}_fkey"


async def test_a_shop_goes_with_everything_it_has_and_nothing_of_another(sql: Connection) -> None:
    ours, theirs = await insert_shop(sql), await insert_shop(sql)
    tables = [row[0] for row in await sql.fetch(_TABLES_OF_SHOPS)]

    await sql.execute("delete from shop where id = $1", shop_id(ours))

    assert {table: await _count(sql, table, shop_id(ours)) for table in tables} == dict.fromkeys(tables, 0)
    assert {table: await _count(sql, table, shop_id(theirs)) for table in tables} == dict.fromkeys(tables, 1)


async def test_a_product_takes_what_it_is_made_of_and_leaves_the_rest(sql: Connection) -> None:
    shop = await insert_shop(sql)
    await insert(sql, "metafield", fresh(shop["metafield"]) | {"product_id": None, "variant_id": shop["variant"]["id"]})
    await sql.execute("delete from group_buy where shop_id = $1", shop_id(shop))

    await sql.execute("delete from product where id = $1", shop["product"]["id"])

    left = {table for table in shop if table != "shop" and await _count(sql, table, shop_id(shop))}
    assert left == {
        "wechat_app",
        "visitor_key",
        "staff",
        "customer",
        "category",
        "collection",
        "location",
        "idempotency_key",
        "outbox_event",
        "promoter",
        "share_link",
        "visit",
        "code_image",
        "search",
        "hot_search",
        "identity",
        "session",
        "refresh_token",
        "consent",
        "visitor",
        "wechat_code",
        "staff_identity",
        "staff_invitation",
        "media_file",
        "media_upload",
        "page",
        "address",
        "freight_template",
        "freight_rule",
        *messages(Ids()),
        *(trade(Ids()).keys() - {"cart_line", "reservation"}),
    }


async def test_a_category_with_products_stays(sql: Connection) -> None:
    shop = await insert_shop(sql)

    with pytest.raises(ForeignKeyViolationError, match="product_category_id_fkey"):
        await sql.execute("delete from category where id = $1", shop["category"]["id"])


async def test_a_product_with_a_group_buy_stays(sql: Connection) -> None:
    shop = await insert_shop(sql)

    with pytest.raises(ForeignKeyViolationError, match="group_buy_product_id_fkey"):
        await sql.execute("delete from product where id = $1", shop["product"]["id"])


async def test_a_category_with_children_stays(sql: Connection) -> None:
    shop = await insert_shop(sql)
    root, leaf = shop["category"], new_id()
    child: Row = {"id": leaf, "parent_id": root["id"], "handle": "green-tea", "path": [root["id"], leaf]}
    await insert(sql, "category", root | child)
    await sql.execute("delete from group_buy where shop_id = $1", shop_id(shop))
    await sql.execute("delete from product where shop_id = $1", shop_id(shop))

    with pytest.raises(ForeignKeyViolationError, match="category_parent_id_fkey"):
        await sql.execute("delete from category where id = $1", root["id"])


async def test_a_picture_goes_and_its_variants_stay(sql: Connection) -> None:
    shop = await insert_shop(sql)

    await sql.execute("delete from media where id = $1", shop["media"]["id"])

    row = await sql.fetchrow("select count(*), count(media_id) from variant where shop_id = $1", shop_id(shop))
    assert tuple(row) == (1, 0)


async def test_a_customer_goes_with_their_merged_ids_and_their_reviews_stay(sql: Connection) -> None:
    shop = await insert_shop(sql)
    await insert(sql, "customer", fresh(shop["customer"]) | {"merged_into": shop["customer"]["id"]})

    await sql.execute("delete from customer where id = $1", shop["customer"]["id"])

    assert await _count(sql, "customer", shop_id(shop)) == 0
    row = await sql.fetchrow("select count(*), count(customer_id) from review where shop_id = $1", shop_id(shop))
    assert tuple(row) == (1, 0)


@pytest.mark.parametrize("table", ["location", "staff"])
async def test_places_and_people_that_the_ledger_names_stay(sql: Connection, table: str) -> None:
    shop = await insert_shop(sql)

    with pytest.raises(ForeignKeyViolationError):
        await sql.execute(f"delete from {table} where id = $1", shop[table]["id"])


async def test_what_a_customer_shared_and_visited_still_counts_without_them(sql: Connection) -> None:
    shop = await insert_shop(sql)
    link = fresh(shop["share_link"]) | {
        "token": "customers",
        "promoter_id": None,
        "customer_id": shop["customer"]["id"],
    }
    await insert(sql, "share_link", link)

    await sql.execute("delete from customer where id = $1", shop["customer"]["id"])

    for table, rows in (("promoter", 1), ("share_link", 2), ("visit", 1)):
        left = await sql.fetchrow(f"select count(*), count(customer_id) from {table} where shop_id = $1", shop_id(shop))
        assert tuple(left) == (rows, 0), table
