"""Checking a shop: each invariant sees its violation, planted by raw SQL, and is content with a shop that was used."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Final
from uuid import UUID

import httpx
import pytest

from ids import new_id
from models.database import Connection, pool
from models.refusal import Refusal
from resolvers.check import EXAMPLES_MAX, INVARIANTS, Finding, check_shop, check_within, differences
from resolvers.demo import fill_with_demo
from settings import Settings
from tests.harness.shops import OpenedShop, open_shop, over_http
from tests.resolvers.group_buy_plants import GROUP_BUY_PLANTS, buy_together
from tests.resolvers.refund_plants import REFUND_PLANTS, give_back
from tests.resolvers.shipment_plants import SHIPMENT_PLANTS, send_some
from tests.resolvers.trade_plants import TRADE_PLANTS, trade

# Invariant -> what breaks it: {shop} is the shop, {new} an id that nobody has. Constraints are out of the way.
_PLANTS: Final[dict[str, str]] = {
    "stock.on_hand_is_its_moves": """
        update stock_level set on_hand = on_hand + 1
        where id = (select id from stock_level where shop_id = '{shop}' order by id limit 1)
    """,
    "stock.moves_have_a_level": """
        insert into stock_move (id, shop_id, variant_id, location_id, delta, on_hand_after, reason, note, created_at)
        select '{new}', '{shop}', '{new}', '{new}', 1, 1, 'COUNTED', '', created_at from shop where id = '{shop}'
    """,
    "stock.reserved_is_on_hand": """
        update stock_level set reserved = on_hand + 1 where id = (
            select id from stock_level where shop_id = '{shop}' and not may_oversell order by id limit 1)
    """,
    "stock.oversell_follows_the_variant": """
        update stock_level set may_oversell = not may_oversell
        where id = (select id from stock_level where shop_id = '{shop}' order by id limit 1)
    """,
    "stock.available_is_the_sum": """
        update variant set available = available - 1
        where id = (select variant_id from stock_level where shop_id = '{shop}' and figured order by id limit 1)
    """,
    "stock.one_default_location": "update location set is_default = false where shop_id = '{shop}'",
    "product.figures_are_fresh": """
        update product set image_count = image_count + 1
        where id = (select id from product where shop_id = '{shop}' order by id limit 1)
    """,
    "product.is_sold_by_variants": """
        delete from variant where shop_id = '{shop}' and product_id = (
            select id from product where shop_id = '{shop}' order by id limit 1)
    """,
    "product.has_words": """
        delete from product_words where id = (select id from product_words where shop_id = '{shop}' order by id limit 1)
    """,
    "variant.price_is_written_down": """
        update variant set price_fen = price_fen + 1
        where id = (select id from variant where shop_id = '{shop}' order by id limit 1)
    """,
    "collection.count_is_its_members": """
        update collection set product_count = product_count + 1
        where id = (select id from collection where shop_id = '{shop}' order by id limit 1)
    """,
    "collection.members_meet_its_rules": """
        delete from collection_product where id = (
            select placed.id from collection_product placed join collection on collection.id = placed.collection_id
            where placed.shop_id = '{shop}' and kind = 'RULE' order by placed.id limit 1)
    """,
    "category.path_leads_to_it": """
        update category set path = array['{new}'::uuid] || path
        where id = (select id from category where shop_id = '{shop}' and parent_id is not null order by id limit 1)
    """,
    "customer.merged_once": """
        insert into customer (id, shop_id, nickname, merged_into, merged_at, created_at)
        select person, '{shop}', '', nullif(other, person), created_at, created_at from shop, (values
            ('{new}'::uuid, '00000000-0000-7000-8000-000000000001'::uuid),
            ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000002'),
            ('00000000-0000-7000-8000-000000000002', '00000000-0000-7000-8000-000000000002')
        ) as people(person, other) where shop.id = '{shop}'
    """,
    "share_link.depth_counts_its_parents": """
        insert into share_link (id, shop_id, token, depth, target_kind, created_at)
        select '{new}', '{shop}', 'planted1', 1, 'SHOP', created_at from shop where id = '{shop}'
    """,
    "visit.share_has_a_link": """
        insert into visit (id, shop_id, visit_id, visitor_id, counts, arrived_at, source, is_self_share)
        select '{new}', '{shop}', '{new}', '{new}', true, created_at, 'SHARE', false from shop where id = '{shop}'
    """,
    "outbox.nothing_was_given_up": """
        update outbox_event set dead_at = created_at
        where id = (select id from outbox_event where shop_id = '{shop}' order by sequence desc limit 1)
    """,
    "outbox.told_was_tried": """
        update outbox_event set delivered_at = created_at
        where id = (
            select id from outbox_event where shop_id = '{shop}' and delivered_at is null order by sequence limit 1)
    """,
    "outbox.told_in_order": """
        insert into outbox_event (id, shop_id, topic, aggregate_id, payload, attempts, last_error, next_attempt_at,
                                  delivered_at, created_at)
        select id, '{shop}', 'told', '{new}', '{{}}', 1, '', created_at, delivered_at, created_at
        from (values (gen_random_uuid(), 1), ('{new}'::uuid, 2)) as event(id, place)
        cross join lateral (
            select created_at, case place when 2 then created_at end as delivered_at from shop where id = '{shop}'
        ) as times order by place
    """,
}
PLANTS: Final = _PLANTS | TRADE_PLANTS | REFUND_PLANTS | SHIPMENT_PLANTS | GROUP_BUY_PLANTS

# In a transaction that is rolled back: what the database would refuse must be seen too.
_CONSTRAINTS = """
select format('alter table %s drop constraint %I', conrelid::regclass, conname) from pg_constraint
where conname = any($1::text[])
"""
_IN_THE_WAY = ("stock_level_stock_check", "category_path_check")


@pytest.fixture(scope="module")
async def used(settings: Settings, http: httpx.AsyncClient) -> OpenedShop:
    """A shop with all the demo's goods, in which something was bought."""
    opened = await open_shop(settings)
    await fill_with_demo(opened.shop)
    shop = over_http(opened, http, settings)
    for using in (give_back, buy_together, trade, send_some):
        await using(shop)
    return opened


