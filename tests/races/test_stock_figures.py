"""Buyers reserve while figures are being made: all of it is counted in the end, and nobody waits in a circle."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import pytest

from clock import wall_now
from models.database import Connection, pool, transaction
from resolvers import stock_figures
from resolvers.aggregates import refresh_products
from resolvers.caller import Caller
from resolvers.check import Finding, differences
from resolvers.product import product_create, product_update
from resolvers.product_draft import ProductDraft
from resolvers.stock_figures import refresh_stale_stock, waiting_figures
from tests.resolvers.drafts import tee, variant
from tests.resolvers.test_products import row, rows

# As an order does it.
RESERVE = """
update stock_level set reserved = reserved + $3, figured = false
where shop_id = $1 and variant_id = $2 and (may_oversell or on_hand >= reserved + $3)
"""


async def beside_orders(caller: Caller) -> list[Finding]:
    """What is wrong in the shop, but that nobody ordered what is reserved here by hand."""
    return [found for found in await differences(caller.shop_id) if found.name != "stock.reserved_is_held_by_orders"]


async def reserve(caller: Caller, variant_id: UUID, pieces: int = 1) -> None:
    await pool().execute(RESERVE, caller.shop_id, variant_id, pieces)


async def refresh(caller: Caller) -> int:
    return await refresh_stale_stock(wall_now(), caller.shop_id)


async def sold_by(caller: Caller, on_hand: int) -> tuple[UUID, UUID]:
    """A product with one variant; returns both ids."""
    product_id = await product_create(caller, tee(variants=[variant("S", on_hand=on_hand)]), "k")
    return product_id, (await row("variant", product_id=product_id))["id"]


async def test_what_was_reserved_shows_in_all_figures_after_the_next_look(caller: Caller) -> None:
    product_id, variant_id = await sold_by(caller, on_hand=2)
    await reserve(caller, variant_id, 2)
    assert (await row("variant", id=variant_id))["available"] == 2
    assert (await waiting_figures(caller.shop_id), await beside_orders(caller)) == (1, [])

    assert await refresh(caller) == 1

    assert (await row("variant", id=variant_id))["available"] == 0
    assert (await row("product", id=product_id))["in_stock"] is False
    assert (await waiting_figures(caller.shop_id), await refresh(caller)) == (0, 0)
    assert await beside_orders(caller) == []


async def test_more_levels_than_a_batch_are_done_in_several(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stock_figures, "BATCH_LEVELS", 1)
    product_id = await product_create(caller, tee(), "k")
    for sold in await rows("variant", product_id=product_id):
        await reserve(caller, sold["id"])

    assert await refresh(caller) == 2
    assert [sold["available"] for sold in await rows("variant", product_id=product_id)] == [9, 9]


async def test_a_reservation_that_is_not_committed_yet_is_waited_for(caller: Caller) -> None:
    _, variant_id = await sold_by(caller, on_hand=10)
    await reserve(caller, variant_id)
    async with pool().acquire() as sql, sql.transaction():
        await sql.execute(RESERVE, caller.shop_id, variant_id, 3)
        refreshing = asyncio.create_task(refresh(caller))
        await _until_somebody_waits(pool())

    await refreshing
    assert (await row("variant", id=variant_id))["available"] == 6
    assert await beside_orders(caller) == []


async def test_a_reservation_that_comes_while_figures_are_made_is_counted_by_the_next_look(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, variant_id = await sold_by(caller, on_hand=10)
    await reserve(caller, variant_id)
    late: list[asyncio.Task[str]] = []
    compute = refresh_products
    others = pool()  # inside the transaction there is only its own connection

    async def with_a_late_buyer(sql: Connection, shop_id: UUID, product_ids: Sequence[UUID]) -> None:
        late.append(asyncio.create_task(others.execute(RESERVE, caller.shop_id, variant_id, 4)))
        await _until_somebody_waits(others)
        await compute(sql, shop_id, product_ids)

    monkeypatch.setattr("resolvers.stock_figures.refresh_products", with_a_late_buyer)
    assert await refresh(caller) == 1
    await late[0]
    assert await waiting_figures(caller.shop_id) == 1

    monkeypatch.setattr("resolvers.stock_figures.refresh_products", compute)
    assert await refresh(caller) == 1
    assert (await row("variant", id=variant_id))["available"] == 5


async def test_a_catalogue_that_is_being_written_is_left_for_the_next_look(caller: Caller) -> None:
    _, variant_id = await sold_by(caller, on_hand=10)
    await reserve(caller, variant_id)
    async with pool().acquire() as sql, sql.transaction():
        await sql.execute("select from shop where id = $1 for no key update", caller.shop_id)
        assert await refresh(caller) == 0

    assert await refresh(caller) == 1


async def test_buyers_editors_and_two_refreshers_at_once_end_with_exact_figures(caller: Caller) -> None:
    product_id = await product_create(caller, tee(variants=[variant("S", on_hand=60), variant("M", on_hand=60)]), "k")
    sizes = [sold["id"] for sold in await rows("variant", product_id=product_id)]
    done = asyncio.Event()

    async def buy(buyer: int) -> None:
        # Two lines in one order, always in the order of their ids.
        async with transaction() as sql:
            for variant_id in sorted(sizes):
                await sql.execute(RESERVE, caller.shop_id, variant_id, 1 + buyer % 2)

    async def look() -> int:
        count = 0
        while not done.is_set():
            count += await refresh(caller)
        return count

    looking = [asyncio.create_task(look()) for _ in range(2)]
    for edit in range(4):
        await asyncio.gather(*(buy(buyer) for buyer in range(10)))
        await product_update(caller, product_id, ProductDraft(title=f"名 {edit}"))
    done.set()
    looked = await asyncio.gather(*looking)
    await refresh(caller)

    assert sum(looked) >= 2
    assert [sold["available"] for sold in await rows("variant", product_id=product_id)] == [0, 0]
    assert (await row("product", id=product_id))["in_stock"] is False
    assert await beside_orders(caller) == []


async def _until_somebody_waits(sql: Connection) -> None:
    """Return when a statement of this database stands in front of a lock."""
    blocked = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    async with asyncio.timeout(10):
        while not await sql.fetchval(blocked):  # noqa: ASYNC110 - the database is at work
            await asyncio.sleep(0.005)
