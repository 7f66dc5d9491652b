"""Publication windows: the world hears once when a product comes on show and once when it goes."""

import asyncio
from datetime import timedelta

from clock import wall_now
from ids import new_id
from models.database import pool
from resolvers.caller import Caller
from resolvers.publication import announce_due_windows, next_window_edge

_INSERT = """
insert into product (id, shop_id, handle, title, vendor, product_type, tags, description_blocks, seo_title,
    seo_description, status, published_at, unpublish_at, origin, source, min_price_fen, max_price_fen, in_stock,
    variant_count, image_count, rating_sum, rating_count, rating_hundredths, sales_count, version,
    created_at, updated_at)
select id, $1, id::text, '伞', '', '', '{}', '[]', '', '', $3, $4, $5, 'OWN', '', 0, 0, false,
    0, 0, 0, 0, 0, 0, 1, $4, $4
from unnest($2::uuid[]) as id
"""
HOUR = timedelta(hours=1)


async def planned(
    caller: Caller, start: timedelta, end: timedelta | None, count: int = 1, status: str = "ACTIVE"
) -> None:
    ids = [new_id() for _ in range(count)]
    closes = caller.now + end if end else None
    await pool().execute(_INSERT, caller.shop_id, ids, status, caller.now + start, closes)


async def told(caller: Caller) -> list[str]:
    found = "select topic from outbox_event where shop_id = $1 and topic like 'product.%' order by sequence"
    rows = await pool().fetch(found, caller.shop_id)
    return [row["topic"] for row in rows]


async def pass_time(caller: Caller, by: timedelta) -> int:
    return await announce_due_windows(caller.now + by, caller.shop_id)


async def test_each_edge_is_told_once(caller: Caller) -> None:
    await planned(caller, HOUR, 2 * HOUR)

    assert await pass_time(caller, HOUR / 2) == 0
    assert await pass_time(caller, HOUR) == 1
    assert await pass_time(caller, HOUR) == 0
    assert await pass_time(caller, 2 * HOUR) == 1
    assert await pass_time(caller, 3 * HOUR) == 0
    assert await told(caller) == ["product.published", "product.unpublished"]


async def test_a_window_that_nobody_saw_open_is_not_told(caller: Caller) -> None:
    await planned(caller, HOUR, 2 * HOUR)
    assert await pass_time(caller, 3 * HOUR) == 0
    assert await told(caller) == []


async def test_drafts_are_never_told(caller: Caller) -> None:
    await planned(caller, -HOUR, None, status="DRAFT")
    assert await pass_time(caller, HOUR) == 0


async def test_an_edge_makes_cached_lists_old_and_quiet_looks_do_not(caller: Caller) -> None:
    async def version() -> int:
        found: int = await pool().fetchval("select catalogue_version from shop where id = $1", caller.shop_id)
        return found

    await planned(caller, HOUR, None)
    before = await version()
    await pass_time(caller, HOUR / 2)
    assert await version() == before
    await pass_time(caller, HOUR)
    assert await version() == before + 1


async def test_rival_workers_tell_two_thousand_openings_once_each(caller: Caller) -> None:
    await planned(caller, -HOUR, None, count=2_100)
    assert sum(await asyncio.gather(*(pass_time(caller, HOUR) for _ in range(4)))) == 2_100
    assert len(await told(caller)) == 2_100


async def test_the_next_edge_is_known_in_order(caller: Caller) -> None:
    await planned(caller, HOUR, 2 * HOUR)
    await pass_time(caller, timedelta(0))
    assert await next_window_edge(caller.shop_id, caller.now) == caller.now + HOUR
    await pass_time(caller, HOUR)
    assert await next_window_edge(caller.shop_id, caller.now + HOUR) == caller.now + 2 * HOUR
    await pass_time(caller, 2 * HOUR)
    assert await next_window_edge(caller.shop_id, caller.now + 2 * HOUR) is None


async def test_one_look_over_all_shops_uses_each_shops_own_clock(caller: Caller) -> None:
    await planned(caller, HOUR, None)
    await announce_due_windows(wall_now(), None)
    assert await told(caller) == []

    await pool().execute("update shop set clock_offset_ms = 3600000 where id = $1", caller.shop_id)
    await announce_due_windows(wall_now(), None)
    assert await told(caller) == ["product.published"]