@pytest.fixture
async def sql(database: None) -> AsyncIterator[Connection]:
    """A connection on which everything can be written, and nothing stays."""
    async with pool().acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        for row in await connection.fetch(_CONSTRAINTS, _IN_THE_WAY):
            await connection.execute(row[0])
        await connection.execute("set local session_replication_role = replica")
        yield connection
        await transaction.rollback()


async def found(sql: Connection, shop_id: UUID, name: str) -> Finding:
    [finding] = [finding for finding in await check_within(sql, shop_id) if finding.name == name]
    return finding


async def test_a_used_shop_is_as_it_should_be(used: OpenedShop) -> None:
    assert await differences(used.id) == []
    assert [finding.name for finding in await check_shop(used.id)] == [invariant.name for invariant in INVARIANTS]


def test_each_invariant_says_its_rule_and_has_a_plant() -> None:
    names = [invariant.name for invariant in INVARIANTS]

    assert sorted(names) == sorted(PLANTS)
    assert all(invariant.meaning.endswith(".") for invariant in INVARIANTS)


@pytest.mark.parametrize("name", PLANTS)
async def test_a_planted_violation_is_found(name: str, used: OpenedShop, sql: Connection) -> None:
    assert (await found(sql, used.id, name)).count == 0

    await sql.execute(PLANTS[name].format(shop=used.id, new=new_id()))

    finding = await found(sql, used.id, name)
    assert (finding.count, len(finding.examples)) == (1, 1)


async def test_what_another_shop_broke_is_not_held_against_this_one(
    used: OpenedShop, opened: OpenedShop, sql: Connection
) -> None:
    for plant in PLANTS.values():
        await sql.execute(plant.format(shop=used.id, new=new_id()))

    assert [finding for finding in await check_within(sql, opened.id) if finding.count] == []


async def test_of_many_violations_all_are_counted_and_ten_are_named(used: OpenedShop, sql: Connection) -> None:
    changed = await sql.execute("update variant set price_fen = price_fen + 1 where shop_id = $1", used.id)

    finding = await found(sql, used.id, "variant.price_is_written_down")
    assert finding.count == int(changed.removeprefix("UPDATE ")) > EXAMPLES_MAX
    assert len(set(finding.examples)) == EXAMPLES_MAX
    assert all(example.startswith("var_") for example in finding.examples)


async def test_figures_that_are_being_made_are_not_held_against_the_shop(used: OpenedShop, sql: Connection) -> None:
    await sql.execute("update stock_level set reserved = reserved + 1, figured = false where shop_id = $1", used.id)

    broken = {finding.name for finding in await check_within(sql, used.id) if finding.count}
    assert broken <= {"stock.reserved_is_on_hand", "stock.reserved_is_held_by_orders"}


async def test_a_replayed_letter_may_be_told_late(used: OpenedShop, sql: Connection) -> None:
    await sql.execute(PLANTS["outbox.told_in_order"].format(shop=used.id, new=new_id()))
    assert (await found(sql, used.id, "outbox.told_in_order")).count == 1

    moment = used.shop.created_at + timedelta(seconds=1)
    await sql.execute("update outbox_event set replayed_at = $2 where shop_id = $1 and topic = 'told'", used.id, moment)
    assert (await found(sql, used.id, "outbox.told_in_order")).count == 0


async def test_there_must_be_a_shop(database: None) -> None:
    with pytest.raises(Refusal, match="no such shop"):
        await check_shop(new_id())
