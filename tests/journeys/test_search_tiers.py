"""Searching in a large shop: the best products are always weighed, of the others as many as are needed."""

from typing import Final
from uuid import UUID

import pytest

from clock import wall_now
from models.database import pool
from resolvers import search_tier
from resolvers.search_tier import rank_products
from schema.product_search import BEST_MOST, ENOUGH
from tests.harness.shops import SandboxShop
from tests.journeys.test_search import SEARCH, found, goods, paged, save

MORE: Final = 400

# Copies of the only product with words like its own; the later a copy, the less it sold.
_COPY: Final = """
with copied as (
    insert into product
    select (jsonb_populate_record(p, jsonb_build_object('id', gen_random_uuid(), 'handle', 'copy-' || n,
                                                        'sales_count', 1000000 - 600 * n))).*
    from product p, generate_series(1, $2::int) n where p.shop_id = $1
    returning id, shop_id
)
insert into product_words (id, shop_id, product_id, words, is_stale)
select gen_random_uuid(), c.shop_id, c.id, w.words, false from copied c join product_words w on w.shop_id = c.shop_id
"""
_TIERS: Final = """
select w.tier, count(*) as count, max(p.sales_count) as most from product_words w join product p on p.id = w.product_id
where w.shop_id = $1 and w.words @@ ('''@' || replace($1::uuid::text, '-', '') || ':' || w.tier || '''')::tsquery
group by w.tier order by w.tier
"""


async def tiers(shop_id: UUID) -> list[tuple[int, int, int]]:
    """Each tier with how many products stand in it by column and lexeme alike, and the most that one of them sold."""
    return [tuple(row) for row in await pool().fetch(_TIERS, shop_id)]


async def test_of_what_many_products_have_all_of_the_best_are_found_and_no_others(shop: SandboxShop) -> None:
    await save(shop, goods("towel", "毛巾"))
    await pool().execute(_COPY, shop.id, BEST_MOST + MORE)
    await rank_products(wall_now(), shop.id)

    handles = await paged(shop.visitor, 100, query="毛巾")
    by_price = await paged(shop.visitor, 100, query="毛巾", sortKey="PRICE")

    assert handles == [f"copy-{number}" for number in range(1, BEST_MOST + 1)]
    assert set(by_price) == set(handles)
    answer = await shop.visitor(SEARCH, {"query": "毛巾", "first": 1})
    assert answer["products"]["totalCount"] == BEST_MOST


async def test_others_are_found_where_the_best_are_few(shop: SandboxShop, monkeypatch: pytest.MonkeyPatch) -> None:
    await save(shop, goods("towel", "毛巾"))
    await pool().execute(_COPY, shop.id, 2 * ENOUGH)
    monkeypatch.setattr(search_tier, "TIER_ENDS", (30, 90, 120))
    await rank_products(wall_now(), shop.id)

    handles = await paged(shop.visitor, 100, query="毛巾")

    assert handles[:120] == [f"copy-{number}" for number in range(1, 121)]
    assert len(set(handles)) == len(handles) == ENOUGH


async def test_filters_look_beyond_the_best(shop: SandboxShop, monkeypatch: pytest.MonkeyPatch) -> None:
    await save(shop, goods("towel", "毛巾", vendor="雪绒"))
    await pool().execute(_COPY, shop.id, 2 * ENOUGH)
    await pool().execute("update product set vendor = '' where shop_id = $1 and handle <> 'towel'", shop.id)
    monkeypatch.setattr(search_tier, "TIER_ENDS", (ENOUGH + 10, 2 * ENOUGH))
    await rank_products(wall_now(), shop.id)

    assert await found(shop, "毛巾", filters=[{"vendor": "雪绒"}]) == ["towel"]


async def test_what_few_products_have_is_found_in_every_tier(
    shop: SandboxShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await save(shop, goods("towel", "毛巾"))
    await pool().execute(_COPY, shop.id, 20)
    await save(shop, *[goods(f"rare-{number}", f"雪绒 {number}") for number in range(4)], key="rare")
    monkeypatch.setattr(search_tier, "TIER_ENDS", (5, 10, 21, 22, 23))
    await rank_products(wall_now(), shop.id)

    assert [tier for tier, *_ in await tiers(shop.id)] == [0, 1, 2, 3, 4, 5]
    assert set(await found(shop, "雪绒")) == {f"rare-{number}" for number in range(4)}
    assert len(await found(shop, "雪绒 毛巾")) == 25


async def test_a_product_keeps_its_tier_when_its_words_change_and_moves_when_it_sells(
    shop: SandboxShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await save(shop, goods("towel", "毛巾"))
    await pool().execute(_COPY, shop.id, 10)
    monkeypatch.setattr(search_tier, "TIER_ENDS", (4, 8))

    assert await rank_products(wall_now(), shop.id) == 7
    assert await tiers(shop.id) == [(0, 4, 999_400), (1, 4, 997_000), (2, 3, 994_600)]
    await save(shop, goods("towel", "浴巾"), key="again")
    assert await tiers(shop.id) == [(0, 4, 999_400), (1, 4, 997_000), (2, 3, 994_600)]
    assert await found(shop, "浴巾") == ["towel"]

    await pool().execute("update product set sales_count = 1000000 where shop_id = $1 and handle = 'towel'", shop.id)
    assert await rank_products(wall_now(), shop.id) == 3
    assert await rank_products(wall_now(), shop.id) == 0
    assert (await tiers(shop.id))[0] == (0, 4, 1_000_000)
